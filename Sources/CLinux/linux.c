#define _GNU_SOURCE
#include "musc_linux.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

int musc_exchange_entries(int directory, const char *a, const char *b) {
    return renameat2(directory, a, directory, b, RENAME_EXCHANGE) == 0 ? 0 : errno;
}

int musc_sync_file_system(int file) {
    return syncfs(file) == 0 ? 0 : errno;
}

void musc_limit_memory_pools(int pools) {
    mallopt(M_ARENA_MAX, pools);
}

void musc_release_memory(void) {
    malloc_trim(0);
}
