#include "tile.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512bf16")))
#define UNROLL _Pragma("clang loop unroll(full)")

// `R` rows by 32 columns, two channels a step.
#define TILE(R)                                                                                            \
    TARGET static inline __attribute__((always_inline)) void tile_##R(                                     \
        const uint16_t *a, size_t stride, size_t depth, const uint16_t *panel, float *c, size_t c_stride,  \
        bool accumulate) {                                                                                 \
        __m512 sum0[R], sum1[R];                                                                           \
        UNROLL for (int r = 0; r < R; r++) sum0[r] = sum1[r] = _mm512_setzero_ps();                        \
        for (size_t k = 0; k < depth; k += 2, panel += 2 * TILE_PANEL) {                                   \
            const __m512bh b0 = (__m512bh)_mm512_loadu_si512(panel);                                       \
            const __m512bh b1 = (__m512bh)_mm512_loadu_si512(panel + TILE_PANEL);                          \
            UNROLL for (int r = 0; r < R; r++) {                                                           \
                int32_t pair;                                                                              \
                memcpy(&pair, a + (size_t)r * stride + k, sizeof pair);                                    \
                const __m512bh row = (__m512bh)_mm512_set1_epi32(pair);                                    \
                sum0[r] = _mm512_dpbf16_ps(sum0[r], row, b0);                                              \
                sum1[r] = _mm512_dpbf16_ps(sum1[r], row, b1);                                              \
            }                                                                                              \
        }                                                                                                  \
        UNROLL for (int r = 0; r < R; r++) {                                                               \
            float *out = c + (size_t)r * c_stride;                                                         \
            if (accumulate) {                                                                              \
                sum0[r] = _mm512_add_ps(sum0[r], _mm512_loadu_ps(out));                                    \
                sum1[r] = _mm512_add_ps(sum1[r], _mm512_loadu_ps(out + 16));                               \
            }                                                                                              \
            _mm512_storeu_ps(out, sum0[r]);                                                                \
            _mm512_storeu_ps(out + 16, sum1[r]);                                                           \
        }                                                                                                  \
    }

TILE(8)
TILE(4)
TILE(2)
TILE(1)

TARGET void tile_bf16_avx512(
    const uint16_t *a, size_t a_stride, size_t rows, size_t depth, const uint16_t *panel, float *c, size_t c_stride,
    bool accumulate) {
    size_t r = 0;
    for (; r + 8 <= rows; r += 8)
        tile_8(a + r * a_stride, a_stride, depth, panel, c + r * c_stride, c_stride, accumulate);
    if (rows - r >= 4) {
        tile_4(a + r * a_stride, a_stride, depth, panel, c + r * c_stride, c_stride, accumulate);
        r += 4;
    }
    if (rows - r >= 2) {
        tile_2(a + r * a_stride, a_stride, depth, panel, c + r * c_stride, c_stride, accumulate);
        r += 2;
    }
    if (rows - r >= 1) tile_1(a + r * a_stride, a_stride, depth, panel, c + r * c_stride, c_stride, accumulate);
}
#endif
