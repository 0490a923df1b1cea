/* SPDX-License-Identifier: Apache-2.0 */
/* The process's alarm clock. */
#include "base/patience.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static unsigned    limit_s; /* 0: never initialised */
static const char *waiting_for;
static void (*on_lost_handler)(const char *what);

static void on_alarm(int signal_number)
{
    (void)signal_number;
    on_lost_handler(waiting_for);
}

void cx_patience_init(unsigned patience_s, void (*on_lost)(const char *what))
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    limit_s           = patience_s;
    on_lost_handler   = on_lost;
    (void)sigaction(SIGALRM, &action, NULL);
}

void cx_patience_begin(const char *what)
{
    waiting_for = what;
    if (limit_s > 0) {
        (void)alarm(limit_s);
    }
}

void cx_patience_end(void)
{
    if (limit_s > 0) {
        (void)alarm(0);
    }
}
