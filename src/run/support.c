/* SPDX-License-Identifier: Apache-2.0 */
/* The request against the capabilities of a backend. */
#include "run/support.h"

#include "base/fail.h"
#include "model/case.h"

#include <stdio.h>
#include <string.h>

static bool lists_device(const char *devices, const char *name)
{
    size_t length = strlen(name);

    for (const char *item = devices; item && *item; item += strspn(item, " ")) {
        size_t item_length = strcspn(item, " ");

        if (item_length == length && strncmp(item, name, length) == 0) {
            return true;
        }
        item += item_length;
    }
    return false;
}

static cx_status_t check_operation(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                                   const cx_shape_t *shape)
{
    const char *op = cx_collective_slugs[shape->op];

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

/* "bf16, mxfp8": the codecs of a set, for the words of a refusal. */
static const char *list_codecs(uint64_t codecs, char *out, size_t out_bytes)
{
    size_t used = 0;

    out[0] = '\0';
    for (int codec = 0; codec < CX_CODEC_COUNT && used + 32 < out_bytes; codec++) {
        if (codecs & CX_BIT(codec)) {
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used > 0 ? ", " : "",
                                     cx_codec_slugs[codec]);
        }
    }
    return out;
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
                       list_codecs(ep->dispatch_codecs, list, sizeof list));
    }
    if (!(ep->combine_codecs & CX_BIT(shape->ep.combine_codec))) {
        return CX_FAIL(CX_UNSUPPORTED, "backend %s does not combine %s in mode %s; it can %s",
                       ops->name, cx_codec_slugs[shape->ep.combine_codec], mode,
                       list_codecs(ep->combine_codecs, list, sizeof list));
    }
    return CX_OK;
}

cx_status_t cx_backend_supports(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                                const cx_shape_t *shape, const cx_core_t *core,
                                const char *device_name, int32_t host_count)
{
    CX_TRY(shape->family == CX_FAMILY_EP ? check_ep(ops, caps, shape)
                                         : check_operation(ops, caps, shape));
    if (!lists_device(caps->devices, device_name)) {
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
