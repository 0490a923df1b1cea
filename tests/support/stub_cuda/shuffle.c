/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of a token shuffle as C. Written against backends/gpu/shuffle.cu, not generated from
 * it: tokens in turn where that has a block of threads for each.
 *
 * STUB_SHUFFLE_FAULT=<name> plants a fault in the process that has it: see faults below. */
#include "kernels.h"

#include "backends/gpu/shuffle_params.inl"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct gpu_shuffle_params params_t;

/* lost-row           the last row that is packed for another rank stays what it was
 * stale-receive      every third dispatch unpacks no row: the memory keeps what it has
 * wrong-gate         one gate more than it is
 * wrong-expert-count one row more of an expert
 * lost-summand       the highest rank's row is not added to the last token
 * swapped-rows       the first row goes home as the second */
static bool has_fault(const char *name)
{
    const char *fault = getenv("STUB_SHUFFLE_FAULT");

    return fault && strcmp(fault, name) == 0;
}

static unsigned long long row_bytes(const params_t *params)
{
    return GPU_SHUFFLE_ROW_BYTES(params->hidden_elems);
}

static unsigned char *block_in(const params_t *params, unsigned char *box, int peer)
{
    return box + (unsigned)peer * params->block_bytes;
}

static unsigned char *block_for(const params_t *params, int peer)
{
    return block_in(params, peer == params->rank ? params->inbox : params->outbox, peer);
}

static unsigned char *out_row(const params_t *params, unsigned char *block, int place)
{
    return block + GPU_SHUFFLE_HEADER_BYTES +
           (unsigned)place * GPU_SHUFFLE_OUT_BYTES(params->hidden_elems, params->topk);
}

static int32_t count_of(const unsigned char *block)
{
    int32_t count;

    memcpy(&count, block, sizeof count);
    return count;
}

static bool is_of(const params_t *params, int expert, int rank)
{
    return expert / params->local_expert_count == rank;
}

void stub_run_shuffle_plan(void **all)
{
    const params_t *params = all[0];

    for (int peer = 0; peer < params->rank_count; peer++) {
        int32_t count = 0;

        for (int token = 0; token < params->token_count; token++) {
            int *position = &params->positions[token * params->rank_count + peer];

            *position = -1;
            for (int k = 0; k < params->topk && *position < 0; k++) {
                if (is_of(params, params->experts[token * params->topk + k], peer)) {
                    *position = count++;
                }
            }
        }
        memcpy(block_for(params, peer), &count, sizeof count);
    }
    memset(params->expert_counts, 0,
           (size_t)params->local_expert_count * sizeof *params->expert_counts);
}

static void pack_row(const params_t *params, int token, int peer, unsigned char *row)
{
    const int   *experts     = params->experts + token * params->topk;
    const float *gates       = params->gates + token * params->topk;
    int         *row_experts = (void *)(row + row_bytes(params));
    float       *row_gates   = (void *)(row_experts + params->topk);

    memcpy(row, params->x + (long)token * params->hidden_elems, (size_t)params->hidden_elems * 2);
    for (int k = 0; k < params->topk; k++) {
        const bool is_here = is_of(params, experts[k], peer);

        row_experts[k] = is_here ? experts[k] : -1;
        row_gates[k]   = is_here ? gates[k] : 0.0f;
        row_gates[k] += is_here && token == 0 && has_fault("wrong-gate") ? 0x1p-8f : 0.0f;
    }
}

void stub_run_shuffle_pack(void **all)
{
    const params_t *params = all[0];

    for (int token = 0; token < params->token_count; token++) {
        for (int peer = 0; peer < params->rank_count; peer++) {
            const int  place   = params->positions[token * params->rank_count + peer];
            const bool is_lost = token == params->token_count - 1 && peer != params->rank;

            if (place >= 0 && !(is_lost && has_fault("lost-row"))) {
                pack_row(params, token, peer, out_row(params, block_for(params, peer), place));
            }
        }
    }
}

static void unpack_row(const params_t *params, unsigned char *from, long row)
{
    const int   *experts = (void *)(from + row_bytes(params));
    const float *gates   = (const void *)(experts + params->topk);

    memcpy(params->rows + (unsigned long)row * row_bytes(params), from, row_bytes(params));
    for (int k = 0; k < params->topk; k++) {
        params->row_experts[row * params->topk + k] = experts[k];
        params->row_gates[row * params->topk + k]   = gates[k];
        if (experts[k] >= 0 && is_of(params, experts[k], params->rank)) {
            params->expert_counts[experts[k] - params->rank * params->local_expert_count]++;
        }
    }
}

void stub_run_shuffle_unpack(void **all)
{
    static int      dispatch_count;
    const params_t *params   = all[0];
    const bool      is_stale = ++dispatch_count % 3 == 0 && has_fault("stale-receive");
    long            row      = 0;

    for (int source = 0; source < params->rank_count; source++) {
        unsigned char *block = block_in(params, params->inbox, source);

        params->source_counts[source] = count_of(block);
        for (int i = 0; i < count_of(block) && !is_stale; i++) {
            unpack_row(params, out_row(params, block, i), row++);
        }
    }
    params->expert_counts[0] += has_fault("wrong-expert-count");
}

void stub_run_shuffle_return(void **all)
{
    const params_t *params = all[0];
    long            row    = 0;

    for (int source = 0; source < params->rank_count; source++) {
        const int count = params->source_counts[source];

        for (int i = 0; i < count; i++, row++) {
            const unsigned long at =
                (unsigned long)(i == 1 && has_fault("swapped-rows") ? row - 1 : row);

            memcpy(block_for(params, source) + (unsigned)i * row_bytes(params),
                   params->rows + at * row_bytes(params), row_bytes(params));
        }
    }
}

/* ---- the sum -------------------------------------------------------------------------------- */

static float widen(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float          value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t narrow(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return (uint16_t)(bits >> 16 | 0x0040u);
    }
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static uint16_t sum_elem(const params_t *params, int token, int at)
{
    const int last  = params->rank_count - 1;
    float     total = 0, domain = 0;

    for (int peer = 0; peer < params->rank_count; peer++) {
        const int  place   = params->positions[token * params->rank_count + peer];
        const bool is_lost = peer == last && token == params->token_count - 1;

        if (place >= 0 && !(is_lost && has_fault("lost-summand"))) {
            const unsigned char *row =
                block_in(params, params->inbox, peer) + (unsigned)place * row_bytes(params);

            domain += widen(((const uint16_t *)(const void *)row)[at]);
        }
        if ((peer + 1) % params->domain_rank_count == 0 || peer == last) {
            total += widen(narrow(domain));
            domain = 0;
        }
    }
    return narrow(total);
}

void stub_run_shuffle_sum(void **all)
{
    const params_t *params = all[0];

    for (int token = 0; token < params->token_count; token++) {
        for (int at = 0; at < params->hidden_elems; at++) {
            params->combined[(long)token * params->hidden_elems + at] = sum_elem(params, token, at);
        }
    }
}
