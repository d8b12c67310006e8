#ifndef MUSC_CODEC_RESULT_H
#define MUSC_CODEC_RESULT_H

#include "musc_image_codecs.h"

/// Makes a result; `format` and what follows are as for printf.
musc_codec_result musc_codec_failure(musc_codec_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline musc_codec_result musc_codec_success(void) {
    musc_codec_result result = {MUSC_CODEC_OK, ""};
    return result;
}

/// Appends to an encoder's output, which grows by doubling. False where memory ran out.
int musc_encoded_append(musc_encoded *encoded, const void *bytes, size_t count);

#endif
