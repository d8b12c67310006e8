// bfloat16 in portable C.
#ifndef BF16_H
#define BF16_H

#include <stdint.h>
#include <string.h>

// Rounds to nearest, ties to even. Infinities stay; a NaN may become an infinity, which tokens are not.
static inline __attribute__((always_inline)) uint16_t bf16_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static inline __attribute__((always_inline)) float bf16_to_float(uint16_t value) {
    const uint32_t bits = (uint32_t)value << 16;
    float result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

#endif
