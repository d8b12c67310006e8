// The value of a given rank among each lane's values, without sorting.
#ifndef MUSC_RANK_H
#define MUSC_RANK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { RANK_LANES = 16 };

// Such values are handed on by inlined functions alone, so that the registers they would travel in do not matter.
#pragma clang diagnostic ignored "-Wpsabi"

// Sixteen numbers as one value: the compiler splits it into the registers of the target.
typedef int32_t rank_lanes __attribute__((ext_vector_type(16)));

// The bits of the first `lanes` of sixteen floats, zeros in the others.
static inline __attribute__((always_inline)) rank_lanes rank_line(const float *values, size_t lanes) {
    rank_lanes bits = 0;
    memcpy(&bits, values, lanes * sizeof(float));
    return bits;
}

// For each of up to 16 lanes the bits of the value of rank `rank`, counted from 1 and from the smallest.
//
// Floats that are not negative compare like their bit patterns, so at most 31 halvings of the bit range between the
// smallest and the largest find the value, whatever the distribution; each is a pass over `judges` lines of one cache
// line. A lane is done once as many as the rank are no larger than its middle: the largest of those is the value.
static inline __attribute__((always_inline)) void value_of_rank(
    const float *values, size_t judges, size_t stride, size_t lanes, size_t rank, float found[RANK_LANES]) {
    const rank_lanes wanted = (int32_t)rank;
    rank_lanes low = INT32_MAX, high = 0;
    for (size_t judge = 0; judge < judges; judge++) {
        const rank_lanes bits = rank_line(values + judge * stride, lanes);
        low = bits < low ? bits : low;
        high = bits > high ? bits : high;
    }
    rank_lanes settled = 0;
    for (int step = 0; step < 31; step++) {
        const rank_lanes open = ~settled & (low < high);
        int32_t any = 0;
        for (size_t lane = 0; lane < lanes; lane++) any |= open[lane];
        if (!any) break;
        const rank_lanes middle = low + ((high - low) >> 1);
        rank_lanes count = 0;
        for (size_t judge = 0; judge < judges; judge++)
            count -= rank_line(values + judge * stride, lanes) <= middle;
        const rank_lanes is_high = count >= wanted;
        high = open & is_high ? middle : high;
        low = open & ~is_high ? middle + 1 : low;
        settled |= open & (count == wanted);
    }
    rank_lanes most = 0;
    for (size_t judge = 0; judge < judges; judge++) {
        const rank_lanes bits = rank_line(values + judge * stride, lanes);
        most = ((bits <= high) & (bits > most)) ? bits : most;
    }
    memcpy(found, &most, sizeof most);
}

// The same for integers of any sign.
static inline __attribute__((always_inline)) void integer_of_rank(
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
