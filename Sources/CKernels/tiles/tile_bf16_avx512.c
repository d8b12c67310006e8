#include "tile.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512bf16")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define TILE_FUNCTION tile_bf16_avx512
#define CHANNELS 2

typedef uint16_t element;
typedef __m512bh vector;

INLINE vector panel_vector(const element *p) { return (__m512bh)_mm512_loadu_si512(p); }

INLINE vector row_vector(const element *p) {
    int32_t pair;
    memcpy(&pair, p, sizeof pair);
    return (__m512bh)_mm512_set1_epi32(pair);
}

INLINE __m512 multiply(__m512 sum, vector row, vector panel) { return _mm512_dpbf16_ps(sum, row, panel); }

#include "tile_avx512.inc"
#endif
