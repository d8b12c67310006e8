#include "bf16.h"
#include "tile.h"

void tile_f32_plain(
    const float *a, size_t a_stride, size_t rows, size_t depth, const float *panel, float *c, size_t c_stride,
    bool accumulate) {
    for (size_t r = 0; r < rows; r++) {
        float sum[TILE_PANEL] = {0};
        for (size_t k = 0; k < depth; k++)
            for (size_t j = 0; j < TILE_PANEL; j++) sum[j] += a[r * a_stride + k] * panel[k * TILE_PANEL + j];
        for (size_t j = 0; j < TILE_PANEL; j++)
            c[r * c_stride + j] = accumulate ? c[r * c_stride + j] + sum[j] : sum[j];
    }
}

void tile_bf16_plain(
    const uint16_t *a, size_t a_stride, size_t rows, size_t depth, const uint16_t *panel, float *c, size_t c_stride,
    bool accumulate) {
    for (size_t r = 0; r < rows; r++) {
        float sum[TILE_PANEL] = {0};
        for (size_t k = 0; k < depth; k++)
            for (size_t j = 0; j < TILE_PANEL; j++)
                sum[j] += bf16_to_float(a[r * a_stride + k])
                    * bf16_to_float(panel[(k / 2 * TILE_PANEL + j) * 2 + k % 2]);
        for (size_t j = 0; j < TILE_PANEL; j++)
            c[r * c_stride + j] = accumulate ? c[r * c_stride + j] + sum[j] : sum[j];
    }
}
