/* SPDX-License-Identifier: Apache-2.0 */
/* Messages from the reporting rank to its supervisor: framed JSON and framed samples over a socket.
 * Not talk between ranks (peers/). */
#ifndef CX_RUN_WIRE_H
#define CX_RUN_WIRE_H

#include "base/fail.h"
#include "measure/series.h"
#include "model/record.h"

#include <jansson.h>

typedef enum cx_wire_kind { CX_WIRE_JSON = 1, CX_WIRE_SAMPLES = 2 } cx_wire_kind_t;

#define CX_WIRE_MESSAGE_BYTES_MAX ((size_t)1 << 31)

/* Send; `event` is released in any case. A rank without a channel (fd -1) sends nothing. Of the row
 * its size, component and warm-up go along: what ties samples to it. */
cx_status_t cx_wire_send_event(int fd, json_t *event);
cx_status_t cx_wire_send_samples(int fd, const cx_series_t *series, const cx_row_t *row);

/* What a supervisor has received and not yet taken apart. */
typedef struct cx_wire_inbox {
    char  *bytes; /* owned */
    size_t used, capacity;
} cx_wire_inbox_t;

/* Read what is there; `is_closed` when the rank has closed its end. */
cx_status_t cx_wire_receive(cx_wire_inbox_t *inbox, int fd, bool *is_closed);

/* The next whole message: its kind and payload, borrowed until cx_wire_pop. False: none yet. */
bool cx_wire_next(const cx_wire_inbox_t *inbox, cx_wire_kind_t *kind, const char **payload,
                  size_t *payload_bytes);
void cx_wire_pop(cx_wire_inbox_t *inbox);
void cx_wire_fini(cx_wire_inbox_t *inbox);

#endif
