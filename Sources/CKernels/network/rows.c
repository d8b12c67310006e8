#include "rows.h"

#include "musc_rows.h"

void musc_layer_norm(
    musc_isa isa, const float *input, size_t input_stride, size_t rows, size_t width, const float *weight,
    const float *bias, float epsilon, musc_precision precision, void *output, size_t output_stride, float *scales) {
    rows_for(isa)->layer_norm(
        input, input_stride, rows, width, weight, bias, epsilon, precision, output, output_stride, scales);
}

void musc_quantise_rows(
    musc_isa isa, musc_precision precision, const void *input, size_t input_stride, size_t rows, size_t width,
    uint8_t *output, size_t output_stride, float *scales) {
    rows_for(isa)->quantise(precision, input, input_stride, rows, width, output, output_stride, scales);
}

void musc_gelu(musc_isa isa, float *values, size_t count) { rows_for(isa)->activate(values, count, MUSC_GELU); }

void musc_quick_gelu(musc_isa isa, float *values, size_t count) {
    rows_for(isa)->activate(values, count, MUSC_QUICK_GELU);
}
