/* SPDX-License-Identifier: Apache-2.0 */
/* The backend that nccl and rccl share: options, capabilities, sessions and points.
 * Not a plugin: nccl.c and rccl.c define the XCCL_ names of their library and include this. */
#include "collectivex/backend.h"

#include "xccl_api.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define CTAS_MAX 1024

enum { REGISTRATION_NONE, REGISTRATION_USER_BUFFER, REGISTRATION_SYMMETRIC };
enum { NATIVE_AUTO, NATIVE_YES, NATIVE_NO };
enum { EP_MESSAGES_FIXED, EP_MESSAGES_ROUTED };

typedef struct options {
    int32_t registration, native;
    int64_t min_ctas, max_ctas;
    int32_t ep_messages;
} options_t;

static const char *const registration_words[] = {"none", "user-buffer", "symmetric", NULL};
static const char *const native_words[]       = {"auto", "yes", "no", NULL};
static const char *const ep_messages_words[]  = {"fixed", "routed", NULL};

static const cx_option_t option_rows[] = {
    CX_OPTION_ENUM(options_t, registration, XCCL_NAME "-registration", CX_OPTION_KEY, "none",
                   registration_words,
                   "Make the buffers known to the library beforehand: user-buffer "
                   "(ncclCommRegister, from 2.19) or symmetric (a window, from 2.27)."),
    CX_OPTION_ENUM(options_t, native, XCCL_NAME "-native", CX_OPTION_KEY, "auto", native_words,
                   "all_to_all, gather and scatter by the library's own call, or by grouped sends "
                   "and receives (no); auto: its own where it has one."),
    CX_OPTION_INT(
        options_t, min_ctas, XCCL_NAME "-min-ctas", CX_OPTION_KEY, "0", 0, CTAS_MAX,
        "Fewest thread blocks an operation may use (from 2.17); 0: the library's choice."),
    CX_OPTION_INT(options_t, max_ctas, XCCL_NAME "-max-ctas", CX_OPTION_KEY, "0", 0, CTAS_MAX,
                  "Most thread blocks an operation may use (from 2.17); 0: the library's choice."),
    CX_OPTION_ENUM(
        options_t, ep_messages, XCCL_NAME "-ep-messages", CX_OPTION_KEY, "fixed", ep_messages_words,
        "Family ep: messages as long as they can become (fixed), or as the routing makes them, "
        "which the host was told before the timed call (routed)."),
    CX_OPTION_END,
};

#include "../gpu/module.inl"
#include "../gpu/shuffle_params.inl"

#include "xccl_library.inl"

#include "xccl_job.inl"

#include "xccl_algorithm.inl"

#include "xccl_comm.inl"

#include "xccl_operations.inl"

/* The library's words for ours; a version of 0 is a word it does not have. */
static const struct {
    int value, version_min;
} dtypes[CX_DTYPE_COUNT] =
    {
#define DTYPE(name, theirs, value, version_min) [CX_DTYPE_##name] = {value, version_min},
        XCCL_DTYPE_MAP(DTYPE)
#undef DTYPE
},
  redops[CX_REDOP_COUNT] = {
#define REDOP(name, theirs, value, version_min) [CX_REDOP_##name] = {value, version_min},
      XCCL_REDOP_MAP(REDOP)
#undef REDOP
};

static const size_t elem_bytes[CX_DTYPE_COUNT] = {
#define BYTES(name, slug, bytes) [CX_DTYPE_##name] = (bytes),
    CX_DTYPE_MAP(BYTES)
#undef BYTES
};

static bool is_known(int version_min)
{
    return version_min > 0 && library.version >= version_min;
}

#include "xccl_ep.inl"

#include "xccl_ep_plan.inl"

static cx_status_t probe(const cx_core_t *core, cx_caps_t *caps)
{
    cx_status_t status = load_library(core);

    if (status != CX_OK) {
        return status;
    }
    *caps = (cx_caps_t){
        .families       = CX_BIT(CX_FAMILY_COLLECTIVE) | CX_BIT(CX_FAMILY_ALLREDUCE),
        .collectives    = CX_BIT(CX_COLLECTIVE_COUNT) - 1,
        .memory         = XCCL_MEMORY,
        .rank_count_min = 1,
        .spans_hosts    = true,
        .devices        = XCCL_DEVICE,
    };
    for (int i = 0; i < CX_COLLECTIVE_COUNT; i++) {
        caps->in_place_collectives |= operations[i].has_in_place ? CX_BIT(i) : 0;
    }
    for (int i = 0; i < CX_DTYPE_COUNT; i++) {
        caps->dtypes |= is_known(dtypes[i].version_min) ? CX_BIT(i) : 0;
    }
    for (int i = 0; i < CX_REDOP_COUNT; i++) {
        caps->redops |= is_known(redops[i].version_min) ? CX_BIT(i) : 0;
    }
    caps->reduce_dtypes = caps->dtypes;
    caps->can_capture   = library.version >= XCCL_CAPTURE_VERSION;
    caps->algorithms    = offered_algorithms();
    offer_ep(caps);
    describe_library(caps->library_version, sizeof caps->library_version);
    (void)snprintf(caps->library_path, sizeof caps->library_path, "%s", library.path);
    return CX_OK;
}

/* ---- sessions ------------------------------------------------------------------------------- */

static cx_status_t refuse_older(const cx_core_t *core, bool is_wanted, bool is_there,
                                const char *option, const char *version)
{
    char found[64];

    if (!is_wanted || is_there) {
        return CX_OK;
    }
    describe_library(found, sizeof found);
    return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                        "%s needs " XCCL_LABEL " %s or later, this is %s (%s)", option, version,
                        found, library.path);
}

static cx_status_t check_options(const cx_core_t *core, const options_t *options)
{
    const xccl_api_t *api    = &library.api;
    cx_status_t       status = refuse_older(core, options->registration == REGISTRATION_USER_BUFFER,
                                            api->comm_register && api->comm_deregister,
                                            XCCL_NAME "-registration=user-buffer", "2.19");

    if (status == CX_OK) {
        status = refuse_older(core, options->registration == REGISTRATION_SYMMETRIC,
                              api->window_register && api->window_deregister,
                              XCCL_NAME "-registration=symmetric", "2.27");
    }
    if (status == CX_OK) {
        status = refuse_older(core, options->min_ctas > 0 || options->max_ctas > 0,
                              api->comm_init_rank_config && library.version >= XCCL_CONFIG_VERSION,
                              XCCL_NAME "-min-ctas (or " XCCL_NAME "-max-ctas)", "2.17");
    }
    return status;
}

/* A type it does not have has the number of another one here. */
static cx_status_t check_type(const cx_core_t *core, const cx_shape_t *shape)
{
    static const char *const slugs[CX_DTYPE_COUNT] = {
#define SLUG(name, slug, bytes) [CX_DTYPE_##name] = (slug),
        CX_DTYPE_MAP(SLUG)
#undef SLUG
    };
    char found[64];

    if (shape->op == CX_COLLECTIVE_BARRIER || is_known(dtypes[shape->dtype].version_min)) {
        return CX_OK;
    }
    describe_library(found, sizeof found);
    return CX_CORE_FAIL(core, CX_UNSUPPORTED, XCCL_LABEL " %s has no type %s (%s)", found,
                        slugs[shape->dtype], library.path);
}

/* The library has no barrier: the smallest reduction is one. Zeros stay zeros. Its memory lives as
 * long as the communicator, since to free memory waits for a device that may hang. */
static cx_status_t open_scratch(cx_session_t *session)
{
    const cx_core_t *core = session->core;

    if (session->shape.op != CX_COLLECTIVE_BARRIER) {
        return CX_OK;
    }
    session->type  = dtypes[CX_DTYPE_INT32].value;
    session->redop = redops[CX_REDOP_SUM].value;
    return core->device_ops->alloc(core->device, sizeof(int32_t), CX_MEMORY_PLAIN,
                                   &session->scratch.recv);
}

static void free_session(cx_session_t *session)
{
    const cx_core_t *core = session->core;

    if (session->scratch.recv) {
        core->device_ops->free(core->device, session->scratch.recv);
    }
    close_ep(session);
    free(session);
}

static cx_status_t connect_ranks(cx_session_t *session)
{
    const cx_core_t *core   = session->core;
    cx_status_t      status = choose_algorithm(core, &session->shape, &session->options);
    xccl_unique_id_t id;

    if (status == CX_OK) {
        status = check_options(core, &session->options);
    }
    if (status == CX_OK && session->shape.family != CX_FAMILY_EP) {
        status = check_type(core, &session->shape);
    }
    if (status == CX_OK) {
        status = session->shape.family == CX_FAMILY_EP ? open_ep(session) : choose_run(session);
    }
    if (status == CX_OK) {
        status = open_scratch(session);
    }
    status = meet(core, status, &id);
    if (status == CX_OK) {
        impose_algorithm(session->shape.algorithm);
        status = open_comm(core, &session->options, &id, &session->comm);
        lift_algorithm(session->shape.algorithm);
    }
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
    session->core       = core;
    session->shape      = *shape;
    session->options    = *(const options_t *)options;
    session->type       = dtypes[shape->dtype].value;
    session->redop      = redops[shape->redop].value;
    session->elem_bytes = elem_bytes[shape->dtype];
    status              = connect_ranks(session);
    if (status != CX_OK) {
        free_session(session);
        return status;
    }
    *out = session;
    return CX_OK;
}

/* With a communicator that could not be closed, what it may still use is left behind too. One that
 * is in use cannot be aborted: that frees it. */
static void close_session(cx_session_t *session)
{
    if (session->is_held) {
        session->core->log(CX_LOG_WARN, XCCL_NAME,
                           "a communicator is left behind: a call on it never returned");
    } else if (close_comm(session->core, session->comm, session->is_broken)) {
        free_session(session);
    }
}

static cx_status_t fail_session(cx_session_t *session, const char *call, xccl_result_t result)
{
    session->is_broken = true;
    return fail_call(session->core, session->comm, call, result);
}

/* ---- points --------------------------------------------------------------------------------- */

/* A point whose blocks its memory cannot hold would be found out on the device, inside a window. */
static cx_status_t refuse_impossible(const cx_session_t *session, const cx_point_t *point)
{
    if (!point->region || point->elems < 0 ||
        (uint64_t)point->elems > point->region_bytes / session->elem_bytes) {
        return CX_CORE_FAIL(session->core, CX_INVALID,
                            "blocks of %lld elements do not fit into a region of %zu bytes",
                            (long long)point->elems, point->region_bytes);
    }
    return CX_OK;
}

static cx_status_t register_buffer(cx_session_t *session, const cx_point_t *point)
{
    xccl_result_t result = library.api.comm_register(session->comm, point->region,
                                                     point->region_bytes, &session->registration);

    if (result != XCCL_SUCCESS) {
        return fail_session(session, "ncclCommRegister", result);
    }
    if (!session->registration) {
        return CX_CORE_FAIL(session->core, CX_UNSUPPORTED,
                            "ncclCommRegister registered nothing: is NCCL_LOCAL_REGISTER=0 set?");
    }
    return CX_OK;
}

static xccl_result_t run_register(job_t *job)
{
    return library.api.window_register(job->comm, job->buffer, job->buffer_bytes, &job->window,
                                       XCCL_WINDOW_SYMMETRIC);
}

/* Collective: the library waits for all ranks, of which one may never come. */
static cx_status_t make_window(cx_session_t *session, const cx_point_t *point)
{
    const cx_core_t *core = session->core;
    job_t           *job  = new_job(run_register);
    cx_status_t      status;

    if (!job) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory to register a window");
    }
    job->comm         = session->comm;
    job->buffer       = point->region;
    job->buffer_bytes = point->region_bytes;
    status            = finish_job(core, job, 0);
    if (status != CX_OK) {
        session->is_broken = true;
        session->is_held   = status == CX_TIMEOUT;
        return CX_CORE_FAIL(core, status, "ncclCommWindowRegister %s",
                            status == CX_TIMEOUT ? "did not return in time: a rank is missing"
                                                 : "needs a thread, and there is none");
    }
    if (job->result == XCCL_SUCCESS) {
        session->window = job->window;
    } else {
        status = fail_session(session, "ncclCommWindowRegister", job->result);
    }
    free_job(job);
    return status;
}

static cx_status_t register_window(cx_session_t *session, const cx_point_t *point)
{
    cx_status_t status;

    if (point->memory != CX_MEMORY_EXPORTABLE ||
        (uintptr_t)point->region % XCCL_WINDOW_ALIGNMENT_BYTES != 0) {
        return CX_CORE_FAIL(session->core, CX_UNSUPPORTED,
                            "a symmetric window needs exportable memory that begins at a page");
    }
    status = make_window(session, point);
    if (status == CX_OK && !session->window) {
        return CX_CORE_FAIL(session->core, CX_UNSUPPORTED,
                            "ncclCommWindowRegister made no window: the ranks' devices share no "
                            "memory that it can map, or NCCL_CUMEM_ENABLE=0 is set");
    }
    return status;
}

static cx_status_t register_region(cx_session_t *session, const cx_point_t *point)
{
    switch (session->options.registration) {
    case REGISTRATION_USER_BUFFER:
        return register_buffer(session, point);
    case REGISTRATION_SYMMETRIC:
        return register_window(session, point);
    default:
        return CX_OK;
    }
}

/* Undoes prepare, also one that stopped half-way. Where something is lost or time is up, the
 * communicator is going to be aborted and takes its registrations with it. */
static void release(cx_session_t *session)
{
    const cx_core_t *core = session->core;

    if (!session->is_broken && has_failed(session->comm)) {
        session->is_broken = true;
        core->log(CX_LOG_WARN, XCCL_NAME, "the communicator has failed since the last call");
    }
    session->is_broken |= core->is_over(core);
    if (session->registration && !session->is_broken) {
        (void)library.api.comm_deregister(session->comm, session->registration);
    }
    if (session->window && !session->is_broken) {
        (void)library.api.window_deregister(session->comm, session->window);
    }
    free(session->transfers);
    session->registration   = NULL;
    session->window         = NULL;
    session->transfers      = NULL;
    session->transfer_count = 0;
    session->slots          = NULL;
    if (!session->is_broken) {
        release_ep(session); /* else the library may still use it until it is closed */
    }
}

static cx_status_t prepare_data(cx_session_t *session, const cx_point_t *point)
{
    cx_status_t status = refuse_impossible(session, point);

    if (status == CX_OK) {
        status = plan_transfers(session, point);
    }
    return status == CX_OK ? register_region(session, point) : status;
}

static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    cx_status_t status = CX_OK;

    if (session->ep) {
        status = prepare_ep(session, point);
        if (status != CX_OK) {
            release(session);
        }
        return status;
    }
    if (session->shape.op == CX_COLLECTIVE_BARRIER) {
        session->scratch.send = session->scratch.recv;
        session->slots        = &session->scratch;
        session->count        = 1;
        return CX_OK;
    }
    session->slots = point->slots;
    session->count = (size_t)point->elems;
    status         = prepare_data(session, point);
    if (status != CX_OK) {
        release(session);
    }
    return status;
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream)
{
    xccl_result_t result;

    if (session->ep) {
        return enqueue_ep(session, phase, slot_index, stream);
    }
    result = session->run(session, &session->slots[slot_index], stream);
    return result == XCCL_SUCCESS ? CX_OK : fail_session(session, session->call, result);
}

static const cx_backend_ops_t xccl_ops = {
    .abi           = CX_BACKEND_ABI,
    .struct_size   = sizeof(cx_backend_ops_t),
    .name          = XCCL_NAME,
    .summary       = XCCL_SUMMARY,
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
    return &xccl_ops;
}
