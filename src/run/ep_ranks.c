/* SPDX-License-Identifier: Apache-2.0 */
/* Peers under other numbers: every call goes to the peers there are, with ranks translated. */
#include "run/ep_ranks.h"

#include <stdlib.h>
#include <string.h>

/* places[r] is the number that rank r has among the inner peers. */
struct cx_peers {
    const cx_peers_ops_t *inner_ops;
    cx_peers_t           *inner;
    cx_peers_ops_t        ops;
    int32_t               rank, rank_count;
    int32_t               places[];
};

cx_ep_ranks_t cx_ep_ranks_of(const cx_core_t *core)
{
    cx_ep_ranks_t ranks = {.rank = core->rank, .rank_count = core->rank_count};

    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        ranks.node_rank_count += core->peers_ops->host_index(core->peers, rank) == 0;
    }
    return ranks;
}

static int32_t rank_of(const cx_peers_t *peers)
{
    return peers->rank;
}

static int32_t rank_count_of(const cx_peers_t *peers)
{
    return peers->rank_count;
}

static int32_t host_index_of(const cx_peers_t *peers, int32_t rank)
{
    return peers->inner_ops->host_index(peers->inner, peers->places[rank]);
}

static cx_status_t barrier(cx_peers_t *peers, int64_t deadline_ns)
{
    return peers->inner_ops->barrier(peers->inner, deadline_ns);
}

static cx_status_t allgather(cx_peers_t *peers, const void *mine, void *all, size_t bytes_each,
                             int64_t deadline_ns)
{
    char       *by_place = malloc((size_t)peers->rank_count * bytes_each + 1);
    cx_status_t status;

    if (!by_place) {
        return CX_FAIL(CX_INTERNAL, "out of memory for %zu bytes of each rank", bytes_each);
    }
    status = peers->inner_ops->allgather(peers->inner, mine, by_place, bytes_each, deadline_ns);
    for (int32_t rank = 0; rank < peers->rank_count && status == CX_OK; rank++) {
        memcpy((char *)all + (size_t)rank * bytes_each,
               by_place + (size_t)peers->places[rank] * bytes_each, bytes_each);
    }
    free(by_place);
    return status;
}

static cx_status_t broadcast(cx_peers_t *peers, void *bytes, size_t byte_count, int32_t root_rank,
                             int64_t deadline_ns)
{
    return peers->inner_ops->broadcast(peers->inner, bytes, byte_count, peers->places[root_rank],
                                       deadline_ns);
}

static cx_status_t exchange_fd(cx_peers_t *peers, int fd, int *fds, int64_t deadline_ns)
{
    int        *by_place = calloc((size_t)peers->rank_count, sizeof *by_place);
    cx_status_t status;

    if (!by_place) {
        return CX_FAIL(CX_INTERNAL, "out of memory for %d descriptors", peers->rank_count);
    }
    status = peers->inner_ops->exchange_fd(peers->inner, fd, by_place, deadline_ns);
    for (int32_t rank = 0; rank < peers->rank_count && status == CX_OK; rank++) {
        fds[rank] = by_place[peers->places[rank]];
    }
    free(by_place);
    return status;
}

static bool is_identity(const int32_t *places, int32_t rank_count)
{
    for (int32_t rank = 0; rank < rank_count; rank++) {
        if (places[rank] != rank) {
            return false;
        }
    }
    return true;
}

cx_status_t cx_ep_ranks_renumber(cx_rank_context_t *context, const int32_t *places,
                                 cx_ep_renumbering_t *out)
{
    cx_core_t  *core  = &context->core;
    size_t      bytes = (size_t)core->rank_count * sizeof *places;
    cx_peers_t *peers;

    *out = (cx_ep_renumbering_t){.context = NULL};
    if (is_identity(places, core->rank_count)) {
        return CX_OK;
    }
    peers = malloc(sizeof *peers + bytes);
    if (!peers) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a placement");
    }
    *peers = (cx_peers_t){.inner_ops  = core->peers_ops,
                          .inner      = core->peers,
                          .rank_count = core->rank_count,
                          .ops        = {.name        = core->peers_ops->name,
                                         .rank        = rank_of,
                                         .rank_count  = rank_count_of,
                                         .host_index  = host_index_of,
                                         .barrier     = barrier,
                                         .allgather   = allgather,
                                         .broadcast   = broadcast,
                                         .exchange_fd = exchange_fd}};
    memcpy(peers->places, places, bytes);
    while (places[peers->rank] != core->rank) {
        peers->rank++;
    }
    *out            = (cx_ep_renumbering_t){context, core->rank, core->peers_ops, core->peers};
    core->rank      = peers->rank;
    core->peers     = peers;
    core->peers_ops = &peers->ops;
    return CX_OK;
}

void cx_ep_ranks_restore(cx_ep_renumbering_t *renumbering)
{
    cx_core_t *core;

    if (!renumbering->context) {
        return;
    }
    core = &renumbering->context->core;
    free(core->peers);
    core->rank      = renumbering->rank;
    core->peers_ops = renumbering->peers_ops;
    core->peers     = renumbering->peers;
}
