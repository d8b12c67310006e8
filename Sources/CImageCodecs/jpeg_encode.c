#include "result.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

enum { chunk_size = 1 << 14 };

typedef struct {
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf jump;
    musc_codec_result result;
    musc_encoded *encoded;
    JOCTET chunk[chunk_size];
} jpeg_writer;

__attribute__((noreturn)) static void fail(j_common_ptr cinfo) {
    jpeg_writer *writer = cinfo->client_data;
    char words[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, words);
    writer->result = musc_codec_failure(
        cinfo->err->msg_code == JERR_OUT_OF_MEMORY ? MUSC_CODEC_OUT_OF_MEMORY : MUSC_CODEC_UNSUPPORTED, "%s", words);
    longjmp(writer->jump, 1);
}

static void say_nothing(j_common_ptr cinfo) { (void)cinfo; }

static void empty_chunk(j_compress_ptr cinfo) {
    jpeg_writer *writer = cinfo->client_data;
    writer->destination.next_output_byte = writer->chunk;
    writer->destination.free_in_buffer = chunk_size;
}

static void append(jpeg_writer *writer, size_t count) {
    if (!musc_encoded_append(writer->encoded, writer->chunk, count)) {
        ERREXIT1(&writer->cinfo, JERR_OUT_OF_MEMORY, 0);
    }
}

static boolean write_chunk(j_compress_ptr cinfo) {
    append(cinfo->client_data, chunk_size);
    empty_chunk(cinfo);
    return TRUE;
}

static void write_rest(j_compress_ptr cinfo) {
    jpeg_writer *writer = cinfo->client_data;
    append(writer, chunk_size - writer->destination.free_in_buffer);
}

static musc_codec_result close_writer(jpeg_writer *writer, musc_codec_result result) {
    jpeg_destroy_compress(&writer->cinfo);
    if (result.status != MUSC_CODEC_OK) musc_encoded_free(writer->encoded);
    free(writer);
    return result;
}

musc_codec_result musc_jpeg_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int quality, musc_encoded *encoded) {
    *encoded = (musc_encoded){0};
    jpeg_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory");
    writer->encoded = encoded;
    struct jpeg_compress_struct *cinfo = &writer->cinfo;
    cinfo->err = jpeg_std_error(&writer->errors);
    cinfo->client_data = writer;  // kept by jpeg_create_compress
    writer->errors.error_exit = fail;
    writer->errors.output_message = say_nothing;
    if (setjmp(writer->jump)) return close_writer(writer, writer->result);
    jpeg_create_compress(cinfo);
    writer->destination = (struct jpeg_destination_mgr){
        .init_destination = empty_chunk, .empty_output_buffer = write_chunk, .term_destination = write_rest,
    };
    cinfo->dest = &writer->destination;
    cinfo->image_width = width;
    cinfo->image_height = height;
    cinfo->input_components = channels;
    cinfo->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(cinfo);
    jpeg_set_quality(cinfo, quality, TRUE);
    cinfo->optimize_coding = TRUE;
    jpeg_start_compress(cinfo, TRUE);
    size_t row_bytes = (size_t)width * (size_t)channels;
    while (cinfo->next_scanline < height) {
        // libjpeg takes rows without const, but only reads them.
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + cinfo->next_scanline * row_bytes);
        jpeg_write_scanlines(cinfo, &row, 1);
    }
    jpeg_finish_compress(cinfo);
    return close_writer(writer, musc_codec_success());
}
