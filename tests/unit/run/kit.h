/* SPDX-License-Identifier: Apache-2.0 */
/* Cases from words, and a rank's context without a process of its own. Not the ranks of a real run
 * (test_supervise.c starts those). */
#ifndef TESTS_UNIT_RUN_KIT_H
#define TESTS_UNIT_RUN_KIT_H

#include "support/expect.h"

#include "base/deadline.h"
#include "base/log.h"
#include "family/common/codec_ops.h"
#include "model/plan.h"
#include "peers/meet.h"
#include "run/rank_context.h"
#include "run/wire.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define KIT_AMPLE_NS (60 * CX_NS_PER_S)

/* Plugins of the build and, beside them, of the tests. */
static inline void kit_use_test_plugins(void)
{
    char        both[PATH_MAX * 2];
    const char *path = getenv("CX_PLUGIN_PATH");

    assert_non_null(path); /* ctest sets it */
    (void)snprintf(both, sizeof both, "%s:%s/../test-plugins", path, path);
    assert_int_equal(setenv("CX_PLUGIN_PATH", both, 1), 0);
}

/* "op=barrier sizes=8B,16B backend=null": the rest is the default, on sim with the null backend. */
static inline cx_case_t kit_case(cx_arena_t *arena, const char *words)
{
    cx_case_t one;
    char      copy[1024];
    char     *rest;

    memset(&one, 0, sizeof one);
    EXPECT_OK(cx_options_defaults(cx_case_options, &one, arena));
    one.backend = "null";
    one.device  = "sim";
    one.sizes   = "8B,64B";
    (void)snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char              *equals = strchr(word, '=');
        const cx_option_t *row;

        assert_non_null(equals);
        *equals = '\0';
        row     = cx_options_find(cx_case_options, word);
        assert_non_null(row);
        EXPECT_OK(cx_option_set(row, &one, equals + 1, "kit", arena));
    }
    EXPECT_OK(cx_case_seal(&one, arena));
    return one;
}

static inline bool kit_is_over(const cx_core_t *core)
{
    (void)core;
    return false;
}

static inline int64_t kit_deadline_ns(const cx_core_t *core)
{
    (void)core;
    return cx_now_ns() + KIT_AMPLE_NS;
}

/* A context on peers that are open. `channel_fd`: what the supervisor would read; -1: none. */
static inline void kit_context(cx_rank_context_t *context, const cx_peers_ops_t *peers_ops,
                               cx_peers_t *peers, int channel_fd)
{
    int32_t rank_count = peers_ops->rank_count(peers);

    memset(context, 0, sizeof *context);
    context->board      = calloc(1, sizeof(cx_board_t) + sizeof(cx_board_rank_t) + 128);
    context->own        = &context->board->ranks[0];
    context->timeout_ns = KIT_AMPLE_NS;
    context->channel_fd = channel_fd;
    context->host_count = 1;
    context->core       = (cx_core_t){.struct_size      = sizeof context->core,
                                      .rank             = peers_ops->rank(peers),
                                      .rank_count       = rank_count,
                                      .local_rank_count = rank_count,
                                      .peers_ops        = peers_ops,
                                      .peers            = peers,
                                      .fail             = cx_fail_plugin,
                                      .log              = cx_log,
                                      .is_over          = kit_is_over,
                                      .deadline_ns      = kit_deadline_ns,
                                      .codecs           = &cx_codec_ops};
}

/* Peers stay the caller's. */
static inline void kit_context_close(cx_rank_context_t *context)
{
    if (context->core.device) {
        context->core.device_ops->close(context->core.device);
    }
    free(context->board);
}

/* A rank alone, and the end of the channel that its supervisor has. */
typedef struct kit_alone {
    cx_rank_context_t context;
    cx_wire_inbox_t   inbox;
    int               supervisor_fd, rank_fd;
} kit_alone_t;

static inline void kit_alone_open(kit_alone_t *kit)
{
    cx_meeting_t          meeting = {.rank_count = 1, .local_rank_count = 1};
    const cx_peers_ops_t *peers_ops;
    cx_peers_t           *peers;
    int                   ends[2], bytes = 1 << 22;

    memset(kit, 0, sizeof *kit);
    EXPECT_OK(cx_peers_open(&meeting, cx_now_ns() + KIT_AMPLE_NS, &peers_ops, &peers));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    (void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    kit->supervisor_fd = ends[0];
    kit->rank_fd       = ends[1];
    kit_context(&kit->context, peers_ops, peers, kit->rank_fd);
}

static inline void kit_alone_close(kit_alone_t *kit)
{
    cx_peers_close(kit->context.core.peers_ops, kit->context.core.peers);
    kit_context_close(&kit->context);
    cx_wire_fini(&kit->inbox);
    close(kit->supervisor_fd);
    close(kit->rank_fd);
}

/* The next event the rank has sent, messages of samples skipped; NULL: none. The caller releases.
 */
static inline json_t *kit_event(kit_alone_t *kit)
{
    cx_wire_kind_t kind;
    const char    *payload;
    size_t         payload_bytes;
    bool           is_closed;

    EXPECT_OK(cx_wire_receive(&kit->inbox, kit->supervisor_fd, &is_closed));
    while (cx_wire_next(&kit->inbox, &kind, &payload, &payload_bytes)) {
        json_t *event = kind == CX_WIRE_JSON ? json_loadb(payload, payload_bytes, 0, NULL) : NULL;

        cx_wire_pop(&kit->inbox);
        if (kind == CX_WIRE_JSON) {
            assert_non_null(event);
            return event;
        }
    }
    return NULL;
}

static inline const char *kit_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "(none)";
}

static inline double kit_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : -1e99;
}

#endif
