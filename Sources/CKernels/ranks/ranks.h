// What ranks distances patch by patch in portable C, compiled once for each instruction set.
#ifndef RANKS_H
#define RANKS_H

#include "musc_isa.h"

#include <stddef.h>
#include <stdint.h>

// As musc_interval_mean.
typedef void ranks_interval_mean(
    const float *squared, size_t judges, size_t stride, size_t patches, size_t from, size_t to, float *out);
// As musc_keep_nearest.
typedef void ranks_keep_nearest(
    const float *squared, const uint16_t *names, size_t judges, size_t patches, size_t depth, float *kept,
    uint16_t *kept_names, float *bounds);
// As musc_insert_nearest.
typedef void ranks_insert_nearest(
    const float *squared, uint16_t name, size_t patches, size_t depth, float *kept, uint16_t *kept_names,
    float *bounds);

typedef struct ranks_functions {
    ranks_interval_mean *interval_mean;
    ranks_keep_nearest *keep_nearest;
    ranks_insert_nearest *insert_nearest;
} ranks_functions;

extern const ranks_functions ranks_plain;
#if defined(__x86_64__)
extern const ranks_functions ranks_avx2;
extern const ranks_functions ranks_avx512;
#endif

static inline const ranks_functions *ranks_for(musc_isa isa) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512) return &ranks_avx512;
    if (isa >= MUSC_ISA_AVX2) return &ranks_avx2;
#endif
    (void)isa;
    return &ranks_plain;
}

#endif
