#include "tile.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define UNROLL _Pragma("clang loop unroll(full)")

// `R` rows by half a panel: with six rows, 12 of 16 registers accumulate, and eight loads feed twelve products.
#define TILE(R)                                                                                            \
    TARGET static inline __attribute__((always_inline)) void tile_##R(                                     \
        const float *a, size_t stride, size_t depth, const float *panel, float *c, size_t c_stride,       \
        bool accumulate) {                                                                                 \
        __m256 sum0[R], sum1[R];                                                                           \
        UNROLL for (int r = 0; r < R; r++) sum0[r] = sum1[r] = _mm256_setzero_ps();                        \
        for (size_t k = 0; k < depth; k++, panel += TILE_PANEL) {                                          \
            const __m256 b0 = _mm256_loadu_ps(panel), b1 = _mm256_loadu_ps(panel + 8);                     \
            UNROLL for (int r = 0; r < R; r++) {                                                           \
                const __m256 row = _mm256_broadcast_ss(a + (size_t)r * stride + k);                        \
                sum0[r] = _mm256_fmadd_ps(row, b0, sum0[r]);                                               \
                sum1[r] = _mm256_fmadd_ps(row, b1, sum1[r]);                                               \
            }                                                                                              \
        }                                                                                                  \
        UNROLL for (int r = 0; r < R; r++) {                                                               \
            float *out = c + (size_t)r * c_stride;                                                         \
            if (accumulate) {                                                                              \
                sum0[r] = _mm256_add_ps(sum0[r], _mm256_loadu_ps(out));                                    \
                sum1[r] = _mm256_add_ps(sum1[r], _mm256_loadu_ps(out + 8));                                \
            }                                                                                              \
            _mm256_storeu_ps(out, sum0[r]);                                                                \
            _mm256_storeu_ps(out + 8, sum1[r]);                                                            \
        }                                                                                                  \
    }

TILE(6)
TILE(5)
TILE(4)
TILE(3)
TILE(2)
TILE(1)

TARGET void tile_f32_avx2(
    const float *a, size_t a_stride, size_t rows, size_t depth, const float *panel, float *c, size_t c_stride,
    bool accumulate) {
#define CASE(R) \
    case R: tile_##R(from, a_stride, depth, panel + half, to + half, c_stride, accumulate); break;
    for (size_t r = 0, count; r < rows; r += count) {
        count = rows - r < 6 ? rows - r : 6;
        const float *from = a + r * a_stride;
        float *to = c + r * c_stride;
        for (size_t half = 0; half < TILE_PANEL; half += 16)
            switch (count) {
                CASE(6)
                CASE(5)
                CASE(4)
                CASE(3)
                CASE(2)
                CASE(1)
            }
    }
#undef CASE
}
#endif
