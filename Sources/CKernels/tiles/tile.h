// The product that linear layers and attention share: rows of one matrix by one packed panel of another.
#ifndef TILE_H
#define TILE_H

#include "musc_precision.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    // Columns of a panel. fp32 panels are `[depth][32]`; bfloat16 panels pair the depth, `[depth / 2][32][2]`.
    TILE_PANEL = 32,
    // Rows that are computed together.
    TILE_ROWS = 8,
};

// c[r][j] = Σ_k a[r][k] · panel[k][j], or += where `accumulate`, for j in 0 ..< 32.
//
// Strides are in elements. For bfloat16 `depth` is even.
typedef void tile_f32(
    const float *a, size_t a_stride, size_t rows, size_t depth, const float *panel, float *c, size_t c_stride,
    bool accumulate);
typedef void tile_bf16(
    const uint16_t *a, size_t a_stride, size_t rows, size_t depth, const uint16_t *panel, float *c, size_t c_stride,
    bool accumulate);

tile_f32 tile_f32_plain;
tile_bf16 tile_bf16_plain;
#if defined(__x86_64__)
tile_f32 tile_f32_avx2;
tile_f32 tile_f32_avx512;
tile_bf16 tile_bf16_avx512;
#endif

// The variant for `isa`, whatever the precision.
void tile_product(
    musc_isa isa, musc_precision precision, const void *a, size_t a_stride, size_t rows, size_t depth,
    const void *panel, float *c, size_t c_stride, bool accumulate);

#endif
