#include "msm_int8.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define UNROLL _Pragma("clang loop unroll(full)")

enum { G = MUSC_MSM_GROUP, P = MUSC_MSM_PANEL };

// Folds eight rows of integer sums of one panel: scales them, keys them, and takes the maxima.
TARGET static inline __attribute__((always_inline)) void fold_panel(
    const musc_msm_strip_int8 *strip, size_t group, int side, const __m512i sum[G], __m512 *column_keys,
    __m512i *column_groups) {
    const __m512 scales = _mm512_loadu_ps(strip->panel_scales[side]);
    const __m512 offsets = _mm512_loadu_ps(strip->panel_offsets[side]);
    const __m512i index = _mm512_set1_epi32((int)strip->panel_indices[side]);
    const __m512i keep = _mm512_set1_epi32(-(1 << strip->index_bits));
    const __m512i keep3 = _mm512_set1_epi32(-8);
    const __m512 never = _mm512_set1_ps(-__builtin_inff());
    const musc_msm_int8_terms *terms = strip->row_terms + group * G;
    const uint32_t *lines = strip->lines + group * G;
    __m512 best = never;
    UNROLL for (int r = 0; r < G; r++) {
        const __m512 scale = _mm512_mul_ps(scales, _mm512_set1_ps(terms[r].scale));
        const __m512 offset = _mm512_add_ps(offsets, _mm512_set1_ps(terms[r].offset));
        __m512 value = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r]), scale, offset);
        if (strip->partners) value = _mm512_mask_mov_ps(never, strip->partners[group * G + r], value);
        // (value & keep) | index, in one instruction.
        const __m512i bits = _mm512_castps_si512(value);
        const __m512 row_key = _mm512_castsi512_ps(_mm512_ternarylogic_epi32(bits, keep, index, 0xEA));
        const __m512 column_key =
            _mm512_castsi512_ps(_mm512_ternarylogic_epi32(bits, keep3, _mm512_set1_epi32(r), 0xEA));
        best = _mm512_max_ps(column_key, best);
        float *line = strip->row_keys[side] + (size_t)lines[r] * P;
        _mm512_storeu_ps(line, _mm512_max_ps(row_key, _mm512_loadu_ps(line)));
    }
    const __mmask16 better = _mm512_cmp_ps_mask(best, *column_keys, _CMP_GT_OQ);
    *column_keys = _mm512_mask_mov_ps(*column_keys, better, best);
    *column_groups =
        _mm512_mask_mov_epi32(*column_groups, better, _mm512_set1_epi32((int)(strip->first_group + group)));
}

// vpdpbusd multiplies unsigned by signed bytes: the panel's bytes are made unsigned by adding 128 as they
// are loaded (a flip of the sign bit), and the sums start at −128 · Σ of the row's bytes.
TARGET void msm_fold_int8_avx512(const musc_msm_strip_int8 *strip) {
    const __m512i flip = _mm512_set1_epi8((char)0x80);
    __m512 keys0 = _mm512_loadu_ps(strip->column_keys[0]), keys1 = _mm512_loadu_ps(strip->column_keys[1]);
    __m512i groups0 = _mm512_loadu_si512(strip->column_groups[0]);
    __m512i groups1 = _mm512_loadu_si512(strip->column_groups[1]);
    for (size_t group = 0; group < strip->groups; group++) {
        const int8_t *a = strip->rows + group * strip->quads * G * 4;
        const int8_t *b0 = strip->panels[0], *b1 = strip->panels[1];
        __m512i sum0[G], sum1[G];
        UNROLL for (int r = 0; r < G; r++)
            sum0[r] = sum1[r] = _mm512_set1_epi32(strip->row_terms[group * G + r].correction);
        for (size_t quad = 0; quad < strip->quads; quad++, a += G * 4, b0 += P * 4, b1 += P * 4) {
            const __m512i v0 = _mm512_xor_si512(_mm512_loadu_si512(b0), flip);
            const __m512i v1 = _mm512_xor_si512(_mm512_loadu_si512(b1), flip);
            UNROLL for (int r = 0; r < G; r++) {
                int32_t bytes;
                memcpy(&bytes, a + r * 4, sizeof bytes);
                const __m512i row = _mm512_set1_epi32(bytes);
                sum0[r] = _mm512_dpbusd_epi32(sum0[r], v0, row);
                sum1[r] = _mm512_dpbusd_epi32(sum1[r], v1, row);
            }
        }
        fold_panel(strip, group, 0, sum0, &keys0, &groups0);
        fold_panel(strip, group, 1, sum1, &keys1, &groups1);
    }
    _mm512_storeu_ps(strip->column_keys[0], keys0);
    _mm512_storeu_ps(strip->column_keys[1], keys1);
    _mm512_storeu_si512(strip->column_groups[0], groups0);
    _mm512_storeu_si512(strip->column_groups[1], groups1);
}

TARGET void msm_reduce_int8_avx512(
    const float *lanes, size_t lines, uint32_t index_bits, float *products, uint32_t *slots) {
    for (size_t line = 0; line < lines; line++) {
        const __m512 keys = _mm512_loadu_ps(lanes + line * P);
        const float best = _mm512_reduce_max_ps(keys);
        const unsigned where = _mm512_cmp_ps_mask(keys, _mm512_set1_ps(best), _CMP_EQ_OQ);
        products[line] = best;
        slots[line] = msm_key_index(best, index_bits) * P + (uint32_t)__builtin_ctz(where);
    }
}
#endif
