#include "musc_interval.h"

#include "rank.h"

#include <math.h>

enum { LANES = RANK_LANES };

// The `rank` smallest values of each lane: their sum of roots. What ties with the last is added as often as the rank
// asks for.
static void sum_of_smallest(
    const float *squared, size_t judges, size_t stride, size_t lanes, size_t rank, double *sum) {
    float thresholds[LANES];
    value_of_rank(squared, judges, stride, lanes, rank, thresholds);
    for (size_t lane = 0; lane < lanes; lane++) {
        const float threshold = thresholds[lane];
        double below = 0;
        size_t count = 0;
        for (size_t judge = 0; judge < judges; judge++) {
            const float value = squared[judge * stride + lane];
            if (value < threshold) {
                below += sqrtf(value);
                count++;
            }
        }
        sum[lane] = below + (double)(rank - count) * sqrtf(threshold);
    }
}

void musc_interval_mean(
    const float *squared, size_t judges, size_t stride, size_t patches, size_t from, size_t to, float *out) {
    for (size_t patch = 0; patch < patches; patch += LANES) {
        const size_t lanes = patches - patch < LANES ? patches - patch : LANES;
        double upper[LANES], lower[LANES] = {0};
        sum_of_smallest(squared + patch, judges, stride, lanes, to, upper);
        if (from > 0) sum_of_smallest(squared + patch, judges, stride, lanes, from, lower);
        for (size_t lane = 0; lane < lanes; lane++)
            out[patch + lane] = (float)((upper[lane] - lower[lane]) / (double)(to - from));
    }
}
