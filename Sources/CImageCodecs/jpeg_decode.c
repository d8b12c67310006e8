#include "result.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// A progressive file may repeat scans without end; each costs a pass over the whole image. Encoders write
// about ten.
enum { most_scans = 200 };

typedef struct {
    struct jpeg_error_mgr manager;  // first, so that libjpeg's pointer to it is a pointer to this
    jmp_buf jump;
    musc_codec_result result;
    int made_end;  // the data had ended, and an end marker was made up
} jpeg_failure;

static musc_codec_status status_of(int code) {
    switch (code) {
    case JERR_INPUT_EOF:
    case JERR_INPUT_EMPTY:
        return MUSC_CODEC_ENDS_EARLY;
    case JERR_OUT_OF_MEMORY:
        return MUSC_CODEC_OUT_OF_MEMORY;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
        return MUSC_CODEC_UNSUPPORTED;
    default:
        return MUSC_CODEC_DAMAGED;
    }
}

__attribute__((noreturn)) static void fail(j_common_ptr cinfo) {
    jpeg_failure *failure = (jpeg_failure *)cinfo->err;
    char words[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, words);
    // What is wrong after the data's end is that it has ended.
    musc_codec_status status = failure->made_end ? MUSC_CODEC_ENDS_EARLY : status_of(cinfo->err->msg_code);
    failure->result = musc_codec_failure(status, "%s", words);
    longjmp(failure->jump, 1);
}

// libjpeg goes on after a warning and leaves the rest of the image grey, or smeared. To whoever looks for
// defects that is a defect, so the warnings that mean lost pixels are errors here.
static void warn(j_common_ptr cinfo, int level) {
    if (level >= 0) return;
    switch (cinfo->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        fail(cinfo);
    default:
        cinfo->err->num_warnings++;
    }
}

static void say_nothing(j_common_ptr cinfo) { (void)cinfo; }

static void start(j_decompress_ptr cinfo) { (void)cinfo; }

typedef struct {
    struct jpeg_decompress_struct cinfo;  // first, so that libjpeg's pointer to it is a pointer to this
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jpeg_failure failure;
    JSAMPLE *row;
    int may_lack_end;
} jpeg_reader;

// All the data is in memory from the start, so a request for more means that the file ends early.
//
// Cameras that write frames of a stream leave out the end marker. It is made up where nothing can be missing unnoticed:
// of one scan, whose pixels libjpeg counts and warns of. Arithmetic codes go on without a warning, and of several scans
// the last may be lacking.
static boolean want_more(j_decompress_ptr cinfo) {
    static const JOCTET end[2] = {0xFF, JPEG_EOI};
    jpeg_reader *reader = (jpeg_reader *)cinfo;
    if (reader->may_lack_end) {
        reader->may_lack_end = 0;
        reader->failure.made_end = 1;
        cinfo->src->next_input_byte = end;
        cinfo->src->bytes_in_buffer = sizeof end;
        return TRUE;
    }
    ERREXIT(cinfo, JERR_INPUT_EOF);
    return FALSE;
}

static void skip(j_decompress_ptr cinfo, long count) {
    if (count <= 0) return;
    if ((size_t)count > cinfo->src->bytes_in_buffer) ERREXIT(cinfo, JERR_INPUT_EOF);
    cinfo->src->next_input_byte += count;
    cinfo->src->bytes_in_buffer -= (size_t)count;
}

static void watch_scans(j_common_ptr cinfo) {
    if (cinfo->is_decompressor && ((j_decompress_ptr)cinfo)->input_scan_number > most_scans) {
        jpeg_failure *failure = (jpeg_failure *)cinfo->err;
        failure->result = musc_codec_failure(MUSC_CODEC_TOO_LARGE, "more than %d scans", most_scans);
        longjmp(failure->jump, 1);
    }
}

// Only to be called behind setjmp: libjpeg may already fail here.
static void open_reader(jpeg_reader *reader, const uint8_t *data, size_t size) {
    jpeg_create_decompress(&reader->cinfo);
    reader->source = (struct jpeg_source_mgr){
        .next_input_byte = data, .bytes_in_buffer = size, .init_source = start, .fill_input_buffer = want_more,
        .skip_input_data = skip, .resync_to_restart = jpeg_resync_to_restart, .term_source = start,
    };
    reader->cinfo.src = &reader->source;
    reader->progress.progress_monitor = watch_scans;
    reader->cinfo.progress = &reader->progress;
    jpeg_read_header(&reader->cinfo, TRUE);
}

static jpeg_reader *new_reader(void) {
    jpeg_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return NULL;
    reader->cinfo.err = jpeg_std_error(&reader->failure.manager);
    reader->failure.manager.error_exit = fail;
    reader->failure.manager.emit_message = warn;
    reader->failure.manager.output_message = say_nothing;
    return reader;
}

static musc_codec_result close_reader(jpeg_reader *reader, musc_codec_result result) {
    jpeg_destroy_decompress(&reader->cinfo);
    free(reader->row);
    free(reader);
    return result;
}

// What Pillow reads: grey, three components, or four of which the file says, or we assume, that they are
// CMYK. Two components are nothing that a camera writes.
static musc_codec_result choose_colours(jpeg_reader *reader) {
    struct jpeg_decompress_struct *cinfo = &reader->cinfo;
    switch (cinfo->num_components) {
    case 1: cinfo->out_color_space = JCS_GRAYSCALE; break;
    case 3: cinfo->out_color_space = JCS_RGB; break;
    case 4: cinfo->out_color_space = JCS_CMYK; break;
    default:
        return musc_codec_failure(
            MUSC_CODEC_UNSUPPORTED, "a JPEG of %d colour components", cinfo->num_components);
    }
    return musc_codec_success();
}

musc_codec_result musc_jpeg_read_header(const uint8_t *data, size_t size, musc_image_header *header) {
    jpeg_reader *reader = new_reader();
    if (!reader) return musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory");
    if (setjmp(reader->failure.jump)) return close_reader(reader, reader->failure.result);
    open_reader(reader, data, size);
    musc_codec_result result = choose_colours(reader);
    if (result.status == MUSC_CODEC_OK) {
        *header = (musc_image_header){
            .width = reader->cinfo.image_width, .height = reader->cinfo.image_height,
            .bits = (uint8_t)reader->cinfo.data_precision,
            .channels = reader->cinfo.num_components == 1 ? 1 : 3,
            .samples = MUSC_SAMPLES_UINT8, .orientation = 1,
        };
    }
    return close_reader(reader, result);
}

// As Pillow: the file's values are taken as Adobe's, 255 minus the ink, and RGB = (255 - K)(255 - ink) / 255,
// with its way of dividing by 255.
static void inverted_cmyk_to_rgb(const JSAMPLE *in, uint8_t *out, size_t count) {
    for (size_t x = 0; x < count; x++, in += 4, out += 3) {
        unsigned light = in[3];
        for (int c = 0; c < 3; c++) {
            unsigned product = (255u - in[c]) * light + 128;
            out[c] = (uint8_t)(light - ((product + (product >> 8)) >> 8));
        }
    }
}

musc_codec_result musc_jpeg_decode(
    const uint8_t *data, size_t size, int scale, uint8_t *pixels, size_t capacity) {
    jpeg_reader *reader = new_reader();
    if (!reader) return musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory");
    struct jpeg_decompress_struct *cinfo = &reader->cinfo;
    if (setjmp(reader->failure.jump)) return close_reader(reader, reader->failure.result);
    open_reader(reader, data, size);
    musc_codec_result chosen = choose_colours(reader);
    if (chosen.status != MUSC_CODEC_OK) return close_reader(reader, chosen);

    cinfo->scale_num = (unsigned)scale;
    cinfo->scale_denom = 8;
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->do_fancy_upsampling = TRUE;
    reader->may_lack_end = !jpeg_has_multiple_scans(cinfo) && !cinfo->arith_code;
    jpeg_start_decompress(cinfo);

    size_t channels = cinfo->num_components == 1 ? 1 : 3;
    size_t row_bytes = (size_t)cinfo->output_width * channels;
    if (row_bytes * cinfo->output_height != capacity) {
        return close_reader(reader, musc_codec_failure(MUSC_CODEC_DAMAGED, "the size changed while decoding"));
    }
    int is_cmyk = cinfo->out_color_space == JCS_CMYK;
    if (is_cmyk) {
        reader->row = malloc((size_t)cinfo->output_width * 4);
        if (!reader->row) {
            return close_reader(reader, musc_codec_failure(MUSC_CODEC_OUT_OF_MEMORY, "out of memory"));
        }
    }
    while (cinfo->output_scanline < cinfo->output_height) {
        uint8_t *destination = pixels + (size_t)cinfo->output_scanline * row_bytes;
        JSAMPROW row = is_cmyk ? reader->row : destination;
        jpeg_read_scanlines(cinfo, &row, 1);
        if (is_cmyk) inverted_cmyk_to_rgb(reader->row, destination, cinfo->output_width);
    }
    jpeg_finish_decompress(cinfo);
    return close_reader(reader, musc_codec_success());
}
