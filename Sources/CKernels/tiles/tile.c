#include "tile.h"

void tile_product(
    musc_isa isa, musc_precision precision, const void *a, size_t a_stride, size_t rows, size_t depth,
    const void *panel, float *c, size_t c_stride, bool accumulate) {
    if (precision == MUSC_BF16) {
        tile_bf16 *product = tile_bf16_plain;
#if defined(__x86_64__)
        if (isa >= MUSC_ISA_AVX512_BF16) product = tile_bf16_avx512;
#endif
        product(a, a_stride, rows, depth, panel, c, c_stride, accumulate);
    } else {
        tile_f32 *product = tile_f32_plain;
#if defined(__x86_64__)
        if (isa >= MUSC_ISA_AVX512) product = tile_f32_avx512;
        else if (isa >= MUSC_ISA_AVX2) product = tile_f32_avx2;
#endif
        product(a, a_stride, rows, depth, panel, c, c_stride, accumulate);
    }
}
