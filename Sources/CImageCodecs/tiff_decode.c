#include "tiff_reader.h"

#include <stdlib.h>
#include <string.h>

/// Sample `index` of a row: native byte order for 8, 16 bits; packed from the highest bit for others.
static inline unsigned sample_at(const tiff_reader *reader, const uint8_t *row, size_t index) {
    if (reader->bits == 8) return row[index];
    if (reader->bits == 16) {
        uint16_t value;
        memcpy(&value, row + 2 * index, 2);
        return value;
    }
    unsigned value = 0;
    size_t bit = index * reader->bits;
    for (unsigned i = 0; i < reader->bits; i++, bit++) value = value << 1 | (row[bit >> 3] >> (7 - (bit & 7)) & 1);
    return value;
}

/// Stretches a sample to the full range of 8 or 16 bits.
static inline unsigned stretched(const tiff_reader *reader, unsigned value) {
    unsigned largest = (1u << reader->bits) - 1;
    unsigned range = reader->header.samples == MUSC_SAMPLES_UINT16 ? 65535 : 255;
    return largest == range ? value : (value * range + largest / 2) / largest;
}

/// A floating-point number of 16 bits: a sign, five bits of exponent, ten of fraction.
static float half(uint16_t bits) {
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023;
    float value;
    if (exponent == 0) {
        value = (float)fraction / 16777216.0f;
        return sign ? -value : value;
    }
    uint32_t word = sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
    memcpy(&value, &word, 4);
    return value;
}

/// Sample `index` of a row of samples that are no unsigned 8- or 16-bit ones; of more than 24 bits rounded.
static inline float number_at(const tiff_reader *reader, const uint8_t *row, size_t index) {
    const uint8_t *at = row + index * (reader->bits / 8);
    if (reader->format == SAMPLEFORMAT_IEEEFP) {
        if (reader->bits == 16) {
            uint16_t bits;
            memcpy(&bits, at, 2);
            return half(bits);
        }
        if (reader->bits == 64) {
            double value;
            memcpy(&value, at, 8);
            return (float)value;
        }
        float value;
        memcpy(&value, at, 4);
        return value;
    }
    int is_signed = reader->format == SAMPLEFORMAT_INT;
    if (reader->bits == 8) return (float)(int8_t)*at;
    if (reader->bits == 16) {
        int16_t value;
        memcpy(&value, at, 2);
        return (float)value;
    }
    uint32_t value;
    memcpy(&value, at, 4);
    return is_signed ? (float)(int32_t)value : (float)value;
}

static inline void store(const tiff_reader *reader, uint8_t *pixels, size_t index, unsigned value) {
    if (reader->header.samples == MUSC_SAMPLES_UINT16) {
        uint16_t deep = (uint16_t)value;
        memcpy(pixels + 2 * index, &deep, 2);
    } else {
        pixels[index] = (uint8_t)value;
    }
}

/// As Pillow: the colour that was multiplied by its alpha; black where nothing is left of it.
static inline unsigned undone(unsigned value, unsigned alpha, unsigned range) {
    if (alpha == 0) return 0;
    value = value * range / alpha;
    return value > range ? range : value;
}

/// Divides the colours of `count` pixels by a plane of alpha, which comes after theirs.
static void divide(const tiff_reader *reader, const uint8_t *row, size_t count, uint8_t *pixels, size_t first) {
    size_t channels = reader->header.channels;
    unsigned range = reader->header.samples == MUSC_SAMPLES_UINT16 ? 65535 : 255;
    for (size_t x = 0; x < count; x++) {
        unsigned alpha = sample_at(reader, row, x);
        for (size_t index = (first + x) * channels; index < (first + x + 1) * channels; index++) {
            unsigned value = pixels[index];
            if (range == 65535) {
                uint16_t deep;
                memcpy(&deep, pixels + 2 * index, 2);
                value = deep;
            }
            store(reader, pixels, index, undone(value, alpha, range));
        }
    }
}

/// Converts `count` pixels of a decoded row to the raster's grey or RGB.
///
/// - row: all samples of each pixel, or those of one plane.
/// - plane: the plane's number, or -1 where pixels are whole.
/// - first: the raster's pixel at which they begin.
static void convert(
    const tiff_reader *reader, const uint8_t *row, size_t count, int plane, uint8_t *pixels, size_t first) {
    size_t step = plane < 0 ? reader->samples_per_pixel : 1;
    size_t channels = reader->header.channels;
    if (reader->header.samples == MUSC_SAMPLES_FLOAT32) {
        size_t taken = plane < 0 ? channels : 1;
        for (size_t x = 0; x < count; x++) {
            for (size_t c = 0; c < taken; c++) {
                float value = number_at(reader, row, x * step + c);
                memcpy(pixels + 4 * ((first + x) * channels + (plane < 0 ? c : (size_t)plane)), &value, 4);
            }
        }
        return;
    }
    if (plane == (int)channels) {
        divide(reader, row, count, pixels, first);
        return;
    }
    switch (reader->photometric) {
    case PHOTOMETRIC_PALETTE:
        for (size_t x = 0; x < count; x++) {
            const uint8_t *colour = reader->palette[sample_at(reader, row, x * step)];
            memcpy(pixels + (first + x) * channels, colour, channels);
        }
        return;
    case PHOTOMETRIC_SEPARATED:
        for (size_t x = 0; x < count; x++) {
            unsigned shift = reader->bits - 8u;
            unsigned light = 255 - (sample_at(reader, row, x * step + 3) >> shift);
            for (size_t c = 0; c < 3; c++) {
                unsigned product = (sample_at(reader, row, x * step + c) >> shift) * light + 128;
                pixels[(first + x) * 3 + c] = (uint8_t)(light - ((product + (product >> 8)) >> 8));
            }
        }
        return;
    default:
        break;
    }
    int is_inverted = reader->photometric == PHOTOMETRIC_MINISWHITE && !reader->header.is_inverted;
    if (step == channels && !is_inverted && (reader->bits == 8 || reader->bits == 16)) {
        size_t size = channels * reader->header.samples;
        memcpy(pixels + first * size, row, count * size);
        return;
    }
    unsigned range = reader->header.samples == MUSC_SAMPLES_UINT16 ? 65535 : 255;
    for (size_t x = 0; x < count; x++) {
        if (plane >= 0) {
            unsigned value = stretched(reader, sample_at(reader, row, x));
            store(reader, pixels, (first + x) * channels + (size_t)plane, is_inverted ? range - value : value);
            continue;
        }
        unsigned alpha = reader->is_premultiplied ? sample_at(reader, row, x * step + channels) : range;
        for (size_t c = 0; c < channels; c++) {
            unsigned value = stretched(reader, sample_at(reader, row, x * step + c));
            if (is_inverted) value = range - value;
            store(reader, pixels, (first + x) * channels + c, undone(value, alpha, range));
        }
    }
}

/// The bytes that `convert` will read of a row, should libtiff count otherwise.
static uint64_t least_row_size(const tiff_reader *reader, uint32_t width) {
    uint64_t samples = reader->planar == PLANARCONFIG_SEPARATE ? 1 : reader->samples_per_pixel;
    return (width * samples * reader->bits + 7) / 8;
}

static int read_strips(tiff_reader *reader, int planes, uint8_t *pixels) {
    int is_separate = reader->planar == PLANARCONFIG_SEPARATE;
    for (int plane = 0; plane < planes; plane++) {
        for (uint32_t y = 0; y < reader->height; y++) {
            if (TIFFReadScanline(reader->tiff, reader->buffer, y, (uint16_t)plane) < 0) return 0;
            convert(reader, reader->buffer, reader->width, is_separate ? plane : -1, pixels,
                    (size_t)y * reader->width);
        }
    }
    return 1;
}

static int read_tiles(tiff_reader *reader, int planes, uint8_t *pixels) {
    TIFF *tiff = reader->tiff;
    uint32_t tile_width = 0, tile_height = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
    tmsize_t size = TIFFTileSize(tiff), row_size = TIFFTileRowSize(tiff);
    int is_separate = reader->planar == PLANARCONFIG_SEPARATE;
    if (row_size <= 0 || (uint64_t)row_size < least_row_size(reader, tile_width) ||
        (uint64_t)size / (uint64_t)row_size < tile_height || tile_height == 0) {
        return 0;
    }
    for (int plane = 0; plane < planes; plane++) {
        for (uint64_t y = 0; y < reader->height; y += tile_height) {
            for (uint64_t x = 0; x < reader->width; x += tile_width) {
                ttile_t tile = TIFFComputeTile(tiff, (uint32_t)x, (uint32_t)y, 0, (uint16_t)plane);
                if (TIFFReadEncodedTile(tiff, tile, reader->buffer, size) < 0) return 0;
                uint64_t columns = reader->width - x < tile_width ? reader->width - x : tile_width;
                uint64_t rows = reader->height - y < tile_height ? reader->height - y : tile_height;
                for (uint64_t row = 0; row < rows; row++) {
                    convert(reader, reader->buffer + row * (uint64_t)row_size, columns, is_separate ? plane : -1,
                            pixels, (y + row) * reader->width + x);
                }
            }
        }
    }
    return 1;
}

// libtiff's own conversion, which makes one 32-bit word of each pixel: for subsampled YCbCr that is not JPEG, and others.
static int read_converted(tiff_reader *reader, uint8_t *pixels) {
    char words[1024] = "";
    TIFFRGBAImage image;
    if (reader->photometric == PHOTOMETRIC_CIELAB) {
        // libtiff goes to sRGB without adapting the white: that of the file, D50 where it says none, would be yellowish.
        // L*a*b* is relative to its white, so that taking it as sRGB's, D65, makes white white.
        float white[2] = {0.3127f, 0.3290f};
        TIFFSetField(reader->tiff, TIFFTAG_WHITEPOINT, white);
    }
    if (!TIFFRGBAImageBegin(&image, reader->tiff, 1, words)) {
        if (reader->result.status == MUSC_CODEC_OK) {
            reader->result = musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "%s", words);
        }
        return 0;
    }
    image.req_orientation = image.orientation;
    uint32_t *raster = (uint32_t *)(void *)reader->buffer;
    int is_read = TIFFRGBAImageGet(&image, raster, reader->width, reader->height);
    TIFFRGBAImageEnd(&image);
    if (!is_read) return 0;
    size_t count = (size_t)reader->width * reader->height;
    for (size_t i = 0; i < count; i++) {
        pixels[3 * i] = (uint8_t)TIFFGetR(raster[i]);
        pixels[3 * i + 1] = (uint8_t)TIFFGetG(raster[i]);
        pixels[3 * i + 2] = (uint8_t)TIFFGetB(raster[i]);
    }
    return 1;
}

musc_codec_result musc_tiff_decode(
    const uint8_t *data, size_t size, uint64_t directory, size_t memory_limit, uint8_t *pixels, size_t capacity) {
    tiff_reader *reader;
    musc_codec_result result = musc_tiff_open(data, size, directory, memory_limit, &reader);
    if (!reader) return result;
    size_t count = (size_t)reader->width * reader->height;
    if (count * reader->header.channels * reader->header.samples != capacity) {
        return musc_tiff_close(reader, musc_codec_failure(MUSC_CODEC_DAMAGED, "the size changed while decoding"));
    }
    int is_converted = reader->is_converted;
    if (reader->photometric == PHOTOMETRIC_YCBCR && !is_converted) {
        TIFFSetField(reader->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
    int is_tiled = TIFFIsTiled(reader->tiff);
    uint64_t needed = is_converted ? (uint64_t)count * 4
        : is_tiled ? TIFFTileSize64(reader->tiff) : TIFFScanlineSize64(reader->tiff);
    if (!is_converted && !is_tiled && needed < least_row_size(reader, reader->width)) {
        return musc_tiff_close(reader, musc_codec_failure(MUSC_CODEC_DAMAGED, "rows are shorter than the image"));
    }
    if (needed == 0 || needed > memory_limit) {
        return musc_tiff_close(
            reader, musc_codec_failure(MUSC_CODEC_TOO_LARGE, "%llu bytes at once", (unsigned long long)needed));
    }
    // Zeroed: a decoder that gives less than it promised must not show what was in memory before.
    reader->buffer = calloc(1, (size_t)needed);
    if (!reader->buffer) return musc_tiff_close(reader, musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory"));

    int planes = reader->planar == PLANARCONFIG_SEPARATE && reader->photometric != PHOTOMETRIC_PALETTE
        ? reader->header.channels + (reader->is_premultiplied ? 1 : 0) : 1;
    int is_complete = is_converted ? read_converted(reader, pixels)
        : is_tiled ? read_tiles(reader, planes, pixels) : read_strips(reader, planes, pixels);
    if (reader->result.status != MUSC_CODEC_OK) return musc_tiff_close(reader, reader->result);
    if (!is_complete) {
        return musc_tiff_close(reader, musc_codec_failure(MUSC_CODEC_DAMAGED, "the pixels cannot be read"));
    }
    return musc_tiff_close(reader, musc_codec_success());
}
