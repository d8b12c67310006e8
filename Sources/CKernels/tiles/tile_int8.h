// Rows of quantised vectors by a packed panel of others.
#ifndef TILE_INT8_H
#define TILE_INT8_H

#include "musc_isa.h"
#include "musc_msm_int8.h"

#include <stddef.h>
#include <stdint.h>

// c[r][j] = scale_r · scales[j] · Σ a[r][k] · panel[k][j], for j in 0 ..< 32.
//
// a: `[rows][depth]`; panel: `[depth / 4][32][4]`; c: `[rows][c_stride]`.
typedef void tile_int8(
    const int8_t *a, const musc_msm_int8_terms *terms, size_t rows, size_t depth, const int8_t *panel,
    const float *scales, float *c, size_t c_stride);

tile_int8 tile_int8_plain;
#if defined(__x86_64__)
tile_int8 tile_int8_avx512;
#endif

static inline tile_int8 *tile_int8_for(musc_isa isa) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512_VNNI) return tile_int8_avx512;
#endif
    (void)isa;
    return tile_int8_plain;
}

#endif
