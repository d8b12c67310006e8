#include "tile_int8.h"

#include "tile.h"

void tile_int8_plain(
    const int8_t *a, const musc_msm_int8_terms *terms, size_t rows, size_t depth, const int8_t *panel,
    const float *scales, float *c, size_t c_stride) {
    for (size_t r = 0; r < rows; r++) {
        int32_t sum[TILE_PANEL] = {0};
        for (size_t k = 0; k < depth; k++)
            for (size_t j = 0; j < TILE_PANEL; j++)
                sum[j] += (int32_t)a[r * depth + k] * panel[(k / 4 * TILE_PANEL + j) * 4 + k % 4];
        for (size_t j = 0; j < TILE_PANEL; j++) c[r * c_stride + j] = (float)sum[j] * (terms[r].scale * scales[j]);
    }
}
