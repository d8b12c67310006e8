#if defined(__x86_64__)
#define FILTER_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define FILTER_TABLE filter_avx512
#include "filter_functions.inc"
#endif
