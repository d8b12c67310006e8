#include "musc_degrees.h"

#include "filter.h"
#include "tile.h"
#include "tile_int8.h"

#include <string.h>

void musc_neighbourhood_sums(
    musc_isa isa, const float *vectors, size_t height, size_t width, size_t depth, size_t reach, float *scratch,
    float *sums) {
    filter_for(isa)->neighbourhood(vectors, height, width, depth, reach, scratch, sums);
}

void musc_normalise(
    musc_isa isa, const float *vectors, size_t count, size_t depth, float *unit, float *inverse_lengths) {
    filter_for(isa)->normalise(vectors, count, depth, unit, inverse_lengths);
}

void musc_moments(musc_isa isa, const float *values, size_t count, float centre, double *sum, double *squares) {
    filter_for(isa)->moments(values, count, centre, sum, squares);
}

void musc_standardise(musc_isa isa, const float *input, size_t count, float mean, float scale, float *output) {
    filter_for(isa)->standardise(input, count, mean, scale, output);
}

static size_t largest_reach(const musc_degrees_shape *shape) {
    size_t reach = 0;
    for (size_t d = 0; d < shape->degrees; d++) reach = shape->reaches[d] > reach ? shape->reaches[d] : reach;
    return reach;
}

static size_t stride_of(const musc_degrees_shape *shape) { return shape->width + largest_reach(shape); }

size_t musc_degrees_positions(const musc_degrees_shape *shape) {
    return (shape->height * stride_of(shape) + TILE_PANEL - 1) / TILE_PANEL * TILE_PANEL;
}

// Rows of the matrix, with zeros on either side for the filter to run into.
typedef struct layout {
    size_t positions;
    size_t guard;
    size_t row;
    // Slabs of products, one a grid row of the row image, that the filter looks back on.
    size_t slabs;
} layout;

static layout layout_of(const musc_degrees_shape *shape) {
    const size_t reach = largest_reach(shape);
    layout l;
    l.positions = musc_degrees_positions(shape);
    l.guard = (reach * stride_of(shape) + reach + 15) / 16 * 16;
    // An odd number of cache lines, so that rows do not share cache sets.
    l.row = l.positions + 2 * l.guard;
    l.row += l.row / 16 % 2 ? 0 : 16;
    l.slabs = 2 * reach + 2;
    return l;
}

size_t musc_degrees_scratch_size(const musc_degrees_shape *shape) {
    const layout l = layout_of(shape);
    // Slabs, one set of sums a degree, and rows: zeros, what slides, and the filter's own.
    return ((l.slabs + shape->degrees) * shape->width + 3) * l.row * sizeof(float);
}

// For each position its patch's vector, in words of 32 bits; zeros where there is no patch.
static void pack_positions(const musc_degrees_shape *shape, const uint32_t *vectors, size_t words, uint32_t *panels) {
    const size_t stride = stride_of(shape), positions = musc_degrees_positions(shape);
    for (size_t position = 0; position < positions; position++) {
        const size_t y = position / stride, x = position % stride;
        uint32_t *to = panels + position / TILE_PANEL * TILE_PANEL * words + position % TILE_PANEL;
        if (y < shape->height && x < shape->width) {
            const uint32_t *from = vectors + (y * shape->width + x) * words;
            for (size_t k = 0; k < words; k++) memcpy(to + k * TILE_PANEL, from + k, sizeof *to);
        } else {
            for (size_t k = 0; k < words; k++) memset(to + k * TILE_PANEL, 0, sizeof *to);
        }
    }
}

void musc_degrees_pack_f32(const musc_degrees_shape *shape, const float *vectors, float *panels) {
    pack_positions(shape, (const uint32_t *)(const void *)vectors, shape->depth, (uint32_t *)(void *)panels);
}

void musc_degrees_pack_int8(const musc_degrees_shape *shape, const int8_t *vectors, int8_t *panels) {
    pack_positions(shape, (const uint32_t *)(const void *)vectors, shape->depth / 4, (uint32_t *)(void *)panels);
}

// The products of one grid row of the row image with all positions.
static void multiply(
    musc_isa isa, const musc_degrees_shape *shape, const musc_degrees_pair *pair, size_t y, size_t positions,
    float *slab, size_t row) {
    const size_t first = y * shape->width, depth = shape->depth;
    for (size_t position = 0; position < positions; position += TILE_PANEL) {
        if (pair->rows)
            tile_product(
                isa, MUSC_F32, pair->rows + first * depth, depth, shape->width, depth,
                pair->panels + position * depth, slab + position, row, false);
        else
            tile_int8_for(isa)(
                pair->rows_int8 + first * depth, pair->row_terms + first, shape->width, depth,
                pair->panels_int8 + position * depth, pair->panel_scales + position, slab + position, row);
    }
}

void musc_degrees_compare(
    musc_isa isa, const musc_degrees_shape *shape, const musc_degrees_pair *pair, void *scratch) {
    const layout l = layout_of(shape);
    const filter_functions *filter = filter_for(isa);
    const size_t width = shape->width, height = shape->height, reach = largest_reach(shape);
    memset(scratch, 0, musc_degrees_scratch_size(shape));
    float *next = (float *)scratch + l.guard;
    float *const slabs = next;
    next += l.slabs * width * l.row;
    float *const sums = next;
    next += shape->degrees * width * l.row;
    float *const zeros = next, *const sliding = next + l.row, *const filtered = next + 2 * l.row;
    const bool tracks = pair->rows == NULL;
    for (size_t d = 0; d < shape->degrees; d++)
        for (size_t i = 0; i < l.positions; i++) {
            pair->column_max[d][i] = -3e38f;
            if (tracks) pair->column_partners[d][i] = 0;
        }

    // Grid row `entering` of the row image enters the sums, and the row `reach` before it is complete.
    for (size_t entering = 0; entering < height + reach; entering++) {
        const bool is_new = entering < height;
        float *const new_slab = slabs + entering % l.slabs * width * l.row;
        if (is_new) multiply(isa, shape, pair, entering, l.positions, new_slab, l.row);
        for (size_t d = 0; d < shape->degrees; d++) {
            const size_t h = shape->reaches[d];
            if (entering >= height + h) continue;
            float *const own_sums = sums + d * width * l.row;
            if (h > 0) {
                const float *const old_slab =
                    entering > 2 * h ? slabs + (entering - 2 * h - 1) % l.slabs * width * l.row : NULL;
                memset(sliding, 0, l.positions * sizeof *sliding);
                for (size_t x = 0; x < width + h; x++) {
                    const bool enters = x < width, leaves = x > 2 * h;
                    const size_t out = leaves ? x - 2 * h - 1 : 0;
                    filter->slide(
                        enters && is_new ? new_slab + x * l.row : zeros,
                        enters && old_slab ? old_slab + x * l.row : zeros,
                        leaves && is_new ? new_slab + out * l.row : zeros,
                        leaves && old_slab ? old_slab + out * l.row : zeros, l.positions, sliding,
                        x >= h ? own_sums + (x - h) * l.row : NULL);
                }
            }
            if (entering < h) continue;
            const size_t y = entering - h;
            for (size_t x = 0; x < width; x++) {
                const size_t patch = y * width + x;
                const filter_row row = {
                    .sums = (h > 0 ? own_sums : new_slab) + x * l.row,
                    .count = l.positions,
                    .stride = stride_of(shape),
                    .reach = h,
                    .patch = (uint32_t)patch,
                    .inverse_length = pair->row[d].inverse_lengths[patch],
                    .offset = tracks ? pair->row[d].offsets[patch] : 0,
                    .patches = tracks ? pair->row[d].counts[patch] : 0,
                    .inverse_lengths = pair->column[d].inverse_lengths,
                    .offsets = pair->column[d].offsets,
                    .counts = pair->column[d].counts,
                    .position_offsets = pair->position_offsets,
                    .column_max = pair->column_max[d],
                    .column_partners = pair->column_partners[d],
                    .row_max = pair->row_max[d] + patch,
                    .row_partner = tracks ? pair->row_partners[d] + patch : NULL,
                    .scratch = filtered,
                };
                filter->finish(&row);
            }
        }
    }
}
