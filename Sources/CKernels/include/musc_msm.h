/// Row and column maxima of products of patch vectors: the core of mutual scoring (MuSc, section 3.2).
///
/// Mutual scoring needs, for unit vectors A [m × depth] of one image and B [n × depth] of another, the
/// nearest partner both ways: max over q of a_p·b_q for each p, and max over p of a_p·b_q for each q. Both
/// come out of one pass here, and the products never leave the registers.
///
/// The caller lays the vectors out once per image in two ways:
///   * as column *panels* of `MUSC_MSM_PANEL` vectors, `[depth][16]`, one vector a lane;
///   * as row *groups* of `MUSC_MSM_GROUP` vectors, `[depth][8]`, whose elements are broadcast.
/// A *strip* is a list of row groups against one panel of each of two images.
///
/// Where the number of vectors is no multiple of a panel or group, fill the rest with copies of a vector
/// that is in it already: a copy changes no maximum, so no kernel needs to know of padding.
#ifndef MUSC_MSM_H
#define MUSC_MSM_H

#include "musc_isa.h"

#include <stddef.h>
#include <stdint.h>

/// Vectors in a column panel: the fp32 lanes of a 512-bit register.
#define MUSC_MSM_PANEL 16
/// Vectors in a row group: with two panels, 16 accumulators.
#define MUSC_MSM_GROUP 8

/// Copies chosen vectors of `vectors` into panels or groups of `width` lanes.
///
/// - vectors: `[count][depth]`, row-major.
/// - order: for each slot, which vector it takes; `slots` entries, each less than `count`.
/// - slots: a multiple of `width`.
/// - packed: `[slots / width][depth][width]`, written. Kernels load panels fastest where this is aligned
///   to 64 bytes.
void musc_msm_pack_f32(
    musc_isa isa, const float *vectors, size_t depth, const uint32_t *order, size_t slots, size_t width, float *packed);

/// Row groups of one image against one column panel of each of two others.
typedef struct musc_msm_strip_f32 {
    /// `[groups][depth][MUSC_MSM_GROUP]`.
    const float *rows;
    size_t groups;
    size_t depth;
    /// Two panels, `[depth][MUSC_MSM_PANEL]` each. They may be the same panel.
    const float *panels[2];
    /// For each row, which line of `row_max` is its own: `groups · MUSC_MSM_GROUP` entries. Copies that
    /// fill a group name the line of their original.
    const uint32_t *lines;
    /// For each row, the lanes that may be its partners (bit l: lane l), for both panels; NULL: all may.
    const uint16_t *partners;
    /// Folded into: the maxima over all rows, `[MUSC_MSM_PANEL]` for each panel.
    float *column_max[2];
    /// Folded into, lane by lane: `[lines][MUSC_MSM_PANEL]` for each panel's image. The maximum over a
    /// line's lanes (`musc_msm_reduce_f32`) is the row's. The two may be the same array.
    float *row_max[2];
} musc_msm_strip_f32;

/// Folds the products of a strip into its row and column maxima.
///
/// Before the first strip of an image pair the caller sets the maxima to `-FLT_MAX` or less. The result
/// does not depend on the order of strips. Products are sums in fp32 in ascending order of depth, fused
/// multiply-adds where `isa` has them, so paths agree to rounding, not to the bit.
void musc_msm_fold_f32(musc_isa isa, const musc_msm_strip_f32 *strip);

/// The same as musc_msm_strip_f32 with vectors in bfloat16, two channels of a vector side by side.
typedef struct musc_msm_strip_bf16 {
    /// `[groups][depth / 2][MUSC_MSM_GROUP][2]`.
    const uint16_t *rows;
    size_t groups;
    /// An even number.
    size_t depth;
    /// Two panels, `[depth / 2][MUSC_MSM_PANEL][2]` each.
    const uint16_t *panels[2];
    const uint32_t *lines;
    const uint16_t *partners;
    float *column_max[2];
    float *row_max[2];
} musc_msm_strip_bf16;

/// Channels that musc_msm_round_bf16 adds to a vector.
#define MUSC_MSM_BF16_EXTRA 6

/// Rounds what lies between vectors and a common mean to bfloat16, to nearest and ties to even.
///
/// Vectors of one kind of part share most of their length, which would cost the digits that tell them apart. What the
/// mean contributes to a product, a·m and b·m, goes into extra channels: three numbers that sum up to it in fp32, and
/// ones for those of the other vector.
///
/// - vectors: `[count][depth]`, row-major.
/// - depth: an even number.
/// - mean: `[depth]`; any vector, the same for all that are multiplied with each other.
/// - rounded: `[count][depth + MUSC_MSM_BF16_EXTRA]`, written, as rows have it.
void musc_msm_round_bf16(
    musc_isa isa, const float *vectors, size_t count, size_t depth, const float *mean, uint16_t *rounded);

/// Puts the extra channels of packed vectors in the order that panels have.
///
/// - packed: `[depth / 2][MUSC_MSM_PANEL][2]`.
/// - depth: with the extra channels.
void musc_msm_turn_panel_bf16(uint16_t *packed, size_t depth);

/// As musc_msm_pack_f32 for vectors in bfloat16.
///
/// - depth: an even number.
/// - packed: `[slots / width][depth / 2][width][2]`, written.
void musc_msm_pack_bf16(
    musc_isa isa, const uint16_t *vectors, size_t depth, const uint32_t *order, size_t slots, size_t width,
    uint16_t *packed);

/// As musc_msm_fold_f32; sums are fp32.
void musc_msm_fold_bf16(musc_isa isa, const musc_msm_strip_bf16 *strip);

/// The maximum of each line over its 16 lanes.
///
/// - lanes: `[lines][MUSC_MSM_PANEL]`.
/// - out: `[lines]`, written.
void musc_msm_reduce_f32(musc_isa isa, const float *lanes, size_t lines, float *out);

#endif
