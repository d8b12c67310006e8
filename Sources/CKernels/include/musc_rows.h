/// Passes over rows of tokens.
#ifndef MUSC_ROWS_H
#define MUSC_ROWS_H

#include "musc_isa.h"
#include "musc_precision.h"

#include <stddef.h>
#include <stdint.h>

/// LayerNorm of each row: `(x − mean) / √(variance + epsilon) · weight + bias`.
///
/// - input: `[rows][input_stride]`.
/// - weight, bias: `[width]`.
/// - output: `[rows][output_stride]` in `precision`. For fp32 it may be the input.
/// - scales: For MUSC_INT8 `[rows]`, written; else NULL.
void musc_layer_norm(
    musc_isa isa, const float *input, size_t input_stride, size_t rows, size_t width, const float *weight,
    const float *bias, float epsilon, musc_precision precision, void *output, size_t output_stride, float *scales);

/// Rounds rows to integers of one scale a row, largest value / 127, as MUSC_INT8 has them.
///
/// - precision: Of the input, fp32 or bfloat16.
/// - output: `[rows][output_stride]`, written: `width` values, and 128 up to the next multiple of 4.
/// - scales: `[rows]`, written.
void musc_quantise_rows(
    musc_isa isa, musc_precision precision, const void *input, size_t input_stride, size_t rows, size_t width,
    uint8_t *output, size_t output_stride, float *scales);

/// Applies GELU, within 1e-6 of `x·Φ(x)`, or x·sigmoid(1.702 x) in place.
void musc_gelu(musc_isa isa, float *values, size_t count);
void musc_quick_gelu(musc_isa isa, float *values, size_t count);

#endif
