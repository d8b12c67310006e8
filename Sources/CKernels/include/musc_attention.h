/// Multi-head self-attention without a matrix of all scores.
#ifndef MUSC_ATTENTION_H
#define MUSC_ATTENTION_H

#include "musc_isa.h"
#include "musc_precision.h"

#include <stddef.h>

/// One call's sizes.
typedef struct musc_attention {
    musc_precision precision;
    /// Tokens.
    size_t length;
    /// Of how many tokens, from the first, results are wanted; at most the length. Keys and values are those of all.
    size_t queries;
    size_t heads;
    /// Channels of a head; even for bfloat16.
    size_t head_width;
} musc_attention;

/// Bytes of scratch memory that `musc_attention_apply` needs: keys and values of one head, and the scores of
/// some twenty queries; grows linearly with the length.
size_t musc_attention_scratch_size(const musc_attention *attention);

/// Computes `softmax(q·kᵀ / √head_width)·v` for every head and query.
///
/// The scores of a few queries at a time stay in cache and never become a matrix of length × length.
///
/// - qkv: `[length][qkv_stride]` in the call's precision; a row holds q, k, v of all heads one after the other:
///   `[3][heads][head_width]`.
/// - output: `[queries][output_stride]` in the call's precision, `[heads][head_width]` a row.
/// - scratch: `musc_attention_scratch_size` bytes, overwritten; aligned to 64.
void musc_attention_apply(
    musc_isa isa, const musc_attention *attention, const void *qkv, size_t qkv_stride, void *output,
    size_t output_stride, void *scratch);

#endif
