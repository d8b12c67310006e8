#include "musc_isa.h"

musc_isa musc_isa_best(void) {
#if defined(__x86_64__)
    // __builtin_cpu_supports reads what cpuid and xgetbv said once, before main.
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    bool vnni = avx512 && __builtin_cpu_supports("avx512vnni");
    if (vnni && __builtin_cpu_supports("avx512bf16")) return MUSC_ISA_AVX512_BF16;
    if (vnni) return MUSC_ISA_AVX512_VNNI;
    if (avx512) return MUSC_ISA_AVX512;
    if (avx2) return MUSC_ISA_AVX2;
#endif
    return MUSC_ISA_PLAIN;
}

bool musc_isa_available(musc_isa isa) { return isa >= MUSC_ISA_PLAIN && isa <= musc_isa_best(); }

const char *musc_isa_name(musc_isa isa) {
    switch (isa) {
    case MUSC_ISA_AVX512_BF16: return "AVX-512 VNNI BF16";
    case MUSC_ISA_AVX512_VNNI: return "AVX-512 VNNI";
    case MUSC_ISA_AVX512: return "AVX-512";
    case MUSC_ISA_AVX2: return "AVX2";
    case MUSC_ISA_PLAIN: break;
    }
    return "plain C";
}
