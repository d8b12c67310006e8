#include "tile.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define TILE_FUNCTION tile_f32_avx512
#define CHANNELS 1

typedef float element;
typedef __m512 vector;

INLINE vector panel_vector(const element *p) { return _mm512_loadu_ps(p); }
INLINE vector row_vector(const element *p) { return _mm512_set1_ps(*p); }
INLINE __m512 multiply(__m512 sum, vector row, vector panel) { return _mm512_fmadd_ps(row, panel, sum); }

#include "tile_avx512.inc"
#endif
