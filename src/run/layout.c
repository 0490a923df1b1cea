/* SPDX-License-Identifier: Apache-2.0 */
/* Which ranks this command starts: alone, one of several by hand, or under a launcher. */
#include "base/prng.h"
#include "run/execute.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_RANK_COUNT_MIN 2
#define DEFAULT_RANK_COUNT_MAX 8

static int32_t default_rank_count(void)
{
    cpu_set_t allowed;
    int32_t   count = DEFAULT_RANK_COUNT_MIN;

    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        count = CPU_COUNT(&allowed);
    }
    count = count < DEFAULT_RANK_COUNT_MAX ? count : DEFAULT_RANK_COUNT_MAX;
    return count > DEFAULT_RANK_COUNT_MIN ? count : DEFAULT_RANK_COUNT_MIN;
}

static cx_status_t under_launcher(const cx_run_options_t *options, const cx_launch_env_t *env,
                                  cx_rank_layout_t *out)
{
    if (options->ranks > 0 && options->ranks != env->rank_count) {
        return CX_FAIL(CX_INVALID,
                       "--ranks asks for %lld ranks, but %s started %d; leave --ranks away under a "
                       "launcher",
                       (long long)options->ranks, env->launcher, env->rank_count);
    }
    if (options->nodes > 1 || options->rendezvous[0]) {
        return CX_FAIL(CX_INVALID,
                       "--nodes and --rendezvous are for starting by hand, but %s "
                       "started this command as rank %d of %d",
                       env->launcher, env->rank, env->rank_count);
    }
    *out = (cx_rank_layout_t){.rank_count       = env->rank_count,
                              .first_rank       = env->rank,
                              .local_rank_count = 1,
                              .host_first_rank  = env->local_rank,
                              .host_rank_count  = env->local_rank_count,
                              .address          = env->rank_count > 1 ? env->address : NULL,
                              .token            = env->token};
    return CX_OK;
}

static uint64_t hash_text(const char *text)
{
    uint64_t value = 0;

    for (; *text; text++) {
        value = cx_mix64(value ^ (unsigned char)*text);
    }
    return value;
}

cx_status_t cx_rank_layout(const cx_run_options_t *options, const cx_launch_env_t *env,
                           cx_arena_t *arena, cx_rank_layout_t *out)
{
    int32_t local = options->ranks > 0 ? (int32_t)options->ranks : default_rank_count();

    if (strcmp(env->launcher, "none") != 0) {
        return under_launcher(options, env, out);
    }
    if ((options->nodes > 1) != (options->rendezvous[0] != '\0')) {
        return CX_FAIL(CX_INVALID,
                       "--nodes %lld and --rendezvous \"%s\": several hosts need both, one host "
                       "needs neither",
                       (long long)options->nodes, options->rendezvous);
    }
    if (options->node_index >= options->nodes) {
        return CX_FAIL(CX_INVALID, "--node-index %lld: must be below --nodes %lld",
                       (long long)options->node_index, (long long)options->nodes);
    }
    *out = (cx_rank_layout_t){.rank_count       = local * (int32_t)options->nodes,
                              .first_rank       = local * (int32_t)options->node_index,
                              .local_rank_count = local,
                              .host_first_rank  = 0,
                              .host_rank_count  = local,
                              .token            = cx_mix64((uint64_t)getpid())};
    if (options->nodes > 1) {
        out->token   = hash_text(options->rendezvous);
        out->address = cx_arena_format(arena, "tcp:%s", options->rendezvous);
        if (!out->address) {
            return CX_FAIL(CX_RESOURCE, "out of memory for an address");
        }
    }
    return CX_OK;
}
