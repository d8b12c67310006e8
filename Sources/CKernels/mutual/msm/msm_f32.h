// The variants behind musc_msm_fold_f32.
#ifndef MSM_F32_H
#define MSM_F32_H

#include "musc_msm.h"

void msm_fold_f32_plain(const musc_msm_strip_f32 *strip);
#if defined(__x86_64__)
void msm_fold_f32_avx2(const musc_msm_strip_f32 *strip);
void msm_fold_f32_avx512(const musc_msm_strip_f32 *strip);
void msm_reduce_f32_avx512(const float *lanes, size_t lines, float *out);
#endif

#endif
