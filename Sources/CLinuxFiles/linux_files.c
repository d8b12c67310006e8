#define _GNU_SOURCE
#include "musc_linux_files.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int musc_exchange_entries(int directory, const char *a, const char *b) {
    return renameat2(directory, a, directory, b, RENAME_EXCHANGE) == 0 ? 0 : errno;
}

int musc_sync_file_system(int file) {
    return syncfs(file) == 0 ? 0 : errno;
}
