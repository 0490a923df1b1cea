/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of the conformance suite are made of, on a rank: the backend under test, its
 * cases, and trials (one session with one prepared size). Not the order of the checks (conform.h).
 *
 * Every step that talks to other ranks is agreed on: all ranks go on, or none does. */
#ifndef CX_RUN_CONFORM_KIT_H
#define CX_RUN_CONFORM_KIT_H

#include "run/bench.h"
#include "run/conform.h"
#include "run/workload.h"

typedef struct cx_conform {
    cx_rank_context_t      *context;
    cx_bench_t              bench;
    cx_arena_t              arena;
    const char             *backend, *device; /* as asked; device may be empty */
    const json_t           *settings;         /* the backend's options, {name: text} */
    const cx_backend_ops_t *ops;              /* NULL: cannot be loaded, see `why_not` */
    void                   *options;          /* in the arena; filled when the backend can run */
    cx_caps_t               caps;             /* likewise */
    bool                    can_run;
    bool                    has_case;      /* it offers any but of family ep, to so many ranks */
    int64_t                 session_count; /* opened by the running check */
    char                    why_not[CX_CONFORM_REASON_BYTES]; /* it cannot be loaded, or run here */
    char                    skipped[CX_CONFORM_REASON_BYTES]; /* why the check does not apply */
} cx_conform_t;

/* Load the backend; a failure is kept in conform->why_not. */
void cx_conform_load(cx_conform_t *conform);

/**
 * Collective: probe the backend, read its options, open the device. What keeps it from running is
 * kept in conform->why_not.
 * errors  the ranks are out of step
 */
cx_status_t cx_conform_probe(cx_conform_t *conform);

/* Collective: open a session, and count it. `out` is NULL where that fails; errors: the backend's.
 */
cx_status_t cx_conform_open(cx_conform_t *conform, const cx_shape_t *shape, cx_session_t **out);

/* The running check does not apply, because ...; returns CX_OK. */
cx_status_t cx_conform_skip(cx_conform_t *conform, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Put words before the detail of the failure under way; returns `status`. */
cx_status_t cx_conform_blame(cx_status_t status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ranks that do not agree on where they are cannot go on together. */
bool cx_conform_is_out_of_step(cx_status_t status);

/* ---- cases: conform_cases.c ------------------------------------------------------------------ */

typedef cx_status_t (*cx_conform_case_fn)(cx_conform_t *conform, const cx_case_t *one);

/* Which cases: so many that any two choices meet in one of them (operation and type, type and
 * reduction, ...), or one of each operation, algorithm and limit. */
typedef enum cx_conform_range {
    CX_CONFORM_EVERY_PAIR,
    CX_CONFORM_EVERY_OPERATION
} cx_conform_range_t;

/**
 * Call `visit` for each case of the range that has a meaning and that the backend offers (or, with
 * wants_offered false, does not offer), of families collective, allreduce and limits. A limit may
 * be refused by open with a sentence, as what a device lacks is known then.
 * errors  that of the first case that failed, by its name, with the number of all that did: a
 *         failure which leaves the ranks in step does not stop the walk · CX_UNSUPPORTED each case
 *         was refused
 */
cx_status_t cx_conform_each_case(cx_conform_t *conform, cx_conform_range_t range,
                                 bool wants_offered, cx_conform_case_fn visit);

/* Whether the backend says that it can do the case, with these ranks on this device. */
bool cx_conform_is_offered(const cx_conform_t *conform, const cx_case_t *one);

/* The first case of an operation, or with op -1 of anything, that is offered; false: there is none.
 */
bool cx_conform_find_case(cx_conform_t *conform, int32_t op, cx_case_t *out);

/* ---- trials ---------------------------------------------------------------------------------- */

typedef struct cx_trial {
    cx_conform_t *conform;
    cx_case_t     one;
    int32_t       slot_count; /* sets of buffers; may be changed before a size is planned */
    cx_session_t *session;    /* NULL: not open */
    cx_workload_t workload;
    cx_region_t   region;
    bool          is_prepared;
    cx_graph_t   *graph; /* NULL: nothing is captured */
} cx_trial_t;

void cx_trial_init(cx_trial_t *trial, cx_conform_t *conform, const cx_case_t *one);

/* Collective. `open` opens the session; `plan` makes region and inputs for blocks of `elems`;
 * `prepare` prepares them. Errors: those of the backend, on all ranks alike. */
cx_status_t cx_trial_open(cx_trial_t *trial);
cx_status_t cx_trial_plan(cx_trial_t *trial, int64_t elems);
cx_status_t cx_trial_prepare(cx_trial_t *trial);

/* Collective: that many operations back to back on slots in turn, in one window. */
cx_status_t cx_trial_run(cx_trial_t *trial, int64_t operation_count);
/* Collective: CX_INCORRECT with the oracle's sentence when any of them left anything wrong; makes
 * the slots ready to be used again. */
cx_status_t cx_trial_verify(cx_trial_t *trial, int64_t operation_count);

/* Collective: that many operations on slots in turn become the trial's graph, and the slots are
 * made ready to be used, whatever the capture did to them; then the graph, once in a window. */
cx_status_t cx_trial_capture(cx_trial_t *trial, int64_t operation_count);
cx_status_t cx_trial_replay(cx_trial_t *trial);

void cx_trial_release(cx_trial_t *trial); /* undoes capture, prepare and plan */
void cx_trial_close(cx_trial_t *trial);   /* undoes everything */
/* The end of a check: closes, unless the ranks are out of step, when closing may wait for ranks
 * that are gone and the process ends instead. Returns `status`. */
cx_status_t cx_trial_end(cx_trial_t *trial, cx_status_t status);

/* ---- what a process holds -------------------------------------------------------------------- */

/* Named in the table of conform_footprint.c. */
typedef struct cx_footprint {
    int64_t descriptor_count, mapping_count, shared_file_count;
    int64_t heap_bytes, address_bytes, resident_bytes;
} cx_footprint_t;

cx_status_t cx_footprint_take(cx_footprint_t *out);
/* Errors CX_INVALID `after` holds more than can be chance for `cycle_count` repetitions, or 20. */
cx_status_t cx_footprint_compare(const cx_footprint_t *before, const cx_footprint_t *after,
                                 int64_t cycle_count);

/* ---- the checks, by file --------------------------------------------------------------------- */

/* conform_table.c: what the backend says of itself */
cx_status_t cx_conform_abi(cx_conform_t *conform);
cx_status_t cx_conform_name(cx_conform_t *conform);
cx_status_t cx_conform_options(cx_conform_t *conform);
cx_status_t cx_conform_probing(cx_conform_t *conform);
/* conform_caps.c: what it can do */
cx_status_t cx_conform_declared(cx_conform_t *conform);
cx_status_t cx_conform_undeclared(cx_conform_t *conform);
/* conform_cycles.c: what it leaves behind */
cx_status_t cx_conform_open_close(cx_conform_t *conform);
cx_status_t cx_conform_prepare_release(cx_conform_t *conform);
/* conform_window.c: what it does in a window */
cx_status_t cx_conform_window(cx_conform_t *conform);
cx_status_t cx_conform_same_bytes(cx_conform_t *conform);
cx_status_t cx_conform_back_to_back(cx_conform_t *conform);
/* conform_ep.c: expert parallelism */
bool        cx_conform_offers_experts(cx_conform_t *conform);
cx_status_t cx_conform_experts(cx_conform_t *conform);
/* conform_graph.c: what it does in a graph */
cx_status_t cx_conform_captured(cx_conform_t *conform);
/* conform_refusal.c: what it does with what is wrong */
cx_status_t cx_conform_wrong_input(cx_conform_t *conform);
cx_status_t cx_conform_device_failure(cx_conform_t *conform);
cx_status_t cx_conform_absent_peer(cx_conform_t *conform);
/* conform_harness.c: what measures it */
cx_status_t cx_conform_harness(cx_conform_t *conform);

#endif
