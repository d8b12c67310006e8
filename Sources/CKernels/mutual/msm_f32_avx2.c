#include "msm_f32.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define UNROLL _Pragma("clang loop unroll(full)")

// With 16 registers, four rows by one panel (two registers) leave 8 accumulators, two panel registers and
// room for the broadcasts.
TARGET static void fold_rows(
    const float *a, size_t depth, const float *b, const uint32_t *lines, const uint16_t *partners,
    float *row_max, float *column) {
    enum { R = MUSC_MSM_GROUP / 2, G = MUSC_MSM_GROUP, P = MUSC_MSM_PANEL };
    __m256 low[R], high[R];
    UNROLL for (int r = 0; r < R; r++) low[r] = high[r] = _mm256_setzero_ps();
    for (size_t k = 0; k < depth; k++, a += G, b += P) {
        const __m256 v0 = _mm256_loadu_ps(b), v1 = _mm256_loadu_ps(b + 8);
        UNROLL for (int r = 0; r < R; r++) {
            const __m256 row = _mm256_broadcast_ss(a + r);
            low[r] = _mm256_fmadd_ps(row, v0, low[r]);
            high[r] = _mm256_fmadd_ps(row, v1, high[r]);
        }
    }
    if (partners) {
        const __m256 never = _mm256_set1_ps(-__builtin_inff());
        const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        UNROLL for (int r = 0; r < R; r++) {
            const __m256i mask = _mm256_set1_epi32(partners[r]);
            const __m256i bits_high = _mm256_slli_epi32(bits, 8);
            const __m256 in_low = _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(mask, bits), bits));
            const __m256 in_high =
                _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(mask, bits_high), bits_high));
            low[r] = _mm256_blendv_ps(never, low[r], in_low);
            high[r] = _mm256_blendv_ps(never, high[r], in_high);
        }
    }
    __m256 column_low = _mm256_loadu_ps(column), column_high = _mm256_loadu_ps(column + 8);
    UNROLL for (int r = 0; r < R; r++) {
        float *line = row_max + (size_t)lines[r] * P;
        column_low = _mm256_max_ps(column_low, low[r]);
        column_high = _mm256_max_ps(column_high, high[r]);
        _mm256_storeu_ps(line, _mm256_max_ps(_mm256_loadu_ps(line), low[r]));
        _mm256_storeu_ps(line + 8, _mm256_max_ps(_mm256_loadu_ps(line + 8), high[r]));
    }
    _mm256_storeu_ps(column, column_low);
    _mm256_storeu_ps(column + 8, column_high);
}

TARGET void msm_fold_f32_avx2(const musc_msm_strip_f32 *strip) {
    const size_t half = MUSC_MSM_GROUP / 2;
    for (size_t row = 0; row < strip->groups * MUSC_MSM_GROUP; row += half) {
        const float *a = strip->rows + row / MUSC_MSM_GROUP * strip->depth * MUSC_MSM_GROUP + row % MUSC_MSM_GROUP;
        const uint16_t *partners = strip->partners ? strip->partners + row : NULL;
        for (int side = 0; side < 2; side++)
            fold_rows(
                a, strip->depth, strip->panels[side], strip->lines + row, partners, strip->row_max[side],
                strip->column_max[side]);
    }
}
#endif
