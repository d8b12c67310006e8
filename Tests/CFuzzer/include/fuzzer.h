/// libFuzzer's entry point, where the program was linked with it (`swift build --sanitize=fuzzer`), and NULL elsewhere.
#ifndef MUSC_FUZZER_H
#define MUSC_FUZZER_H

#include <stddef.h>
#include <stdint.h>

typedef int (*musc_fuzz_one)(const uint8_t *data, size_t size);

/// Runs libFuzzer with a program's arguments; -1 where it is not there.
int musc_run_fuzzer(int *argc, char ***argv, musc_fuzz_one one);

#endif
