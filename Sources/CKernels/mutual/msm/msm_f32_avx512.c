#include "msm_f32.h"

#if defined(__x86_64__)
#include "msm_maxima_avx512.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

// Eight rows by two panels are 16 accumulators: as many chains as hide the latency of two 512-bit FMA
// units, and 10 loads for 16 FMAs, so that neither the load ports nor the second-level cache (the panels
// are read from there once per group) is the limit.
TARGET void msm_fold_f32_avx512(const musc_msm_strip_f32 *strip) {
    enum { G = MUSC_MSM_GROUP, P = MUSC_MSM_PANEL };
    const size_t depth = strip->depth;
    __m512 column0 = _mm512_loadu_ps(strip->column_max[0]);
    __m512 column1 = _mm512_loadu_ps(strip->column_max[1]);
    for (size_t group = 0; group < strip->groups; group++) {
        const float *a = strip->rows + group * depth * G;
        const float *b0 = strip->panels[0], *b1 = strip->panels[1];
        __m512 sum0[G], sum1[G];
        UNROLL for (int r = 0; r < G; r++) sum0[r] = sum1[r] = _mm512_setzero_ps();
        for (size_t k = 0; k < depth; k++, a += G, b0 += P, b1 += P) {
            const __m512 v0 = _mm512_loadu_ps(b0), v1 = _mm512_loadu_ps(b1);
            UNROLL for (int r = 0; r < G; r++) {
                const __m512 row = _mm512_set1_ps(a[r]);
                sum0[r] = _mm512_fmadd_ps(row, v0, sum0[r]);
                sum1[r] = _mm512_fmadd_ps(row, v1, sum1[r]);
            }
        }
        fold_group(
            strip->lines + group * G, strip->partners ? strip->partners + group * G : NULL, strip->row_max[0],
            strip->row_max[1], sum0, sum1, &column0, &column1);
    }
    _mm512_storeu_ps(strip->column_max[0], column0);
    _mm512_storeu_ps(strip->column_max[1], column1);
}

TARGET void msm_reduce_f32_avx512(const float *lanes, size_t lines, float *out) {
    for (size_t line = 0; line < lines; line++)
        out[line] = _mm512_reduce_max_ps(_mm512_loadu_ps(lanes + line * MUSC_MSM_PANEL));
}
#endif
