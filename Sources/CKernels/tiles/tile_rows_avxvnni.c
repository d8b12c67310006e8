#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma,avxvnni")))
#define TILE_FUNCTION tile_rows_avxvnni
#define ADD_PRODUCTS _mm256_dpbusd_avx_epi32

#include "tile_rows_256.inc"
#endif
