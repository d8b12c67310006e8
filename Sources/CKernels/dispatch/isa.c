#include "musc_isa.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static musc_isa offered(void) {
#if defined(__x86_64__)
    // __builtin_cpu_supports reads what cpuid and xgetbv said once, before main.
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    bool vnni = avx512 && __builtin_cpu_supports("avx512vnni");
    if (vnni && __builtin_cpu_supports("avx512bf16")) return MUSC_ISA_AVX512_BF16;
    if (vnni) return MUSC_ISA_AVX512_VNNI;
    if (avx512) return MUSC_ISA_AVX512;
    if (avx2 && __builtin_cpu_supports("avxvnni")) return MUSC_ISA_AVX2_VNNI;
    if (avx2) return MUSC_ISA_AVX2;
#endif
    return MUSC_ISA_PLAIN;
}

// The most that MUSC_ISA lets through; everything where it is not set.
static musc_isa allowed(void) {
    static const struct { const char *name; musc_isa isa; } names[] = {
        {"plain", MUSC_ISA_PLAIN}, {"avx2", MUSC_ISA_AVX2}, {"avx2-vnni", MUSC_ISA_AVX2_VNNI},
        {"avx512", MUSC_ISA_AVX512}, {"avx512-vnni", MUSC_ISA_AVX512_VNNI},
    };
    const char *wanted = getenv("MUSC_ISA");
    for (size_t i = 0; wanted && i < sizeof names / sizeof *names; i++) {
        if (strcmp(wanted, names[i].name) == 0) return names[i].isa;
    }
    return MUSC_ISA_AVX512_BF16;
}

musc_isa musc_isa_best(void) {
    // -1 until it is known; whoever comes first finds the same as whoever else does at the same moment.
    static atomic_int best = -1;
    int known = atomic_load_explicit(&best, memory_order_relaxed);
    if (known < 0) {
        musc_isa isa = offered(), most = allowed();
        if (most == MUSC_ISA_AVX2_VNNI && isa == MUSC_ISA_AVX512) most = MUSC_ISA_AVX2;
        known = (int)(isa < most ? isa : most);
        atomic_store_explicit(&best, known, memory_order_relaxed);
    }
    return (musc_isa)known;
}

bool musc_isa_available(musc_isa isa) {
    const musc_isa best = musc_isa_best();
    return isa >= MUSC_ISA_PLAIN && isa <= best && !(isa == MUSC_ISA_AVX2_VNNI && best == MUSC_ISA_AVX512);
}

const char *musc_isa_name(musc_isa isa) {
    switch (isa) {
    case MUSC_ISA_AVX512_BF16: return "AVX-512 VNNI BF16";
    case MUSC_ISA_AVX512_VNNI: return "AVX-512 VNNI";
    case MUSC_ISA_AVX512: return "AVX-512";
    case MUSC_ISA_AVX2_VNNI: return "AVX2 VNNI";
    case MUSC_ISA_AVX2: return "AVX2";
    case MUSC_ISA_PLAIN: break;
    }
    return "plain C";
}
