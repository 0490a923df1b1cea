/* SPDX-License-Identifier: Apache-2.0 */
/* Which device plugins are asked, and what their answers mean for a plan. */
#include "run/machine.h"

#include "base/fail.h"
#include "base/patience.h"
#include "collectivex/card.h"
#include "plugin/plugin.h"
#include "run/bounds.h"
#include "run/catalog.h"
#include "run/external.h"
#include "target/probe.h"

#include <string.h>

/* ---- which devices -------------------------------------------------------------------------- */

static bool is_among(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Of the plan's cases, each once; NULL-terminated. */
static cx_status_t plan_devices(const cx_plan_t *plan, cx_arena_t *arena, const char ***out)
{
    const char **names = cx_arena_grab(arena, (plan->case_count + 1) * sizeof *names);
    size_t       count = 0;

    if (!names) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the names of devices");
    }
    for (size_t i = 0; i < plan->case_count; i++) {
        if (!is_among(names, count, plan->cases[i].device)) {
            names[count++] = plan->cases[i].device;
        }
    }
    names[count] = NULL;
    *out         = names;
    return CX_OK;
}

/* One that cannot be loaded has no cards; why is said by those that need it. */
static cx_status_t load_all(const char *const *names, cx_arena_t *arena,
                            const cx_device_ops_t ***out)
{
    const cx_device_ops_t **devices;
    size_t                  count = 0;

    while (names[count]) {
        count++;
    }
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    devices = cx_arena_grab(arena, (count + 1) * sizeof *devices);
    if (!devices) {
        return CX_FAIL(CX_RESOURCE, "out of memory for devices");
    }
    count = 0;
    for (; *names; names++) {
        if (cx_device_load(*names, "device", &devices[count]) == CX_OK) {
            count++;
        } else {
            cx_detail_clear();
        }
    }
    devices[count] = NULL;
    *out           = devices;
    return CX_OK;
}

cx_status_t cx_machine_describe(const cx_plan_t *plan, cx_arena_t *arena, json_t **out)
{
    cx_core_t               core = cx_catalog_core(1);
    const char            **names;
    const cx_device_ops_t **devices;
    json_t                 *described;
    cx_status_t             status;

    if (plan) {
        CX_TRY(plan_devices(plan, arena, &names));
    } else {
        CX_TRY(cx_plugin_names(CX_PLUGIN_DEVICE, arena, &names));
    }
    CX_TRY(load_all(names, arena, &devices));
    CX_TRY(cx_target_probe(&(cx_target_options_t){.accelerators = {devices, &core}}, &described));
    status = cx_bounds_add(described, arena);
    if (status != CX_OK) {
        json_decref(described);
        return status;
    }
    *out = described;
    return CX_OK;
}

/* ---- whether that is enough ----------------------------------------------------------------- */

/* Asked as a rank of this host would ask: for a device of its own. */
static cx_status_t find_device(const cx_case_t *one, int32_t host_rank_count)
{
    cx_core_t              core = cx_catalog_core(host_rank_count);
    const cx_device_ops_t *ops;
    cx_card_t              card;
    cx_status_t            status = CX_OK;

    CX_TRY(cx_device_load(one->device, "device", &ops));
    core.local_rank_count = host_rank_count;
    if (CX_DEVICE_HAS(ops, card)) {
        cx_patience_begin(one->device);
        status = ops->card(&core, 0, &card);
        cx_patience_end();
    }
    return status;
}

static const char *model_at(const json_t *card)
{
    const char *model = json_string_value(json_object_get(card, "model"));

    return model ? model : "unknown";
}

static cx_status_t refuse_mixed(const json_t *description, const char *device,
                                int32_t host_rank_count)
{
    const json_t *first = NULL;
    size_t        i;
    json_t       *card;

    json_array_foreach(json_object_get(description, "accelerators"), i, card)
    {
        if (!cx_accelerators_is_of(card, device, "index", host_rank_count)) {
            continue;
        }
        first = first ? first : card;
        if (strcmp(model_at(card), model_at(first)) != 0) {
            return CX_FAIL(CX_UNSUPPORTED,
                           "ranks would have %s devices of different models: 0 is %s, %lld is %s; "
                           "let this process see those of one model, or ask for numbers that are "
                           "for diagnosis only with --mixed-devices",
                           device, model_at(first),
                           (long long)json_integer_value(json_object_get(card, "index")),
                           model_at(card));
        }
    }
    return CX_OK;
}

cx_status_t cx_machine_check(const cx_plan_t *plan, int32_t host_rank_count, bool takes_mixed,
                             const json_t *description)
{
    const char *asked       = NULL; /* neighbours in a plan mostly name the same device */
    bool        is_possible = plan->case_count == 0;
    cx_status_t first       = CX_OK;

    for (size_t i = 0; i < plan->case_count; i++) {
        const cx_case_t *one = &plan->cases[i];

        if (cx_external_find(one->backend)) {
            is_possible = true; /* its device is its program's */
            continue;
        }
        if (asked && strcmp(asked, one->device) == 0) {
            continue;
        }
        asked              = one->device;
        cx_status_t status = find_device(one, host_rank_count);

        first = first == CX_OK ? status : first;
        if (status == CX_OK) {
            is_possible = true;
            cx_detail_clear();
            CX_TRY(takes_mixed ? CX_OK : refuse_mixed(description, asked, host_rank_count));
        }
    }
    if (is_possible) {
        cx_detail_clear();
        return CX_OK;
    }
    return first;
}
