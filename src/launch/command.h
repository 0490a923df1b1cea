/* SPDX-License-Identifier: Apache-2.0 */
/* Running another program to its end without a shell, under a deadline, and leaving nothing of it
 * behind. Not a rank process (local.h), and not the meaning of what it printed. */
#ifndef CX_LAUNCH_COMMAND_H
#define CX_LAUNCH_COMMAND_H

#include "base/fail.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

/**
 * What to run.
 *
 * argv              NULL-terminated; argv[0] is a path, or is looked up on the PATH
 * timeout_ns        from its start; then its process group gets SIGTERM
 * grace_ns          how long after that everything it started gets SIGKILL
 * output_bytes_max  of each of its two streams; one that prints more is ended
 * interrupts        ends it as soon as it is above 0
 */
typedef struct cx_command {
    const char *const           *argv;
    int64_t                      timeout_ns, grace_ns;
    size_t                       output_bytes_max;
    const volatile sig_atomic_t *interrupts;
} cx_command_t;

typedef enum cx_command_end {
    CX_COMMAND_EXITED, /* by itself: see exit_status */
    CX_COMMAND_TIMED_OUT,
    CX_COMMAND_FLOODED, /* printed more than output_bytes_max */
    CX_COMMAND_INTERRUPTED,
    CX_COMMAND_END_COUNT
} cx_command_end_t;

typedef struct cx_command_result {
    cx_command_end_t end;
    int              exit_status;     /* as waitpid gives it; 127 << 8: it could not be started */
    char            *output, *errors; /* owned, NUL-terminated: what it printed */
    size_t           output_bytes, errors_bytes;
} cx_command_result_t;

/**
 * Run a command. It reads nothing, has a process group of its own and dies with this process. When
 * this returns, neither it nor any process it started is there any more, not even one that ignored
 * SIGTERM or left the group: orphans come to this process, and every child of this process is
 * ended. So there must be no other child while it runs.
 *
 * owns    `out` is released with cx_command_fini
 * errors  CX_RESOURCE no process, descriptor or memory · CX_INTERNAL something of it cannot be
 *         killed
 */
cx_status_t cx_command_run(const cx_command_t *command, cx_command_result_t *out);
void        cx_command_fini(cx_command_result_t *result);

#endif
