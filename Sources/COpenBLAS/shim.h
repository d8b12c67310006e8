#include <cblas.h>
#include <stdlib.h>
#include <string.h>

/* OpenBLAS's own entry points for choosing its kernels at start-up. They are exported but in no header, and
   other BLAS libraries lack them: weak, so that their absence is a null pointer and not a link error. */
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

/* OpenBLAS 0.3.21 takes processors that it does not know for Haswell, and then leaves AVX-512 idle. Where the
   processor has AVX-512, chooses the SkylakeX kernels instead. Only while nothing else uses the library. */
static inline void musc_openblas_choose_kernels(void) {
#if defined(__x86_64__)
    const char *chosen = openblas_get_corename();
    if (getenv("OPENBLAS_CORETYPE") || !gotoblas_dynamic_init || !gotoblas_dynamic_quit || !chosen) return;
    if (strcmp(chosen, "Haswell") && strcmp(chosen, "Zen")) return;
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw")) return;
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    unsetenv("OPENBLAS_CORETYPE");
#endif
}
