/* SPDX-License-Identifier: Apache-2.0 */
/* Tests which lines of chatter appear, and their shape. */
#include "base/log.h"

#include "support/expect.h"

#include <stdlib.h>
#include <unistd.h>

/* What two lines at `level` put on stderr, of components "plugin" and "run". */
static void capture(const char *spec, int32_t rank, cx_log_level_t level, char out[512])
{
    FILE  *file = tmpfile();
    int    kept = dup(STDERR_FILENO);
    size_t count;

    assert_non_null(file);
    (void)fflush(stderr);
    (void)dup2(fileno(file), STDERR_FILENO);
    cx_log_init(spec, rank);
    cx_log(level, "plugin", "loaded %d", 3);
    cx_log(level, "run", "started");
    (void)fflush(stderr);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    rewind(file);
    count      = fread(out, 1, 511, file);
    out[count] = '\0';
    (void)fclose(file);
}

static void test_levels_filter_by_component(void **state)
{
    (void)state;
    static const struct {
        const char    *spec;
        cx_log_level_t level;
        bool           has_plugin, has_run;
    } rows[] = {
        {NULL, CX_LOG_WARN, true, true},
        {NULL, CX_LOG_INFO, false, false},
        {"", CX_LOG_INFO, false, false},
        {"info", CX_LOG_INFO, true, true},
        {"error", CX_LOG_WARN, false, false},
        {"warn,plugin=debug", CX_LOG_DEBUG, true, false},
        {"debug,plugin=error", CX_LOG_DEBUG, false, true},
        {"nonsense", CX_LOG_WARN, true, true},
        {",=,plug=debug,pluginx=debug", CX_LOG_DEBUG, false, false},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        char out[512];

        capture(rows[i].spec, -1, rows[i].level, out);
        assert_int_equal(strstr(out, "loaded 3") != NULL, rows[i].has_plugin);
        assert_int_equal(strstr(out, "started") != NULL, rows[i].has_run);
    }
}

static void test_lines_name_rank_and_component(void **state)
{
    (void)state;
    char out[512];

    capture("info", 7, CX_LOG_INFO, out);
    assert_non_null(strstr(out, "rank 7 plugin: loaded 3\n"));
    capture("info", -1, CX_LOG_WARN, out);
    assert_string_equal(out, "collectivex: warn: loaded 3\ncollectivex: warn: started\n");
}

static void test_an_unknown_level_is_told_by_the_first_process(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        int32_t     rank;
        const char *wanted; /* NULL: no word of it */
    } rows[] = {
        {"trace", -1, "CX_LOG: \"trace\" is no level; one of error, warn, info, debug"},
        {"info,plugin=dbg", -1, "CX_LOG: \"dbg\" is no level"},
        {"trace", 0, NULL},
        {"info,,plugin=debug", -1, NULL},
        {NULL, -1, NULL},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        char        out[512];
        const char *told;

        capture(rows[i].spec, rows[i].rank, CX_LOG_WARN, out);
        told = strstr(out, "CX_LOG");
        assert_int_equal(told != NULL, rows[i].wanted != NULL);
        assert_true(!told || strstr(out, rows[i].wanted));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_filter_by_component),
        cmocka_unit_test(test_lines_name_rank_and_component),
        cmocka_unit_test(test_an_unknown_level_is_told_by_the_first_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
