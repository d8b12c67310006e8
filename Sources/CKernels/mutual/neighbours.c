#include "musc_neighbours.h"

#include "musc_nearest.h"
#include "rank.h"
#include "ranks.h"

enum { LANES = RANK_LANES };

static void empty(float *kept, uint16_t *kept_names, size_t count) {
    for (size_t slot = 0; slot < count; slot++) {
        kept[slot] = MUSC_FARTHEST;
        kept_names[slot] = MUSC_NO_JUDGE;
    }
}

void musc_keep_nearest(
    musc_isa isa, const float *squared, const uint16_t *names, size_t judges, size_t patches, size_t depth,
    float *kept, uint16_t *kept_names, float *bounds) {
    ranks_for(isa)->keep_nearest(squared, names, judges, patches, depth, kept, kept_names, bounds);
}

static float distance_of_candidate(int32_t candidate) {
    return (float)(((uint32_t)candidate ^ 0x80000000u) >> 16) / 16384;
}

void musc_keep_candidates(
    musc_isa isa, const int32_t *candidates, const uint16_t *names, size_t judges, size_t patches, size_t depth,
    size_t exact, const float *vectors, const float *const *partners, size_t channels, float *kept,
    uint16_t *kept_names, float *bounds) {
    const size_t listed = judges < depth ? judges : depth;
    const size_t near = exact < listed ? exact : listed;
    empty(kept + listed * patches, kept_names + listed * patches, (depth - listed) * patches);
    for (size_t first = 0; first < patches; first += LANES) {
        const size_t lanes = patches - first < LANES ? patches - first : LANES;
        int32_t last[LANES], last_near[LANES];
        integer_of_rank(candidates + first, judges, patches, lanes, listed, last);
        integer_of_rank(candidates + first, judges, patches, lanes, near, last_near);
        for (size_t lane = 0; lane < lanes; lane++) {
            const size_t patch = first + lane;
            size_t below = 0, filled = 0;
            for (size_t judge = 0; judge < judges; judge++) below += candidates[judge * patches + patch] < last[lane];
            size_t ties = listed - below;
            float farthest = 0;
            for (size_t judge = 0; judge < judges; judge++) {
                const int32_t candidate = candidates[judge * patches + patch];
                if (candidate > last[lane]) continue;
                if (candidate == last[lane]) {
                    if (ties == 0) continue;
                    ties--;
                }
                float value = distance_of_candidate(candidate);
                if (candidate <= last_near[lane]) {
                    const float *partner = partners[judge] + (size_t)musc_candidate_partner(candidate) * channels;
                    value = musc_squared_distance(isa, vectors + patch * channels, partner, channels);
                }
                const size_t slot = filled++ * patches + patch;
                kept[slot] = value;
                kept_names[slot] = names[judge];
                if (value > farthest) farthest = value;
            }
            bounds[patch] = judges <= depth ? MUSC_FARTHEST : farthest;
        }
    }
}

void musc_insert_nearest(
    musc_isa isa, const float *squared, uint16_t name, size_t patches, size_t depth, float *kept,
    uint16_t *kept_names, float *bounds) {
    ranks_for(isa)->insert_nearest(squared, name, patches, depth, kept, kept_names, bounds);
}

void musc_rename_nearest(const uint16_t *map, size_t count, float *kept, uint16_t *kept_names) {
    for (size_t slot = 0; slot < count; slot++) {
        kept_names[slot] = map[kept_names[slot]];
        if (kept_names[slot] == MUSC_NO_JUDGE) kept[slot] = MUSC_FARTHEST;
    }
}

size_t musc_least_kept(
    const uint16_t *map, const uint16_t *kept_names, size_t patches, size_t depth, uint16_t *scratch) {
    memset(scratch, 0, patches * sizeof *scratch);
    for (size_t slot = 0; slot < depth; slot++) {
        const uint16_t *names = kept_names + slot * patches;
        if (map)
            for (size_t patch = 0; patch < patches; patch++) scratch[patch] += map[names[patch]] != MUSC_NO_JUDGE;
        else
            for (size_t patch = 0; patch < patches; patch++) scratch[patch] += names[patch] != MUSC_NO_JUDGE;
    }
    size_t least = depth;
    for (size_t patch = 0; patch < patches; patch++)
        if (scratch[patch] < least) least = scratch[patch];
    return least;
}
