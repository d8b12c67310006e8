#include "musc_msm.h"

void musc_msm_pack_f32(
    const float *vectors, size_t depth, const uint32_t *order, size_t slots, size_t width, float *packed) {
    for (size_t block = 0; block < slots; block += width) {
        float *to = packed + block * depth;
        for (size_t lane = 0; lane < width; lane++) {
            const float *from = vectors + (size_t)order[block + lane] * depth;
            for (size_t k = 0; k < depth; k++) to[k * width + lane] = from[k];
        }
    }
}
