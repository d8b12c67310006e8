#include "result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

// libtiff writes with seeks, so the file is made in memory.
typedef struct {
    musc_encoded *encoded;
    size_t position;
    musc_codec_result result;
} tiff_writer;

static tmsize_t read_bytes(thandle_t handle, void *bytes, tmsize_t count) {
    tiff_writer *writer = handle;
    size_t left = writer->position < writer->encoded->size ? writer->encoded->size - writer->position : 0;
    size_t given = (size_t)count < left ? (size_t)count : left;
    if (given) memcpy(bytes, writer->encoded->bytes + writer->position, given);
    writer->position += given;
    return (tmsize_t)given;
}

static tmsize_t write_bytes(thandle_t handle, void *bytes, tmsize_t count) {
    tiff_writer *writer = handle;
    musc_encoded *encoded = writer->encoded;
    static const uint8_t zeros[256];
    while (encoded->size < writer->position) {
        size_t gap = writer->position - encoded->size;
        if (!musc_encoded_append(encoded, zeros, gap < sizeof zeros ? gap : sizeof zeros)) return 0;
    }
    size_t over = encoded->size - writer->position;
    size_t replaced = (size_t)count < over ? (size_t)count : over;
    if (replaced) memcpy(encoded->bytes + writer->position, bytes, replaced);
    if (!musc_encoded_append(encoded, (uint8_t *)bytes + replaced, (size_t)count - replaced)) return 0;
    writer->position += (size_t)count;
    return count;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    tiff_writer *writer = handle;
    switch (whence) {
    case SEEK_SET: writer->position = (size_t)offset; break;
    case SEEK_CUR: writer->position += (size_t)offset; break;
    default: writer->position = writer->encoded->size + (size_t)offset; break;
    }
    return writer->position;
}

static int close_nothing(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle) { return ((tiff_writer *)handle)->encoded->size; }

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    tiff_writer *writer = user;
    char words[200];
    vsnprintf(words, sizeof words, format, arguments);
    if (writer->result.status == MUSC_CODEC_OK) {
        writer->result = musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "%s", words);
    }
    return 1;
}

static int say_nothing(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
    return 1;
}

static int write_image(TIFF *tiff, const uint8_t *samples, uint32_t width, uint32_t height, int bits) {
    uint32_t row_bytes = width * (uint32_t)bits / 8;
    uint32_t rows = row_bytes < (1 << 16) ? (1 << 16) / row_bytes : 1;
    int is_set = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width) && TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height) &&
        TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bits) && TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1) &&
        TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP) &&
        TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK) &&
        TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
        TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE) &&
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows < height ? rows : height);
    if (!is_set) return 0;
    for (uint32_t y = 0; y < height; y++) {
        // libtiff takes rows without const, and swaps bytes in a copy only where the file's order differs.
        void *row = (void *)(uintptr_t)(samples + (size_t)y * row_bytes);
        if (TIFFWriteScanline(tiff, row, y, 0) < 0) return 0;
    }
    return TIFFWriteDirectory(tiff);
}

musc_codec_result musc_tiff_encode_float(
    const void *samples, uint32_t width, uint32_t height, int bits, musc_encoded *encoded) {
    *encoded = (musc_encoded){0};
    tiff_writer writer = {.encoded = encoded, .result = musc_codec_success()};
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory");
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, &writer);
    TIFFOpenOptionsSetWarningHandlerExtR(options, say_nothing, NULL);
    TIFF *tiff = TIFFClientOpenExt(
        "", "wm", &writer, read_bytes, write_bytes, seek, close_nothing, size_of, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    int is_written = tiff && write_image(tiff, samples, width, height, bits);
    if (tiff) TIFFClose(tiff);
    if (!is_written || writer.result.status != MUSC_CODEC_OK) {
        musc_encoded_free(encoded);
        return writer.result.status != MUSC_CODEC_OK
            ? writer.result : musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "the file could not be made");
    }
    return musc_codec_success();
}
