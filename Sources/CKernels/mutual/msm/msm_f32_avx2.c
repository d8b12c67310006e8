#include "msm_f32.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define UNROLL _Pragma("clang loop unroll(full)")

// `count` rows, at most six, by one panel (two registers): twelve of 16 registers accumulate, which leaves room for the
// panel and a row. So many are needed to hide how long a product takes. The first `split` rows are of one group, from `a`
// on, the others of the next, from `next` on.
TARGET static inline __attribute__((always_inline)) void fold_rows(
    const int count, const int split, const float *a, const float *next, size_t depth, const float *b,
    const uint32_t *lines, const uint16_t *partners, float *row_max, float *column) {
    enum { MOST = 6, G = MUSC_MSM_GROUP, P = MUSC_MSM_PANEL };
    __m256 low[MOST], high[MOST];
    UNROLL for (int r = 0; r < count; r++) low[r] = high[r] = _mm256_setzero_ps();
    for (size_t k = 0; k < depth; k++, a += G, next += G, b += P) {
        const __m256 v0 = _mm256_loadu_ps(b), v1 = _mm256_loadu_ps(b + 8);
        UNROLL for (int r = 0; r < count; r++) {
            const __m256 row = _mm256_broadcast_ss(r < split ? a + r : next + (r - split));
            low[r] = _mm256_fmadd_ps(row, v0, low[r]);
            high[r] = _mm256_fmadd_ps(row, v1, high[r]);
        }
    }
    if (partners) {
        const __m256 never = _mm256_set1_ps(-__builtin_inff());
        const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        UNROLL for (int r = 0; r < count; r++) {
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
    UNROLL for (int r = 0; r < count; r++) {
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
    enum { G = MUSC_MSM_GROUP };
    const size_t group = strip->depth * G;
    for (int side = 0; side < 2; side++) {
        size_t row = 0;
        const float *a = strip->rows;
// `count` rows from the row `from` after this one on; `split` of them are of that row's group.
#define FOLD(count, split, from)                                                                                   \
    fold_rows(                                                                                                     \
        count, split, a + (from) / G * group + (from) % G,                                                         \
        (split) < (count) ? a + ((from) / G + 1) * group : a, strip->depth,                                        \
        strip->panels[side], strip->lines + row + (from), strip->partners ? strip->partners + row + (from) : NULL, \
        strip->row_max[side], strip->column_max[side])
        // Three groups of eight are four times six rows.
        for (; row + 3 * G <= strip->groups * G; row += 3 * G, a += 3 * group) {
            FOLD(6, 6, 0);
            FOLD(6, 2, 6);
            FOLD(6, 4, 12);
            FOLD(6, 6, 18);
        }
        for (; row < strip->groups * G; row += G, a += group) {
            FOLD(4, 4, 0);
            FOLD(4, 4, 4);
        }
#undef FOLD
    }
}
#endif
