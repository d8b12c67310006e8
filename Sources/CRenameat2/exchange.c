#define _GNU_SOURCE
#include "musc_renameat2.h"

#include <errno.h>
#include <stdio.h>

int musc_exchange_entries(int directory, const char *a, const char *b) {
    return renameat2(directory, a, directory, b, RENAME_EXCHANGE) == 0 ? 0 : errno;
}
