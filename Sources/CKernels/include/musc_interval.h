/// Mean of the smallest distances of each patch: the interval average of mutual scoring (MuSc, section 3.2).
#ifndef MUSC_INTERVAL_H
#define MUSC_INTERVAL_H

#include "musc_isa.h"

#include <stddef.h>

/// For each patch, the mean distance over the judges whose rank lies in an interval.
///
/// Of the `judges` values of a patch, sorted ascending, those of ranks `from ..< to` count. Equal values
/// have no order among themselves and need none. The result depends on the values alone, not on the order
/// of the judges, but for the rounding of the sum, which runs in the order of the judges.
///
/// - squared: squared distances, not negative, `[judges][stride]`; the patches are its first `patches` columns.
/// - from, to: ranks, `0 <= from < to <= judges`.
/// - out: `[patches]`, written: the mean of the square roots.
void musc_interval_mean(
    musc_isa isa, const float *squared, size_t judges, size_t stride, size_t patches, size_t from, size_t to,
    float *out);

#endif
