#include "musc_linear.h"

#include "bf16.h"
#include "msm_pack.h"
#include "rows.h"
#include "tile.h"
#include "tile_rows.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

// bfloat16 panels pair the depth; an odd one is filled up with a zero channel, which the input lacks. int8 takes four.
static size_t padded_inputs(musc_precision precision, size_t inputs) {
    const size_t unit = precision == MUSC_BF16 ? 2 : precision == MUSC_INT8 ? 4 : 1;
    return (inputs + unit - 1) / unit * unit;
}

static size_t panels(size_t outputs) { return (outputs + TILE_PANEL - 1) / TILE_PANEL; }

// Bytes of a packed panel.
static size_t panel_size(musc_precision precision, size_t depth) {
    return TILE_PANEL * depth * musc_element_size(precision) + (precision == MUSC_INT8 ? sizeof(tile_rows_terms) : 0);
}

size_t musc_linear_packed_size(musc_precision precision, size_t inputs, size_t outputs) {
    return panels(outputs) * panel_size(precision, padded_inputs(precision, inputs));
}

// Weights rounded to integers; a panel's bytes are followed by its terms.
static void pack_int8(musc_isa isa, const float *weight, size_t inputs, size_t outputs, char *packed) {
    const size_t depth = padded_inputs(MUSC_INT8, inputs), size = panel_size(MUSC_INT8, depth);
    uint32_t order[TILE_PANEL];
    for (uint32_t lane = 0; lane < TILE_PANEL; lane++) order[lane] = lane;
    int8_t *rows = calloc(TILE_PANEL, depth);
    if (!rows) abort();
    for (size_t panel = 0; panel < panels(outputs); panel++, packed += size) {
        tile_rows_terms *terms = (tile_rows_terms *)(void *)(packed + TILE_PANEL * depth);
        memset(rows, 0, TILE_PANEL * depth);
        memset(terms, 0, sizeof *terms);
        for (size_t lane = 0; lane < TILE_PANEL && panel * TILE_PANEL + lane < outputs; lane++) {
            const float *row = weight + (panel * TILE_PANEL + lane) * inputs;
            float largest = 0;
            for (size_t k = 0; k < inputs; k++) largest = fabsf(row[k]) > largest ? fabsf(row[k]) : largest;
            const float to_integer = largest > 0 ? 127 / largest : 0;
            int32_t sum = 0;
            for (size_t k = 0; k < inputs; k++) {
                const float scaled = row[k] * to_integer;
                const int32_t integer = (int32_t)(scaled + (scaled < 0 ? -0.5f : 0.5f));
                rows[lane * depth + k] = (int8_t)integer;
                sum += integer;
            }
            terms->scales[lane] = largest / 127;
            terms->corrections[lane] = -128 * sum;
        }
        msm_pack_words(
            isa, (const packed_word *)(const void *)rows, depth / 4, depth / 4, order, TILE_PANEL, TILE_PANEL,
            (packed_word *)(void *)packed);
    }
    free(rows);
}

void musc_linear_pack(
    musc_isa isa, musc_precision precision, const float *weight, size_t inputs, size_t outputs, void *packed) {
    if (precision == MUSC_INT8) {
        pack_int8(isa, weight, inputs, outputs, packed);
        return;
    }
    const size_t depth = padded_inputs(precision, inputs);
    const bool is_bf16 = precision == MUSC_BF16;
    // A panel is a transpose of 32-bit words: fp32 channels, or pairs of bfloat16 ones.
    const size_t words = is_bf16 ? depth / 2 : depth;
    uint32_t order[TILE_PANEL];
    for (uint32_t lane = 0; lane < TILE_PANEL; lane++) order[lane] = lane;
    // One panel's rows, where they are rounded first or where there are fewer than a panel takes.
    packed_word *rows = calloc(TILE_PANEL * words, sizeof *rows);
    if (!rows) abort();
    for (size_t panel = 0; panel < panels(outputs); panel++) {
        const size_t first = panel * TILE_PANEL;
        const size_t count = outputs - first < TILE_PANEL ? outputs - first : TILE_PANEL;
        const packed_word *from = (const packed_word *)(weight + first * inputs);
        if (is_bf16 || count < TILE_PANEL) {
            memset(rows, 0, TILE_PANEL * words * sizeof *rows);
            for (size_t lane = 0; lane < count; lane++) {
                const float *row = weight + (first + lane) * inputs;
                if (is_bf16) {
                    uint16_t *rounded = (uint16_t *)(rows + lane * words);
                    for (size_t k = 0; k < inputs; k++) rounded[k] = bf16_from_float(row[k]);
                } else {
                    memcpy(rows + lane * words, row, inputs * sizeof *row);
                }
            }
            from = rows;
        }
        msm_pack_words(
            isa, from, words, words, order, TILE_PANEL, TILE_PANEL,
            (packed_word *)packed + panel * TILE_PANEL * words);
    }
    free(rows);
}

// What is done to the columns from `column` on, and to how many of them, at most `columns`.
static rows_last_step last_step(
    const musc_linear *linear, musc_epilogue epilogue, size_t row, size_t column, size_t columns, size_t *width) {
    rows_last_step step = {
        .epilogue = epilogue,
        .precision = linear->output_precision,
        .bias = linear->bias ? linear->bias + column : NULL,
        .gamma = linear->gamma ? linear->gamma + column : NULL,
    };
    *width = columns;
    if (epilogue != MUSC_ROTATE) return step;
    const musc_rotation *rotation = linear->rotation;
    if (column >= rotation->columns) {
        step.epilogue = MUSC_STORE;
        return step;
    }
    if (*width > rotation->columns - column) *width = rotation->columns - column;
    step.turn_stride = MUSC_ROTATION_ROW(rotation->head_width);
    const size_t entry = row * step.turn_stride + column % rotation->head_width;
    step.cosines = rotation->cosines + entry;
    step.sines = rotation->sines + entry;
    return step;
}

void musc_linear_apply(
    musc_isa isa, const musc_linear *linear, const void *input, size_t input_stride, size_t rows,
    musc_epilogue epilogue, void *output, size_t output_stride) {
    enum {
        // Products of a block of rows wait here for their last step: 8 KiB, in the first-level cache. So few rows more
        // are part of the last block, as they would not be worth reading the weights again.
        BLOCK = 64,
        MORE = TILE_ROWS - 1,
        // A block's rows are read once for each panel and should stay in the second-level cache.
        INPUT_BYTES = 384 * 1024,
        // So should what is read of a panel for each eight rows.
        DEPTH_BYTES = 6 * 1024,
    };
    float products[(BLOCK + MORE) * TILE_PANEL];
    const rows_functions *passes = rows_for(isa);
    tile_rows *const multiply_rows = tile_rows_for(isa);
    const size_t element = musc_element_size(linear->precision);
    const size_t depth = padded_inputs(linear->precision, linear->inputs);
    const size_t most = DEPTH_BYTES / element;
    const size_t pieces = (depth + most - 1) / most;
    const size_t piece = ((depth + pieces - 1) / pieces + 1) / 2 * 2;
    const size_t fitting = INPUT_BYTES / (depth * element) / TILE_ROWS * TILE_ROWS;
    const size_t block = fitting < TILE_ROWS ? TILE_ROWS : fitting > BLOCK ? BLOCK : fitting;
    const size_t output_element = epilogue == MUSC_ADD ? sizeof(float) : musc_element_size(linear->output_precision);
    const size_t size = panel_size(linear->precision, depth);
    for (size_t first = 0, count; first < rows; first += count) {
        count = rows - first <= block + MORE ? rows - first : block;
        const char *a = (const char *)input + first * input_stride * element;
        for (size_t panel = 0; panel < panels(linear->outputs); panel++) {
            const char *b = (const char *)linear->weights + panel * size;
            if (linear->precision == MUSC_INT8)
                multiply_rows(
                    (const uint8_t *)a, input_stride, count, depth, (const int8_t *)b,
                    (const tile_rows_terms *)(const void *)(b + TILE_PANEL * depth), linear->input_scales + first,
                    products, TILE_PANEL);
            // The exact sums of int8 need no pieces: a panel of 5,120 inputs is 160 KiB, and is read once for each 8 rows.
            for (size_t k = 0; k < depth && linear->precision != MUSC_INT8; k += piece) {
                const size_t length = depth - k < piece ? depth - k : piece;
                tile_product(
                    isa, linear->precision, a + k * element, input_stride, count, length,
                    b + k * TILE_PANEL * element, products, TILE_PANEL, k > 0);
            }
            const size_t from = panel * TILE_PANEL;
            const size_t columns = linear->outputs - from < TILE_PANEL ? linear->outputs - from : TILE_PANEL;
            // A panel in which the rotated columns end is finished in two parts.
            for (size_t part = 0, width; part < columns; part += width) {
                const rows_last_step step = last_step(linear, epilogue, first, from + part, columns - part, &width);
                const size_t column = epilogue == MUSC_GATE ? from / 2 : from + part;
                passes->finish(
                    products + part, TILE_PANEL, count, width, &step,
                    (char *)output + (first * output_stride + column) * output_element, output_stride);
            }
        }
    }
}
