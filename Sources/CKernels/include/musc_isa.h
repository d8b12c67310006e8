/// Which instruction set the kernels use, decided at run time.
#ifndef MUSC_ISA_H
#define MUSC_ISA_H

#include <stdbool.h>

/// The instruction sets that have kernels of their own, from the least to the most capable.
///
/// A kernel that has no variant for a set uses the best variant that the set's processors can run.
typedef enum musc_isa {
    /// Portable C; the compiler vectorises it for the target's baseline (SSE2 on x86-64, NEON on arm64).
    MUSC_ISA_PLAIN = 0,
    /// AVX2 and FMA: 256-bit fp32.
    MUSC_ISA_AVX2 = 1,
    /// AVX2 with AVX-VNNI: int8 products of 256 bits in the network's linear layers; the rest as with AVX2. Also what a
    /// processor with AVX-512 and VNNI does where it is told to keep to 256 bits.
    MUSC_ISA_AVX2_VNNI = 2,
    /// AVX-512 F, BW, DQ and VL: 512-bit fp32. It has no int8 products.
    MUSC_ISA_AVX512 = 3,
    /// AVX-512 with VNNI: int8 products as well.
    MUSC_ISA_AVX512_VNNI = 4,
    /// AVX-512 with VNNI and BF16: BF16 products as well.
    MUSC_ISA_AVX512_BF16 = 5,
} musc_isa;

/// The most capable instruction set that this processor and its operating system offer, and that the environment
/// variable MUSC_ISA allows: plain, avx2, avx2-vnni, avx512 or avx512-vnni, for tests that compare them. The same at each call.
musc_isa musc_isa_best(void);

/// Whether this machine can run kernels of `isa`.
bool musc_isa_available(musc_isa isa);

/// The name of `isa` for people, such as "AVX-512 VNNI BF16"; a string literal.
const char *musc_isa_name(musc_isa isa);

#endif
