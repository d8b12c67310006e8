// Both packed forms, fp32 channels and int8 quads, are transposes of 32-bit words.
#ifndef MSM_PACK_H
#define MSM_PACK_H

#include "musc_isa.h"

#include <stddef.h>
#include <stdint.h>

// 32 bits that are moved and never read as a number; they may lie where floats or bytes are.
typedef uint32_t __attribute__((may_alias)) packed_word;

// Vector i is the `words` words from `vectors + i · stride`; the other parameters are those of musc_msm_pack_f32.
void msm_pack_words(
    musc_isa isa, const packed_word *vectors, size_t stride, size_t words, const uint32_t *order, size_t slots,
    size_t width, packed_word *packed);

#if defined(__x86_64__)
// `width` is a multiple of 8.
void msm_pack_words_avx2(
    const packed_word *vectors, size_t stride, size_t words, const uint32_t *order, size_t slots, size_t width, packed_word *packed);
#endif

#endif
