// Passes over rows that are portable C, compiled once for each instruction set.
#ifndef ROWS_H
#define ROWS_H

#include "musc_linear.h"
#include "musc_precision.h"

#include <stddef.h>

// LayerNorm; see musc_layer_norm.
typedef void rows_layer_norm(
    const float *input, size_t input_stride, size_t rows, size_t width, const float *weight, const float *bias,
    float epsilon, musc_precision precision, void *output, size_t output_stride);

// The last step of a linear layer over `columns` channels: `products` is `[rows][product_stride]`; `bias` and
// `gamma` may be NULL; `output` is fp32 for MUSC_ADD, else of `precision`.
typedef void rows_finish(
    const float *products, size_t product_stride, size_t rows, size_t columns, const float *bias,
    const float *gamma, musc_epilogue epilogue, musc_precision precision, void *output, size_t output_stride);

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
