/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics by name. Not their computation. */
#include "cli/workload_stats.h"

#include "family/ep/stats.h"

static json_t *list_of(const int64_t *values, int64_t count)
{
    json_t *list = json_array();

    for (int64_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, json_integer((json_int_t)values[i]));
    }
    return list;
}

/* Several numbers of one distribution: NAME_min, NAME_mean, NAME_max, NAME_cv. */
static void add_spread(json_t *object, const char *name, const cx_ep_spread_t *spread,
                       cx_arena_t *arena)
{
    const struct {
        const char *suffix;
        json_t     *value;
    } members[] = {{"min", json_integer((json_int_t)spread->min_count)},
                   {"mean", json_real(spread->mean_count)},
                   {"max", json_integer((json_int_t)spread->max_count)},
                   {"cv", json_real(spread->cv_ratio)}};

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *key = cx_arena_format(arena, "%s_%s", name, members[i].suffix);

        (void)json_object_set_new(object, key ? key : "", members[i].value);
    }
}

static void add_load(json_t *object, const cx_ep_stats_t *stats, cx_arena_t *arena)
{
    add_spread(object, "fanout", &stats->fanout, arena);
    add_spread(object, "expert_load", &stats->expert_load, arena);
    add_spread(object, "rank_assignment", &stats->rank_assignment, arena);
    add_spread(object, "rank_copy", &stats->rank_copy, arena);
    add_spread(object, "source_token", &stats->source_token, arena);
    (void)json_object_set_new(object, "hotspot_ratio", json_real(stats->hotspot_ratio));
    (void)json_object_set_new(object, "rank_imbalance_ratio",
                              json_real(stats->rank_imbalance_ratio));
    (void)json_object_set_new(object, "rank_copy_imbalance_ratio",
                              json_real(stats->rank_copy_imbalance_ratio));
    (void)json_object_set_new(object, "empty_expert_count",
                              json_integer((json_int_t)stats->empty_expert_count));
    (void)json_object_set_new(object, "empty_rank_count",
                              json_integer((json_int_t)stats->empty_rank_count));
    (void)json_object_set_new(object, "empty_source_count",
                              json_integer((json_int_t)stats->empty_source_count));
}

static void add_locality(json_t *object, const cx_ep_stats_t *stats)
{
    (void)json_object_set_new(object, "local_rank_ratio", json_real(stats->local_rank_ratio));
    (void)json_object_set_new(object, "same_node_ratio", json_real(stats->same_node_ratio));
    (void)json_object_set_new(object, "same_domain_ratio", json_real(stats->same_domain_ratio));
    (void)json_object_set_new(object, "cross_node_ratio", json_real(stats->cross_node_ratio));
    (void)json_object_set_new(object, "cross_domain_ratio", json_real(stats->cross_domain_ratio));
}

static void add_lists(json_t *object, const cx_ep_work_t *work, const cx_ep_stats_t *stats)
{
    const int64_t ranks     = stats->rank_count;
    json_t       *positions = json_array();

    for (int64_t r = 0; r < ranks; r++) {
        (void)json_array_append_new(positions, json_integer(work->position_ranks[r]));
    }
    (void)json_object_set_new(object, "fanout_histogram", list_of(stats->fanout_counts, ranks));
    (void)json_object_set_new(object, "assignments_per_rank",
                              list_of(stats->rank_assignments, ranks));
    (void)json_object_set_new(object, "copies_per_rank", list_of(stats->rank_copies, ranks));
    (void)json_object_set_new(object, "tokens_per_rank", list_of(stats->source_tokens, ranks));
    (void)json_object_set_new(object, "position_of_rank", positions);
    (void)json_object_set_new(object, "assignments_per_expert",
                              list_of(stats->expert_loads, stats->expert_count));
}

/* Payload of one direction in every precision that the row fits. */
static void add_bytes(json_t *object, const cx_ep_work_t *work, const cx_ep_stats_t *stats)
{
    json_t *all = json_object();

    for (int codec = 0; codec < CX_CODEC_COUNT; codec++) {
        const int64_t       elems = work->workload.hidden_elems;
        const cx_ep_bytes_t bytes = cx_ep_payload_bytes(stats, (cx_codec_t)codec, elems);

        if (cx_codec_fits((cx_codec_t)codec, elems)) {
            (void)json_object_set_new(all, cx_codec_slugs[codec],
                                      json_pack("{s:I,s:I,s:I}", "copy_bytes",
                                                (json_int_t)bytes.copy_bytes, "assignment_bytes",
                                                (json_int_t)bytes.assignment_bytes, "remote_bytes",
                                                (json_int_t)bytes.remote_bytes));
        }
    }
    (void)json_object_set_new(object, "payload_bytes", all);
}

static void add_eplb(json_t *object, const cx_ep_work_t *work, const cx_ep_stats_t *stats)
{
    const cx_ep_eplb_t *eplb = &work->eplb;

    if (work->workload.redundant_count == 0) {
        return;
    }
    (void)json_object_set_new(object, "eplb",
                              json_pack("{s:I,s:I,s:I,s:I,s:f,s:f,s:f,s:s}", "redundant_count",
                                        (json_int_t)eplb->redundant_count, "physical_count",
                                        (json_int_t)eplb->physical_count, "replicated_count",
                                        (json_int_t)eplb->replicated_count, "replica_count_max",
                                        (json_int_t)eplb->replica_count_max,
                                        "imbalance_before_ratio", stats->logical_imbalance_ratio,
                                        "imbalance_planned_ratio", eplb->planned_imbalance_ratio,
                                        "imbalance_after_ratio", stats->rank_imbalance_ratio,
                                        "digest", eplb->digest));
}

cx_status_t cx_workload_stats(const cx_ep_work_t *work, cx_arena_t *arena, json_t **out)
{
    json_t       *object;
    cx_ep_stats_t stats;

    CX_TRY(cx_ep_stats_compute(work, arena, &stats));
    object = json_pack("{s:I,s:I,s:I,s:I}", "tokens", (json_int_t)stats.token_count, "assignments",
                       (json_int_t)stats.assignments, "copies", (json_int_t)stats.copies,
                       "local_copies", (json_int_t)stats.local_copies);
    if (!object) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the statistics of a workload");
    }
    add_load(object, &stats, arena);
    add_locality(object, &stats);
    add_eplb(object, work, &stats);
    add_bytes(object, work, &stats);
    add_lists(object, work, &stats);
    *out = object;
    return CX_OK;
}
