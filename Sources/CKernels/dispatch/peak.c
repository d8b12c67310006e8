#include "musc_peak.h"

#if defined(__x86_64__)
#include <immintrin.h>

// As many chains as keep two units busy over a latency of six cycles. Assembly, as the compiler would see
// through a loop whose factors do not change.
enum { CHAINS = 12 };

#define CHAIN(i) __asm__ volatile(INSTRUCTION " %1, %2, %0" : "+v"(sums[i]) : "v"(a), "v"(b));
#define ALL_CHAINS \
    CHAIN(0) CHAIN(1) CHAIN(2) CHAIN(3) CHAIN(4) CHAIN(5) CHAIN(6) CHAIN(7) CHAIN(8) CHAIN(9) CHAIN(10) CHAIN(11)

#define LOOP(NAME, TARGET, TYPE, ZERO)                             \
    __attribute__((target(TARGET))) static void NAME(size_t repetitions) { \
        TYPE sums[CHAINS];                                         \
        const TYPE a = ZERO, b = ZERO;                             \
        for (int i = 0; i < CHAINS; i++) sums[i] = ZERO;           \
        for (size_t r = 0; r < repetitions; r++) { ALL_CHAINS }    \
    }

#define INSTRUCTION "vfmadd231ps"
LOOP(run_f32_avx2, "avx2,fma", __m256, _mm256_setzero_ps())
LOOP(run_f32_avx512, "avx512f", __m512, _mm512_setzero_ps())
#undef INSTRUCTION
#define INSTRUCTION "vdpbf16ps"
LOOP(run_bf16_avx512, "avx512f,avx512bf16", __m512, _mm512_setzero_ps())
#undef INSTRUCTION
#define INSTRUCTION "vpdpbusd"
LOOP(run_int8_avx512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512())
#endif

double musc_peak_run(musc_isa isa, musc_peak_kind kind, size_t repetitions) {
#if defined(__x86_64__)
    const double chains = (double)repetitions * CHAINS;
    if (kind == MUSC_PEAK_F32 && isa >= MUSC_ISA_AVX512) {
        run_f32_avx512(repetitions);
        return chains * 32;
    }
    if (kind == MUSC_PEAK_F32 && isa >= MUSC_ISA_AVX2) {
        run_f32_avx2(repetitions);
        return chains * 16;
    }
    if (kind == MUSC_PEAK_BF16 && isa >= MUSC_ISA_AVX512_BF16) {
        run_bf16_avx512(repetitions);
        return chains * 64;
    }
    if (kind == MUSC_PEAK_INT8 && isa >= MUSC_ISA_AVX512_VNNI) {
        run_int8_avx512(repetitions);
        return chains * 128;
    }
#endif
    (void)isa;
    (void)kind;
    (void)repetitions;
    return 0;
}
