/// How the numbers of a vision transformer's products are kept.
#ifndef MUSC_PRECISION_H
#define MUSC_PRECISION_H

#include "musc_isa.h"

#include <stdbool.h>
#include <stddef.h>

/// The format of what goes into a product; sums are fp32 either way.
typedef enum musc_precision {
    /// IEEE 754 single precision.
    MUSC_F32 = 0,
    /// bfloat16: the upper half of a float, 8 bits of precision, held as `uint16_t`.
    MUSC_BF16 = 1,
    /// Integers −127 … 127 with 128 added, held as `uint8_t`, and one scale a row; for what goes into linear layers.
    MUSC_INT8 = 2,
} musc_precision;

/// Bytes of one element.
static inline size_t musc_element_size(musc_precision precision) {
    return precision == MUSC_F32 ? 4 : precision == MUSC_BF16 ? 2 : 1;
}

/// Whether `isa` has int8 products for linear layers; elsewhere they work and give the same, but slowly.
static inline bool musc_int8_is_fast(musc_isa isa) {
    return isa == MUSC_ISA_AVX2_VNNI || isa >= MUSC_ISA_AVX512_VNNI;
}

/// Whether `isa` has products of bfloat16; elsewhere they work, but slowly.
static inline bool musc_bf16_is_fast(musc_isa isa) { return isa >= MUSC_ISA_AVX512_BF16; }

#endif
