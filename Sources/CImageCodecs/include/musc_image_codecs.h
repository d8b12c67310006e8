/// Image codecs behind a small C interface that never jumps, prints or exits: every call returns a status
/// and fills in a message. libjpeg and libpng report errors with longjmp, libtiff through callbacks; all of
/// that stays inside this target.
#ifndef MUSC_IMAGE_CODECS_H
#define MUSC_IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

/// How a call ended.
typedef enum {
    MUSC_CODEC_OK = 0,
    /// The data stops before the image is complete.
    MUSC_CODEC_ENDS_EARLY,
    /// The data contradicts the format.
    MUSC_CODEC_DAMAGED,
    /// The data may be sound, but is of a kind that is not read.
    MUSC_CODEC_UNSUPPORTED,
    /// The image, or something in the file, asks for more memory than the limits allow.
    MUSC_CODEC_TOO_LARGE,
    /// An allocation failed.
    MUSC_CODEC_OUT_OF_MEMORY,
} musc_codec_status;

/// A status with the library's own words, NUL-terminated; empty where all went well.
typedef struct {
    musc_codec_status status;
    char message[224];
} musc_codec_result;

/// How the samples of a decoded raster are stored, in the machine's byte order.
typedef enum {
    MUSC_SAMPLES_UINT8 = 1,
    MUSC_SAMPLES_UINT16 = 2,
    MUSC_SAMPLES_FLOAT32 = 4,
} musc_sample_type;

/// What a file's header says, and how its pixels come out of the decoder.
///
/// Palettes, CMYK, YCbCr and bilevel are turned into grey or RGB, and alpha is dropped, while decoding; so a
/// raster has one or three channels.
typedef struct {
    uint32_t width, height;
    /// Bits of a sample as the file stores them: 1 to 32.
    uint8_t bits;
    /// 1 (grey) or 3 (RGB).
    uint8_t channels;
    /// The type of the decoded samples; its value is their size in bytes.
    musc_sample_type samples;
    /// TIFF's orientation tag, 1 to 8; 1 for the other formats, whose EXIF block is read elsewhere.
    uint8_t orientation;
    /// Whether the decoded samples' lowest value is white; 8-bit samples are turned round already.
    uint8_t is_inverted;
    /// TIFF's photometric interpretation as it was taken; 0 for other formats.
    uint16_t photometric;
    /// The largest value of a sample where samples of 9 to 15 bits were stretched to 16; 0 where they are as stored.
    uint32_t stretched_from;
    /// What the file says is its largest sample, 0 where it says nothing.
    double said_largest;
    /// Of floating-point samples: what their full range is, both 0 where there is none.
    double full_low, full_high;
} musc_image_header;

/// Reads a JPEG file's header.
musc_codec_result musc_jpeg_read_header(const uint8_t *data, size_t size, musc_image_header *header);

/// Decodes a JPEG file as Pillow does: accurate integer DCT, smooth chroma upsampling, CMYK taken as Adobe's
/// inverted kind.
///
/// - scale: the image is decoded at `scale`/8 of its size, 1 to 8; sides are rounded up.
/// - pixels: room for exactly `capacity` bytes = scaled width · scaled height · channels.
musc_codec_result musc_jpeg_decode(const uint8_t *data, size_t size, int scale, uint8_t *pixels, size_t capacity);

/// Reads a PNG file's header.
musc_codec_result musc_png_read_header(const uint8_t *data, size_t size, musc_image_header *header);

/// Decodes a PNG file into `capacity` bytes = width · height · channels · sample size.
musc_codec_result musc_png_decode(const uint8_t *data, size_t size, uint8_t *pixels, size_t capacity);

/// Reads the header of a page of a TIFF file.
///
/// - directory: where the page's directory begins; 0 for the file's first.
musc_codec_result musc_tiff_read_header(
    const uint8_t *data, size_t size, uint64_t directory, musc_image_header *header);

/// Decodes a page of a TIFF file into `capacity` bytes = width · height · channels · sample size.
///
/// - memory_limit: the most bytes that libtiff, or a single tile, may ask for at once.
musc_codec_result musc_tiff_decode(
    const uint8_t *data, size_t size, uint64_t directory, size_t memory_limit, uint8_t *pixels, size_t capacity);

/// Expands data that zlib compressed, as far as there is room.
///
/// Returns the number of bytes written to `output`; 0 where the data is damaged.
size_t musc_inflate(const uint8_t *data, size_t size, uint8_t *output, size_t capacity);

/// Bytes made by an encoder; to be given back with `musc_encoded_free`.
typedef struct {
    uint8_t *bytes;
    size_t size, capacity;
} musc_encoded;

void musc_encoded_free(musc_encoded *encoded);

/// Encodes grey (1 channel) or RGB (3) as PNG of 8 or 16 bits; 16-bit samples are in the machine's byte order.
///
/// - level: zlib's compression level, 0 to 9.
musc_codec_result musc_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int bits, int level,
    musc_encoded *encoded);

/// Encodes grey (1 channel) or RGB (3) as a baseline JPEG.
///
/// - quality: libjpeg's quality, 1 to 100.
musc_codec_result musc_jpeg_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int quality, musc_encoded *encoded);

/// Encodes one channel of IEEE floating point of 16 or 32 bits as an uncompressed TIFF.
musc_codec_result musc_tiff_encode_float(
    const void *samples, uint32_t width, uint32_t height, int bits, musc_encoded *encoded);

/// One direction's filter: for each output position a run of inputs and their fixed-point weights.
typedef struct {
    /// The first input of each output position, and how many follow: `2 · outputs` values.
    const int32_t *bounds;
    /// `outputs · taps` weights with 22 fractional bits; zero after the run's end.
    const int32_t *weights;
    int32_t taps;
} musc_resampling_weights;

/// Resamples `rows` rows of `width` pixels to `out_width` pixels each.
///
/// - channels: 1 or 3 interleaved channels of 8 bits.
/// - scratch: `musc_resample_scratch_size(...)` bytes.
void musc_resample_rows(
    const uint8_t *input, size_t width, size_t rows, int channels, const musc_resampling_weights *weights,
    uint8_t *output, size_t out_width, void *scratch);

size_t musc_resample_scratch_size(size_t width, int channels, const musc_resampling_weights *weights,
                                  size_t out_width);

/// Resamples columns: row `y` of the output (of `out_height`) is the weighted sum of rows
/// `bounds[2y] - first_row …` of `input`; a row has `row_bytes` samples of 8 bits.
void musc_resample_columns(
    const uint8_t *input, size_t row_bytes, int32_t first_row, const musc_resampling_weights *weights,
    uint8_t *output, size_t out_height);

// MARK: Looks

enum {
    /// The longest side of a look's details, in pixels; every side is a multiple of 24.
    musc_look_side = 192,
    /// The most weights of a kernel, an odd number.
    musc_look_taps = 63,
};

/// Smooths `side · side` values along columns, then along rows; what lies beyond the rim is as the rim.
///
/// - kernel: `taps` weights, an odd number.
/// - scratch: `side · side` values, overwritten.
void musc_look_smoothed(const float *image, int side, const float *kernel, int taps, float *scratch, float *output);

/// An image as an affine map lays it over another, by linear interpolation; what lies beyond the rim is as the rim.
///
/// - map: `[down, right, yy, yx, xy, xx]`: moves in shares of the side, and what the linear map differs from none.
void musc_look_warped(const float *image, int side, const double *map, float *output);

/// The sums of `a · b` and of `b · b` within a margin.
void musc_look_strengths(const float *a, const float *b, int side, int margin, float *both, float *own);

/// How an image's values change downwards and to the right, within a margin.
///
/// - down, right: `side · side` values, of which those within the margin are written.
/// - sums: Of down², down · right and right², each times 1, v, u, v², vu and u², where v and u are a place's distances
///   downwards and to the right from the middle, in shares of the side; 18 values.
void musc_look_slopes(const float *image, int side, int margin, float *down, float *right, double *sums);

/// The sums of `gain · b − a` times `[down, right, v · down, u · down, v · right, u · right]`.
void musc_look_products(
    const float *a, const float *b, const float *down, const float *right, int side, int margin, float gain,
    double *sums);

/// The sums of a, b, a², b² and a · b over a square; 5 values.
void musc_look_square(const float *a, const float *b, int side, int top, int left, int square, float *sums);

/// The sum of `a · b`.
float musc_look_product(const float *a, const float *b, int count);

#endif
