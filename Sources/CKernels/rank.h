// The value of a given rank among each lane's values, without sorting.
#ifndef MUSC_RANK_H
#define MUSC_RANK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { RANK_LANES = 16 };

// For each of up to 16 lanes the bits of the value of rank `rank`, counted from 1 and from the smallest.
//
// Floats that are not negative compare like their bit patterns, so 31 halvings of the bit range find the value,
// whatever the distribution; each is a pass over `judges` lines of one cache line.
static inline void value_of_rank(
    const float *values, size_t judges, size_t stride, size_t lanes, size_t rank, float found[RANK_LANES]) {
    int32_t low[RANK_LANES], high[RANK_LANES];
    for (size_t lane = 0; lane < RANK_LANES; lane++) {
        low[lane] = 0;
        high[lane] = INT32_MAX;
    }
    for (int step = 0; step < 31; step++) {
        int32_t middle[RANK_LANES], count[RANK_LANES];
        for (size_t lane = 0; lane < RANK_LANES; lane++) {
            middle[lane] = low[lane] + (high[lane] - low[lane]) / 2;
            count[lane] = 0;
        }
        for (size_t judge = 0; judge < judges; judge++) {
            int32_t bits[RANK_LANES] = {0};
            memcpy(bits, values + judge * stride, lanes * sizeof(float));
            for (size_t lane = 0; lane < RANK_LANES; lane++) count[lane] += bits[lane] <= middle[lane];
        }
        for (size_t lane = 0; lane < RANK_LANES; lane++) {
            if ((size_t)count[lane] >= rank) high[lane] = middle[lane];
            else low[lane] = middle[lane] + 1;
        }
    }
    memcpy(found, high, sizeof high);
}

// The same for integers of any sign.
static inline void integer_of_rank(
    const int32_t *values, size_t judges, size_t stride, size_t lanes, size_t rank, int32_t found[RANK_LANES]) {
    int64_t low[RANK_LANES], high[RANK_LANES];
    for (size_t lane = 0; lane < RANK_LANES; lane++) {
        low[lane] = INT32_MIN;
        high[lane] = INT32_MAX;
    }
    for (int step = 0; step < 32; step++) {
        int32_t middle[RANK_LANES], count[RANK_LANES] = {0};
        for (size_t lane = 0; lane < RANK_LANES; lane++) middle[lane] = (int32_t)((low[lane] + high[lane]) >> 1);
        if (lanes == RANK_LANES) {
            for (size_t judge = 0; judge < judges; judge++) {
                const int32_t *line = values + judge * stride;
                for (size_t lane = 0; lane < RANK_LANES; lane++) count[lane] += line[lane] <= middle[lane];
            }
        } else {
            for (size_t judge = 0; judge < judges; judge++)
                for (size_t lane = 0; lane < lanes; lane++) count[lane] += values[judge * stride + lane] <= middle[lane];
        }
        for (size_t lane = 0; lane < RANK_LANES; lane++) {
            if ((size_t)count[lane] >= rank) high[lane] = middle[lane];
            else if (middle[lane] < INT32_MAX) low[lane] = (int64_t)middle[lane] + 1;
        }
    }
    for (size_t lane = 0; lane < RANK_LANES; lane++) found[lane] = (int32_t)high[lane];
}

#endif
