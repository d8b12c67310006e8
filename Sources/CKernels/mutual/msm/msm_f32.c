#include "msm_f32.h"

void musc_msm_fold_f32(musc_isa isa, const musc_msm_strip_f32 *strip) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512) {
        msm_fold_f32_avx512(strip);
        return;
    }
    if (isa >= MUSC_ISA_AVX2) {
        msm_fold_f32_avx2(strip);
        return;
    }
#endif
    msm_fold_f32_plain(strip);
}

void musc_msm_reduce_f32(musc_isa isa, const float *lanes, size_t lines, float *out) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX512) {
        msm_reduce_f32_avx512(lanes, lines, out);
        return;
    }
#endif
    for (size_t line = 0; line < lines; line++) {
        const float *lane = lanes + line * MUSC_MSM_PANEL;
        float most = lane[0];
        for (size_t l = 1; l < MUSC_MSM_PANEL; l++) most = lane[l] > most ? lane[l] : most;
        out[line] = most;
    }
}
