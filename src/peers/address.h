/* SPDX-License-Identifier: Apache-2.0 */
/* A meeting place as text, and the sockets that belong to it.
 * Not what is said there (rendezvous.h). */
#ifndef CX_PEERS_ADDRESS_H
#define CX_PEERS_ADDRESS_H

#include "collectivex/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct cx_address {
    bool is_unix;
    char name[108]; /* unix: abstract name · tcp: host */
    char port[8];   /* tcp */
} cx_address_t;

/* "unix:NAME", "tcp:HOST:PORT" or "tcp:[IPV6]:PORT". CX_INVALID says what was expected. */
cx_status_t cx_address_parse(const char *text, cx_address_t *out);
/* A non-blocking listener. CX_RESOURCE when another process has the place. */
cx_status_t cx_address_listen(const cx_address_t *address, int *fd_out);
/* A connection, tried until the deadline, because the listener may start later. */
cx_status_t cx_address_connect(const cx_address_t *address, int64_t deadline_ns, int *fd_out);
/* Takes the next waiting connection, -1 when there is none. Unix sockets of other users are
 * refused: an abstract name has no permissions of its own. */
int cx_address_accept(const cx_address_t *address, int listener);

#endif
