// The variants behind musc_msm_fold_int8, and the keys that they share.
#ifndef MSM_INT8_H
#define MSM_INT8_H

#include "musc_msm_int8.h"

#include <string.h>

// Puts `index` into the lowest bits of a float.
static inline float msm_key(float value, uint32_t bits, uint32_t index) {
    uint32_t pattern;
    memcpy(&pattern, &value, sizeof pattern);
    pattern = (pattern & ~((1u << bits) - 1)) | index;
    memcpy(&value, &pattern, sizeof value);
    return value;
}

static inline uint32_t msm_key_index(float key, uint32_t bits) {
    uint32_t pattern;
    memcpy(&pattern, &key, sizeof pattern);
    return pattern & ((1u << bits) - 1);
}

void msm_fold_int8_plain(const musc_msm_strip_int8 *strip);
#if defined(__x86_64__)
void msm_fold_int8_avx512(const musc_msm_strip_int8 *strip);
void msm_reduce_int8_avx512(
    const float *lanes, size_t lines, uint32_t index_bits, float *products, uint32_t *slots);
#endif

#endif
