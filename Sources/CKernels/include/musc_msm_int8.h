/// Nearest partners found with int8 products: the fast form of mutual scoring's maxima.
///
/// A vector x is kept as x ≈ mean + scale · q, with q in −127 … 127, one scale a vector and one mean for all
/// vectors that meet. Patch tokens share most of their direction, so taking the mean out first leaves the
/// 8 bits to what tells them apart. The product of two vectors is then
///
///     a·b ≈ scale_a · scale_b · (q_a·q_b) + offset_a + offset_b,   offset = (x − mean)·mean + |mean|² / 2
///
/// which a kernel computes with exact integer sums. The approximation decides only which partner a patch
/// takes, and which judges are among its nearest; the distances that count are computed again in fp32
/// (`musc_nearest_mean`).
///
/// Maxima are *keys*: the fp32 product with an index in the lowest bits of its mantissa, so that the maximum
/// carries along where it was found.
#ifndef MUSC_MSM_INT8_H
#define MUSC_MSM_INT8_H

#include "musc_isa.h"
#include "musc_msm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Channels that one 32-bit lane holds; a quantised vector is filled up with zeros to a multiple of it.
#define MUSC_MSM_QUAD 4

/// What is kept of one vector beside its integers.
typedef struct musc_msm_int8_terms {
    float scale;
    float offset;
    /// −128 · Σ q, which undoes the shift of the other operand to unsigned.
    int32_t correction;
} musc_msm_int8_terms;

/// Whether `isa` has an int8 kernel that is faster than the fp32 one.
bool musc_msm_int8_is_fast(musc_isa isa);

/// Quantises vectors.
///
/// - vectors: `[count][depth]`.
/// - mean: `[depth]`, the same for all vectors that will meet.
/// - quantised: `[count][quads · 4]` with quads = ⌈depth / 4⌉, written.
/// - terms: `[count]`, written.
void musc_msm_quantise(
    const float *vectors, size_t count, size_t depth, const float *mean, int8_t *quantised,
    musc_msm_int8_terms *terms);

/// Copies chosen quantised vectors into panels or groups: as `musc_msm_pack_f32`, with quads of channels
/// in place of channels: `[slots / width][quads][width][4]`.
void musc_msm_pack_int8(
    musc_isa isa, const int8_t *quantised, size_t quads, const uint32_t *order, size_t slots, size_t width, int8_t *packed);

/// Row groups of one image against one column panel of each of two others.
typedef struct musc_msm_strip_int8 {
    /// `[groups][quads][MUSC_MSM_GROUP][4]`.
    const int8_t *rows;
    /// `[groups · MUSC_MSM_GROUP]`.
    const musc_msm_int8_terms *row_terms;
    size_t groups;
    size_t quads;
    /// Two panels, `[quads][MUSC_MSM_PANEL][4]` each. They may be the same panel.
    const int8_t *panels[2];
    /// Scales and offsets of the panels' vectors, `[MUSC_MSM_PANEL]` each.
    const float *panel_scales[2];
    const float *panel_offsets[2];
    /// As in `musc_msm_strip_f32`.
    const uint32_t *lines;
    const uint16_t *partners;
    /// Added to a row's group index to name it in `column_groups`.
    uint32_t first_group;
    /// The panels' indices, kept in the lowest `index_bits` bits of row keys; less than 2^index_bits.
    uint32_t panel_indices[2];
    uint32_t index_bits;
    /// Folded into: column keys, `[MUSC_MSM_PANEL]` for each panel, with the row's place in its group in the
    /// lowest 3 bits; and the group where each was found.
    float *column_keys[2];
    uint32_t *column_groups[2];
    /// Folded into, lane by lane: row keys, `[lines][MUSC_MSM_PANEL]` for each panel's image. The two may be
    /// the same array.
    float *row_keys[2];
} musc_msm_strip_int8;

/// Folds the products of a strip into its row and column keys.
///
/// Before the first strip of an image pair the caller sets all keys to `-FLT_MAX`. The
/// integer sums are exact on every path; what is made of them in fp32 agrees to rounding.
void musc_msm_fold_int8(musc_isa isa, const musc_msm_strip_int8 *strip);

/// The largest key of each line, and the slot where it was found.
///
/// - lanes: `[lines][MUSC_MSM_PANEL]` row keys.
/// - products: `[lines]`, written: the approximate product.
/// - slots: `[lines]`, written: panel index · 16 + lane.
void musc_msm_reduce_int8(
    musc_isa isa, const float *lanes, size_t lines, uint32_t index_bits, float *products, uint32_t *slots);

#endif
