#include "musc_attention.h"

#include "msm_pack.h"
#include "rows.h"
#include "tile.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// Queries whose scores are held at once: two of the tile's row groups, so that a panel of keys is read from
// the first-level cache for the second.
// The last few join the group before them.
enum { QUERIES = 16, MOST_QUERIES = QUERIES + TILE_ROWS - 1 };

static size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

// The parts of the scratch memory, in bytes; each is a multiple of 64.
typedef struct layout {
    size_t keys;
    size_t values;
    size_t scores;
    size_t results;
} layout;

static layout layout_of(const musc_attention *attention) {
    const size_t element = musc_element_size(attention->precision);
    const size_t length = round_up(attention->length, TILE_PANEL);
    layout sizes;
    sizes.keys = round_up(length * attention->head_width * element, 64);
    sizes.values = length * round_up(attention->head_width, TILE_PANEL) * element;
    sizes.scores = MOST_QUERIES * length * sizeof(float);
    sizes.results = MOST_QUERIES * round_up(attention->head_width, TILE_PANEL) * sizeof(float);
    return sizes;
}

size_t musc_attention_scratch_size(const musc_attention *attention) {
    const layout sizes = layout_of(attention);
    return sizes.keys + sizes.values + sizes.scores + sizes.results;
}

// Keys become panels of 32 keys, `[length / 32][words][32]`, in words of one float or two bfloat16. Past the
// last key the panel repeats it; softmax leaves these out.
static void pack_keys(
    musc_isa isa, const packed_word *keys, size_t stride, size_t words, size_t length, packed_word *packed) {
    for (size_t first = 0; first < length; first += TILE_PANEL) {
        uint32_t order[TILE_PANEL];
        for (size_t lane = 0; lane < TILE_PANEL; lane++)
            order[lane] = (uint32_t)(first + lane < length ? first + lane : length - 1);
        msm_pack_words(isa, keys, stride, words, order, TILE_PANEL, TILE_PANEL, packed + first * words);
    }
}

// Values become panels of 32 channels over all keys; past the last key and channel they are zero.
static void pack_values_f32(const float *values, size_t stride, size_t width, size_t length, float *packed) {
    const size_t depth = round_up(length, TILE_PANEL);
    for (size_t from = 0; from < width; from += TILE_PANEL, packed += depth * TILE_PANEL) {
        const size_t columns = width - from < TILE_PANEL ? width - from : TILE_PANEL;
        memset(packed, 0, depth * TILE_PANEL * sizeof *packed);
        for (size_t key = 0; key < length; key++)
            memcpy(packed + key * TILE_PANEL, values + key * stride + from, columns * sizeof *packed);
    }
}

static void pack_values_bf16(const uint16_t *values, size_t stride, size_t width, size_t length, uint16_t *packed) {
    const size_t depth = round_up(length, TILE_PANEL);
    for (size_t from = 0; from < width; from += TILE_PANEL, packed += depth * TILE_PANEL) {
        const size_t columns = width - from < TILE_PANEL ? width - from : TILE_PANEL;
        memset(packed, 0, depth * TILE_PANEL * sizeof *packed);
        for (size_t key = 0; key < length; key++) {
            const uint16_t *row = values + key * stride + from;
            uint16_t *pair = packed + key / 2 * TILE_PANEL * 2 + key % 2;
            for (size_t lane = 0; lane < columns; lane++) pair[lane * 2] = row[lane];
        }
    }
}

void musc_attention_apply(
    musc_isa isa, const musc_attention *attention, const void *qkv, size_t qkv_stride, void *output,
    size_t output_stride, void *scratch) {
    const layout sizes = layout_of(attention);
    const size_t element = musc_element_size(attention->precision);
    const size_t length = attention->length, width = attention->head_width;
    const size_t padded = round_up(length, TILE_PANEL), padded_width = round_up(width, TILE_PANEL);
    char *keys = scratch;
    char *values = keys + sizes.keys;
    float *scores = (float *)(void *)(values + sizes.values);
    float *results = (float *)(void *)((char *)scores + sizes.scores);
    const rows_functions *passes = rows_for(isa);
    const float scale = 1 / sqrtf((float)width);
    for (size_t head = 0; head < attention->heads; head++) {
        const char *q = (const char *)qkv + head * width * element;
        const char *k = q + attention->heads * width * element;
        const char *v = k + attention->heads * width * element;
        const size_t words = width * element / sizeof(packed_word);
        pack_keys(
            isa, (const packed_word *)(const void *)k, qkv_stride * element / sizeof(packed_word), words, length,
            (packed_word *)(void *)keys);
        if (attention->precision == MUSC_BF16)
            pack_values_bf16((const uint16_t *)(const void *)v, qkv_stride, width, length, (uint16_t *)(void *)values);
        else
            pack_values_f32((const float *)(const void *)v, qkv_stride, width, length, (float *)(void *)values);
        for (size_t first = 0, count; first < attention->queries; first += count) {
            const size_t left = attention->queries - first;
            count = left <= MOST_QUERIES ? left : QUERIES;
            for (size_t key = 0; key < padded; key += TILE_PANEL)
                tile_product(
                    isa, attention->precision, q + first * qkv_stride * element, qkv_stride, count, width,
                    keys + key * width * element, scores + key, padded, false);
            float sums[MOST_QUERIES];
            passes->softmax(scores, padded, count, length, scale, attention->precision, sums);
            // The weights lie over the scores, from each row's start.
            const size_t weight_stride = padded * sizeof(float) / element;
            for (size_t from = 0; from < padded_width; from += TILE_PANEL)
                tile_product(
                    isa, attention->precision, scores, weight_stride, count, padded, values + from * padded * element,
                    results + from, padded_width, false);
            passes->scale(
                results, padded_width, count, width, sums, attention->precision,
                (char *)output + (first * output_stride + head * width) * element, output_stride);
        }
    }
}
