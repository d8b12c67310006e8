// What the AVX-512 kernels of musc_msm.h do with the products of a group of rows with two panels.
#ifndef MSM_MAXIMA_AVX512_H
#define MSM_MAXIMA_AVX512_H

#include "musc_msm.h"

#include <immintrin.h>

#define UNROLL _Pragma("clang loop unroll(full)")

// Folds the products into the maxima of rows and columns; the other parameters are those of a strip for this group.
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), always_inline)) static inline void fold_group(
    const uint32_t *lines, const uint16_t *partners, float *row_max0, float *row_max1, __m512 sum0[MUSC_MSM_GROUP],
    __m512 sum1[MUSC_MSM_GROUP], __m512 *column0, __m512 *column1) {
    enum { G = MUSC_MSM_GROUP, P = MUSC_MSM_PANEL };
    if (partners) {
        const __m512 never = _mm512_set1_ps(-__builtin_inff());
        UNROLL for (int r = 0; r < G; r++) {
            sum0[r] = _mm512_mask_mov_ps(never, partners[r], sum0[r]);
            sum1[r] = _mm512_mask_mov_ps(never, partners[r], sum1[r]);
        }
    }
    UNROLL for (int r = 0; r < G; r++) {
        float *line0 = row_max0 + (size_t)lines[r] * P;
        float *line1 = row_max1 + (size_t)lines[r] * P;
        *column0 = _mm512_max_ps(*column0, sum0[r]);
        *column1 = _mm512_max_ps(*column1, sum1[r]);
        _mm512_storeu_ps(line0, _mm512_max_ps(_mm512_loadu_ps(line0), sum0[r]));
        _mm512_storeu_ps(line1, _mm512_max_ps(_mm512_loadu_ps(line1), sum1[r]));
    }
}

#endif
