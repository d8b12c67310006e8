#include "msm_pack.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))

// Transposes 8 × 8 words: `in[r]` is row r, `out[c]` becomes column c.
TARGET static inline __attribute__((always_inline)) void transpose(const __m256i in[8], __m256i out[8]) {
    __m256i pair[8], quad[8];
    for (int i = 0; i < 4; i++) {
        pair[2 * i] = _mm256_unpacklo_epi32(in[2 * i], in[2 * i + 1]);
        pair[2 * i + 1] = _mm256_unpackhi_epi32(in[2 * i], in[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        quad[4 * i] = _mm256_unpacklo_epi64(pair[4 * i], pair[4 * i + 2]);
        quad[4 * i + 1] = _mm256_unpackhi_epi64(pair[4 * i], pair[4 * i + 2]);
        quad[4 * i + 2] = _mm256_unpacklo_epi64(pair[4 * i + 1], pair[4 * i + 3]);
        quad[4 * i + 3] = _mm256_unpackhi_epi64(pair[4 * i + 1], pair[4 * i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        out[i] = _mm256_permute2x128_si256(quad[i], quad[i + 4], 0x20);
        out[i + 4] = _mm256_permute2x128_si256(quad[i], quad[i + 4], 0x31);
    }
}

TARGET void msm_pack_words_avx2(
    const packed_word *vectors, size_t stride, size_t words, const uint32_t *order, size_t slots, size_t width, packed_word *packed) {
    for (size_t slot = 0; slot < slots; slot += 8) {
        packed_word *to = packed + slot / width * width * words + slot % width;
        const packed_word *from[8];
        for (size_t lane = 0; lane < 8; lane++) from[lane] = vectors + (size_t)order[slot + lane] * stride;
        size_t word = 0;
        for (; word + 8 <= words; word += 8) {
            __m256i in[8], out[8];
            for (int i = 0; i < 8; i++) in[i] = _mm256_loadu_si256((const __m256i *)(from[i] + word));
            transpose(in, out);
            for (int i = 0; i < 8; i++) _mm256_storeu_si256((__m256i *)(to + (word + (size_t)i) * width), out[i]);
        }
        for (; word < words; word++)
            for (size_t lane = 0; lane < 8; lane++) to[word * width + lane] = from[lane][word];
    }
}
#endif
