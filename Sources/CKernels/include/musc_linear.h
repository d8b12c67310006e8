/// Linear layers with packed weights and a fused last step.
#ifndef MUSC_LINEAR_H
#define MUSC_LINEAR_H

#include "musc_isa.h"
#include "musc_precision.h"

#include <stddef.h>

/// What happens to `product = input · weightᵀ + bias` before it is stored.
typedef enum musc_epilogue {
    /// Stored in the precision of the input.
    MUSC_STORE = 0,
    /// x·Φ(x), within 1e-6 of the exact GELU; stored in the precision of the input.
    MUSC_GELU = 1,
    /// x·sigmoid(1.702 x); stored in the precision of the input.
    MUSC_QUICK_GELU = 2,
    /// Scaled channel by channel and added to the fp32 output: `output += gamma · product`.
    MUSC_ADD = 3,
} musc_epilogue;

/// A linear layer ready for products. The pointers are the caller's, who keeps them alive.
typedef struct musc_linear {
    musc_precision precision;
    size_t inputs;
    size_t outputs;
    /// As `musc_linear_pack` wrote them.
    const void *weights;
    /// `[outputs]`, or NULL for none.
    const float *bias;
    /// `[outputs]` for `MUSC_ADD`, or NULL for ones.
    const float *gamma;
} musc_linear;

/// Bytes that `musc_linear_pack` writes.
size_t musc_linear_packed_size(musc_precision precision, size_t inputs, size_t outputs);

/// Lays weights out for `musc_linear_apply`; done once per layer.
///
/// - weight: `[outputs][inputs]`, row-major.
/// - packed: `musc_linear_packed_size` bytes, written; best aligned to 64.
void musc_linear_pack(
    musc_precision precision, const float *weight, size_t inputs, size_t outputs, void *packed);

/// Applies a layer to rows.
///
/// Rows whose stride is a multiple of 4,096 bytes share few cache sets and are slow to read; pad them.
///
/// - input: `[rows][input_stride]` in the layer's precision.
/// - output: `[rows][output_stride]`; fp32 for `MUSC_ADD`, else in the layer's precision. Not the input.
/// - input_stride, output_stride: elements from one row to the next.
void musc_linear_apply(
    musc_isa isa, const musc_linear *linear, const void *input, size_t input_stride, size_t rows,
    musc_epilogue epilogue, void *output, size_t output_stride);

#endif
