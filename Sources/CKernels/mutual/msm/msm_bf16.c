#include "msm_bf16.h"

#include "bf16.h"
#include "msm_pack.h"

static inline __attribute__((always_inline)) void round_vectors(
    const float *restrict vectors, size_t count, size_t depth, const float *restrict mean, uint16_t *restrict rounded) {
#pragma clang fp reassociate(on)
    const uint16_t one = bf16_from_float(1);
    float square = 0;
    for (size_t k = 0; k < depth; k++) square += mean[k] * mean[k];
    for (size_t v = 0; v < count; v++) {
        const float *x = vectors + v * depth;
        uint16_t *to = rounded + v * (depth + MUSC_MSM_BF16_EXTRA);
        float rest = square / 2;
        for (size_t k = 0; k < depth; k++) {
            const float difference = x[k] - mean[k];
            to[k] = bf16_from_float(difference);
            rest += difference * mean[k];
        }
        for (size_t i = 0; i < 3; i++) {
            to[depth + i] = bf16_from_float(rest);
            rest -= bf16_to_float(to[depth + i]);
            to[depth + 3 + i] = one;
        }
    }
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))) static void round_vectors_avx512(
    const float *vectors, size_t count, size_t depth, const float *mean, uint16_t *rounded) {
    round_vectors(vectors, count, depth, mean, rounded);
}
#endif

void musc_msm_round_bf16(
    musc_isa isa, const float *vectors, size_t count, size_t depth, const float *mean, uint16_t *rounded) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512) {
        round_vectors_avx512(vectors, count, depth, mean, rounded);
        return;
    }
#endif
    (void)isa;
    round_vectors(vectors, count, depth, mean, rounded);
}

void musc_msm_turn_panel_bf16(uint16_t *packed, size_t depth) {
    uint16_t *extra = packed + (depth - MUSC_MSM_BF16_EXTRA) * MUSC_MSM_PANEL;
    for (size_t lane = 0; lane < MUSC_MSM_PANEL; lane++) {
        uint16_t channels[MUSC_MSM_BF16_EXTRA];
        for (size_t i = 0; i < MUSC_MSM_BF16_EXTRA; i++)
            channels[i] = extra[(i / 2 * MUSC_MSM_PANEL + lane) * 2 + i % 2];
        for (size_t i = 0; i < MUSC_MSM_BF16_EXTRA; i++)
            extra[(i / 2 * MUSC_MSM_PANEL + lane) * 2 + i % 2] = channels[(i + 3) % MUSC_MSM_BF16_EXTRA];
    }
}

void musc_msm_pack_bf16(
    musc_isa isa, const uint16_t *vectors, size_t depth, const uint32_t *order, size_t slots, size_t width,
    uint16_t *packed) {
    msm_pack_words(
        isa, (const packed_word *)vectors, depth / 2, depth / 2, order, slots, width, (packed_word *)packed);
}

static void fold_plain(const musc_msm_strip_bf16 *strip) {
    const size_t pairs = strip->depth / 2;
    for (size_t group = 0; group < strip->groups; group++) {
        for (size_t row = 0; row < MUSC_MSM_GROUP; row++) {
            const uint16_t *a = strip->rows + (group * pairs * MUSC_MSM_GROUP + row) * 2;
            const size_t slot = group * MUSC_MSM_GROUP + row;
            const unsigned allowed = strip->partners ? strip->partners[slot] : 0xFFFF;
            for (int side = 0; side < 2; side++) {
                float *column = strip->column_max[side];
                float *line = strip->row_max[side] + (size_t)strip->lines[slot] * MUSC_MSM_PANEL;
                for (size_t lane = 0; lane < MUSC_MSM_PANEL; lane++) {
                    if (!(allowed >> lane & 1)) continue;
                    const uint16_t *b = strip->panels[side] + lane * 2;
                    float sum = 0;
                    for (size_t k = 0; k < pairs; k++)
                        for (size_t i = 0; i < 2; i++)
                            sum += bf16_to_float(a[k * MUSC_MSM_GROUP * 2 + i])
                                * bf16_to_float(b[k * MUSC_MSM_PANEL * 2 + i]);
                    if (sum > column[lane]) column[lane] = sum;
                    if (sum > line[lane]) line[lane] = sum;
                }
            }
        }
    }
}

void musc_msm_fold_bf16(musc_isa isa, const musc_msm_strip_bf16 *strip) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512_BF16) {
        msm_fold_bf16_avx512(strip);
        return;
    }
#endif
    fold_plain(strip);
}
