// Passes over rows that are portable C, compiled once for each instruction set.
#ifndef ROWS_H
#define ROWS_H

#include "musc_linear.h"
#include "musc_precision.h"

#include <stddef.h>
#include <stdint.h>

// LayerNorm; see musc_layer_norm.
typedef void rows_layer_norm(
    const float *input, size_t input_stride, size_t rows, size_t width, const float *weight, const float *bias,
    float epsilon, musc_precision precision, void *output, size_t output_stride, float *scales);

// See musc_quantise_rows.
typedef void rows_quantise(
    musc_precision precision, const void *input, size_t input_stride, size_t rows, size_t width, uint8_t *output,
    size_t output_stride, float *scales);

// What the last step of a linear layer does to some columns; all pointers are to the first of these.
typedef struct rows_last_step {
    musc_epilogue epilogue;
    // Of the output, but for MUSC_ADD, whose output is fp32.
    musc_precision precision;
    // NULL for zeros and ones.
    const float *bias;
    const float *gamma;
    // For MUSC_ROTATE: `[rows][turn_stride]`, see musc_rotation.
    const float *cosines;
    const float *sines;
    size_t turn_stride;
} rows_last_step;

// The last step of a linear layer over `columns` channels, at most 32 for MUSC_ROTATE and 32 for MUSC_GATE, which
// writes 16; `products` is `[rows][product_stride]`.
typedef void rows_finish(
    const float *products, size_t product_stride, size_t rows, size_t columns, const rows_last_step *step, void *output,
    size_t output_stride);

// Turns rows of scores into exp(scale · (score − largest)), stored over the scores in `precision` from each
// row's start; `stride` is a multiple of 32, and entries from `columns` up to `stride` become 0. `sums` receives each row's sum.
typedef void rows_softmax(
    float *scores, size_t stride, size_t rows, size_t columns, float scale, musc_precision precision, float *sums);

// output = input · factor, row by row.
typedef void rows_scale(
    const float *input, size_t input_stride, size_t rows, size_t columns, const float *divisors,
    musc_precision precision, void *output, size_t output_stride);

// GELU or QuickGELU in place.
typedef void rows_activate(float *values, size_t count, musc_epilogue epilogue);

typedef struct rows_functions {
    rows_layer_norm *layer_norm;
    rows_quantise *quantise;
    rows_finish *finish;
    rows_softmax *softmax;
    rows_scale *scale;
    rows_activate *activate;
} rows_functions;

extern const rows_functions rows_plain;
#if defined(__x86_64__)
extern const rows_functions rows_avx2;
extern const rows_functions rows_avx512;
rows_finish rows_finish_avx512;
rows_softmax rows_softmax_avx512;
#endif

static inline const rows_functions *rows_for(musc_isa isa) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512) return &rows_avx512;
    if (isa >= MUSC_ISA_AVX2) return &rows_avx2;
#endif
    (void)isa;
    return &rows_plain;
}

#endif
