/* SPDX-License-Identifier: Apache-2.0 */
/* Where the audit library lies: beside the program in a build, with the plugins when installed. */
#include "launch/audit.h"

#include "base/file.h"
#include "base/program.h"

const char *cx_audit_path(cx_arena_t *arena)
{
    static const char *const places[] = {"cx-audit.so", "../lib/collectivex/cx-audit.so"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *path = cx_program_beside(places[i], arena);

        if (path && cx_file_exists(path)) {
            return path;
        }
    }
    return NULL;
}
