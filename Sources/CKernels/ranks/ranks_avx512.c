#if defined(__x86_64__)
#define RANKS_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define RANKS_TABLE ranks_avx512
#include "ranks_functions.inc"
#endif
