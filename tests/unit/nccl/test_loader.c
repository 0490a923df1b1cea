/* SPDX-License-Identifier: Apache-2.0 */
/* Which library nccl loads, what it says of it, and what it refuses to load.
 * Not the loading of plugins (src/plugin). */
#include "unit/nccl/kit.h"

#include <ftw.h>
#include <sys/stat.h>

/* Every scenario runs in a process that has loaded nothing yet. */
static void in_a_process(fake_rank_fn body, void *argument)
{
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, body, argument), 0);
}

/* ---- where it is found ---------------------------------------------------------------------- */

static int chosen_rank(fake_core_t *fake, void *argument)
{
    return kit_begin(fake, argument) + KIT_CHECK(strcmp(kit_caps.library_version, "2.18.5") == 0) +
           KIT_CHECK(strstr(kit_caps.library_path, "nccl-21805/libnccl.so.2") != NULL);
}

static void test_the_variable_names_a_file_or_a_folder(void **state)
{
    char file[] = "nccl-21805/libnccl.so.2", folder[] = "nccl-21805";

    (void)state;
    in_a_process(chosen_rank, file);
    in_a_process(chosen_rank, folder);
}

/* Makes FOLDER/PATH a link to the stub of that name, with all folders between. */
static bool link_stub(const char *folder, const char *path, const char *stub)
{
    char link_path[512], target[4096];

    (void)snprintf(link_path, sizeof link_path, "%s/%s", folder, path);
    for (char *slash = strchr(link_path + strlen(folder) + 1, '/'); slash;
         slash       = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(link_path, 0700);
        *slash = '/';
    }
    return realpath(kit_library(stub), target) && symlink(target, link_path) == 0;
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

static int folder_with_lib_rank(fake_core_t *fake, void *argument)
{
    (void)setenv("CX_NCCL_PATH", argument, 1);
    return KIT_CHECK(kit_ops->probe(&fake->core, &kit_caps) == CX_OK) +
           KIT_CHECK(strcmp(kit_caps.library_version, "2.8.4") == 0);
}

static int wheel_rank(fake_core_t *fake, void *argument)
{
    (void)unsetenv("CX_NCCL_PATH");
    (void)setenv("VIRTUAL_ENV", argument, 1);
    return KIT_CHECK(kit_ops->probe(&fake->core, &kit_caps) == CX_OK) +
           KIT_CHECK(strcmp(kit_caps.library_version, "2.27.5") == 0) +
           KIT_CHECK(strstr(kit_caps.library_path, "libnccl.so.2") != NULL);
}

static int variable_before_wheel_rank(fake_core_t *fake, void *argument)
{
    (void)setenv("VIRTUAL_ENV", argument, 1);
    return kit_begin(fake, KIT_NEWEST) + KIT_CHECK(strcmp(kit_caps.library_version, "2.28.9") == 0);
}

static void test_a_wheel_is_found_unless_the_variable_is_set(void **state)
{
    char folder[] = "/tmp/cx-test-nccl-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_true(link_stub(folder, "lib/python3.11/site-packages/nvidia/nccl/lib/libnccl.so.2",
                          "nccl-22705/libnccl.so.2"));
    assert_true(link_stub(folder, "lib/libnccl.so.2", "nccl-2804/libnccl.so.2"));
    in_a_process(wheel_rank, folder);
    in_a_process(variable_before_wheel_rank, folder);
    in_a_process(folder_with_lib_rank, folder);
    assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* What the dynamic linker has under the name: here, what is loaded already. */
static int soname_rank(fake_core_t *fake, void *argument)
{
    (void)argument;
    (void)setenv("CX_NCCL_PATH", "libnccl.so.2", 1);
    return KIT_CHECK(dlopen(kit_library("nccl-22705/libnccl.so.2"), RTLD_NOW) != NULL) +
           KIT_CHECK(kit_ops->probe(&fake->core, &kit_caps) == CX_OK) +
           KIT_CHECK(strcmp(kit_caps.library_version, "2.27.5") == 0);
}

static void test_a_name_without_a_slash_is_the_linkers(void **state)
{
    (void)state;
    in_a_process(soname_rank, NULL);
}

/* ---- what is refused ------------------------------------------------------------------------ */

typedef struct refusal {
    const char *path; /* of CX_NCCL_PATH; a stub when it has no slash in front */
    const char *words[2];
} refusal_t;

static int refused_rank(fake_core_t *fake, void *argument)
{
    const refusal_t *refusal = argument;
    const char      *path    = refusal->path[0] == '/' ? refusal->path : kit_library(refusal->path);
    int              failed_count = 0;

    memset(&kit_caps, 0, sizeof kit_caps);
    (void)setenv("CX_NCCL_PATH", path, 1);
    for (int i = 0; i < 2; i++) { /* the second answer is the first */
        failed_count +=
            KIT_FAILS(CX_UNSUPPORTED, refusal->words[0], kit_ops->probe(&fake->core, &kit_caps)) +
            KIT_CHECK(strstr(fake_detail_text, refusal->words[1]) != NULL) +
            KIT_CHECK(kit_caps.devices == NULL);
    }
    return failed_count;
}

static void test_what_is_no_usable_library_is_refused_with_a_remedy(void **state)
{
    static const refusal_t refusals[] = {
        {"/nowhere/libnccl.so.2",
         {"NCCL cannot be loaded: /nowhere/libnccl.so.2", "install the wheel"}},
        {"/proc/self/maps", {"NCCL cannot be loaded: /proc/self/maps", "CX_NCCL_PATH"}},
        {"/tmp", {"/tmp/lib/libnccl.so.2", "install the wheel"}},
        {"nccl-2604", {"has no function ncclSend", "older than 2.7"}},
        {"../plugins/cx-backend-nccl.so", {"has no function ncclGetVersion", "it is no NCCL"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        refusal_t refusal = refusals[i];

        in_a_process(refused_rank, &refusal);
    }
}

static int second_rank(fake_core_t *fake, void *argument)
{
    void *first = dlopen(kit_library("nccl-21805/libnccl.so.2"), RTLD_NOW | RTLD_LOCAL);

    (void)argument;
    (void)setenv("CX_NCCL_PATH", kit_library(KIT_NEWEST), 1);
    return KIT_CHECK(first != NULL) +
           KIT_FAILS(CX_UNSUPPORTED, "nccl-21805/libnccl.so.2 is loaded in this process already",
                     kit_ops->probe(&fake->core, &kit_caps)) +
           KIT_CHECK(strstr(fake_detail_text, "nccl-22809/libnccl.so.2 cannot be") != NULL) +
           KIT_CHECK(strstr(fake_detail_text, "set CX_NCCL_PATH to the first") != NULL);
}

static int same_rank(fake_core_t *fake, void *argument)
{
    (void)argument;
    return KIT_CHECK(dlopen(kit_library("nccl-22809/libnccl.so.2"), RTLD_NOW) != NULL) +
           kit_begin(fake, KIT_NEWEST);
}

static void test_a_second_library_in_the_process_is_refused_with_both_paths(void **state)
{
    (void)state;
    in_a_process(second_rank, NULL);
    in_a_process(same_rank, NULL);
}

static int other_version_rank(fake_core_t *fake, void *argument)
{
    const cx_shape_t shape   = {.op = CX_COLLECTIVE_BARRIER};
    cx_session_t    *session = NULL;

    (void)argument;
    return kit_begin(fake, fake->core.rank == 1 ? "nccl-22705" : KIT_NEWEST) +
           KIT_FAILS(CX_UNSUPPORTED, "rank 0 has NCCL 22809, rank 1 has 22705: all ranks need",
                     kit_open(&fake->core, &shape, NULL, &session));
}

static void test_ranks_with_different_libraries_are_refused(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(3, KIT_BUDGET_NS, other_version_rank, NULL), 0);
}

/* ---- what it says --------------------------------------------------------------------------- */

typedef struct claim {
    const char *library, *version;
    bool        has_later; /* bf16, avg and graphs */
} claim_t;

static int claim_rank(fake_core_t *fake, void *argument)
{
    const claim_t *claim        = argument;
    const uint64_t later_dtypes = claim->has_later ? CX_BIT(CX_DTYPE_BF16) : 0;
    const uint64_t later_redops = claim->has_later ? CX_BIT(CX_REDOP_AVG) : 0;
    const uint64_t absent_dtypes =
        CX_BIT(CX_DTYPE_INT16) | CX_BIT(CX_DTYPE_UINT16) | CX_BIT(CX_DTYPE_BF16);
    const uint64_t absent_in_place =
        CX_BIT(CX_COLLECTIVE_ALL_TO_ALL) | CX_BIT(CX_COLLECTIVE_ALL_TO_ALL_V) |
        CX_BIT(CX_COLLECTIVE_SEND_RECV) | CX_BIT(CX_COLLECTIVE_BARRIER);
    const uint64_t all = CX_BIT(CX_COLLECTIVE_COUNT) - 1;

    return kit_begin(fake, claim->library) +
           KIT_CHECK(strcmp(kit_caps.library_version, claim->version) == 0) +
           KIT_CHECK(kit_caps.collectives == all) +
           KIT_CHECK(kit_caps.in_place_collectives == (all & ~absent_in_place)) +
           KIT_CHECK(kit_caps.dtypes ==
                     (((CX_BIT(CX_DTYPE_COUNT) - 1) & ~absent_dtypes) | later_dtypes)) +
           KIT_CHECK(kit_caps.reduce_dtypes == kit_caps.dtypes) +
           KIT_CHECK(kit_caps.redops ==
                     (CX_BIT(CX_REDOP_SUM) | CX_BIT(CX_REDOP_PROD) | CX_BIT(CX_REDOP_MIN) |
                      CX_BIT(CX_REDOP_MAX) | later_redops)) +
           KIT_CHECK(kit_caps.can_capture == claim->has_later) +
           KIT_CHECK(strcmp(kit_caps.devices, "cuda") == 0) +
           KIT_CHECK(kit_caps.memory == CX_MEMORY_EXPORTABLE);
}

static void test_caps_are_those_of_the_version(void **state)
{
    static const claim_t claims[] = {{KIT_NEWEST, "2.28.9", true},
                                     {"nccl-21805", "2.18.5", true},
                                     {"nccl-2804", "2.8.4", false}};

    (void)state;
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        claim_t claim = claims[i];

        in_a_process(claim_rank, &claim);
    }
}

static int imposed_rank(fake_core_t *fake, void *argument)
{
    (void)argument;
    (void)setenv("NCCL_ALGO", "Ring", 1);
    (void)setenv("NCCL_PROTO", "LL128", 1);
    return kit_begin(fake, KIT_NEWEST) +
           KIT_CHECK(strcmp(kit_caps.library_version, "2.28.9, NCCL_ALGO=Ring, NCCL_PROTO=LL128") ==
                     0);
}

static void test_an_imposed_algorithm_is_told_with_the_version(void **state)
{
    (void)state;
    in_a_process(imposed_rank, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_variable_names_a_file_or_a_folder),
        cmocka_unit_test(test_a_wheel_is_found_unless_the_variable_is_set),
        cmocka_unit_test(test_a_name_without_a_slash_is_the_linkers),
        cmocka_unit_test(test_what_is_no_usable_library_is_refused_with_a_remedy),
        cmocka_unit_test(test_a_second_library_in_the_process_is_refused_with_both_paths),
        cmocka_unit_test(test_ranks_with_different_libraries_are_refused),
        cmocka_unit_test(test_caps_are_those_of_the_version),
        cmocka_unit_test(test_an_imposed_algorithm_is_told_with_the_version),
    };

    (void)unsetenv("NCCL_ALGO");
    (void)unsetenv("NCCL_PROTO");
    return kit_load("cx-backend-nccl.so") ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
