#if defined(__x86_64__)
#define TARGET __attribute__((target("avx512f,avx512vl,avx512vnni")))
#define TILE_FUNCTION tile_rows_avx512vl
#define ADD_PRODUCTS _mm256_dpbusd_epi32

#include "tile_rows_256.inc"
#endif
