#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vnni")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define TILE_FUNCTION tile_rows_avx512
#define ROWS 8
#define LANES 16

typedef __m512i integers;
typedef __m512 floats;

INLINE integers load_integers(const void *p) { return _mm512_loadu_si512(p); }
INLINE floats load_floats(const float *p) { return _mm512_loadu_ps(p); }
INLINE integers spread(int32_t i) { return _mm512_set1_epi32(i); }
INLINE floats spread_float(float f) { return _mm512_set1_ps(f); }
INLINE void store_floats(float *p, floats v) { _mm512_storeu_ps(p, v); }
INLINE floats to_floats(integers i) { return _mm512_cvtepi32_ps(i); }
INLINE floats multiply(floats a, floats b) { return _mm512_mul_ps(a, b); }
INLINE integers add_products(integers sum, integers a, integers b) { return _mm512_dpbusd_epi32(sum, a, b); }

#include "tile_rows.inc"
#endif
