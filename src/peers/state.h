/* SPDX-License-Identifier: Apache-2.0 */
/* What a cx_peers_t is made of, for the files of this folder. */
#ifndef CX_PEERS_STATE_H
#define CX_PEERS_STATE_H

#include "collectivex/peers.h"
#include "peers/shm.h"
#include "peers/star.h"

struct cx_peers {
    cx_star_t star;
    cx_shm_t  shm;          /* head NULL: calls go over the star */
    int32_t  *host_indices; /* [rank_count] */
    int32_t   host_count;
};

/* The same functions under the name of each way of meeting. */
extern const cx_peers_ops_t cx_peers_self_ops, cx_peers_local_ops, cx_peers_tcp_ops;

#endif
