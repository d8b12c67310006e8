#include "msm_bf16.h"

#if defined(__x86_64__)
#include "msm_maxima_avx512.h"

#include <string.h>

// The register tile of msm_f32_avx512.c, two channels a step.
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"))) void msm_fold_bf16_avx512(
    const musc_msm_strip_bf16 *strip) {
    enum { G = MUSC_MSM_GROUP, P = MUSC_MSM_PANEL };
    const size_t pairs = strip->depth / 2;
    __m512 column0 = _mm512_loadu_ps(strip->column_max[0]);
    __m512 column1 = _mm512_loadu_ps(strip->column_max[1]);
    for (size_t group = 0; group < strip->groups; group++) {
        const uint16_t *a = strip->rows + group * pairs * G * 2;
        const uint16_t *b0 = strip->panels[0], *b1 = strip->panels[1];
        __m512 sum0[G], sum1[G];
        UNROLL for (int r = 0; r < G; r++) sum0[r] = sum1[r] = _mm512_setzero_ps();
        for (size_t k = 0; k < pairs; k++, a += 2 * G, b0 += 2 * P, b1 += 2 * P) {
            const __m512bh v0 = (__m512bh)_mm512_loadu_si512(b0), v1 = (__m512bh)_mm512_loadu_si512(b1);
            UNROLL for (int r = 0; r < G; r++) {
                int32_t pair;
                memcpy(&pair, a + 2 * r, sizeof pair);
                const __m512bh row = (__m512bh)_mm512_set1_epi32(pair);
                sum0[r] = _mm512_dpbf16_ps(sum0[r], row, v0);
                sum1[r] = _mm512_dpbf16_ps(sum1[r], row, v1);
            }
        }
        fold_group(
            strip->lines + group * G, strip->partners ? strip->partners + group * G : NULL, strip->row_max[0],
            strip->row_max[1], sum0, sum1, &column0, &column1);
    }
    _mm512_storeu_ps(strip->column_max[0], column0);
    _mm512_storeu_ps(strip->column_max[1], column1);
}
#endif
