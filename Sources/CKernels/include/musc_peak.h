/// The processor's peak, measured on the spot: arithmetic that touches registers alone.
#ifndef MUSC_PEAK_H
#define MUSC_PEAK_H

#include "musc_isa.h"

#include <stddef.h>

/// Which arithmetic.
typedef enum musc_peak_kind {
    /// Fused multiply-adds in fp32: two operations a lane.
    MUSC_PEAK_F32 = 0,
    /// Products of pairs of bfloat16: four operations a lane.
    MUSC_PEAK_BF16 = 1,
    /// Products of quads of 8-bit integers: eight operations a lane.
    MUSC_PEAK_INT8 = 2,
} musc_peak_kind;

/// Runs independent chains of the widest instruction that `isa` has for this kind, `repetitions` times.
///
/// The caller takes the time; some ten million repetitions take a few tenths of a second.
///
/// - Returns: the operations executed, or 0 where `isa` has no such instruction.
double musc_peak_run(musc_isa isa, musc_peak_kind kind, size_t repetitions);

#endif
