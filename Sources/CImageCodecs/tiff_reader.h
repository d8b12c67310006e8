#ifndef MUSC_TIFF_READER_H
#define MUSC_TIFF_READER_H

#include "result.h"

#include <tiffio.h>

#if TIFFLIB_VERSION < 20221213
#error "libtiff 4.5 or newer is needed: older ones report errors only through process-wide handlers"
#endif

/// A TIFF file in memory, and what a page's directory says.
typedef struct {
    const uint8_t *data;
    size_t size, position;
    /// Whether a read went past the end, so that a failure is most likely due to a missing end.
    int past_end;
    TIFF *tiff;
    uint8_t *buffer;
    musc_codec_result result;

    uint32_t width, height;
    uint16_t bits, samples_per_pixel, photometric, planar, format, compression;
    int is_premultiplied;
    /// Whether libtiff's own conversion to 8-bit RGB is taken, which knows more colour spaces.
    int is_converted;
    musc_image_header header;
    uint8_t palette[256][3];
} tiff_reader;

/// Opens a reader and reads a page's fields. On failure the reader is closed and NULL.
///
/// - directory: where the page's directory begins; 0 for the file's first.
/// - memory_limit: the most bytes that libtiff may allocate at once.
musc_codec_result musc_tiff_open(
    const uint8_t *data, size_t size, uint64_t directory, size_t memory_limit, tiff_reader **opened);

/// Closes a reader and hands on how that went.
musc_codec_result musc_tiff_close(tiff_reader *reader, musc_codec_result result);

#endif
