#include "msm_int8.h"

#include <math.h>

void musc_msm_quantise(
    const float *vectors, size_t count, size_t depth, const float *mean, int8_t *quantised,
    musc_msm_int8_terms *terms) {
    const size_t width = (depth + MUSC_MSM_QUAD - 1) / MUSC_MSM_QUAD * MUSC_MSM_QUAD;
    float square = 0;
    for (size_t k = 0; k < depth; k++) square += mean[k] * mean[k];
    for (size_t v = 0; v < count; v++) {
        const float *x = vectors + v * depth;
        int8_t *q = quantised + v * width;
        float largest = 0, along = 0;
        for (size_t k = 0; k < depth; k++) {
            const float difference = x[k] - mean[k];
            const float size = fabsf(difference);
            largest = size > largest ? size : largest;
            along += difference * mean[k];
        }
        const float to_integer = largest > 0 ? 127 / largest : 0;
        int32_t sum = 0;
        for (size_t k = 0; k < depth; k++) {
            // Half away from zero: the compiler vectorises this, which it does not do for roundf.
            const float scaled = (x[k] - mean[k]) * to_integer;
            const int32_t integer = (int32_t)(scaled + (scaled < 0 ? -0.5f : 0.5f));
            q[k] = (int8_t)integer;
            sum += integer;
        }
        memset(q + depth, 0, width - depth);
        terms[v].scale = largest / 127;
        terms[v].offset = along + square / 2;
        terms[v].correction = -128 * sum;
    }
}
