#if defined(__x86_64__)
#define FILTER_TARGET __attribute__((target("avx2,fma")))
#define FILTER_TABLE filter_avx2
#include "filter_functions.inc"
#endif
