#if defined(__x86_64__)
#define ROWS_TARGET __attribute__((target("avx2,fma")))
#define ROWS_TABLE rows_avx2
#include "rows_functions.inc"
#endif
