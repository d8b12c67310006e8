/// Mutual scoring's maxima at several degrees of aggregation from one product.
///
/// LNAMD replaces a patch's vector by the sum over its r × r neighbourhood, brought to unit length. The product
/// of two such vectors is a double sum of products of the vectors themselves,
///
///     (Σ_u a_u)·(Σ_v b_v) = Σ_u Σ_v a_u·b_v,   u within the neighbourhood of p, v within that of q,
///
/// so the matrix of products need be computed only once: a box filter over both images' rows and columns
/// turns it into that of every degree. The filter costs some fifty vector operations where the product costs
/// one for every channel. The matrix exists a few grid rows at a time.
///
/// Column images are laid out with `reach` zero columns after each row of patches, so that the filter runs
/// over flat memory: position y · (width + reach) + x, filled up to a multiple of 32.
#ifndef MUSC_DEGREES_H
#define MUSC_DEGREES_H

#include "musc_isa.h"
#include "musc_msm_int8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /// The most degrees of one call.
    MUSC_DEGREES_MOST = 8,
};

/// The images' common shape and the degrees.
typedef struct musc_degrees_shape {
    size_t height;
    size_t width;
    /// Channels; for int8, channels filled up to a multiple of 4.
    size_t depth;
    /// The number of degrees, at most MUSC_DEGREES_MOST.
    size_t degrees;
    /// For each degree r, r / 2: 0 for r = 1, 1 for r = 3.
    size_t reaches[MUSC_DEGREES_MOST];
} musc_degrees_shape;

/// Positions of a column image's layout.
size_t musc_degrees_positions(const musc_degrees_shape *shape);

/// Bytes of scratch memory that a pair needs, linear in the number of positions times the width.
size_t musc_degrees_scratch_size(const musc_degrees_shape *shape);

/// Sums over each patch's neighbourhood.
///
/// - vectors: `[height · width][depth]`.
/// - scratch: `height · width · depth` floats, overwritten.
/// - sums: `[height · width][depth]`, written.
void musc_neighbourhood_sums(
    musc_isa isa, const float *vectors, size_t height, size_t width, size_t depth, size_t reach, float *scratch,
    float *sums);

/// Brings vectors to unit length, and writes the inverse of each length.
///
/// - unit: `[count][depth]`, written; may be `vectors` themselves.
/// - lengths: `[count]`, written: 1 / max(length, 1e-12).
void musc_normalise(
    musc_isa isa, const float *vectors, size_t count, size_t depth, float *unit, float *inverse_lengths);

/// Sums of all values and of all squares about `centre`, in double precision.
void musc_moments(musc_isa isa, const float *values, size_t count, float centre, double *sum, double *squares);

/// output = (input − mean) · scale.
void musc_standardise(musc_isa isa, const float *input, size_t count, float mean, float scale, float *output);

/// Lays a column image's vectors out in panels of 32 positions, `[positions / 32][depth][32]`.
void musc_degrees_pack_f32(const musc_degrees_shape *shape, const float *vectors, float *panels);

/// The same for quantised vectors, in quads: `[positions / 32][depth / 4][32][4]`.
void musc_degrees_pack_int8(const musc_degrees_shape *shape, const int8_t *vectors, int8_t *panels);

/// What a pair's filter needs to know of one image and one degree.
typedef struct musc_degree_terms {
    /// Inverse length of each patch's aggregated vector; for a column image by position, with zeros between.
    const float *inverse_lengths;
    /// For int8, the sums of `musc_msm_int8_terms.offset` over each neighbourhood, laid out likewise.
    const float *offsets;
    /// For int8, the number of patches in each neighbourhood, laid out likewise.
    const float *counts;
} musc_degree_terms;

/// Two images.
typedef struct musc_degrees_pair {
    /// fp32: the row image's vectors, `[height · width][depth]`. int8: NULL.
    const float *rows;
    /// fp32 panels of the column image. int8: NULL.
    const float *panels;
    /// int8: the row image's quantised vectors and their terms, the column image's panels and their scales
    /// by position. fp32: NULL.
    const int8_t *rows_int8;
    const musc_msm_int8_terms *row_terms;
    const int8_t *panels_int8;
    const float *panel_scales;
    /// By degree.
    musc_degree_terms row[MUSC_DEGREES_MOST];
    musc_degree_terms column[MUSC_DEGREES_MOST];
    /// By position: 0 where there is a patch, −1000 where there is none.
    const float *position_offsets;
    /// By degree, written: each patch's largest product with the column image, `[height · width]`, and where
    /// it was found, as a position; `row_partners` is written for int8 only and may else be NULL.
    float *row_max[MUSC_DEGREES_MOST];
    uint32_t *row_partners[MUSC_DEGREES_MOST];
    /// By degree and position, written: the largest product with the row image, and its patch (int8 only).
    float *column_max[MUSC_DEGREES_MOST];
    uint32_t *column_partners[MUSC_DEGREES_MOST];
} musc_degrees_pair;

/// Computes a pair's maxima both ways at every degree.
///
/// - scratch: `musc_degrees_scratch_size` bytes, overwritten; aligned to 64.
void musc_degrees_compare(
    musc_isa isa, const musc_degrees_shape *shape, const musc_degrees_pair *pair, void *scratch);

#endif
