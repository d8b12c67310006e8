#include "msm_int8.h"

void msm_fold_int8_plain(const musc_msm_strip_int8 *strip) {
    enum { G = MUSC_MSM_GROUP, P = MUSC_MSM_PANEL, Q = MUSC_MSM_QUAD };
    for (size_t group = 0; group < strip->groups; group++) {
        for (size_t row = 0; row < G; row++) {
            const size_t slot = group * G + row;
            const int8_t *a = strip->rows + (group * strip->quads * G + row) * Q;
            const musc_msm_int8_terms terms = strip->row_terms[slot];
            const unsigned allowed = strip->partners ? strip->partners[slot] : 0xFFFF;
            for (int side = 0; side < 2; side++) {
                const int8_t *b = strip->panels[side];
                float *line = strip->row_keys[side] + (size_t)strip->lines[slot] * P;
                for (size_t lane = 0; lane < P; lane++) {
                    if (!(allowed >> lane & 1)) continue;
                    int32_t sum = 0;
                    for (size_t quad = 0; quad < strip->quads; quad++)
                        for (size_t i = 0; i < Q; i++)
                            sum += (int32_t)a[quad * G * Q + i] * b[(quad * P + lane) * Q + i];
                    const float scale = strip->panel_scales[side][lane] * terms.scale;
                    const float value =
                        (float)sum * scale + (strip->panel_offsets[side][lane] + terms.offset);
                    const float row_key = msm_key(value, strip->index_bits, strip->panel_indices[side]);
                    const float column_key = msm_key(value, 3, (uint32_t)row);
                    if (row_key > line[lane]) line[lane] = row_key;
                    if (column_key > strip->column_keys[side][lane]) {
                        strip->column_keys[side][lane] = column_key;
                        strip->column_groups[side][lane] = strip->first_group + (uint32_t)group;
                    }
                }
            }
        }
    }
}
