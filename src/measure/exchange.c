/* SPDX-License-Identifier: Apache-2.0 */
/* The exchange after a block. */
#include "measure/exchange.h"

#include <string.h>

size_t cx_exchange_message_bytes(size_t numbers_bytes)
{
    return sizeof(cx_block_header_t) + numbers_bytes;
}

cx_block_header_t *cx_exchange_header(const cx_exchange_t *exchange, int32_t rank)
{
    return (void *)((char *)exchange->gather + (size_t)rank * exchange->message_bytes);
}

void *cx_exchange_numbers(const cx_exchange_t *exchange, int32_t rank)
{
    return cx_exchange_header(exchange, rank) + 1;
}

static cx_block_header_t *own_header(const cx_exchange_t *exchange)
{
    return cx_exchange_header(exchange, exchange->peers_ops->rank(exchange->peers));
}

cx_block_header_t *cx_exchange_begin(const cx_exchange_t *exchange)
{
    cx_block_header_t *header = own_header(exchange);

    memset(header, 0, sizeof *header);
    header->violation_count = -cx_window_violation_count(exchange->window);
    return header;
}

/* Such a failure is mostly the consequence of another rank's. */
static bool is_echo(const cx_block_header_t *header)
{
    return header->status == CX_TIMEOUT || header->status == CX_PEER;
}

/* The first rank that failed for a reason of its own speaks for all. */
static cx_status_t agree(const cx_exchange_t *exchange)
{
    int32_t                  rank_count = exchange->peers_ops->rank_count(exchange->peers);
    const cx_block_header_t *worst      = NULL;
    int32_t                  worst_rank = 0;

    for (int32_t rank = 0; rank < rank_count; rank++) {
        const cx_block_header_t *header = cx_exchange_header(exchange, rank);

        if (header->status != CX_OK && (!worst || (is_echo(worst) && !is_echo(header)))) {
            worst      = header;
            worst_rank = rank;
        }
    }
    if (!worst) {
        return CX_OK;
    }
    if (worst_rank != exchange->peers_ops->rank(exchange->peers)) {
        cx_detail_clear();
        return CX_FAIL((cx_status_t)worst->status, "rank %d: %s", worst_rank, worst->detail);
    }
    return (cx_status_t)worst->status;
}

cx_status_t cx_exchange_end(const cx_exchange_t *exchange, cx_status_t status, int64_t deadline_ns)
{
    cx_block_header_t *header = own_header(exchange);

    header->violation_count += cx_window_violation_count(exchange->window);
    header->status = (int32_t)status;
    if (status != CX_OK) {
        (void)memcpy(header->detail, cx_detail()->text, sizeof header->detail - 1);
    }
    /* Ranks that are out of step end together: a failed exchange outranks this rank's own failure,
     * whose words stay the detail, as they were first. */
    CX_TRY(exchange->peers_ops->allgather(exchange->peers, header, exchange->gather,
                                          exchange->message_bytes, deadline_ns));
    return agree(exchange);
}

cx_block_report_t cx_exchange_total(const cx_exchange_t *exchange, int64_t *violation_count_out)
{
    int32_t           rank_count = exchange->peers_ops->rank_count(exchange->peers);
    cx_block_report_t total      = {0};

    *violation_count_out = 0;
    for (int32_t rank = 0; rank < rank_count; rank++) {
        const cx_block_header_t *header = cx_exchange_header(exchange, rank);

        total.verified_count += header->report.verified_count;
        total.wrong_count += header->report.wrong_count;
        total.is_disturbed |= header->report.is_disturbed;
        *violation_count_out += header->violation_count;
    }
    return total;
}
