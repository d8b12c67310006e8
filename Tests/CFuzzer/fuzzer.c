#include "fuzzer.h"

__attribute__((weak)) int LLVMFuzzerRunDriver(int *argc, char ***argv, musc_fuzz_one one);

int musc_run_fuzzer(int *argc, char ***argv, musc_fuzz_one one) {
    return LLVMFuzzerRunDriver ? LLVMFuzzerRunDriver(argc, argv, one) : -1;
}
