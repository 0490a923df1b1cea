/* SPDX-License-Identifier: Apache-2.0 */
/* Meeting at an address: who is who, and do all agree.
 * Not the calls that follow (star.h). */
#ifndef CX_PEERS_RENDEZVOUS_H
#define CX_PEERS_RENDEZVOUS_H

#include "peers/star.h"

/**
 * Connects the star: rank 0 listens until all others have come, then answers all at once, so that
 * a rank which is inside knows that everyone is.
 *
 * Strangers (no CollectiveX, another token) are turned away without harm to the run; a rank of the
 * run that disagrees about version or rank count, or comes twice, ends it on all sides.
 *
 * errors  those of cx_peers_open()
 */
cx_status_t cx_rendezvous(cx_star_t *star, const char *address_text, uint64_t token,
                          int64_t deadline_ns);

#endif
