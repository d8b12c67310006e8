#if defined(__x86_64__)
#include "rows.h"

// The last steps and softmax take the most time after the products and are written out in rows_finish_avx512.c.
#define ROWS_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define ROWS_TABLE rows_avx512
#define ROWS_FINISH rows_finish_avx512
#define ROWS_SOFTMAX rows_softmax_avx512
#include "rows_functions.inc"
#endif
