#include "tiff_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Of the extra samples of a pixel only alpha is known; more are multispectral images.
enum { most_samples = 8 };

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

musc_codec_result musc_tiff_close(tiff_reader *reader, musc_codec_result result) {
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
    case COMPRESSION_LZMA:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_ZSTD:
    case COMPRESSION_JPEG:
    case COMPRESSION_OJPEG:
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTRLEW:
    case COMPRESSION_CCITTFAX3:
    case COMPRESSION_CCITTFAX4:
        return TIFFIsCODECConfigured(compression);
    default:
        return 0;
    }
}

static int is_fax(uint16_t compression) {
    return compression == COMPRESSION_CCITTRLE || compression == COMPRESSION_CCITTRLEW ||
        compression == COMPRESSION_CCITTFAX3 || compression == COMPRESSION_CCITTFAX4;
}

static const char *name_of_compression(uint16_t compression) {
    switch (compression) {
    case COMPRESSION_OJPEG: return "old-style JPEG";
    case COMPRESSION_NEXT: return "NeXT";
    case COMPRESSION_THUNDERSCAN: return "ThunderScan";
    case COMPRESSION_PIXARLOG: return "PixarLog";
    case COMPRESSION_JBIG: return "JBIG";
    case 33003: case 33004: case 33005: case 34712: return "JPEG 2000";
    case COMPRESSION_SGILOG: case COMPRESSION_SGILOG24: return "LogLuv";
    case COMPRESSION_LERC: return "LERC";
    case COMPRESSION_LZMA: return "LZMA";
    case COMPRESSION_ZSTD: return "Zstandard";
    case 50001: return "WebP";
    case 50002: return "JPEG XL";
    default: return "unknown";
    }
}

static const char *name_of_colours(uint16_t photometric) {
    switch (photometric) {
    case PHOTOMETRIC_MASK: return "a mask of another image";
    case PHOTOMETRIC_ICCLAB: case PHOTOMETRIC_ITULAB: return "L*a*b* colours of an unusual encoding";
    case PHOTOMETRIC_LOGL: case PHOTOMETRIC_LOGLUV: return "LogLuv colours";
    case PHOTOMETRIC_CFA: return "a colour filter array, as in camera raw";
    default: return "unknown colours";
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

// What a sample is: its decoded type, and the range of those that are not unsigned 8- or 16-bit ones.
static musc_codec_result read_sample_type(tiff_reader *reader) {
    unsigned bits = reader->bits;
    musc_image_header *header = &reader->header;
    switch (reader->format) {
    case SAMPLEFORMAT_UINT:
    case SAMPLEFORMAT_VOID:
        if (bits >= 1 && bits <= 16) {
            header->samples = bits > 8 ? MUSC_SAMPLES_UINT16 : MUSC_SAMPLES_UINT8;
            if (bits > 8 && bits < 16) header->stretched_from = (1u << bits) - 1;
            return musc_codec_success();
        }
        if (bits != 32) break;
        header->full_high = (double)(((uint64_t)1 << bits) - 1);
        header->samples = MUSC_SAMPLES_FLOAT32;
        return musc_codec_success();
    case SAMPLEFORMAT_INT:
        if (bits != 8 && bits != 16 && bits != 32) break;
        header->full_low = -(double)((uint64_t)1 << (bits - 1));
        header->full_high = -header->full_low - 1;
        header->samples = MUSC_SAMPLES_FLOAT32;
        return musc_codec_success();
    case SAMPLEFORMAT_IEEEFP:
        if (bits != 16 && bits != 32 && bits != 64) break;
        header->full_high = 1;
        header->samples = MUSC_SAMPLES_FLOAT32;
        return musc_codec_success();
    default:
        return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "complex numbers");
    }
    return musc_codec_failure(
        MUSC_CODEC_UNSUPPORTED, "%u-bit %s samples", bits,
        reader->format == SAMPLEFORMAT_IEEEFP ? "floating-point" : reader->format == SAMPLEFORMAT_INT ? "signed" : "whole-number");
}

// What the samples of a pixel are: how many come out, and how many the colours take.
static musc_codec_result read_colours(tiff_reader *reader, int *channels, int *colours) {
    int is_map = reader->header.samples == MUSC_SAMPLES_FLOAT32, is_grey = 0;
    int is_separate = reader->planar == PLANARCONFIG_SEPARATE;
    *channels = *colours = 3;
    switch (reader->photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
        *channels = *colours = 1;
        return musc_codec_success();
    case PHOTOMETRIC_RGB:
        return musc_codec_success();
    case PHOTOMETRIC_PALETTE: {
        if (is_map) return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "a palette of more than 256 colours");
        musc_codec_result result = read_palette(reader, &is_grey);
        *colours = 1;
        *channels = is_grey ? 1 : 3;
        return result;
    }
    case PHOTOMETRIC_YCBCR:
        if (reader->bits != 8 || reader->samples_per_pixel != 3) {
            return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "YCbCr of other than three 8-bit samples");
        }
        if (is_separate) {
            uint16_t across = 1, down = 1;
            TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_YCBCRSUBSAMPLING, &across, &down);
            if (across != 1 || down != 1) {
                return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "planes of YCbCr, of which those of colour are smaller");
            }
        }
        reader->is_converted = reader->compression != COMPRESSION_JPEG || is_separate;
        return musc_codec_success();
    case PHOTOMETRIC_CIELAB:
        if (reader->bits != 8 || reader->samples_per_pixel != 3 || is_separate) {
            return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "L*a*b* colours of other than three 8-bit samples");
        }
        // libtiff takes a and b as signed, whatever the file says of them.
        reader->is_converted = 1;
        reader->header.samples = MUSC_SAMPLES_UINT8;
        return musc_codec_success();
    case PHOTOMETRIC_SEPARATED: {
        uint16_t inks = INKSET_CMYK;
        TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_INKSET, &inks);
        *colours = 4;
        if (inks != INKSET_CMYK || is_map || (reader->bits != 8 && (reader->bits != 16 || is_separate))) {
            return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "inks other than CMYK of 8 or 16 bits");
        }
        reader->is_converted = is_separate;
        reader->header.samples = MUSC_SAMPLES_UINT8;
        return musc_codec_success();
    }
    default:
        return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "%s", name_of_colours(reader->photometric));
    }
}

// What the file says is its largest sample, of whichever of the two fields is there.
static double said_largest(TIFF *tiff) {
    double largest = 0;
    uint16_t whole = 0;
    if (!TIFFGetField(tiff, TIFFTAG_SMAXSAMPLEVALUE, &largest) && TIFFGetField(tiff, TIFFTAG_MAXSAMPLEVALUE, &whole)) largest = whole;
    return largest > 0 && largest < 1e300 ? largest : 0;
}

static musc_codec_result read_fields(tiff_reader *reader) {
    TIFF *tiff = reader->tiff;
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &reader->width) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &reader->height)) {
        return musc_codec_failure(MUSC_CODEC_DAMAGED, "the image's size is missing");
    }
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &reader->bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &reader->samples_per_pixel);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &reader->planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &reader->format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &reader->compression);
    // Fax images without the field are white where nothing is written.
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &reader->photometric)) {
        reader->photometric = is_fax(reader->compression) ? PHOTOMETRIC_MINISWHITE : PHOTOMETRIC_MINISBLACK;
    }
    uint16_t orientation = 1, extra_count = 0, *extras = NULL;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extras);

    if (!is_read(reader->compression)) {
        return musc_codec_failure(
            MUSC_CODEC_UNSUPPORTED, "%s compression, number %d", name_of_compression(reader->compression), reader->compression);
    }
    if (reader->samples_per_pixel < 1 || reader->samples_per_pixel > most_samples) {
        return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "%d samples a pixel", reader->samples_per_pixel);
    }
    musc_codec_result result = read_sample_type(reader);
    if (result.status != MUSC_CODEC_OK) return result;
    int channels = 3, colours = 3;
    result = read_colours(reader, &channels, &colours);
    if (result.status != MUSC_CODEC_OK) return result;
    if (reader->samples_per_pixel < colours) {
        return musc_codec_failure(MUSC_CODEC_DAMAGED, "%d samples a pixel", reader->samples_per_pixel);
    }
    if (reader->compression == COMPRESSION_OJPEG) {
        if (reader->bits != 8) return musc_codec_failure(MUSC_CODEC_UNSUPPORTED, "old-style JPEG of other than 8 bits");
        reader->is_converted = 1;
        channels = 3;
    }
    int has_colours = reader->photometric == PHOTOMETRIC_RGB || reader->photometric == PHOTOMETRIC_MINISBLACK;
    reader->is_premultiplied = has_colours && (reader->bits == 8 || reader->bits == 16) &&
        reader->header.samples != MUSC_SAMPLES_FLOAT32 && reader->samples_per_pixel > colours && extra_count > 0 &&
        extras[0] == EXTRASAMPLE_ASSOCALPHA;

    musc_image_header *header = &reader->header;
    header->width = reader->width;
    header->height = reader->height;
    header->bits = (uint8_t)reader->bits;
    header->channels = (uint8_t)channels;
    header->photometric = reader->photometric;
    header->is_inverted = reader->photometric == PHOTOMETRIC_MINISWHITE && header->samples != MUSC_SAMPLES_UINT8;
    header->said_largest = said_largest(tiff);
    header->orientation = orientation >= 1 && orientation <= 8 ? (uint8_t)orientation : 1;
    return musc_codec_success();
}

musc_codec_result musc_tiff_open(
    const uint8_t *data, size_t size, uint64_t directory, size_t memory_limit, tiff_reader **opened) {
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
    // The first directory is read by opening, and stays where the page is that one.
    int is_there = reader->tiff && (directory == 0 || TIFFCurrentDirOffset(reader->tiff) == directory ||
                                    TIFFSetSubDirectory(reader->tiff, directory));
    if (!is_there) {
        musc_codec_result result = reader->result.status != MUSC_CODEC_OK
            ? reader->result : musc_codec_failure(MUSC_CODEC_DAMAGED, "the header cannot be read");
        return musc_tiff_close(reader, result);
    }
    musc_codec_result result = read_fields(reader);
    if (result.status != MUSC_CODEC_OK) {
        // A missing field may be one that libtiff failed to read; that is then the better answer.
        if (reader->result.status == MUSC_CODEC_ENDS_EARLY) result = reader->result;
        return musc_tiff_close(reader, result);
    }
    reader->result = musc_codec_success();
    reader->past_end = 0;
    *opened = reader;
    return result;
}

musc_codec_result musc_tiff_read_header(
    const uint8_t *data, size_t size, uint64_t directory, musc_image_header *header) {
    tiff_reader *reader;
    musc_codec_result result = musc_tiff_open(data, size, directory, size + (64 << 20), &reader);
    if (!reader) return result;
    *header = reader->header;
    return musc_tiff_close(reader, result);
}
