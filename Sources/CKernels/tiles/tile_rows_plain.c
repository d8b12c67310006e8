#include "tile_rows.h"

#include "tile.h"

void tile_rows_plain(
    const uint8_t *a, size_t a_stride, size_t rows, size_t depth, const int8_t *panel, const tile_rows_terms *terms,
    const float *row_scales, float *c, size_t c_stride) {
    for (size_t r = 0; r < rows; r++) {
        int32_t sum[TILE_PANEL];
        for (size_t j = 0; j < TILE_PANEL; j++) sum[j] = terms->corrections[j];
        for (size_t k = 0; k < depth; k++)
            for (size_t j = 0; j < TILE_PANEL; j++)
                sum[j] += (int32_t)a[r * a_stride + k] * panel[(k / 4 * TILE_PANEL + j) * 4 + k % 4];
        for (size_t j = 0; j < TILE_PANEL; j++)
            c[r * c_stride + j] = (float)sum[j] * (row_scales[r] * terms->scales[j]);
    }
}
