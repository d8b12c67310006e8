#include "msm_int8.h"

bool musc_msm_int8_is_fast(musc_isa isa) { return isa >= MUSC_ISA_AVX512_VNNI; }

void musc_msm_fold_int8(musc_isa isa, const musc_msm_strip_int8 *strip) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512_VNNI) {
        msm_fold_int8_avx512(strip);
        return;
    }
#endif
    msm_fold_int8_plain(strip);
}

void musc_msm_reduce_int8(
    musc_isa isa, const float *lanes, size_t lines, uint32_t index_bits, float *products, uint32_t *slots) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512) {
        msm_reduce_int8_avx512(lanes, lines, index_bits, products, slots);
        return;
    }
#endif
    for (size_t line = 0; line < lines; line++) {
        const float *keys = lanes + line * MUSC_MSM_PANEL;
        size_t best = 0;
        for (size_t lane = 1; lane < MUSC_MSM_PANEL; lane++)
            if (keys[lane] > keys[best]) best = lane;
        products[line] = keys[best];
        slots[line] = msm_key_index(keys[best], index_bits) * MUSC_MSM_PANEL + (uint32_t)best;
    }
}
