/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin under test, as the state of a group of tests. */
#ifndef CX_TESTS_HOSTREF_LOAD_H
#define CX_TESTS_HOSTREF_LOAD_H

#include "support/open_plugin.h"

#include <stdint.h>

static inline int load(void **state)
{
    *state = (void *)(uintptr_t)plugin_open_backend("cx-backend-hostref.so");
    return *state ? 0 : -1;
}

#endif
