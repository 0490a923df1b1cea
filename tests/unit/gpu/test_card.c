/* SPDX-License-Identifier: Apache-2.0 */
/* What the devices cuda and hip say of a card and of a link between two, and what they leave
 * unknown; no device is opened. Each case has a process of its own, as a process looks for its
 * libraries once. */
#include "stub.h"

#include "collectivex/card.h"

/* What a case sets, and what one member must then be, printed. */
typedef struct scene {
    const vendor_t *vendor;
    const char     *variable, *value;
    const char     *member, *wanted;
} scene_t;

static const cx_device_ops_t *enter(const scene_t *scene)
{
    const cx_device_ops_t *ops;

    stub_environment();
    stub_fault("cuDevicePrimaryCtxRetain", "46"); /* whoever opens a device fails */
    if (scene->variable) {
        (void)setenv(scene->variable, scene->value, 1);
    }
    ops = plugin_open_device(scene->vendor->plugin);
    if (!ops || !CX_DEVICE_HAS(ops, card) || !CX_DEVICE_HAS(ops, link)) {
        _exit(2);
    }
    return ops;
}

static int compare(const scene_t *scene, const char *got)
{
    if (strcmp(got, scene->wanted) != 0) {
        (void)fprintf(stderr, "%s: %s=%s: %s is \"%s\" instead of \"%s\"\n", scene->vendor->name,
                      scene->variable ? scene->variable : "", scene->value ? scene->value : "",
                      scene->member, got, scene->wanted);
        return 1;
    }
    return 0;
}

static int card_body(lone_core_t *lone, void *argument)
{
    static const char *const answers[] = {"unknown", "no", "yes"};
    const scene_t           *scene     = argument;
    const cx_device_ops_t   *ops       = enter(scene);
    char                     number[32];
    cx_card_t                card;
    const struct {
        const char *member, *text;
    } members[] = {{"model", card.model},     {"uuid", card.uuid},
                   {"address", card.address}, {"architecture", card.architecture},
                   {"driver", card.driver},   {"partition", card.partition},
                   {"memory", number}};

    if (ops->card(&lone->core, 1, &card) != CX_OK) {
        return compare(scene, lone_detail);
    }
    (void)snprintf(number, sizeof number, "%lld", (long long)card.memory_bytes);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (strcmp(members[i].member, scene->member) == 0) {
            return compare(scene, members[i].text);
        }
    }
    return compare(scene, strcmp(scene->member, "ecc") == 0          ? answers[card.has_ecc]
                          : strcmp(scene->member, "persistent") == 0 ? answers[card.is_persistent]
                          : card.is_slice                            ? "slice"
                                                                     : "card");
}

static int link_body(lone_core_t *lone, void *argument)
{
    const scene_t         *scene = argument;
    const cx_device_ops_t *ops   = enter(scene);
    char                   text[160];
    cx_link_t              link;

    if (ops->link(&lone->core, 0, 1, &link) != CX_OK) {
        return compare(scene, lone_detail);
    }
    (void)snprintf(text, sizeof text, "%s|%s|%d|%.0f|%s|%s|%s", link.kind, link.path,
                   link.lane_count, link.bytes_per_s / 1e6, link.read, link.write, link.atomics);
    return compare(scene, text);
}

static void expect_all(lone_fn body, scene_t *scenes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (lone_run(1, BUDGET_NS, body, &scenes[i]) != 0) {
            fail_msg("case %zu", i);
        }
    }
}
#define EXPECT_ALL(body, scenes) expect_all(body, scenes, sizeof(scenes) / sizeof(scenes)[0])

static void test_a_card_is_what_its_libraries_say(void **state)
{
    scene_t scenes[] = {
        {&cuda, NULL, NULL, "model", "Stub GPU"},
        {&cuda, "STUB_GPU_MODELS", "One,Two", "model", "Two"},
        {&cuda, NULL, NULL, "uuid", "GPU-00000000-0000-0000-0000-000000000002"},
        {&cuda, NULL, NULL, "address", "0000:02:00.0"},
        {&cuda, NULL, NULL, "architecture", "sm_90"},
        {&cuda, NULL, NULL, "driver", "580.00.01 (CUDA 13.0)"},
        {&cuda, NULL, NULL, "partition", "none"},
        {&cuda, NULL, NULL, "memory", "1073741824"},
        {&cuda, NULL, NULL, "ecc", "no"},
        {&cuda, NULL, NULL, "persistent", "yes"},
        {&cuda, NULL, NULL, "slice", "card"},
        {&hip, NULL, NULL, "model", "Stub GPU"},
        {&hip, NULL, NULL, "uuid", "GPU-0000001234abcd00"},
        {&hip, NULL, NULL, "architecture", "gfx942"},
        {&hip, NULL, NULL, "driver", "HIP 6.3.42131"},
        {&hip, NULL, NULL, "partition", "none"},
        {&hip, NULL, NULL, "ecc", "yes"},
        {&hip, NULL, NULL, "persistent", "unknown"},
        {&hip, "STUB_RSMI_PARTITION", "CPX", "partition", "cpx"},
        {&hip, "STUB_RSMI_PARTITION", "CPX", "slice", "slice"},
    };

    (void)state;
    EXPECT_ALL(card_body, scenes);
}

static void test_without_a_management_library_a_card_is_half_known(void **state)
{
    scene_t scenes[] = {
        {&cuda, "CX_NVML_PATH", "/nowhere", "uuid", "GPU-00000000-0000-0000-0000-000000000002"},
        {&cuda, "CX_NVML_PATH", "/nowhere", "model", "Stub GPU"},
        {&cuda, "CX_NVML_PATH", "/nowhere", "partition", ""},
        {&cuda, "CX_NVML_PATH", "/nowhere", "ecc", "unknown"},
        {&hip, "CX_ROCM_SMI_PATH", "/nowhere", "uuid", ""},
        {&hip, "CX_ROCM_SMI_PATH", "/nowhere", "architecture", ""},
    };

    (void)state;
    EXPECT_ALL(card_body, scenes);
}

static void test_a_slice_has_an_id_of_its_own(void **state)
{
    scene_t scenes[] = {
        {&cuda, "STUB_NVML_MIG", "1", "partition", "mig"},
        {&cuda, "STUB_NVML_MIG", "1", "slice", "card"}, /* the ids are alike */
        {&cuda, "STUB_NVML_MIG", "1", "slice", "slice"},
        {&cuda, "STUB_NVML_MIG", "1", "uuid", "MIG-50505050-5050-5050-5050-505050505002"},
    };

    (void)state;
    expect_all(card_body, scenes, 2);
    (void)setenv("STUB_GPU_SLICES", "1", 1);
    expect_all(card_body, scenes + 2, 2);
    (void)unsetenv("STUB_GPU_SLICES");
}

static void test_links_are_counted_and_never_guessed(void **state)
{
    scene_t scenes[] = {
        {&cuda, NULL, NULL, "link", "nvlink|NODE|18|478116|ok|ok|ok"},
        {&cuda, "STUB_NVML_LINKS", "direct", "link", "nvlink|NODE|4|106248|ok|ok|ok"},
        {&cuda, "STUB_NVML_LINKS", "hidden", "link", "nvlink|NODE|0|nan|ok|ok|ok"},
        {&cuda, "STUB_NVML_LINKS", "pcie", "link", "system|NODE|8|31508|ok|ok|ok"},
        {&cuda, "STUB_NVML_LINKS", "unknown", "link", "||0|nan|||"},
        {&cuda, "CX_NVML_PATH", "/nowhere", "link", "||0|nan|||"},
        {&cuda, "STUB_NVML_P2P", "1", "link",
         "system|NODE|8|31508|chipset not supported|chipset not supported|chipset not supported"},
        {&hip, NULL, NULL, "link", "xgmi||2|100000|ok|ok|"},
        {&hip, "STUB_RSMI_LINKS", "pcie", "link", "pcie||0|nan|ok|ok|"},
        {&hip, "STUB_RSMI_LINKS", "unknown", "link", "||0|nan|||"},
        {&hip, "CX_ROCM_SMI_PATH", "/nowhere", "link", "||0|nan|||"},
    };

    (void)state;
    EXPECT_ALL(link_body, scenes);
}

static void test_a_card_that_is_not_there_is_refused(void **state)
{
    scene_t scenes[] = {
        {&cuda, "STUB_GPU_COUNT", "1", "model",
         "there is no device 1: this process sees 1 cuda device"},
        {&hip, "STUB_GPU_COUNT", "1", "model",
         "there is no device 1: this process sees 1 hip device"},
    };

    (void)state;
    EXPECT_ALL(card_body, scenes);
    EXPECT_ALL(link_body, scenes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_card_is_what_its_libraries_say),
        cmocka_unit_test(test_without_a_management_library_a_card_is_half_known),
        cmocka_unit_test(test_a_slice_has_an_id_of_its_own),
        cmocka_unit_test(test_links_are_counted_and_never_guessed),
        cmocka_unit_test(test_a_card_that_is_not_there_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
