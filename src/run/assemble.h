/* SPDX-License-Identifier: Apache-2.0 */
/* A record while it grows: from the events of a case to the finished document.
 * Not its file (store/record.h). */
#ifndef CX_RUN_ASSEMBLE_H
#define CX_RUN_ASSEMBLE_H

#include "base/text.h"
#include "model/case.h"

#include <jansson.h>

/* What is the same in all records of a run; borrowed. */
typedef struct cx_run_facts {
    const char   *suite;
    int64_t       launch_count;
    const json_t *provenance; /* not yet redacted */
    const json_t *command;    /* array of texts */
    const char   *launcher;
} cx_run_facts_t;

/* One case of one launch. */
typedef struct cx_assembly {
    const cx_run_facts_t *facts;
    const cx_case_t      *one;
    int64_t               launch_index;
    json_t               *rows, *points, *left_out;          /* owned */
    json_t               *environment, *harness, *libraries; /* owned; NULL before case_start */
    json_t               *limits;                            /* owned; NULL before case_start */
    json_t               *backend_open_us;                   /* likewise */
    json_t               *taken_by; /* owned; NULL: the numbers are ours, else run/external.c */
    double                busbw_factor;
    cx_text_t             samples; /* message forms, one behind the other */
    char                  started_utc[24];
    int64_t               started_ns;
} cx_assembly_t;

void cx_assembly_init(cx_assembly_t *assembly, const cx_run_facts_t *facts, const cx_case_t *one,
                      int64_t launch_index);
void cx_assembly_fini(cx_assembly_t *assembly);

/* Take one event of run/report.h (borrowed), or one message of samples. */
void cx_assembly_event(cx_assembly_t *assembly, const json_t *event);
void cx_assembly_samples(cx_assembly_t *assembly, const void *message, size_t message_bytes);

/* How a case ended; failure is borrowed and may be NULL (the member "failure" of a record). */
typedef struct cx_ending {
    cx_status_t   status;
    const char   *detail; /* NULL for none */
    const json_t *failure;
} cx_ending_t;

/**
 * Write DIR/records/ID.lN.json and DIR/samples/ID.lN.cxs.
 *
 * The status of an orderly end is the worst of its rows.
 * owns    *out is a new reference: the document as written
 * errors  CX_RESOURCE disk full and the like: `out` is still the document, so nothing is lost that
 *         can be printed
 */
cx_status_t cx_assembly_finish(cx_assembly_t *assembly, const cx_ending_t *ending,
                               const char *directory, bool is_redacted, json_t **out);

/* The member "program" of a record: what was built. A new reference. */
json_t *cx_program_to_json(void);

/* The name of a record's files without folder and suffix, in the arena. */
char *cx_record_name(const cx_case_t *one, int64_t launch_index, cx_arena_t *arena);

#endif
