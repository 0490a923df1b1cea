/* SPDX-License-Identifier: Apache-2.0 */
/* hostref's expert parallelism with a fault planted in what it leaves behind.
 * Not an implementation of anything: every call goes through. */
#include "spoiled.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    int32_t fault_index;
} options_t;

static const cx_option_t option_rows[] = {
    CX_OPTION_ENUM(options_t, fault_index, "spoiled-fault", CX_OPTION_KEY, "none", cx_spoiled_slugs,
                   "The one thing that goes wrong."),
    CX_OPTION_END,
};

/* plugins/ lies beside the folder that this file was loaded from. */
static const cx_backend_ops_t *find_inner(void)
{
    const cx_backend_ops_t *(*entry)(void) = NULL;
    Dl_info self;
    char    path[4096];
    void   *library, *symbol;
    char   *slash;

    if (!dladdr((void *)(uintptr_t)cx_backend_v1, &self)) {
        return NULL;
    }
    (void)snprintf(path, sizeof path - 64, "%s", self.dli_fname);
    slash = strrchr(path, '/');
    if (!slash) {
        return NULL;
    }
    (void)snprintf(slash, 64, "/../plugins/cx-backend-hostref.so");
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    symbol  = library ? dlsym(library, "cx_backend_v1") : NULL;
    memcpy(&entry, &symbol, sizeof entry);
    return entry ? entry() : NULL;
}

static const cx_backend_ops_t *inner_ops(void)
{
    static const cx_backend_ops_t *ops;

    ops = ops ? ops : find_inner();
    return ops;
}

static cx_status_t probe(const cx_core_t *core, cx_caps_t *caps)
{
    if (!inner_ops()) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED, "there is no hostref beside this plugin");
    }
    if (inner_ops()->probe(core, caps) != CX_OK) {
        return CX_UNSUPPORTED;
    }
    caps->families = CX_BIT(CX_FAMILY_EP);
    return CX_OK;
}

/* hostref's options with their defaults: all of them are zero or numbers it checks itself. */
static cx_status_t open_inner(const cx_core_t *core, const cx_shape_t *shape, cx_session_t **out)
{
    void       *options = calloc(1, inner_ops()->options_bytes + 1);
    cx_status_t status;

    if (!options) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for options");
    }
    status = inner_ops()->open(core, shape, options, out);
    free(options);
    return status;
}

static cx_status_t open_session(const cx_core_t *core, const cx_shape_t *shape, const void *options,
                                cx_session_t **out)
{
    cx_session_t *session = calloc(1, sizeof *session);
    cx_status_t   status;

    if (!session) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for a session");
    }
    session->core        = core;
    session->inner_ops   = inner_ops();
    session->shape       = *shape;
    session->fault_index = ((const options_t *)options)->fault_index;
    status               = open_inner(core, shape, &session->inner);
    if (status != CX_OK) {
        free(session);
        return status;
    }
    *out = session;
    return CX_OK;
}

static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    session->point      = point;
    session->pair_count = 0;
    session->last_slot  = -1;
    return session->inner_ops->prepare(session->inner, point);
}

static void act(cx_session_t *session, cx_spoiled_place_t place, int32_t slot_index)
{
    cx_ep_view_t view = {.struct_size = sizeof view};

    if (session->inner_ops->inspect(session->inner, slot_index, &view) == CX_OK) {
        cx_spoiled_act(session, place, slot_index, &view);
    }
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream)
{
    cx_status_t status;

    session->pair_count += phase == CX_PHASE_DISPATCH;
    if (phase == CX_PHASE_COMBINE) {
        act(session, CX_SPOILED_STAGED, slot_index);
    }
    status = session->inner_ops->enqueue(session->inner, phase, slot_index, stream);
    if (status == CX_OK && phase == CX_PHASE_DISPATCH) {
        act(session, CX_SPOILED_RECEIVED, slot_index);
    }
    if (status == CX_OK && phase == CX_PHASE_COMBINE) {
        act(session, CX_SPOILED_COMBINED, slot_index);
        session->last_slot = slot_index;
    }
    return status;
}

static cx_status_t inspect(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    cx_status_t status = session->inner_ops->inspect(session->inner, slot_index, view);

    session->pair_count = 0;
    if (status == CX_OK) {
        cx_spoiled_act(session, CX_SPOILED_VIEW, slot_index, view);
    }
    return status;
}

static void release(cx_session_t *session)
{
    session->inner_ops->release(session->inner);
    free(session->row_experts);
    free(session->expert_counts);
    session->row_experts   = NULL;
    session->expert_counts = NULL;
}

static void close_session(cx_session_t *session)
{
    session->inner_ops->close(session->inner);
    free(session);
}

static const cx_backend_ops_t spoiled_ops = {
    .abi           = CX_BACKEND_ABI,
    .struct_size   = sizeof(cx_backend_ops_t),
    .name          = "spoiled",
    .summary       = "hostref's expert parallelism with one planted fault; for tests only",
    .options       = option_rows,
    .options_bytes = sizeof(options_t),
    .probe         = probe,
    .open          = open_session,
    .prepare       = prepare,
    .enqueue       = enqueue,
    .release       = release,
    .close         = close_session,
    .inspect       = inspect,
};

const cx_backend_ops_t *cx_backend_v1(void)
{
    return &spoiled_ops;
}
