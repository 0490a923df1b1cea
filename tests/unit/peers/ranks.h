/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks as forked processes, for the tests of this folder. Not a launcher. */
#ifndef TESTS_UNIT_PEERS_RANKS_H
#define TESTS_UNIT_PEERS_RANKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/deadline.h"
#include "base/fail.h"
#include "peers/meet.h"
#include "peers/state.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RANKS_MAX 8
#define AMPLE_NS (20 * CX_NS_PER_S)

/* How the ranks of a test meet. STAR is SOCKETS without the move to shared memory. */
typedef enum way { SOCKETS, STAR, UNIX, TCP, WAY_COUNT } way_t;
static const char *const way_names[] = {"sockets", "star", "unix", "tcp"};

/* What a rank leaves behind; lies in memory shared with the test. */
typedef struct outcome {
    cx_status_t status;
    char        text[480];
    double      values[8];
    int         wait_status;
} outcome_t;

typedef struct world {
    cx_meeting_t          meeting;
    way_t                 way;
    const cx_peers_ops_t *ops;
    cx_peers_t           *peers;
    outcome_t            *outcome;
} world_t;

typedef cx_status_t (*rank_fn)(world_t *world);

static inline int free_port(void)
{
    struct sockaddr_in place  = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t          length = sizeof place;
    int                fd     = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&place, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&place, &length), 0);
    close(fd);
    return ntohs(place.sin_port);
}

/* A star over the sockets alone, as ranks have whose host cannot share memory. */
static inline cx_status_t open_star(world_t *world)
{
    const cx_meeting_t *meeting = &world->meeting;
    cx_peers_t         *peers   = calloc(1, sizeof *peers);

    CX_TRY(cx_star_init(&peers->star, meeting->rank, meeting->rank_count));
    for (int i = 0; i < meeting->star_fd_count; i++) {
        peers->star.fds[meeting->rank == 0 ? i + 1 : 0] = meeting->star_fds[i];
    }
    peers->star.is_unix = true;
    peers->host_count   = 1;
    peers->host_indices = calloc((size_t)meeting->rank_count, sizeof(int32_t));
    world->ops          = &cx_peers_local_ops;
    world->peers        = peers;
    return CX_OK;
}

static inline cx_status_t open_world(world_t *world)
{
    return world->way == STAR
               ? open_star(world)
               : cx_peers_open(&world->meeting, cx_now_ns() + AMPLE_NS, &world->ops, &world->peers);
}

static inline void run_rank(world_t *world, rank_fn body, int opens)
{
    cx_status_t status = opens ? open_world(world) : CX_OK;

    if (status == CX_OK) {
        status = body(world);
    }
    world->outcome->status = status;
    (void)snprintf(world->outcome->text, sizeof world->outcome->text, "%s", cx_detail()->text);
    cx_peers_close(world->ops, world->peers);
    exit(0);
}

static inline void describe(world_t *world, way_t way, int32_t rank, int32_t rank_count,
                            int ends[][2], char *address)
{
    static int own_fds[RANKS_MAX];
    int32_t    count = 0;

    memset(world, 0, sizeof *world);
    world->way                = way;
    world->meeting.rank       = rank;
    world->meeting.rank_count = rank_count;
    world->meeting.token      = 42;
    if (way == UNIX || way == TCP) {
        world->meeting.address = address;
        return;
    }
    for (int32_t i = 0; i < rank_count - 1; i++) {
        if (rank == 0 || rank == i + 1) {
            own_fds[count++] = ends[i][rank == 0 ? 0 : 1];
        }
        if (rank != 0 || rank == i + 1) {
            close(ends[i][0]);
        }
        if (rank != i + 1) {
            close(ends[i][1]);
        }
    }
    world->meeting.star_fds      = own_fds;
    world->meeting.star_fd_count = count;
}

/* Runs `body` in every rank, with peers open if `opens`. Fills outcomes [rank_count]. */
static inline void run_ranks(way_t way, int32_t rank_count, rank_fn body, int opens,
                             outcome_t *outcomes)
{
    size_t     bytes = sizeof(outcome_t) * RANKS_MAX;
    outcome_t *shared =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int   ends[RANKS_MAX][2];
    char  address[64];
    pid_t pids[RANKS_MAX];

    assert_ptr_not_equal(shared, MAP_FAILED);
    if (way == TCP) {
        (void)snprintf(address, sizeof address, "tcp:127.0.0.1:%d", free_port());
    } else {
        (void)snprintf(address, sizeof address, "unix:cx-test-%ld", (long)getpid());
    }
    for (int32_t i = 0; i < rank_count - 1; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
    }
    (void)fflush(NULL);
    for (int32_t rank = 0; rank < rank_count; rank++) {
        pids[rank] = fork();
        assert_true(pids[rank] >= 0);
        if (pids[rank] == 0) {
            world_t world;

            describe(&world, way, rank, rank_count, ends, address);
            world.outcome = &shared[rank];
            run_rank(&world, body, opens);
        }
    }
    for (int32_t i = 0; i < rank_count - 1; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    for (int32_t rank = 0; rank < rank_count; rank++) {
        int wait_status = 0;

        assert_int_equal(waitpid(pids[rank], &wait_status, 0), pids[rank]);
        outcomes[rank]             = shared[rank];
        outcomes[rank].wait_status = wait_status;
    }
    munmap(shared, bytes);
}

/* All ranks lived and ended with `status`, and their sentence holds `text`. */
static inline void expect(const outcome_t *outcomes, int32_t rank_count, cx_status_t status,
                          const char *text)
{
    for (int32_t rank = 0; rank < rank_count; rank++) {
        if (outcomes[rank].status != status || !strstr(outcomes[rank].text, text) ||
            outcomes[rank].wait_status != 0) {
            fail_msg("rank %d: %s '%s' (wait status %d), expected %s '%s'", rank,
                     cx_status_slug(outcomes[rank].status), outcomes[rank].text,
                     outcomes[rank].wait_status, cx_status_slug(status), text);
        }
    }
}

#endif
