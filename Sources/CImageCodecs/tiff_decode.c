#include "result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#if TIFFLIB_VERSION < 20221213
#error "libtiff 4.5 or newer is needed: older ones report errors only through process-wide handlers"
#endif

// Of the extra samples of a pixel only alpha is known; more are multispectral images.
enum { most_samples = 8 };

typedef struct {
    const uint8_t *data;
    size_t size, position;
    /// Whether a read went past the end, so that a failure is most likely due to a missing end.
    int past_end;
    TIFF *tiff;
    uint8_t *buffer;
    musc_codec_result result;

    // The first page's fields.
    uint32_t width, height;
    uint16_t bits, samples_per_pixel, photometric, planar, format, compression;
    int is_premultiplied;
    musc_image_header header;
    uint8_t palette[256][3];
} tiff_reader;

// MARK: Input and errors

static tmsize_t read_bytes(thandle_t handle, void *bytes, tmsize_t count) {
    tiff_reader *reader = handle;
    size_t wanted = count < 0 ? 0 : (size_t)count;
    size_t left = reader->position < reader->size ? reader->size - reader->position : 0;
    if (wanted > left) {
        reader->past_end = 1;
        wanted = left;
    }
    memcpy(bytes, reader->data + (left ? reader->position : 0), wanted);
    reader->position += wanted;
    return (tmsize_t)wanted;
}

static tmsize_t write_nothing(thandle_t handle, void *bytes, tmsize_t count) {
    (void)handle, (void)bytes, (void)count;
    return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    tiff_reader *reader = handle;
    switch (whence) {
    case SEEK_SET: reader->position = (size_t)offset; break;
    case SEEK_CUR: reader->position += (size_t)offset; break;
    default: reader->position = reader->size + (size_t)offset; break;
    }
    return reader->position;
}

static int close_nothing(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle) { return ((tiff_reader *)handle)->size; }

static void keep_failure(tiff_reader *reader, musc_codec_status status, const char *format, va_list arguments) {
    if (reader->result.status != MUSC_CODEC_OK) return;  // the first failure is the cause
    char words[200];
    vsnprintf(words, sizeof words, format, arguments);
    reader->result = musc_codec_failure(status, "%s", words);
}

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    tiff_reader *reader = user;
    keep_failure(reader, reader->past_end ? MUSC_CODEC_ENDS_EARLY : MUSC_CODEC_DAMAGED, format, arguments);
    return 1;
}

// libtiff warns of much that is harmless, but also hands on libjpeg's news of lost pixels.
static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    char words[200];
    va_list copy;
    va_copy(copy, arguments);
    vsnprintf(words, sizeof words, format, copy);
    va_end(copy);
    if (strstr(words, "Premature end of JPEG")) {
        keep_failure(user, MUSC_CODEC_ENDS_EARLY, format, arguments);
    } else if (strstr(words, "Corrupt JPEG data") && !strstr(words, "extraneous")) {
        keep_failure(user, MUSC_CODEC_DAMAGED, format, arguments);
    }
    return 1;
}

static musc_codec_result close_reader(tiff_reader *reader, musc_codec_result result) {
    if (reader->tiff) TIFFClose(reader->tiff);
    free(reader->buffer);
    free(reader);
    return result;
}

// MARK: The header

static int is_read(uint16_t compression) {
    switch (compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_PACKBITS:
    case COMPRESSION_LZW:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_ZSTD:
    case COMPRESSION_JPEG:
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTRLEW:
    case COMPRESSION_CCITTFAX3:
    case COMPRESSION_CCITTFAX4:
        return TIFFIsCODECConfigured(compression);
    default:
        return 0;
    }
}

static musc_codec_result read_palette(tiff_reader *reader, int *is_grey) {
    uint16_t *red, *green, *blue;
    if (reader->bits > 8) return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "a palette of more than 256 colours");
    if (!TIFFGetField(reader->tiff, TIFFTAG_COLORMAP, &red, &green, &blue)) {
        return musc_codec_failure(MUSC_CODEC_DAMAGED, "the palette is missing");
    }
    size_t count = (size_t)1 << reader->bits;
    // Entries have 16 bits; some writers filled in 8-bit ones.
    int shift = 0;
    for (size_t i = 0; i < count; i++) {
        if (red[i] > 255 || green[i] > 255 || blue[i] > 255) shift = 8;
    }
    *is_grey = 1;
    for (size_t i = 0; i < count; i++) {
        reader->palette[i][0] = (uint8_t)(red[i] >> shift);
        reader->palette[i][1] = (uint8_t)(green[i] >> shift);
        reader->palette[i][2] = (uint8_t)(blue[i] >> shift);
        if (reader->palette[i][0] != reader->palette[i][1] || reader->palette[i][0] != reader->palette[i][2]) {
            *is_grey = 0;
        }
    }
    return musc_codec_success();
}

static musc_codec_result read_fields(tiff_reader *reader) {
    TIFF *tiff = reader->tiff;
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &reader->width) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &reader->height)) {
        return musc_codec_failure(MUSC_CODEC_DAMAGED, "the image's size is missing");
    }
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &reader->photometric)) reader->photometric = PHOTOMETRIC_MINISBLACK;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &reader->bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &reader->samples_per_pixel);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &reader->planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &reader->format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &reader->compression);
    uint16_t orientation = 1, extra_count = 0, *extras = NULL;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extras);

    if (!is_read(reader->compression)) {
        return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "compression %d", reader->compression);
    }
    if (reader->samples_per_pixel < 1 || reader->samples_per_pixel > most_samples) {
        return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "%d samples a pixel", reader->samples_per_pixel);
    }
    int is_float = reader->format == SAMPLEFORMAT_IEEEFP;
    if (is_float ? reader->bits != 32 : reader->bits < 1 || reader->bits > 16) {
        return musc_codec_failure(
            MUSC_CODEC_UNSUPPORTED, "%d-bit %s samples", reader->bits, is_float ? "floating-point" : "whole-number");
    }
    if (!is_float && reader->format != SAMPLEFORMAT_UINT && reader->format != SAMPLEFORMAT_VOID) {
        return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "signed or complex samples");
    }

    int channels = 3, colours = 3, is_grey = 0;
    switch (reader->photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
        channels = colours = 1;
        if (is_float && reader->photometric == PHOTOMETRIC_MINISWHITE) {
            return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "floating-point samples of which 0 is white");
        }
        break;
    case PHOTOMETRIC_PALETTE: {
        musc_codec_result result = read_palette(reader, &is_grey);
        if (result.status != MUSC_CODEC_OK) return result;
        colours = 1;
        channels = is_grey ? 1 : 3;
        break;
    }
    case PHOTOMETRIC_RGB:
        break;
    case PHOTOMETRIC_YCBCR:
        if (reader->bits != 8 || reader->samples_per_pixel != 3 || reader->planar != PLANARCONFIG_CONTIG) {
            return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "YCbCr of other than three 8-bit samples, pixel by pixel");
        }
        break;
    case PHOTOMETRIC_SEPARATED: {
        uint16_t inks = INKSET_CMYK;
        TIFFGetFieldDefaulted(tiff, TIFFTAG_INKSET, &inks);
        colours = 4;
        if (inks != INKSET_CMYK || (reader->bits != 8 && reader->bits != 16) ||
            reader->planar != PLANARCONFIG_CONTIG) {
            return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "inks other than CMYK of 8 or 16 bits, pixel by pixel");
        }
        break;
    }
    default:
        return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "photometric interpretation %d", reader->photometric);
    }
    if (is_float && colours != 1) return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "floating-point colours");
    if (reader->samples_per_pixel < colours) {
        return musc_codec_failure(MUSC_CODEC_DAMAGED, "%d samples a pixel", reader->samples_per_pixel);
    }
    reader->is_premultiplied = reader->photometric == PHOTOMETRIC_RGB && reader->bits == 8 &&
        reader->planar == PLANARCONFIG_CONTIG && reader->samples_per_pixel > 3 && extra_count > 0 &&
        extras[0] == EXTRASAMPLE_ASSOCALPHA;

    int is_deep = reader->bits > 8 && reader->photometric != PHOTOMETRIC_SEPARATED;
    reader->header = (musc_image_header){
        .width = reader->width, .height = reader->height, .bits = (uint8_t)reader->bits,
        .channels = (uint8_t)channels,
        .samples = is_float ? MUSC_SAMPLES_FLOAT32 : is_deep ? MUSC_SAMPLES_UINT16 : MUSC_SAMPLES_UINT8,
        .orientation = orientation >= 1 && orientation <= 8 ? (uint8_t)orientation : 1,
    };
    return musc_codec_success();
}

/// Opens a reader and reads the first page's fields. On failure the reader is closed and NULL.
static musc_codec_result open_reader(
    const uint8_t *data, size_t size, size_t memory_limit, tiff_reader **opened) {
    *opened = NULL;
    tiff_reader *reader = calloc(1, sizeof *reader);
    TIFFOpenOptions *options = reader ? TIFFOpenOptionsAlloc() : NULL;
    if (!options) {
        free(reader);
        return musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory");
    }
    reader->data = data;
    reader->size = size;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, reader);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, reader);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)memory_limit);
    // "m": do not map the file, so that every read is checked above.
    reader->tiff = TIFFClientOpenExt(
        "", "rm", reader, read_bytes, write_nothing, seek, close_nothing, size_of, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    if (!reader->tiff) {
        musc_codec_result result = reader->result.status != MUSC_CODEC_OK
            ? reader->result : musc_codec_failure(MUSC_CODEC_DAMAGED, "the header cannot be read");
        return close_reader(reader, result);
    }
    musc_codec_result result = read_fields(reader);
    if (result.status != MUSC_CODEC_OK) {
        // A missing field may be one that libtiff failed to read; that is then the better answer.
        if (reader->result.status == MUSC_CODEC_ENDS_EARLY) result = reader->result;
        return close_reader(reader, result);
    }
    reader->result = musc_codec_success();
    reader->past_end = 0;
    *opened = reader;
    return result;
}

musc_codec_result musc_tiff_read_header(const uint8_t *data, size_t size, musc_image_header *header) {
    tiff_reader *reader;
    musc_codec_result result = open_reader(data, size, size + (64 << 20), &reader);
    if (!reader) return result;
    *header = reader->header;
    return close_reader(reader, result);
}

// MARK: Pixels

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

static inline void store(const tiff_reader *reader, uint8_t *pixels, size_t index, unsigned value) {
    if (reader->header.samples == MUSC_SAMPLES_UINT16) {
        uint16_t deep = (uint16_t)value;
        memcpy(pixels + 2 * index, &deep, 2);
    } else {
        pixels[index] = (uint8_t)value;
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
        for (size_t x = 0; x < count; x++) memcpy(pixels + 4 * (first + x), row + 4 * x * step, 4);
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
    int is_inverted = reader->photometric == PHOTOMETRIC_MINISWHITE;
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
        unsigned alpha = reader->is_premultiplied ? sample_at(reader, row, x * step + 3) : 255;
        for (size_t c = 0; c < channels; c++) {
            unsigned value = stretched(reader, sample_at(reader, row, x * step + c));
            if (is_inverted) value = range - value;
            // As Pillow: the colour that was multiplied by its alpha; black where nothing is left of it.
            if (alpha != 255) {
                value = alpha == 0 ? 0 : value * 255 / alpha;
                if (value > 255) value = 255;
            }
            store(reader, pixels, (first + x) * channels + c, value);
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

// Subsampled YCbCr that is not JPEG: libtiff's own conversion, which makes one 32-bit word of each pixel.
static int read_ycbcr(tiff_reader *reader, uint8_t *pixels) {
    char words[1024] = "";
    TIFFRGBAImage image;
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
    const uint8_t *data, size_t size, size_t memory_limit, uint8_t *pixels, size_t capacity) {
    tiff_reader *reader;
    musc_codec_result result = open_reader(data, size, memory_limit, &reader);
    if (!reader) return result;
    size_t count = (size_t)reader->width * reader->height;
    if (count * reader->header.channels * reader->header.samples != capacity) {
        return close_reader(reader, musc_codec_failure(MUSC_CODEC_DAMAGED, "the size changed while decoding"));
    }
    int is_ycbcr = reader->photometric == PHOTOMETRIC_YCBCR;
    if (is_ycbcr && reader->compression == COMPRESSION_JPEG) {
        TIFFSetField(reader->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        is_ycbcr = 0;
    }
    int is_tiled = TIFFIsTiled(reader->tiff);
    uint64_t needed = is_ycbcr ? (uint64_t)count * 4
        : is_tiled ? TIFFTileSize64(reader->tiff) : TIFFScanlineSize64(reader->tiff);
    if (!is_ycbcr && !is_tiled && needed < least_row_size(reader, reader->width)) {
        return close_reader(reader, musc_codec_failure(MUSC_CODEC_DAMAGED, "rows are shorter than the image"));
    }
    if (needed == 0 || needed > memory_limit) {
        return close_reader(
            reader, musc_codec_failure(MUSC_CODEC_TOO_LARGE, "%llu bytes at once", (unsigned long long)needed));
    }
    // Zeroed: a decoder that gives less than it promised must not show what was in memory before.
    reader->buffer = calloc(1, (size_t)needed);
    if (!reader->buffer) return close_reader(reader, musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory"));

    int planes = reader->planar == PLANARCONFIG_SEPARATE && reader->photometric != PHOTOMETRIC_PALETTE
        ? reader->header.channels : 1;
    int is_complete = is_ycbcr ? read_ycbcr(reader, pixels)
        : is_tiled ? read_tiles(reader, planes, pixels) : read_strips(reader, planes, pixels);
    if (reader->result.status != MUSC_CODEC_OK) return close_reader(reader, reader->result);
    if (!is_complete) {
        return close_reader(reader, musc_codec_failure(MUSC_CODEC_DAMAGED, "the pixels cannot be read"));
    }
    return close_reader(reader, musc_codec_success());
}
