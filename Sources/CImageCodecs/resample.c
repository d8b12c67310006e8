#include "clones.h"
#include "musc_image_codecs.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

// Sums are of whole numbers, so their order does not matter: the lanes below may be split and joined as the
// processor likes, and the result stays the same bit for bit.

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

static void resample_rows(
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

#ifdef __SSE2__

// Pixels of three channels, two neighbours at a time: one instruction multiplies samples of 16 bits and adds the two
// products. Weights, which have more bits, are multiplied in two halves, of which the sums are put together in the end.
enum { low_bits = 11 };

/// The two halves of two neighbouring weights.
typedef struct {
    int32_t high, low;
} weight_pair;

static inline size_t pairs_of(size_t taps) { return (taps + 1) / 2; }

static inline int32_t joined(int32_t first, int32_t second) {
    return (int32_t)((uint32_t)(uint16_t)first | (uint32_t)(uint16_t)second << 16);
}

/// Each pixel beside its neighbour: channel by channel two samples of 16 bits; what follows the three channels is nobody's.
static void pair_pixels(const uint8_t *row, size_t width, __m128i *neighbours) {
    for (size_t x = 0; x < width; x++) {
        int32_t first, second;
        memcpy(&first, row + 3 * x, sizeof first);
        memcpy(&second, row + 3 * x + 3, sizeof second);
        __m128i bytes = _mm_unpacklo_epi8(_mm_cvtsi32_si128(first), _mm_cvtsi32_si128(second));
        _mm_storeu_si128(neighbours + x, _mm_unpacklo_epi8(bytes, _mm_setzero_si128()));
    }
}

static void sum_pixels(
    const __m128i *neighbours, const int32_t *bounds, const weight_pair *weights, size_t pairs, uint8_t *output,
    size_t out_width) {
    for (size_t x = 0; x < out_width; x++) {
        const __m128i *samples = neighbours + bounds[2 * x];
        const weight_pair *w = weights + x * pairs;
        size_t used = pairs_of((size_t)bounds[2 * x + 1]);
        __m128i high = _mm_setzero_si128(), low = _mm_set1_epi32(half);
        for (size_t i = 0; i < used; i++) {
            __m128i pixels = _mm_loadu_si128(samples + 2 * i);
            high = _mm_add_epi32(high, _mm_madd_epi16(pixels, _mm_set1_epi32(w[i].high)));
            low = _mm_add_epi32(low, _mm_madd_epi16(pixels, _mm_set1_epi32(w[i].low)));
        }
        __m128i sums = _mm_srai_epi32(_mm_add_epi32(low, _mm_slli_epi32(high, low_bits)), fraction_bits);
        __m128i words = _mm_packs_epi32(sums, sums);
        int32_t pixel = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
        memcpy(output + 3 * x, &pixel, 3);
    }
}

/// Bytes that the row of pairs takes, with those behind its end that have no weight.
static size_t neighbours_size(size_t width, size_t taps) { return (width + taps + 2) * sizeof(__m128i); }

static void resample_pixels(
    const uint8_t *input, size_t width, size_t rows, const musc_resampling_weights *weights, uint8_t *output,
    size_t out_width, void *scratch) {
    size_t taps = (size_t)weights->taps, pairs = pairs_of(taps);
    __m128i *neighbours = scratch;
    weight_pair *split = (weight_pair *)((uint8_t *)scratch + neighbours_size(width, taps));
    uint8_t *row = (uint8_t *)(split + out_width * pairs);
    memset(neighbours, 0, neighbours_size(width, taps));
    memset(row + 3 * width, 0, 2 * sizeof(int32_t));
    for (size_t x = 0; x < out_width; x++) {
        for (size_t i = 0; i < pairs; i++) {
            int32_t first = weights->weights[x * taps + 2 * i];
            int32_t second = 2 * i + 1 < taps ? weights->weights[x * taps + 2 * i + 1] : 0;
            const int32_t mask = (1 << low_bits) - 1;
            split[x * pairs + i] = (weight_pair){
                .high = joined(first >> low_bits, second >> low_bits), .low = joined(first & mask, second & mask)};
        }
    }
    for (size_t y = 0; y < rows; y++) {
        memcpy(row, input + y * 3 * width, 3 * width);
        pair_pixels(row, width, neighbours);
        sum_pixels(neighbours, weights->bounds, split, pairs, output + y * 3 * out_width, out_width);
    }
}

#endif

size_t musc_resample_scratch_size(
    size_t width, int channels, const musc_resampling_weights *weights, size_t out_width) {
    size_t taps = (size_t)weights->taps;
#ifdef __SSE2__
    if (channels == 3) {
        return neighbours_size(width, taps) + out_width * pairs_of(taps) * sizeof(weight_pair) + 3 * width
            + 2 * sizeof(int32_t);
    }
#endif
    size_t spread = padded(taps * (size_t)channels);
    return out_width * spread * sizeof(int32_t) + width * (size_t)channels + spread + lanes;
}

void musc_resample_rows(
    const uint8_t *input, size_t width, size_t rows, int channels, const musc_resampling_weights *weights,
    uint8_t *output, size_t out_width, void *scratch) {
#ifdef __SSE2__
    if (channels == 3) {
        resample_pixels(input, width, rows, weights, output, out_width, scratch);
        return;
    }
#endif
    resample_rows(input, width, rows, channels, weights, output, out_width, scratch);
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
