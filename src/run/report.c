/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the reporting rank. */
#include "run/report.h"

#include "run/facts.h"
#include "run/wire.h"
#include "store/fields.h"
#include "target/libraries.h"

#include <stdio.h>
#include <string.h>

static const char *const finding_ids[] = {
#define ID(name, id) id,
    CX_GUARD_MAP(ID)
#undef ID
};

uint32_t cx_finding_bit(const char *id)
{
    for (uint32_t i = 0; i < CX_GUARD_KIND_COUNT; i++) {
        if (strcmp(finding_ids[i], id) == 0) {
            return 1u << i;
        }
    }
    return 0;
}

const char *cx_findings_print(uint32_t bits, char *out, size_t out_bytes)
{
    size_t used = 0;

    for (uint32_t i = 0; i < CX_GUARD_KIND_COUNT; i++) {
        if (bits & (1u << i)) {
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used ? "," : "",
                                     finding_ids[i]);
        }
    }
    return used > 0 ? out : NULL;
}

static const char *truth(bool is_true)
{
    return is_true ? "true" : "false";
}

/* Texts the comparison key takes from a rank: one row per factor. */
static json_t *environment_of(const cx_rank_context_t *context, const cx_caps_t *caps)
{
    const cx_core_t *core = &context->core;
    char             ranks[16], hosts[16], local[16], processors[16];

    (void)snprintf(ranks, sizeof ranks, "%d", core->rank_count);
    (void)snprintf(hosts, sizeof hosts, "%d", context->host_count);
    (void)snprintf(local, sizeof local, "%d", core->local_rank_count);
    (void)snprintf(processors, sizeof processors, "%d", context->processor_count);
    return json_pack("{ss,ss,ss,ss,ss,ss,ss,ss,ss,ss,ss,ss,ss*}", "rank_count", ranks, "host_count",
                     hosts, "ranks_per_host", local, "processors_per_rank", processors,
                     "device_model", context->facts.model, "device_driver", context->facts.driver,
                     "backend_library", caps->library_version, "memory_kind",
                     caps->memory == CX_MEMORY_EXPORTABLE ? "exportable" : "plain", "control_plane",
                     core->peers_ops->name, CX_FACTOR_MOVES_NO_DATA, truth(caps->moves_no_data),
                     CX_FACTOR_VIRTUAL_TIME, truth(context->facts.is_virtual_time),
                     CX_FACTOR_OVERSUBSCRIBED, truth(core->is_oversubscribed), CX_FACTOR_ALIGNMENT,
                     context->meets_on_device ? "device" : NULL);
}

cx_status_t cx_report_case_start(const cx_rank_context_t *context, int64_t case_index,
                                 const cx_caps_t *caps, const cx_harness_t *harness,
                                 const cx_factor_t *factors, size_t factor_count)
{
    json_t *environment = environment_of(context, caps);
    json_t *limits =
        context->limits ? cx_fields_to_json(cx_limits_fields, context->limits) : json_null();

    for (size_t i = 0; i < factor_count; i++) {
        json_object_set_new(environment, factors[i].name, json_string(factors[i].text));
    }
    return cx_wire_send_event(context->channel_fd,
                              json_pack("{ss,sI,so,so,so,so}", "event", "case_start", "case_index",
                                        (json_int_t)case_index, "environment", environment,
                                        "harness", cx_fields_to_json(cx_harness_fields, harness),
                                        "limits", limits, "backend_open_us",
                                        cx_real_to_json(context->backend_open_us)));
}

cx_status_t cx_report_row(int fd, int64_t case_index, const cx_row_t *row, cx_series_t *series,
                          double busbw_factor)
{
    json_t *factor =
        busbw_factor == busbw_factor ? json_real(busbw_factor) : json_null(); /* NAN is not JSON */

    CX_TRY(cx_wire_send_event(fd, json_pack("{ss,sI,so,so}", "event", "row", "case_index",
                                            (json_int_t)case_index, "busbw_factor", factor, "row",
                                            cx_fields_to_json(cx_row_fields, row))));
    return cx_wire_send_samples(fd, series, row);
}

cx_status_t cx_report_point(int fd, int64_t case_index, const cx_ep_point_t *point)
{
    return cx_wire_send_event(fd, json_pack("{ss,sI,so}", "event", "ep_point", "case_index",
                                            (json_int_t)case_index, "point",
                                            cx_fields_to_json(cx_ep_point_fields, point)));
}

cx_status_t cx_report_left_out(int fd, int64_t case_index, int64_t requested_bytes,
                               const char *reason)
{
    return cx_wire_send_event(fd, json_pack("{ss,sI,sI,ss}", "event", "left_out", "case_index",
                                            (json_int_t)case_index, "requested_bytes",
                                            (json_int_t)requested_bytes, "reason", reason));
}

cx_status_t cx_report_case_end(const cx_rank_context_t *context, int64_t case_index,
                               cx_status_t status)
{
    const char *detail = status == CX_OK ? NULL : cx_detail()->text;

    return cx_wire_send_event(context->channel_fd,
                              json_pack("{ss,sI,ss,ss*}", "event", "case_end", "case_index",
                                        (json_int_t)case_index, "status", cx_status_slug(status),
                                        "detail", detail));
}
