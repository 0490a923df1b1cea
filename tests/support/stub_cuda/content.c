/* SPDX-License-Identifier: Apache-2.0 */
/* Filling and verifying memory as C, byte by byte where the kernels take pairs of words. Written
 * against devices/gpu/content.cu.inl, not generated from it.
 *
 * STUB_GPU_SUSPECTS=1    verify finds a wrong byte in every span */
#include "devices/gpu/params.inl"
#include "kernels.h"

#include <stdlib.h>

static void make_rank_words(const cx_content_t *content, uint64_t *rank_words)
{
    int32_t rank_count = cx_content_rank_count(content);

    for (int32_t i = 0; i < rank_count && i < CX_CONTENT_RANK_WORDS; i++) {
        rank_words[i] = cx_content_rank_word(content, i);
    }
}

/* The byte at `at` in the span. `word` is kept from call to call, for the ascending `at`s. */
static unsigned char byte_at(const cx_span_t *span, const uint64_t *rank_words, uint64_t at,
                             uint64_t *word)
{
    const uint64_t byte_index = span->content.first_byte + at;

    if (at == 0 || byte_index % 8 == 0) {
        *word = cx_content_word(&span->content, rank_words, byte_index / 8);
    }
    return (unsigned char)(*word >> 8 * (byte_index % 8));
}

void stub_run_fill(void **params)
{
    const struct gpu_spans_params *values = params[0];
    uint64_t                       rank_words[CX_CONTENT_RANK_WORDS], word = 0;

    for (int i = 0; i < GPU_SPANS_MAX; i++) {
        const cx_span_t *span   = &values->spans[i];
        unsigned char   *memory = span->memory;

        make_rank_words(&span->content, rank_words);
        for (uint64_t at = 0; at < span->byte_count; at++) {
            memory[at] = byte_at(span, rank_words, at, &word);
        }
    }
}

static void verify_span(const cx_span_t *span, struct gpu_finding *finding)
{
    const unsigned char *memory = span->memory;
    uint64_t             rank_words[CX_CONTENT_RANK_WORDS], word = 0;

    make_rank_words(&span->content, rank_words);
    for (uint64_t at = 0; at < span->byte_count; at++) {
        if (memory[at] != byte_at(span, rank_words, at, &word)) {
            finding->wrong_count++;
            finding->nearness = ~at > finding->nearness ? ~at : finding->nearness;
        }
    }
}

void stub_run_verify(void **params)
{
    const struct gpu_spans_params *values   = params[0];
    struct gpu_finding            *findings = *(struct gpu_finding **)params[1];

    for (int i = 0; i < GPU_SPANS_MAX; i++) {
        const cx_span_t *span = &values->spans[i];

        if (span->byte_count > 0 && getenv("STUB_GPU_SUSPECTS")) {
            findings[i] = (struct gpu_finding){1, UINT64_MAX};
        } else if (span->byte_count > 0) { /* behind the last of a launch there are no findings */
            verify_span(span, &findings[i]);
        }
    }
}
