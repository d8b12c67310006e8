/// Kernels of `musc`: mutual scoring and the vision transformer's inner loops.
///
/// Every function is plain C to its caller, needs no alignment unless it says so, allocates nothing unless
/// it says so, and keeps no state: it may be called from any number of threads on data of their own.
/// Functions whose speed depends on the processor take the instruction set as their first argument, so that
/// a test can ask for each path that the machine has; everyone else passes `musc_isa_best()`.
///
/// Topics
///   musc_isa.h        which instruction set to use
///   musc_msm.h        row and column maxima of products of patch vectors (mutual scoring, fp32)
///   musc_msm_int8.h   the same with int8 products, which keep track of who the partner is
///   musc_degrees.h    maxima at several degrees of aggregation from one product; LNAMD's passes
///   musc_interval.h   mean of the k smallest distances of each patch
///   musc_nearest.h    the same, with the distances of int8's partners computed again in fp32
///   musc_neighbours.h lists of each patch's nearest judges, from which judges are taken and to which they are added
///   musc_precision.h  fp32 or bfloat16, for what follows
///   musc_linear.h     linear layers with packed weights and a fused last step
///   musc_attention.h  multi-head self-attention without a matrix of all scores
///   musc_rows.h       LayerNorm and GELU
///   musc_peak.h       what the processor could do at most
#ifndef MUSC_KERNELS_H
#define MUSC_KERNELS_H

#include "musc_attention.h"
#include "musc_degrees.h"
#include "musc_interval.h"
#include "musc_isa.h"
#include "musc_linear.h"
#include "musc_msm.h"
#include "musc_msm_int8.h"
#include "musc_nearest.h"
#include "musc_neighbours.h"
#include "musc_peak.h"
#include "musc_precision.h"
#include "musc_rows.h"

#endif
