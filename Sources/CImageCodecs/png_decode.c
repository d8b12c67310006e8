#include "result.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

typedef struct {
    const uint8_t *data;
    size_t size, position;
    png_structp png;
    png_infop info;
    png_bytep *rows;
    musc_codec_result result;
} png_reader;

static void fail(png_structp png, png_const_charp words) {
    png_reader *reader = png_get_error_ptr(png);
    // A read past the end has left its own status already.
    if (reader->result.status == MUSC_CODEC_OK) {
        reader->result = musc_codec_failure(MUSC_CODEC_DAMAGED, "%s", words);
    }
    png_longjmp(png, 1);
}

static void say_nothing(png_structp png, png_const_charp words) {
    (void)png;
    (void)words;
}

static void read_bytes(png_structp png, png_bytep bytes, size_t count) {
    png_reader *reader = png_get_io_ptr(png);
    if (count > reader->size - reader->position) {
        reader->result = musc_codec_failure(MUSC_CODEC_ENDS_EARLY, "the PNG data ends early");
        png_error(png, "end of data");
    }
    memcpy(bytes, reader->data + reader->position, count);
    reader->position += count;
}

static musc_codec_result close_reader(png_reader *reader, musc_codec_result result) {
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
    free(reader->rows);
    free(reader);
    return result;
}

static png_reader *new_reader(const uint8_t *data, size_t size) {
    png_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return NULL;
    reader->data = data;
    reader->size = size;
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, fail, say_nothing);
    if (reader->png) reader->info = png_create_info_struct(reader->png);
    if (!reader->info) {
        close_reader(reader, musc_codec_success());
        return NULL;
    }
    return reader;
}

// Only to be called behind setjmp.
static void open_reader(png_reader *reader) {
    png_structp png = reader->png;
    png_set_read_fn(png, reader, read_bytes);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // Text, colour profiles and the like are not needed and can be bombs: skip them undecoded. (-1: all
    // chunks but those that make up the image.)
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, reader->info);
}

static musc_image_header header_of(png_reader *reader) {
    int colour = png_get_color_type(reader->png, reader->info);
    int bits = png_get_bit_depth(reader->png, reader->info);
    return (musc_image_header){
        .width = png_get_image_width(reader->png, reader->info),
        .height = png_get_image_height(reader->png, reader->info),
        .bits = (uint8_t)bits,
        .channels = (colour & PNG_COLOR_MASK_COLOR) ? 3 : 1,
        .samples = bits == 16 ? MUSC_SAMPLES_UINT16 : MUSC_SAMPLES_UINT8,
        .orientation = 1,
    };
}

musc_codec_result musc_png_read_header(const uint8_t *data, size_t size, musc_image_header *header) {
    png_reader *reader = new_reader(data, size);
    if (!reader) return musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory");
    if (setjmp(png_jmpbuf(reader->png))) return close_reader(reader, reader->result);
    open_reader(reader);
    *header = header_of(reader);
    return close_reader(reader, musc_codec_success());
}

musc_codec_result musc_png_decode(const uint8_t *data, size_t size, uint8_t *pixels, size_t capacity) {
    png_reader *reader = new_reader(data, size);
    if (!reader) return musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory");
    png_structp png = reader->png;
    if (setjmp(png_jmpbuf(png))) return close_reader(reader, reader->result);
    open_reader(reader);

    musc_image_header header = header_of(reader);
    int colour = png_get_color_type(png, reader->info);
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (colour == PNG_COLOR_TYPE_GRAY && header.bits < 8) png_set_expand_gray_1_2_4_to_8(png);
    // A palette's transparency becomes alpha with it, so alpha is dropped whatever the colour type.
    png_set_strip_alpha(png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (header.bits == 16) png_set_swap(png);
#endif
    png_set_interlace_handling(png);
    png_read_update_info(png, reader->info);

    size_t row_bytes = png_get_rowbytes(png, reader->info);
    if (row_bytes != (size_t)header.width * header.channels * header.samples ||
        row_bytes * header.height != capacity) {
        return close_reader(reader, musc_codec_failure(MUSC_CODEC_DAMAGED, "the size changed while decoding"));
    }
    reader->rows = malloc(sizeof(png_bytep) * header.height);
    if (!reader->rows) return close_reader(reader, musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory"));
    for (uint32_t y = 0; y < header.height; y++) reader->rows[y] = pixels + (size_t)y * row_bytes;
    png_read_image(png, reader->rows);
    png_read_end(png, NULL);
    return close_reader(reader, musc_codec_success());
}

size_t musc_inflate(const uint8_t *data, size_t size, uint8_t *output, size_t capacity) {
    z_stream stream = {.next_in = (z_const Bytef *)data, .avail_in = (uInt)(size > UINT32_MAX ? UINT32_MAX : size)};
    if (inflateInit(&stream) != Z_OK) return 0;
    stream.next_out = output;
    stream.avail_out = (uInt)(capacity > UINT32_MAX ? UINT32_MAX : capacity);
    int status = inflate(&stream, Z_FINISH);
    size_t written = stream.total_out;
    inflateEnd(&stream);
    return status == Z_STREAM_END || status == Z_BUF_ERROR ? written : 0;
}
