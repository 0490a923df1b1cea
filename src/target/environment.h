/* SPDX-License-Identifier: Apache-2.0 */
/* What the environment says: variables that can move a number, and whether this is a container.
 * An allow-list: everything else stays where it is. */
#ifndef CX_TARGET_ENVIRONMENT_H
#define CX_TARGET_ENVIRONMENT_H

#include "target/root.h"

#include <jansson.h>

/* `variables`: "NAME=value" texts that end with NULL. NULL as a result: memory ran out. */

/* {NAME: value}; a credential's value is "removed-<kind>". */
json_t *cx_environment_allowed(const char *const *variables);
/* {is_detected, kind, image, image_digest} */
json_t *cx_environment_container(const cx_root_t *root, const char *const *variables);

#endif
