#include "result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

musc_codec_result musc_codec_failure(musc_codec_status status, const char *format, ...) {
    musc_codec_result result = {status, ""};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(result.message, sizeof result.message, format, arguments);
    va_end(arguments);
    // Libraries break lines in their messages, and quote what they found in the file.
    for (char *c = result.message; *c; c++) {
        if (*c < 0x20 || *c > 0x7E) *c = ' ';
    }
    return result;
}

int musc_encoded_append(musc_encoded *encoded, const void *bytes, size_t count) {
    if (count > encoded->capacity - encoded->size) {
        if (count > SIZE_MAX / 2 - encoded->size) return 0;
        size_t capacity = encoded->capacity ? encoded->capacity : 1 << 16;
        while (capacity < encoded->size + count) capacity *= 2;
        uint8_t *grown = realloc(encoded->bytes, capacity);
        if (!grown) return 0;
        encoded->bytes = grown;
        encoded->capacity = capacity;
    }
    memcpy(encoded->bytes + encoded->size, bytes, count);
    encoded->size += count;
    return 1;
}

void musc_encoded_free(musc_encoded *encoded) {
    free(encoded->bytes);
    *encoded = (musc_encoded){0};
}
