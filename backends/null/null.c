/* SPDX-License-Identifier: Apache-2.0 */
/* The backend that does nothing, for a scripted time: what the harness itself costs, and the
 * skeleton a new backend starts from (tools/new_backend). Not a transport: it moves no data. */
#include "collectivex/backend.h"

#include <stdlib.h>
#include <string.h>

#define SCRIPT_STEPS_MAX 64

/* The filled option rows. A backend's options carry its name as prefix. */
typedef struct options {
    const char *script;
} options_t;

static const cx_option_t option_rows[] = {
    CX_OPTION_TEXT(options_t, script, "null-script", CX_OPTION_KEY, false, "",
                   "Time each operation takes, for example 12.5us,13us, repeated; empty: none."),
    CX_OPTION_END,
};

/* All state of one open backend; nothing is static, so sessions can be opened a hundred times. */
struct cx_session {
    const cx_core_t *core;
    double           script_us[SCRIPT_STEPS_MAX];
    int32_t          step_count, step_index;
};

/* Reads "12.5us,13us": every time is written with its unit, as everywhere else. */
static cx_status_t read_script(cx_session_t *session, const char *script)
{
    static const struct {
        const char *unit;
        double      us;
    } units[] = {{"ns", 1e-3}, {"us", 1}, {"ms", 1e3}, {"s", 1e6}};

    for (const char *at = *script ? script : NULL, *next; at; at = next) {
        char  *unit;
        double time = strtod(at, &unit), us = 0;
        size_t length = strcspn(unit, ",");

        for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
            if (strlen(units[i].unit) == length && strncmp(units[i].unit, unit, length) == 0) {
                us = units[i].us;
            }
        }
        if (unit == at || us == 0 || !(time >= 0) || session->step_count == SCRIPT_STEPS_MAX) {
            return CX_CORE_FAIL(session->core, CX_INVALID,
                                "null-script: \"%s\" is not a list of at most %d times such as "
                                "12.5us,13us",
                                script, SCRIPT_STEPS_MAX);
        }
        session->script_us[session->step_count++] = time * us;
        next                                      = unit[length] ? unit + length + 1 : NULL;
    }
    return CX_OK;
}

/* Called first, on every rank, perhaps for `list` alone: find the library, say what it can do, or
 * end in CX_UNSUPPORTED with what is missing and how to get it. No peers, no device work. */
static cx_status_t probe(const cx_core_t *core, cx_caps_t *caps)
{
    (void)core;
    *caps = (cx_caps_t){
        .families             = CX_BIT(CX_FAMILY_COLLECTIVE) | CX_BIT(CX_FAMILY_ALLREDUCE),
        .collectives          = CX_BIT(CX_COLLECTIVE_COUNT) - 1,
        .in_place_collectives = CX_BIT(CX_COLLECTIVE_COUNT) - 1,
        .dtypes               = CX_BIT(CX_DTYPE_COUNT) - 1,
        .reduce_dtypes        = CX_BIT(CX_DTYPE_COUNT) - 1,
        .redops               = CX_BIT(CX_REDOP_COUNT) - 1,
        .memory               = CX_MEMORY_PLAIN,
        .spans_hosts          = true,
        .moves_no_data        = true,
        .devices              = "host sim",
        .can_capture          = true,
    };
    return CX_OK;
}

/* Called once per case: connect the ranks, build what every size shares. `shape` and `options` are
 * borrowed until close. On failure leave nothing behind: close is not called. */
static cx_status_t open_session(const cx_core_t *core, const cx_shape_t *shape, const void *options,
                                cx_session_t **out)
{
    const options_t *values  = options;
    cx_session_t    *session = calloc(1, sizeof *session);
    cx_status_t      status;

    (void)shape;
    if (!session) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for a session");
    }
    session->core = core;
    status        = read_script(session, values->script);
    if (status != CX_OK) {
        free(session);
        return status;
    }
    *out = session;
    return CX_OK;
}

/* Called once per size: allocate, register, compile and keep `point`, so that enqueue need not.
 * Here each size starts the script anew. */
static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    (void)point;
    session->step_index = 0;
    return CX_OK;
}

/* Called inside timed windows: start the work of one slot on `stream` and return. Never allocate,
 * log, read a clock or talk to the peers here. */
static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream)
{
    const cx_core_t *core = session->core;
    double           step_us;

    (void)phase;
    (void)slot_index;
    if (session->step_count == 0) {
        return CX_OK;
    }
    step_us             = session->script_us[session->step_index];
    session->step_index = (session->step_index + 1) % session->step_count;
    return core->device_ops->spin(core->device, stream, step_us);
}

/* Undoes prepare; cannot fail. An optional hook, wait, is left out: it is for libraries whose work
 * is not ordered on the stream. */
static void release(cx_session_t *session)
{
    (void)session;
}

/* Undoes open; cannot fail. */
static void close_session(cx_session_t *session)
{
    free(session);
}

static const cx_backend_ops_t null_ops = {
    .abi           = CX_BACKEND_ABI,
    .struct_size   = sizeof(cx_backend_ops_t),
    .name          = "null",
    .summary       = "does nothing for a scripted time: what the harness itself costs",
    .options       = option_rows,
    .options_bytes = sizeof(options_t),
    .probe         = probe,
    .open          = open_session,
    .prepare       = prepare,
    .enqueue       = enqueue,
    .release       = release,
    .close         = close_session,
};

const cx_backend_ops_t *cx_backend_v1(void)
{
    return &null_ops;
}
