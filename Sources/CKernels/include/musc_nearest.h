/// Exact distances of partners that were found approximately.
#ifndef MUSC_NEAREST_H
#define MUSC_NEAREST_H

#include "musc_isa.h"

#include <stddef.h>
#include <stdint.h>

/// A candidate: an approximate squared distance and the partner it belongs to, in one sortable integer.
///
/// - product: of unit vectors, −1 to 1 but for rounding.
/// - partner: the partner's patch index, less than 65,536.
///
/// Candidates compare like their distances, in steps of 1/16384 of the squared distance; equal ones like
/// their partners.
static inline int32_t musc_candidate(float product, uint32_t partner) {
    float steps = (2 - 2 * product) * 16384;
    steps = steps < 0 ? 0 : steps > 65535 ? 65535 : steps;
    return (int32_t)(((uint32_t)steps << 16 | (partner & 0xFFFF)) ^ 0x80000000u);
}

/// The partner of a candidate.
static inline uint32_t musc_candidate_partner(int32_t candidate) { return (uint32_t)candidate & 0xFFFF; }

/// For each patch of an image, the mean distance to its partners in the judges whose rank lies in an interval.
///
/// The candidates choose the judges of the `to` least distances; their distances are then computed in fp32
/// from the vectors themselves, sorted, and those of ranks `from ..< to` averaged. Among equal candidates
/// the judges that come first are taken.
///
/// - candidates: `[judges][stride]`; the patches are the first `patches` columns.
/// - vectors: the judged image's vectors, `[patches][depth]`.
/// - partners: for each judge, its vectors, `[…][depth]`.
/// - from, to: ranks, `0 <= from < to <= judges`.
/// - scratch: `to` floats, overwritten.
/// - out: `[patches]`, written.
void musc_nearest_mean(
    musc_isa isa, const int32_t *candidates, size_t judges, size_t stride, size_t patches, const float *vectors,
    const float *const *partners, size_t depth, size_t from, size_t to, float *scratch, float *out);

/// The squared distance of two vectors of `depth` floats, summed in fp32.
float musc_squared_distance(musc_isa isa, const float *a, const float *b, size_t depth);

#endif
