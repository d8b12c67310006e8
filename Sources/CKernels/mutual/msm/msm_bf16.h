// The variants behind musc_msm_fold_bf16.
#ifndef MSM_BF16_H
#define MSM_BF16_H

#include "musc_msm.h"

#if defined(__x86_64__)
void msm_fold_bf16_avx512(const musc_msm_strip_bf16 *strip);
#endif

#endif
