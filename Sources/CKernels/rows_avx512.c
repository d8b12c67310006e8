#if defined(__x86_64__)
#define ROWS_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define ROWS_TABLE rows_avx512
#include "rows_functions.inc"
#endif
