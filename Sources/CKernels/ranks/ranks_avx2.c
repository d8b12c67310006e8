#if defined(__x86_64__)
#define RANKS_TARGET __attribute__((target("avx2")))
#define RANKS_TABLE ranks_avx2
#include "ranks_functions.inc"
#endif
