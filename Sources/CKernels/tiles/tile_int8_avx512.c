#include "tile_int8.h"

#if defined(__x86_64__)
#include "tile.h"

#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vnni")))
#define UNROLL _Pragma("clang loop unroll(full)")

// Signed by unsigned bytes as in msm_int8_avx512.c.
#define TILE(R)                                                                                            \
    TARGET static inline __attribute__((always_inline)) void tile_##R(                                     \
        const int8_t *a, const musc_msm_int8_terms *terms, size_t depth, const int8_t *panel,              \
        const float *scales, float *c, size_t c_stride) {                                                  \
        const __m512i flip = _mm512_set1_epi8((char)0x80);                                                 \
        __m512i sum0[R], sum1[R];                                                                          \
        UNROLL for (int r = 0; r < R; r++) sum0[r] = sum1[r] = _mm512_set1_epi32(terms[r].correction);     \
        for (size_t k = 0; k < depth; k += 4, panel += 4 * TILE_PANEL) {                                   \
            const __m512i b0 = _mm512_xor_si512(_mm512_loadu_si512(panel), flip);                          \
            const __m512i b1 = _mm512_xor_si512(_mm512_loadu_si512(panel + 64), flip);                     \
            UNROLL for (int r = 0; r < R; r++) {                                                           \
                int32_t bytes;                                                                             \
                memcpy(&bytes, a + (size_t)r * depth + k, sizeof bytes);                                   \
                const __m512i row = _mm512_set1_epi32(bytes);                                              \
                sum0[r] = _mm512_dpbusd_epi32(sum0[r], b0, row);                                           \
                sum1[r] = _mm512_dpbusd_epi32(sum1[r], b1, row);                                           \
            }                                                                                              \
        }                                                                                                  \
        const __m512 scale0 = _mm512_loadu_ps(scales), scale1 = _mm512_loadu_ps(scales + 16);              \
        UNROLL for (int r = 0; r < R; r++) {                                                               \
            const __m512 scale = _mm512_set1_ps(terms[r].scale);                                           \
            float *out = c + (size_t)r * c_stride;                                                         \
            _mm512_storeu_ps(out, _mm512_mul_ps(_mm512_cvtepi32_ps(sum0[r]), _mm512_mul_ps(scale, scale0)));      \
            _mm512_storeu_ps(out + 16, _mm512_mul_ps(_mm512_cvtepi32_ps(sum1[r]), _mm512_mul_ps(scale, scale1))); \
        }                                                                                                  \
    }

TILE(8)
TILE(4)
TILE(1)

TARGET void tile_int8_avx512(
    const int8_t *a, const musc_msm_int8_terms *terms, size_t rows, size_t depth, const int8_t *panel,
    const float *scales, float *c, size_t c_stride) {
    size_t r = 0;
    for (; r + 8 <= rows; r += 8) tile_8(a + r * depth, terms + r, depth, panel, scales, c + r * c_stride, c_stride);
    for (; r + 4 <= rows; r += 4) tile_4(a + r * depth, terms + r, depth, panel, scales, c + r * c_stride, c_stride);
    for (; r < rows; r++) tile_1(a + r * depth, terms + r, depth, panel, scales, c + r * c_stride, c_stride);
}
#endif
