/* SPDX-License-Identifier: Apache-2.0 */
/* Which libraries this process really has, and which build of each.
 * Only those that can move a number: a table in libraries.c. */
#ifndef CX_TARGET_LIBRARIES_H
#define CX_TARGET_LIBRARIES_H

#include <jansson.h>

/* [{path, soname, build_id}] in the order they were loaded; build_id is the GNU note as hex, null
 * where there is none. NULL: memory ran out. */
json_t *cx_libraries_loaded(void);

#endif
