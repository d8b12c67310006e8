#include "musc_nearest.h"

#include "rank.h"

#include <math.h>
#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static float squared_distance_avx512(
    const float *a, const float *b, size_t depth) {
    __m512 sum[4];
    for (int i = 0; i < 4; i++) sum[i] = _mm512_setzero_ps();
    size_t k = 0;
    for (; k + 64 <= depth; k += 64)
        for (int i = 0; i < 4; i++) {
            const __m512 d = _mm512_sub_ps(_mm512_loadu_ps(a + k + i * 16), _mm512_loadu_ps(b + k + i * 16));
            sum[i] = _mm512_fmadd_ps(d, d, sum[i]);
        }
    for (; k < depth; k += 16) {
        const __mmask16 there = depth - k < 16 ? (__mmask16)((1u << (depth - k)) - 1) : 0xFFFF;
        const __m512 d = _mm512_sub_ps(_mm512_maskz_loadu_ps(there, a + k), _mm512_maskz_loadu_ps(there, b + k));
        sum[0] = _mm512_fmadd_ps(d, d, sum[0]);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
}
#endif

float musc_squared_distance(musc_isa isa, const float *a, const float *b, size_t depth) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512) return squared_distance_avx512(a, b, depth);
#endif
    // Sixteen partial sums, so that the compiler may use vectors.
    float sums[16] = {0};
    size_t k = 0;
    for (; k + 16 <= depth; k += 16)
        for (size_t i = 0; i < 16; i++) {
            const float d = a[k + i] - b[k + i];
            sums[i] += d * d;
        }
    for (; k < depth; k++) {
        const float d = a[k] - b[k];
        sums[k % 16] += d * d;
    }
    float sum = 0;
    for (size_t i = 0; i < 16; i++) sum += sums[i];
    return sum;
}

enum { LANES = RANK_LANES };

static int ascending(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void musc_nearest_mean(
    musc_isa isa, const int32_t *candidates, size_t judges, size_t stride, size_t patches, const float *vectors,
    const float *const *partners, size_t depth, size_t from, size_t to, float *scratch, float *out) {
    for (size_t first = 0; first < patches; first += LANES) {
        const size_t lanes = patches - first < LANES ? patches - first : LANES;
        int32_t last[LANES];
        integer_of_rank(candidates + first, judges, stride, lanes, to, last);
        for (size_t lane = 0; lane < lanes; lane++) {
            const size_t patch = first + lane;
            size_t below = 0;
            for (size_t judge = 0; judge < judges; judge++)
                below += candidates[judge * stride + patch] < last[lane];
            size_t ties = to - below, count = 0;
            for (size_t judge = 0; judge < judges; judge++) {
                const int32_t candidate = candidates[judge * stride + patch];
                if (candidate > last[lane]) continue;
                if (candidate == last[lane]) {
                    if (ties == 0) continue;
                    ties--;
                }
                const float *partner = partners[judge] + (size_t)musc_candidate_partner(candidate) * depth;
                scratch[count++] = sqrtf(musc_squared_distance(isa, vectors + patch * depth, partner, depth));
            }
            if (from > 0) qsort(scratch, count, sizeof(float), ascending);
            double sum = 0;
            for (size_t rank = from; rank < to; rank++) sum += scratch[rank];
            out[patch] = (float)(sum / (double)(to - from));
        }
    }
}
