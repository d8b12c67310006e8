#include "musc_interval.h"

#include "ranks.h"

void musc_interval_mean(
    musc_isa isa, const float *squared, size_t judges, size_t stride, size_t patches, size_t from, size_t to, float *out) {
    ranks_for(isa)->interval_mean(squared, judges, stride, patches, from, to, out);
}
