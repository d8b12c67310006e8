#include "msm_f32.h"

void msm_fold_f32_plain(const musc_msm_strip_f32 *strip) {
    const size_t depth = strip->depth;
    for (size_t group = 0; group < strip->groups; group++) {
        for (size_t row = 0; row < MUSC_MSM_GROUP; row++) {
            const float *a = strip->rows + group * depth * MUSC_MSM_GROUP + row;
            const size_t slot = group * MUSC_MSM_GROUP + row;
            const unsigned allowed = strip->partners ? strip->partners[slot] : 0xFFFF;
            for (int side = 0; side < 2; side++) {
                const float *b = strip->panels[side];
                float sum[MUSC_MSM_PANEL] = {0};
                for (size_t k = 0; k < depth; k++)
                    for (size_t lane = 0; lane < MUSC_MSM_PANEL; lane++)
                        sum[lane] += a[k * MUSC_MSM_GROUP] * b[k * MUSC_MSM_PANEL + lane];
                float *column = strip->column_max[side];
                float *line = strip->row_max[side] + (size_t)strip->lines[slot] * MUSC_MSM_PANEL;
                for (size_t lane = 0; lane < MUSC_MSM_PANEL; lane++) {
                    if (!(allowed >> lane & 1)) continue;
                    if (sum[lane] > column[lane]) column[lane] = sum[lane];
                    if (sum[lane] > line[lane]) line[lane] = sum[lane];
                }
            }
        }
    }
}
