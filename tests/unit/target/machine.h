/* SPDX-License-Identifier: Apache-2.0 */
/* Where the captured machines lie, and reading one.
 * Not what is expected of them: that is each machine's expected.json. */
#ifndef CX_TEST_TARGET_MACHINE_H
#define CX_TEST_TARGET_MACHINE_H

#include "tree.h"

#include "target/root.h"

#define MACHINE_VARIABLES_MAX 64

/* tests/data/machines/<name>/<file>, found from this file. */
static inline char *machine_path(const char *name, const char *file, char path[PATH_MAX])
{
    const char *here  = __FILE__;
    const char *slash = strrchr(here, '/');

    (void)snprintf(path, PATH_MAX, "%.*s/../../data/machines/%s/%s",
                   slash ? (int)(slash - here) : 1, slash ? here : ".", name, file);
    return path;
}

static inline void machine_open(const char *name, cx_root_t *out)
{
    char path[PATH_MAX];

    assert_int_equal(cx_root_open(machine_path(name, "", path), out), CX_OK);
}

/* The lines of the file `environ` as variables; `text` holds them. */
static inline void machine_environment(const char *name, char *text, size_t text_bytes,
                                       const char *variables[MACHINE_VARIABLES_MAX])
{
    cx_root_t root;
    int       count = 0;

    machine_open(name, &root);
    assert_true(cx_root_text(&root, text, text_bytes, "environ"));
    cx_root_close(&root);
    for (char *line = text; line && count < MACHINE_VARIABLES_MAX - 1;) {
        char *end = strchr(line, '\n');

        variables[count++] = line;
        if (end) {
            *end = '\0';
        }
        line = end ? end + 1 : NULL;
    }
    variables[count] = NULL;
}

#endif
