#include "musc_image_codecs.h"

#include <string.h>

// Sums are of whole numbers, so their order does not matter: the lanes below may be split and joined as the
// processor likes, and the result stays the same bit for bit.

#ifndef __has_feature
#define __has_feature(name) 0
#endif

// The choice among clones is made before the thread sanitizer is ready for it.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define MUSC_FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define MUSC_FOR_EACH_PROCESSOR
#endif

enum {
    fraction_bits = 22,
    half = 1 << (fraction_bits - 1),
    // The row kernel sums 24 neighbouring samples at a time: eight RGB pixels (three vectors of eight), so that
    // each lane always holds the same channel.
    lanes = 24,
    // Columns summed together: their 32-bit sums stay in registers.
    column_block = 64,
};

static inline uint8_t rounded(int32_t sum) {
    int32_t value = sum >> fraction_bits;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline size_t padded(size_t samples) { return (samples + lanes - 1) / lanes * lanes; }

size_t musc_resample_scratch_size(
    size_t width, int channels, const musc_resampling_weights *weights, size_t out_width) {
    size_t spread = padded((size_t)weights->taps * (size_t)channels);
    return out_width * spread * sizeof(int32_t) + width * (size_t)channels + spread + lanes;
}

MUSC_FOR_EACH_PROCESSOR
static void sum_row(
    const uint8_t *row, int channels, const int32_t *bounds, const int32_t *spread_weights, size_t spread,
    uint8_t *output, size_t out_width) {
    for (size_t x = 0; x < out_width; x++) {
        const uint8_t *samples = row + (size_t)bounds[2 * x] * (size_t)channels;
        const int32_t *w = spread_weights + x * spread;
        size_t used = padded((size_t)bounds[2 * x + 1] * (size_t)channels);
        int32_t sums[lanes] = {0};
        for (size_t i = 0; i < used; i += lanes) {
            for (int lane = 0; lane < lanes; lane++) sums[lane] += (int32_t)samples[i + lane] * w[i + lane];
        }
        for (int c = 0; c < channels; c++) {
            int32_t sum = half;
            for (int lane = c; lane < lanes; lane += channels) sum += sums[lane];
            output[x * (size_t)channels + (size_t)c] = rounded(sum);
        }
    }
}

void musc_resample_rows(
    const uint8_t *input, size_t width, size_t rows, int channels, const musc_resampling_weights *weights,
    uint8_t *output, size_t out_width, void *scratch) {
    size_t taps = (size_t)weights->taps;
    size_t spread = padded(taps * (size_t)channels);
    int32_t *spread_weights = scratch;
    memset(spread_weights, 0, out_width * spread * sizeof(int32_t));
    for (size_t x = 0; x < out_width; x++) {
        for (size_t t = 0; t < taps; t++) {
            for (size_t c = 0; c < (size_t)channels; c++) {
                spread_weights[x * spread + t * (size_t)channels + c] = weights->weights[x * taps + t];
            }
        }
    }
    // A row is copied to where the kernel may read past its end.
    size_t row_bytes = width * (size_t)channels;
    uint8_t *row = (uint8_t *)(spread_weights + out_width * spread);
    memset(row + row_bytes, 0, spread + lanes);
    for (size_t y = 0; y < rows; y++) {
        memcpy(row, input + y * row_bytes, row_bytes);
        sum_row(row, channels, weights->bounds, spread_weights, spread,
                output + y * out_width * (size_t)channels, out_width);
    }
}

MUSC_FOR_EACH_PROCESSOR
static void sum_columns(
    const uint8_t *rows, size_t row_bytes, const int32_t *weights, int32_t count, uint8_t *output) {
    size_t x = 0;
    for (; x + column_block <= row_bytes; x += column_block) {
        int32_t sums[column_block];
        for (int i = 0; i < column_block; i++) sums[i] = half;
        for (int32_t t = 0; t < count; t++) {
            const uint8_t *samples = rows + (size_t)t * row_bytes + x;
            for (int i = 0; i < column_block; i++) sums[i] += (int32_t)samples[i] * weights[t];
        }
        for (int i = 0; i < column_block; i++) output[x + (size_t)i] = rounded(sums[i]);
    }
    for (; x < row_bytes; x++) {
        int32_t sum = half;
        for (int32_t t = 0; t < count; t++) sum += (int32_t)rows[(size_t)t * row_bytes + x] * weights[t];
        output[x] = rounded(sum);
    }
}

void musc_resample_columns(
    const uint8_t *input, size_t row_bytes, int32_t first_row, const musc_resampling_weights *weights,
    uint8_t *output, size_t out_height) {
    for (size_t y = 0; y < out_height; y++) {
        size_t first = (size_t)(weights->bounds[2 * y] - first_row);
        sum_columns(input + first * row_bytes, row_bytes, weights->weights + y * (size_t)weights->taps,
                    weights->bounds[2 * y + 1], output + y * row_bytes);
    }
}
