/* SPDX-License-Identifier: Apache-2.0 */
/* The machine on a terminal: accelerators, who is linked to whom, networks, libraries, and what is
 * missing. Shows the document of `probe --format json`, and reads nothing else. */
#ifndef CX_CLI_PROBE_PAGE_H
#define CX_CLI_PROBE_PAGE_H

#include "base/arena.h"
#include "cli/style.h"

#include <jansson.h>

void cx_probe_print(FILE *out, const cx_style_t *style, cx_arena_t *arena, const json_t *document);

#endif
