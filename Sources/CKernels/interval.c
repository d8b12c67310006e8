#include "musc_interval.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 16 };

// The `rank` smallest values of each lane: their sum of roots.
//
// Floats that are not negative compare like their bit patterns, so 31 halvings of the bit range find the
// value of that rank, whatever the distribution; each is a pass over `judges` lines of one cache line.
// What ties with it is added as often as the rank asks for.
static void sum_of_smallest(
    const float *squared, size_t judges, size_t stride, size_t lanes, size_t rank, double *sum) {
    int32_t low[LANES], high[LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
        low[lane] = 0;
        high[lane] = INT32_MAX;
    }
    for (int step = 0; step < 31; step++) {
        int32_t middle[LANES], count[LANES];
        for (size_t lane = 0; lane < LANES; lane++) {
            middle[lane] = low[lane] + (high[lane] - low[lane]) / 2;
            count[lane] = 0;
        }
        for (size_t judge = 0; judge < judges; judge++) {
            int32_t bits[LANES] = {0};
            memcpy(bits, squared + judge * stride, lanes * sizeof(float));
            for (size_t lane = 0; lane < LANES; lane++) count[lane] += bits[lane] <= middle[lane];
        }
        for (size_t lane = 0; lane < LANES; lane++) {
            if ((size_t)count[lane] >= rank) high[lane] = middle[lane];
            else low[lane] = middle[lane] + 1;
        }
    }
    for (size_t lane = 0; lane < lanes; lane++) {
        float threshold;
        memcpy(&threshold, &high[lane], sizeof threshold);
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
