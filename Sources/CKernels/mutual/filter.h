// The passes of musc_degrees.h that are portable C, compiled once for each instruction set.
#ifndef FILTER_H
#define FILTER_H

#include "musc_isa.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// sliding += (new_in − old_in) − (new_out − old_out), then, unless NULL, sums += sliding.
typedef void filter_slide(
    const float *new_in, const float *old_in, const float *new_out, const float *old_out, size_t count,
    float *sliding, float *sums);

// One row of the matrix of a degree: what scales it and where its maxima go.
typedef struct filter_row {
    // `[count]` sums over the row image's neighbourhood, with at least reach · stride zeros on either side.
    const float *sums;
    size_t count;
    size_t stride;
    size_t reach;
    // The row's patch, its inverse length, and for int8 its offset and count.
    uint32_t patch;
    float inverse_length;
    float offset;
    float patches;
    // By position; offsets and counts are NULL for fp32.
    const float *inverse_lengths;
    const float *offsets;
    const float *counts;
    const float *position_offsets;
    // Folded into, by position; partners are NULL for fp32.
    float *column_max;
    uint32_t *column_partners;
    // Written; partner is NULL for fp32.
    float *row_max;
    uint32_t *row_partner;
    // `[count]`, with reach zeros on either side.
    float *scratch;
} filter_row;

typedef void filter_finish(const filter_row *row);

typedef void filter_neighbourhood(
    const float *vectors, size_t height, size_t width, size_t depth, size_t reach, float *scratch, float *sums);
typedef void filter_normalise(
    const float *vectors, size_t count, size_t depth, float *unit, float *inverse_lengths);
typedef void filter_moments(const float *values, size_t count, float centre, double *sum, double *squares);
typedef void filter_standardise(const float *input, size_t count, float mean, float scale, float *output);

typedef struct filter_functions {
    filter_slide *slide;
    filter_finish *finish;
    filter_neighbourhood *neighbourhood;
    filter_normalise *normalise;
    filter_moments *moments;
    filter_standardise *standardise;
} filter_functions;

extern const filter_functions filter_plain;
#if defined(__x86_64__)
extern const filter_functions filter_avx2;
extern const filter_functions filter_avx512;
#endif

static inline const filter_functions *filter_for(musc_isa isa) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512) return &filter_avx512;
    if (isa >= MUSC_ISA_AVX2) return &filter_avx2;
#endif
    (void)isa;
    return &filter_plain;
}

#endif
