/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds a call that cannot be given a deadline, such as into the library of a driver whose card
 * has died: when patience ends, so does the process, by whoever may end it. Not for ranks, which
 * have a supervisor, and for one thread only. */
#ifndef CX_BASE_PATIENCE_H
#define CX_BASE_PATIENCE_H

/**
 * Until this is called the rest does nothing. `on_lost` runs as a handler of SIGALRM, so it may
 * only write and end the process; `what` is the text of cx_patience_begin.
 */
void cx_patience_init(unsigned patience_s, void (*on_lost)(const char *what));

/* `what` is kept: a text that lives until cx_patience_end. Pairs do not nest. */
void cx_patience_begin(const char *what);
void cx_patience_end(void);

#endif
