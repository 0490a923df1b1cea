/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs in a folder of their own, and that nothing of them stays. The test program is also the
 * rank process: its main() looks for "__rank". */
#ifndef TESTS_UNIT_RUN_RUNS_H
#define TESTS_UNIT_RUN_RUNS_H

#include "unit/run/kit.h"

#include "base/file.h"
#include "run/plan_text.h"
#include "run/rank_main.h"
#include "run/supervise.h"
#include "store/record.h"

#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

static cx_arena_t runs_arena;
static char       runs_folder[64];

/* A new folder with what a run makes in it. */
static inline void runs_open_folder(void)
{
    (void)snprintf(runs_folder, sizeof runs_folder, "/tmp/collectivex-runs-XXXXXX");
    assert_non_null(mkdtemp(runs_folder));
}

static inline void runs_empty(const char *folder)
{
    DIR *handle = opendir(folder);

    for (struct dirent *entry; handle && (entry = readdir(handle)) != NULL;) {
        char path[PATH_MAX];

        (void)snprintf(path, sizeof path, "%.2000s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && unlink(path) != 0) {
            runs_empty(path);
        }
    }
    if (handle) {
        closedir(handle);
    }
    (void)rmdir(folder);
}

static inline void runs_close_folder(void)
{
    runs_empty(runs_folder);
}

static inline json_t *runs_read(const char *file)
{
    char    path[PATH_MAX];
    json_t *document;

    (void)snprintf(path, sizeof path, "%s/%s", runs_folder, file);
    EXPECT_OK(cx_record_read(path, &document));
    return document;
}

static inline void runs_assert_no_children(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* Descriptors this process has open. */
static inline int runs_descriptor_count(void)
{
    DIR *handle = opendir("/proc/self/fd");
    int  count  = 0;

    while (readdir(handle)) {
        count++;
    }
    closedir(handle);
    return count;
}

#endif
