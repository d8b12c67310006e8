#if defined(__x86_64__)
#include "rows.h"

#include <immintrin.h>
#include <stdint.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define INLINE TARGET static inline __attribute__((always_inline))

INLINE __m512 multiply_add(__m512 a, __m512 b, float c) { return _mm512_fmadd_ps(a, b, _mm512_set1_ps(c)); }

// 2^x for |x| <= 126, as in rows_functions.inc.
INLINE __m512 power_of_two(__m512 x) {
    const __m512 integer = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 f = _mm512_sub_ps(x, integer);
    __m512 p = multiply_add(_mm512_set1_ps(1.327647178e-03f), f, 9.675541333e-03f);
    p = multiply_add(p, f, 5.550713274e-02f);
    p = multiply_add(p, f, 2.402211972e-01f);
    p = multiply_add(p, f, 6.931469671e-01f);
    p = multiply_add(p, f, 1.000000072e+00f);
    return _mm512_scalef_ps(p, integer);
}

// 1 / x to 2^-23: an estimate of 14 bits and one step of Newton's method, in place of a division of 10 cycles.
INLINE __m512 reciprocal(__m512 x) {
    const __m512 estimate = _mm512_rcp14_ps(x);
    return _mm512_mul_ps(estimate, _mm512_fnmadd_ps(x, estimate, _mm512_set1_ps(2.0f)));
}

INLINE __m512 gelu(__m512 x) {
    const __m512 limit = _mm512_set1_ps(5.5f);
    const __m512 c = _mm512_max_ps(_mm512_min_ps(x, limit), _mm512_set1_ps(-5.5f));
    const __m512 t = _mm512_mul_ps(c, c);
    __m512 p = multiply_add(_mm512_set1_ps(2.221599151e-08f), t, 6.530747772e-06f);
    __m512 q = multiply_add(_mm512_set1_ps(1.195400363e-06f), t, 7.861030724e-05f);
    p = multiply_add(p, t, 1.828581370e-04f);
    q = multiply_add(q, t, 1.962434062e-03f);
    p = multiply_add(p, t, 4.761616134e-03f);
    q = multiply_add(q, t, 2.939868950e-02f);
    p = multiply_add(p, t, 3.514231811e-02f);
    q = multiply_add(q, t, 2.547523143e-01f);
    p = multiply_add(p, t, 3.989419853e-01f);
    q = multiply_add(q, t, 1.0f);
    const __m512 odd = _mm512_mul_ps(_mm512_mul_ps(c, p), reciprocal(q));
    return _mm512_mul_ps(x, _mm512_add_ps(odd, _mm512_set1_ps(0.5f)));
}

// x·sigmoid(f·x), with f·log2(e).
INLINE __m512 gated(__m512 x, float factor) {
    __m512 y = _mm512_mul_ps(x, _mm512_set1_ps(-factor));
    y = _mm512_max_ps(_mm512_min_ps(y, _mm512_set1_ps(126.0f)), _mm512_set1_ps(-126.0f));
    return _mm512_div_ps(x, _mm512_add_ps(_mm512_set1_ps(1.0f), power_of_two(y)));
}

// The upper halves of floats, rounded to nearest even, still as 32 bits.
INLINE __m512i round_bits(__m512 value) {
    const __m512i bits = _mm512_castps_si512(value);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    return _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
}

INLINE void store_bf16(uint16_t *to, __mmask16 where, __m512 value) {
    _mm256_mask_storeu_epi16(to, where, _mm512_cvtepi32_epi16(_mm512_srli_epi32(round_bits(value), 16)));
}

// 16 values of a row, or as many as `where` says, at `place` of the output.
INLINE void store(musc_precision precision, void *output, size_t place, __mmask16 where, __m512 value) {
    if (precision == MUSC_BF16) store_bf16((uint16_t *)output + place, where, value);
    else _mm512_mask_storeu_ps((float *)output + place, where, value);
}

// Pairs turned by the angles of their row.
INLINE __m512 turned(__m512 x, const float *cosines, const float *sines) {
    const __m512 partner = _mm512_permute_ps(x, 0xB1);
    return _mm512_fmadd_ps(partner, _mm512_loadu_ps(sines), _mm512_mul_ps(x, _mm512_loadu_ps(cosines)));
}

// 16 gates and 16 values a row.
TARGET static void finish_gate(
    const float *products, size_t product_stride, size_t rows, const rows_last_step *step, void *output,
    size_t output_stride) {
    const __m512 none = _mm512_setzero_ps();
    const __m512 gate_bias = step->bias ? _mm512_loadu_ps(step->bias) : none;
    const __m512 value_bias = step->bias ? _mm512_loadu_ps(step->bias + 16) : none;
    for (size_t row = 0; row < rows; row++) {
        const float *x = products + row * product_stride;
        const __m512 gate = _mm512_add_ps(_mm512_loadu_ps(x), gate_bias);
        const __m512 value = _mm512_add_ps(_mm512_loadu_ps(x + 16), value_bias);
        store(step->precision, output, row * output_stride, 0xFFFF, _mm512_mul_ps(gated(gate, 1.442695041f), value));
    }
}

TARGET void rows_finish_avx512(
    const float *products, size_t product_stride, size_t rows, size_t columns, const rows_last_step *step, void *output,
    size_t output_stride) {
    const musc_epilogue epilogue = step->epilogue;
    if (epilogue == MUSC_GATE) {
        finish_gate(products, product_stride, rows, step, output, output_stride);
        return;
    }
    for (size_t from = 0; from < columns; from += 16) {
        const __mmask16 where = columns - from < 16 ? (__mmask16)((1u << (columns - from)) - 1) : 0xFFFF;
        const __m512 shift = step->bias ? _mm512_maskz_loadu_ps(where, step->bias + from) : _mm512_setzero_ps();
        const __m512 scale = step->gamma ? _mm512_maskz_loadu_ps(where, step->gamma + from) : _mm512_set1_ps(1);
        for (size_t row = 0; row < rows; row++) {
            __m512 x = _mm512_maskz_loadu_ps(where, products + row * product_stride + from);
            x = _mm512_add_ps(x, shift);
            if (epilogue == MUSC_ADD) {
                float *y = (float *)output + row * output_stride + from;
                _mm512_mask_storeu_ps(y, where, _mm512_fmadd_ps(scale, x, _mm512_maskz_loadu_ps(where, y)));
                continue;
            }
            const size_t turn = row * step->turn_stride + from;
            if (epilogue == MUSC_GELU) x = gelu(x);
            else if (epilogue == MUSC_QUICK_GELU) x = gated(x, 2.455466974f); // 1.702 · log2(e)
            else if (epilogue == MUSC_ROTATE) x = turned(x, step->cosines + turn, step->sines + turn);
            store(step->precision, output, row * output_stride + from, where, x);
        }
    }
}

// Weights of bfloat16 are written over scores that have been read: 16 elements end where the 8th score began.
TARGET void rows_softmax_avx512(
    float *scores, size_t stride, size_t rows, size_t columns, float scale, musc_precision precision, float *sums) {
    const float factor = scale * 1.442695041f;
    for (size_t row = 0; row < rows; row++) {
        float *x = scores + row * stride;
        __m512 most = _mm512_set1_ps(x[0]);
        size_t i = 0;
        for (; i + 16 <= columns; i += 16) most = _mm512_max_ps(most, _mm512_loadu_ps(x + i));
        const __mmask16 rest = (__mmask16)((1u << (columns - i)) - 1);
        most = _mm512_mask_max_ps(most, rest, most, _mm512_maskz_loadu_ps(rest, x + i));
        const __m512 offset = _mm512_set1_ps(-_mm512_reduce_max_ps(most) * factor);
        __m512 sum = _mm512_setzero_ps();
        for (i = 0; i < stride; i += 16) {
            const size_t left = i < columns ? columns - i : 0;
            const __mmask16 where = left < 16 ? (__mmask16)((1u << left) - 1) : 0xFFFF;
            __m512 y = _mm512_fmadd_ps(_mm512_loadu_ps(x + i), _mm512_set1_ps(factor), offset);
            y = power_of_two(_mm512_max_ps(y, _mm512_set1_ps(-126.0f)));
            y = _mm512_maskz_mov_ps(where, y);
            if (precision == MUSC_BF16) {
                // The sum is of the rounded weights, so that they add up to one.
                const __m512i bits = round_bits(y);
                sum = _mm512_add_ps(
                    sum, _mm512_castsi512_ps(_mm512_and_si512(bits, _mm512_set1_epi32((int)0xFFFF0000))));
                _mm256_storeu_si256(
                    (__m256i *)((uint16_t *)(void *)x + i), _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits, 16)));
            } else {
                sum = _mm512_add_ps(sum, y);
                _mm512_storeu_ps(x + i, y);
            }
        }
        sums[row] = _mm512_reduce_add_ps(sum);
    }
}
#endif
