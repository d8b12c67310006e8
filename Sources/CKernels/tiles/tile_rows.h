// Rows of quantised tokens by a packed panel of quantised weights: the products of linear layers in int8.
//
// A row's bytes are its integers, −127 … 127, with 128 added, so that they are unsigned as the instructions want the first
// factor; 128 times the sum of each column of weights is taken off again. Sums are exact: every variant gives the same.
#ifndef TILE_ROWS_H
#define TILE_ROWS_H

#include "musc_isa.h"

#include <stddef.h>
#include <stdint.h>

// What a panel has beside its bytes.
typedef struct tile_rows_terms {
    // The scale of each column's weights.
    float scales[32];
    // −128 · Σ of each column's integers.
    int32_t corrections[32];
} tile_rows_terms;

// c[r][j] = row_scales[r] · scales[j] · (Σ_k a[r][k] · panel[k][j] + corrections[j]), for j in 0 ..< 32.
//
// a: `[rows][a_stride]`; depth: a multiple of 4; panel: `[depth / 4][32][4]`; c: `[rows][c_stride]`.
typedef void tile_rows(
    const uint8_t *a, size_t a_stride, size_t rows, size_t depth, const int8_t *panel, const tile_rows_terms *terms,
    const float *row_scales, float *c, size_t c_stride);

tile_rows tile_rows_plain;
#if defined(__x86_64__)
tile_rows tile_rows_avxvnni;
tile_rows tile_rows_avx512vl;
tile_rows tile_rows_avx512;
#endif

static inline tile_rows *tile_rows_for(musc_isa isa) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512_VNNI) return tile_rows_avx512;
    // A processor with AVX-512 runs the same 256-bit kernel in its own encoding, and is how it is tested there.
    if (isa == MUSC_ISA_AVX2_VNNI)
        return __builtin_cpu_supports("avxvnni") ? tile_rows_avxvnni : tile_rows_avx512vl;
#endif
    (void)isa;
    return tile_rows_plain;
}

#endif
