/* SPDX-License-Identifier: Apache-2.0 */
/* The request against the capabilities of a backend. */
#include "run/support.h"

#include "base/fail.h"
#include "model/case.h"

#include <stdio.h>
#include <string.h>

bool cx_backend_lists_device(const cx_caps_t *caps, const char *device)
{
    size_t length = strlen(device);

    for (const char *item = caps->devices; item && *item; item += strspn(item, " ")) {
        size_t item_length = strcspn(item, " ");

        if (item_length == length && strncmp(item, device, length) == 0) {
            return true;
        }
        item += item_length;
    }
    return false;
}

/* "ring, tree": the names of a set of bits, for the words of a refusal. */
static const char *list_names(uint64_t bits, const char *const *names, char *out, size_t out_bytes)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; names[i] && used + 32 < out_bytes; i++) {
        if (bits & CX_BIT(i)) {
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used > 0 ? ", " : "",
                                     names[i]);
        }
    }
    return out;
}

static cx_status_t check_algorithm(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                                   const cx_shape_t *shape)
{
    const uint64_t algorithms = caps->algorithms | CX_BIT(CX_ALGORITHM_DEFAULT);
    char           list[256];

    if (!(caps->families & CX_BIT(CX_FAMILY_ALLREDUCE))) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s is not in family allreduce", ops->name);
    }
    if (!(algorithms & CX_BIT(shape->algorithm))) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s%s%s has no algorithm %s; it has %s", ops->name,
                       caps->library_version[0] ? " " : "", caps->library_version,
                       cx_algorithm_slugs[shape->algorithm],
                       list_names(algorithms, cx_algorithm_slugs, list, sizeof list));
    }
    return CX_OK;
}

static cx_status_t check_operation(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                                   const cx_shape_t *shape)
{
    const char *op = cx_collective_slugs[shape->op];

    if (shape->family == CX_FAMILY_ALLREDUCE) {
        CX_TRY(check_algorithm(ops, caps, shape));
    }
    if (!(caps->families & CX_BIT(shape->family)) || !(caps->collectives & CX_BIT(shape->op))) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s has no %s", ops->name, op);
    }
    if (shape->is_in_place && !(caps->in_place_collectives & CX_BIT(shape->op))) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s has no %s in place", ops->name, op);
    }
    if (shape->op != CX_COLLECTIVE_BARRIER && !(caps->dtypes & CX_BIT(shape->dtype))) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s does not move %s", ops->name,
                       cx_dtype_slugs[shape->dtype]);
    }
    if (shape->redop != CX_REDOP_NONE &&
        (!(caps->redops & CX_BIT(shape->redop)) || !(caps->reduce_dtypes & CX_BIT(shape->dtype)))) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s does not reduce %s with %s", ops->name,
                       cx_dtype_slugs[shape->dtype], cx_redop_slugs[shape->redop]);
    }
    return CX_OK;
}

static cx_status_t check_limit(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                               const cx_shape_t *shape)
{
    return (caps->families & CX_BIT(CX_FAMILY_LIMITS)) && (caps->limits & CX_BIT(shape->limit))
               ? CX_OK
               : CX_FAIL(CX_UNSUPPORTED, "backend %s has no limit %s; backend device has",
                         ops->name, cx_limit_slugs[shape->limit]);
}

static cx_status_t check_ep(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                            const cx_shape_t *shape)
{
    const cx_ep_caps_t *ep   = &caps->ep[shape->ep.mode];
    const char         *mode = cx_ep_mode_slugs[shape->ep.mode];
    char                list[256];

    if (!(caps->families & CX_BIT(CX_FAMILY_EP)) || !CX_HAS(ops, inspect)) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s has no expert parallelism", ops->name);
    }
    if (!ep->is_supported) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s has no mode %s, only %s", ops->name, mode,
                       cx_ep_mode_slugs[(shape->ep.mode + 1) % CX_EP_MODE_COUNT]);
    }
    if (!(ep->dispatch_codecs & CX_BIT(shape->ep.dispatch_codec))) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s does not dispatch %s in mode %s; it can %s",
                       ops->name, cx_codec_slugs[shape->ep.dispatch_codec], mode,
                       list_names(ep->dispatch_codecs, cx_codec_slugs, list, sizeof list));
    }
    if (!(ep->combine_codecs & CX_BIT(shape->ep.combine_codec))) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s does not combine %s in mode %s; it can %s",
                       ops->name, cx_codec_slugs[shape->ep.combine_codec], mode,
                       list_names(ep->combine_codecs, cx_codec_slugs, list, sizeof list));
    }
    return CX_OK;
}

static cx_status_t check_family(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                                const cx_shape_t *shape)
{
    switch (shape->family) {
    case CX_FAMILY_EP:
        return check_ep(ops, caps, shape);
    case CX_FAMILY_LIMITS:
        return check_limit(ops, caps, shape);
    default:
        return check_operation(ops, caps, shape);
    }
}

cx_status_t cx_backend_supports(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                                const cx_shape_t *shape, const cx_core_t *core,
                                const char *device_name, int32_t host_count)
{
    CX_TRY(check_family(ops, caps, shape));
    if (!cx_backend_lists_device(caps, device_name)) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s works on device %s, not on %s", ops->name,
                       caps->devices, device_name);
    }
    if (core->rank_count < caps->rank_count_min ||
        (caps->rank_count_max > 0 && core->rank_count > caps->rank_count_max)) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s works with %d to %d ranks, not with %d",
                       ops->name, caps->rank_count_min, caps->rank_count_max, core->rank_count);
    }
    if (host_count > 1 && !caps->spans_hosts) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s works within one host, the ranks are on %d",
                       ops->name, host_count);
    }
    return CX_OK;
}

cx_status_t cx_backend_captures(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                                const cx_device_ops_t *device_ops)
{
    if (!CX_DEVICE_HAS(device_ops, graph_begin) || !CX_DEVICE_HAS(device_ops, graph_free)) {
        return CX_FAIL(CX_UNSUPPORTED, "device %s has no graphs; use regime steady there",
                       device_ops->name);
    }
    if (!caps->can_capture) {
        return CX_FAIL(CX_UNSUPPORTED,
                       "backend %s%s%s cannot be captured in a graph; use regime steady", ops->name,
                       caps->library_version[0] ? " " : "", caps->library_version);
    }
    if (CX_HAS(ops, wait)) {
        return CX_FAIL(CX_UNSUPPORTED,
                       "backend %s does work that is not ordered on the stream, which no graph "
                       "can hold",
                       ops->name);
    }
    return CX_OK;
}
