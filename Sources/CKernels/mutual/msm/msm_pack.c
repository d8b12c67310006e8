#include "msm_pack.h"

#include "musc_msm.h"
#include "musc_msm_int8.h"

void msm_pack_words(
    musc_isa isa, const packed_word *vectors, size_t stride, size_t words, const uint32_t *order, size_t slots,
    size_t width, packed_word *packed) {
#if defined(__x86_64__)
    if (isa >= MUSC_ISA_AVX2 && width % 8 == 0) {
        msm_pack_words_avx2(vectors, stride, words, order, slots, width, packed);
        return;
    }
#endif
    for (size_t block = 0; block < slots; block += width) {
        packed_word *to = packed + block * words;
        for (size_t lane = 0; lane < width; lane++) {
            const packed_word *from = vectors + (size_t)order[block + lane] * stride;
            for (size_t word = 0; word < words; word++) to[word * width + lane] = from[word];
        }
    }
}

// Floats and quads of bytes are moved as opaque words, so that both may share the code.
void musc_msm_pack_f32(
    musc_isa isa, const float *vectors, size_t depth, const uint32_t *order, size_t slots, size_t width,
    float *packed) {
    msm_pack_words(isa, (const packed_word *)vectors, depth, depth, order, slots, width, (packed_word *)packed);
}

void musc_msm_pack_int8(
    musc_isa isa, const int8_t *quantised, size_t quads, const uint32_t *order, size_t slots, size_t width,
    int8_t *packed) {
    msm_pack_words(isa, (const packed_word *)quantised, quads, quads, order, slots, width, (packed_word *)packed);
}
