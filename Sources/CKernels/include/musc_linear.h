/// Linear layers with packed weights and a fused last step.
#ifndef MUSC_LINEAR_H
#define MUSC_LINEAR_H

#include "musc_isa.h"
#include "musc_precision.h"

#include <stddef.h>

/// What happens to `product = input · weightᵀ + bias` before it is stored.
typedef enum musc_epilogue {
    /// Stored.
    MUSC_STORE = 0,
    /// x·Φ(x), within 1e-6 of the exact GELU; stored.
    MUSC_GELU = 1,
    /// x·sigmoid(1.702 x); stored.
    MUSC_QUICK_GELU = 2,
    /// Scaled channel by channel and added to the fp32 output: `output += gamma · product`.
    MUSC_ADD = 3,
    /// Outputs come in groups of 32, 16 gates g and then 16 values v: g·sigmoid(g)·v is stored, so
    /// that the output has half as many columns. `outputs` is a multiple of 32.
    MUSC_GATE = 4,
    /// The first columns are rotated by `musc_linear.rotation`, the others as they are; stored.
    MUSC_ROTATE = 5,
} musc_epilogue;

/// A rotation of neighbouring pairs of columns, row by row: the rotary position embedding of queries and keys.
///
/// Columns 2i and 2i + 1 of a head, a and b, become a·cos θ − b·sin θ and b·cos θ + a·sin θ. The tables hold a row for
/// each row of the output, `MUSC_ROTATION_ROW(head_width)` values long: entry j is of column j of the head, and
/// from `head_width` on they begin again, so that 32 columns can be read from wherever a panel begins.
typedef struct musc_rotation {
    /// Even.
    size_t head_width;
    /// So many columns, from the first, are rotated.
    size_t columns;
    /// cos θ, for both columns of a pair.
    const float *cosines;
    /// −sin θ for the first column of a pair, sin θ for the second.
    const float *sines;
} musc_rotation;

/// Values in a row of a rotation's tables.
#define MUSC_ROTATION_ROW(head_width) ((head_width) + 32)

/// A linear layer ready for products. The pointers are the caller's, who keeps them alive.
typedef struct musc_linear {
    /// Of the weights and the input.
    musc_precision precision;
    /// Of what is stored: fp32 or bfloat16. `MUSC_ADD` adds to fp32 whatever this says.
    musc_precision output_precision;
    size_t inputs;
    size_t outputs;
    /// As `musc_linear_pack` wrote them.
    const void *weights;
    /// `[outputs]`, or NULL for none.
    const float *bias;
    /// `[outputs]` for `MUSC_ADD`, or NULL for ones.
    const float *gamma;
    /// For `MUSC_ROTATE`; its tables begin at the first row that is given to `musc_linear_apply`.
    const musc_rotation *rotation;
    /// For MUSC_INT8: the scale of each row that is given to `musc_linear_apply`.
    const float *input_scales;
} musc_linear;

/// Bytes that `musc_linear_pack` writes.
size_t musc_linear_packed_size(musc_precision precision, size_t inputs, size_t outputs);

/// Lays weights out for `musc_linear_apply`; done once per layer.
///
/// For MUSC_INT8 each output's weights are rounded to integers −127 … 127 of a scale of its own.
///
/// - isa: Decides how fast it is done, not what is written.
/// - weight: `[outputs][inputs]`, row-major.
/// - packed: `musc_linear_packed_size` bytes, written; best aligned to 64.
void musc_linear_pack(
    musc_isa isa, musc_precision precision, const float *weight, size_t inputs, size_t outputs, void *packed);

/// Applies a layer to rows.
///
/// Rows whose stride is a multiple of 4,096 bytes share few cache sets and are slow to read; pad them.
///
/// - input: `[rows][input_stride]` in the layer's precision; for MUSC_INT8 a row has 128 from the last input up to a
///   multiple of 4.
/// - output: `[rows][output_stride]`; fp32 for `MUSC_ADD`, else in `output_precision`. Not the input.
///   `MUSC_GATE` writes `outputs / 2` columns, the others `outputs`.
/// - input_stride, output_stride: elements from one row to the next.
void musc_linear_apply(
    musc_isa isa, const musc_linear *linear, const void *input, size_t input_stride, size_t rows,
    musc_epilogue epilogue, void *output, size_t output_stride);

#endif
