/* SPDX-License-Identifier: Apache-2.0 */
/* What ranks tell each other after a block: how it went on each, and the numbers it gave. A rank
 * that failed says so here instead of leaving, so that no other waits for it.
 * Not what a block is (point.h, pairs.h). */
#ifndef CX_MEASURE_EXCHANGE_H
#define CX_MEASURE_EXCHANGE_H

#include "measure/window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one block found out about itself, on one rank. */
typedef struct cx_block_report {
    int64_t verified_count, wrong_count;
    bool    is_disturbed; /* the machine was; the block is repeated if it may be */
} cx_block_report_t;

/* The head of a rank's message; its numbers follow. */
typedef struct cx_block_header {
    int32_t           status;
    char              detail[244];
    double            elapsed_us; /* the caller's, if it wants all ranks to know */
    double            enqueue_us; /* likewise */
    int64_t           violation_count;
    cx_block_report_t report;
} cx_block_header_t;

/**
 * gather         room for the messages of all ranks, borrowed
 * message_bytes  of one rank, the same on all: cx_exchange_message_bytes
 */
typedef struct cx_exchange {
    const cx_window_t    *window; /* whose audit is asked */
    const cx_peers_ops_t *peers_ops;
    cx_peers_t           *peers;
    void                 *gather;
    size_t                message_bytes;
} cx_exchange_t;

size_t cx_exchange_message_bytes(size_t numbers_bytes);

/* A rank's message: its own from begin on, those of all after a successful end. */
cx_block_header_t *cx_exchange_header(const cx_exchange_t *exchange, int32_t rank);
void              *cx_exchange_numbers(const cx_exchange_t *exchange, int32_t rank);

/* Before a block: this rank's header, cleared. */
cx_block_header_t *cx_exchange_begin(const cx_exchange_t *exchange);

/**
 * After a block that ended with `status` on this rank. Collective: every rank calls it, whatever
 * happened to it.
 *
 * errors  of all ranks alike: the status of the first rank that failed for a reason of its own (not
 *         because another was silent), with its words. Where the exchange itself fails: that of
 *         peers; the detail stays that of what failed first
 */
cx_status_t cx_exchange_end(const cx_exchange_t *exchange, cx_status_t status, int64_t deadline_ns);

/* The reports of all ranks added up: disturbed where any rank was. */
cx_block_report_t cx_exchange_total(const cx_exchange_t *exchange, int64_t *violation_count_out);

#endif
