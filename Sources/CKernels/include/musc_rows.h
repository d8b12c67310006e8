/// Passes over rows of tokens.
#ifndef MUSC_ROWS_H
#define MUSC_ROWS_H

#include "musc_isa.h"
#include "musc_precision.h"

#include <stddef.h>

/// LayerNorm of each row: `(x − mean) / √(variance + epsilon) · weight + bias`.
///
/// - input: `[rows][input_stride]`.
/// - weight, bias: `[width]`.
/// - output: `[rows][output_stride]` in `precision`. For fp32 it may be the input.
void musc_layer_norm(
    musc_isa isa, const float *input, size_t input_stride, size_t rows, size_t width, const float *weight,
    const float *bias, float epsilon, musc_precision precision, void *output, size_t output_stride);

/// Applies GELU, within 1e-6 of `x·Φ(x)`, or x·sigmoid(1.702 x) in place.
void musc_gelu(musc_isa isa, float *values, size_t count);
void musc_quick_gelu(musc_isa isa, float *values, size_t count);

#endif
