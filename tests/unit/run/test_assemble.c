/* SPDX-License-Identifier: Apache-2.0 */
/* From events to the finished record: every status, redaction, keys, files. Whether a record is
 * right is the gate's (test_check.c). */
#include "run/assemble.h"

#include "base/file.h"
#include "model/record.h"
#include "run/contracts.h"
#include "store/fields.h"
#include "store/record.h"
#include "store/samples.h"
#include "unit/run/kit.h"

#include <ftw.h>
#include <sys/stat.h>

#define SECRET_HOST "gpu-node-17.cluster.example"
#define SECRET_TOKEN "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

static cx_arena_t     arena;
static cx_run_facts_t facts;
static char           folder[] = "/tmp/collectivex-assemble-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    facts =
        (cx_run_facts_t){.suite        = "kit",
                         .launch_count = 1,
                         .provenance = json_pack("{s{ss},s{ss,ss}}", "cpu", "model", "a processor",
                                                 "host", "hostname", SECRET_HOST, "kernel", "6.1"),
                         .command    = json_pack("[sss]", "collectivex", "--token", SECRET_TOKEN),
                         .launcher   = "none"};
    if (!mkdtemp(folder)) {
        return -1;
    }
    EXPECT_OK(cx_folder_make(cx_arena_format(&arena, "%s/records", folder)));
    EXPECT_OK(cx_folder_make(cx_arena_format(&arena, "%s/samples", folder)));
    /* Its own salt, so that no test writes into a home. */
    return setenv("XDG_STATE_HOME", folder, 1) || setenv("HOME", folder, 1);
}

static int remove_one(const char *path, const struct stat *facts_of_it, int type, struct FTW *place)
{
    (void)facts_of_it;
    (void)type;
    (void)place;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    json_decref((json_t *)(uintptr_t)facts.provenance);
    json_decref((json_t *)(uintptr_t)facts.command);
    cx_arena_fini(&arena);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void take(cx_assembly_t *assembly, const char *text)
{
    json_t *event = json_loads(text, 0, NULL);

    assert_non_null(event);
    cx_assembly_event(assembly, event);
    json_decref(event);
}

static json_t *row_of(const char *status, const char *detail)
{
    cx_row_t row;

    cx_row_clear(&row);
    row.status          = status;
    row.detail          = detail;
    row.requested_bytes = 8;
    row.message_bytes   = 8;
    row.time_us_p50     = 12.5;
    row.stop_reason     = "target";
    return cx_fields_to_json(cx_row_fields, &row);
}

static void take_row(cx_assembly_t *assembly, const char *status, const char *detail)
{
    json_t *event =
        json_pack("{ss,sf,so}", "event", "row", "busbw_factor", 1.5, "row", row_of(status, detail));

    cx_assembly_event(assembly, event);
    json_decref(event);
}

static void take_start(cx_assembly_t *assembly)
{
    cx_harness_t harness;
    json_t      *event;

    cx_harness_clear(&harness);
    event = json_pack("{ss,sf,s{ss,ss},so}", "event", "case_start", "backend_open_us", 12.5,
                      "environment", "rank_count", "2", "device_model", "a device", "harness",
                      cx_fields_to_json(cx_harness_fields, &harness));
    cx_assembly_event(assembly, event);
    json_decref(event);
}

static json_t *finish(cx_assembly_t *assembly, const cx_ending_t *ending, bool is_redacted)
{
    json_t *record = NULL;

    EXPECT_OK(cx_assembly_finish(assembly, ending, folder, is_redacted, &record));
    EXPECT_OK(cx_record_validate(record, "assembled"));
    cx_assembly_fini(assembly);
    return record;
}

static const char *text_at(const json_t *record, const char *object, const char *key)
{
    return kit_text(json_object_get(record, object), key);
}

static void test_the_worst_row_is_the_status_of_an_orderly_end(void **state)
{
    static const struct {
        const char *rows[3];
        cx_status_t ending;
        const char *detail; /* of the ending */
        const char *status, *record_detail;
    } table[] = {
        {{"ok", "ok", NULL}, CX_OK, NULL, "ok", "(none)"},
        {{"ok", "unstable", "ok"}, CX_OK, NULL, "unstable", "why unstable"},
        {{"unstable", "invalid", "ok"}, CX_OK, NULL, "invalid", "why invalid"},
        {{"unstable", "invalid", "incorrect"}, CX_OK, NULL, "incorrect", "why incorrect"},
        {{"incorrect", NULL, NULL}, CX_BACKEND, "it broke", "backend", "it broke"},
        {{NULL, NULL, NULL}, CX_UNSUPPORTED, "cannot", "unsupported", "cannot"},
        {{NULL, NULL, NULL}, CX_PEER, NULL, "peer", "(none)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cx_case_t     one    = kit_case(&arena, "");
        cx_ending_t   ending = {.status = table[i].ending, .detail = table[i].detail};
        cx_assembly_t assembly;
        json_t       *record;

        cx_assembly_init(&assembly, &facts, &one, 0);
        take_start(&assembly);
        for (size_t k = 0; k < 3 && table[i].rows[k]; k++) {
            const char *status = table[i].rows[k];

            take_row(&assembly, status,
                     strcmp(status, "ok") == 0 ? NULL : cx_arena_format(&arena, "why %s", status));
        }
        record = finish(&assembly, &ending, false);
        assert_string_equal(kit_text(record, "status"), table[i].status);
        assert_string_equal(kit_text(record, "detail"), table[i].record_detail);
        assert_true(json_is_object(json_object_get(record, "publication")));
        json_decref(record);
    }
}

static void test_a_case_that_never_began_has_a_record(void **state)
{
    cx_case_t one     = kit_case(&arena, "");
    json_t   *failure = json_pack("{si,ss,sI,sI}", "rank", 1, "phase", "meeting", "requested_bytes",
                                  (json_int_t)0, "operation_index", (json_int_t)0);
    cx_ending_t   ending = {.status = CX_TIMEOUT, .detail = "silent", .failure = failure};
    cx_assembly_t assembly;
    json_t       *record;

    (void)state;
    cx_assembly_init(&assembly, &facts, &one, 2);
    record = finish(&assembly, &ending, false);
    assert_true(json_is_null(json_object_get(record, "harness")));
    assert_true(json_is_null(json_object_get(record, "samples")));
    assert_string_equal(text_at(record, "failure", "phase"), "meeting");
    assert_true(kit_number(json_object_get(record, "identity"), "launch") == 2);
    assert_true(kit_number(json_object_get(record, "identity"), "attempt") == 0);
    assert_string_equal(text_at(record, "publication", "class"), "failed");
    json_decref(record);
    cx_assembly_init(&assembly, &facts, &one, 2);
    record = finish(&assembly, &ending, false); /* over the record of the first attempt */
    assert_true(kit_number(json_object_get(record, "identity"), "attempt") == 1);
    json_decref(record);
    json_decref(failure);
}

static void test_contracts_and_definitions_follow_the_regime(void **state)
{
    static const struct {
        const char *words, *contract, *over_ranks;
    } rows[] = {{"regime=isolated", "collective.isolated", "max"},
                {"regime=steady", "collective.steady", "median"},
                {"regime=graph", "collective.graph", "median"},
                {"regime=loop_mean", "collective.loop_mean", "mean"},
                {"family=ep hidden=64 topk=1 experts=2 regime=isolated", "ep.isolated.exact",
                 "by component"},
                {"family=ep hidden=64 topk=1 experts=2 regime=steady sampling=fast",
                 "ep.steady.fast", "by component"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_case_t     one    = kit_case(&arena, rows[i].words);
        cx_ending_t   ending = {.status = CX_OK};
        cx_assembly_t assembly;
        json_t       *record;

        cx_assembly_init(&assembly, &facts, &one, 0);
        take_start(&assembly);
        take_row(&assembly, "ok", NULL);
        record = finish(&assembly, &ending, false);
        assert_string_equal(text_at(record, "contract", "name"), rows[i].contract);
        assert_true(kit_number(json_object_get(record, "contract"), "version") ==
                    (double)cx_contract_version(rows[i].contract));
        assert_string_equal(text_at(record, "definition", "over_ranks"), rows[i].over_ranks);
        assert_true(kit_number(json_object_get(record, "definition"), "busbw_factor") == 1.5);
        json_decref(record);
    }
}

/* Sizes of all_to_all_v have a factor each, so the definition has none. */
static void test_a_factor_that_differs_by_row_is_not_defined(void **state)
{
    cx_case_t     one    = kit_case(&arena, "op=all_to_all_v");
    cx_ending_t   ending = {.status = CX_OK};
    cx_assembly_t assembly;
    json_t       *record;

    (void)state;
    cx_assembly_init(&assembly, &facts, &one, 0);
    take_start(&assembly);
    take_row(&assembly, "ok", NULL);
    record = finish(&assembly, &ending, false);
    assert_true(
        json_is_null(json_object_get(json_object_get(record, "definition"), "busbw_factor")));
    json_decref(record);
}

static json_t *finished_with(const char *launcher, bool is_redacted)
{
    cx_case_t     one    = kit_case(&arena, "");
    cx_ending_t   ending = {.status = CX_OK};
    cx_assembly_t assembly;

    facts.launcher = launcher;
    cx_assembly_init(&assembly, &facts, &one, 0);
    take_start(&assembly);
    take_row(&assembly, "ok", NULL);
    take(&assembly, "{\"event\":\"left_out\",\"requested_bytes\":4,\"reason\":\"small\"}");
    take(&assembly, "{\"event\":\"something else\"}");
    return finish(&assembly, &ending, is_redacted);
}

static void test_the_environment_moves_the_key(void **state)
{
    json_t *one   = finished_with("none", false);
    json_t *again = finished_with("none", false);
    json_t *other = finished_with("slurm", false);

    (void)state;
    assert_string_equal(text_at(one, "environment", "cpu_model"), "a processor");
    assert_string_equal(text_at(one, "environment", "kernel"), "6.1");
    assert_string_equal(text_at(one, "environment", "device_model"), "a device");
    assert_string_equal(text_at(one, "identity", "comparison_key"),
                        text_at(again, "identity", "comparison_key"));
    assert_string_not_equal(text_at(one, "identity", "comparison_key"),
                            text_at(other, "identity", "comparison_key"));
    assert_int_equal(json_array_size(json_object_get(one, "left_out")), 1);
    json_decref(one);
    json_decref(again);
    json_decref(other);
}

static void test_redaction_hides_who_and_where_and_can_be_left_away(void **state)
{
    for (int is_redacted = 0; is_redacted < 2; is_redacted++) {
        json_t *record = finished_with("none", is_redacted);
        char   *text   = json_dumps(record, 0);
        char   *path   = cx_arena_format(&arena, "%s/records/%s.l0.json", folder,
                                         text_at(record, "identity", "case_id"));
        char   *file;
        size_t  bytes;

        (void)state;
        assert_int_equal(strstr(text, "gpu-node-17") == NULL, is_redacted);
        assert_int_equal(strstr(text, SECRET_TOKEN) == NULL, is_redacted);
        EXPECT_OK(cx_file_read(path, 1 << 20, &file, &bytes));
        assert_int_equal(strstr(file, "gpu-node-17") == NULL, is_redacted);
        free(file);
        free(text);
        json_decref(record);
    }
}

/* Ranks measure; what their devices are built for is known where the machine is described. */
static void test_limits_stand_beside_nominal_ones(void **state)
{
    static const char description[] =
        "{\"accelerators\": [{\"device\": \"sim\", \"index\": 0, \"memory_nominal\":"
        " {\"name\": \"HBM\", \"bytes_per_s\": 5e12}}], \"links\": []}";
    const json_t *const usual  = facts.provenance;
    cx_case_t           one    = kit_case(&arena, "");
    cx_ending_t         ending = {.status = CX_OK};
    cx_limits_t         measured;
    cx_assembly_t       assembly;
    json_t             *record, *event, *limits;

    (void)state;
    cx_limits_clear(&measured);
    measured.memory_copy_bytes_per_s = 4e12;
    event = json_pack("{ss,s{ss},so}", "event", "case_start", "environment", "ranks_per_host", "1",
                      "limits", cx_fields_to_json(cx_limits_fields, &measured));
    facts.provenance = json_loads(description, 0, NULL);
    cx_assembly_init(&assembly, &facts, &one, 0);
    cx_assembly_event(&assembly, event);
    record = finish(&assembly, &ending, false);
    limits = json_object_get(record, "limits");
    assert_true(json_real_value(json_object_get(limits, "memory_copy_bytes_per_s")) == 4e12);
    assert_true(json_real_value(json_object_get(limits, "memory_nominal_bytes_per_s")) == 5e12);
    assert_true(json_is_null(json_object_get(limits, "link_nominal_bytes_per_s")));
    json_decref(record);
    json_decref(event);
    json_decref((json_t *)(uintptr_t)facts.provenance);
    facts.provenance = usual;
}

static void test_samples_are_written_beside_and_digested(void **state)
{
    cx_case_t        one       = kit_case(&arena, "seed=5");
    cx_ending_t      ending    = {.status = CX_OK};
    double           values[4] = {1, 2, 3, 4};
    cx_samples_row_t row       = {.requested_bytes = 8,
                                  .sample_count    = 4,
                                  .rank_count      = 1,
                                  .reduced_us      = values,
                                  .rank_us         = values};
    void            *message   = malloc(cx_samples_encode_bytes(&row));
    cx_assembly_t    assembly;
    cx_samples_t     samples;
    json_t          *record;

    (void)state;
    cx_samples_encode(&row, message);
    cx_assembly_init(&assembly, &facts, &one, 0);
    take_start(&assembly);
    take_row(&assembly, "ok", NULL);
    cx_assembly_samples(&assembly, message, cx_samples_encode_bytes(&row));
    record = finish(&assembly, &ending, true);
    EXPECT_OK(cx_samples_read(
        cx_arena_format(&arena, "%s/%s", folder, text_at(record, "samples", "file")),
        text_at(record, "samples", "blake2b"), &samples));
    assert_int_equal(samples.row_count, 1);
    assert_true(samples.rows[0].reduced_us[3] == 4);
    cx_samples_fini(&samples);
    json_decref(record);
    free(message);
}

static void test_a_record_that_cannot_be_written_is_not_lost(void **state)
{
    cx_case_t     one    = kit_case(&arena, "");
    cx_ending_t   ending = {.status = CX_OK};
    cx_assembly_t assembly;
    json_t       *record = NULL;

    (void)state;
    cx_assembly_init(&assembly, &facts, &one, 0);
    take_row(&assembly, "ok", NULL);
    EXPECT_FAIL(CX_RESOURCE, "/proc/nonexistent/records/",
                cx_assembly_finish(&assembly, &ending, "/proc/nonexistent", false, &record));
    assert_string_equal(kit_text(record, "status"), "ok");
    json_decref(record);
    cx_assembly_fini(&assembly);
    cx_assembly_init(&assembly, &facts, &one, 0);
    cx_assembly_samples(&assembly, "abc", 3);
    EXPECT_FAIL(CX_RESOURCE, "/proc/nonexistent/samples/",
                cx_assembly_finish(&assembly, &ending, "/proc/nonexistent", false, &record));
    json_decref(record);
    cx_assembly_fini(&assembly);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_worst_row_is_the_status_of_an_orderly_end),
        cmocka_unit_test(test_a_case_that_never_began_has_a_record),
        cmocka_unit_test(test_contracts_and_definitions_follow_the_regime),
        cmocka_unit_test(test_a_factor_that_differs_by_row_is_not_defined),
        cmocka_unit_test(test_the_environment_moves_the_key),
        cmocka_unit_test(test_redaction_hides_who_and_where_and_can_be_left_away),
        cmocka_unit_test(test_limits_stand_beside_nominal_ones),
        cmocka_unit_test(test_samples_are_written_beside_and_digested),
        cmocka_unit_test(test_a_record_that_cannot_be_written_is_not_lost),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
