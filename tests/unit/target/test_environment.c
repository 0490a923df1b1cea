/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what of the environment is told, with planted variables. */
#include "target/environment.h"

#include "tree.h"

static void test_only_allowed_variables_are_told(void **state)
{
    (void)state;
    static const char *const variables[] = {"NCCL_DEBUG=WARN",
                                            "OMPI_MCA_btl=self,vader",
                                            "CUDA_VISIBLE_DEVICES=0,1",
                                            "CUDA_VISIBLE_DEVICES_X=no",
                                            "OMP_NUM_THREADS=",
                                            "PATH=/usr/bin",
                                            "SECRET_THING=x",
                                            "MY_NCCL_DEBUG=x",
                                            "NCCL_NO_VALUE",
                                            "UCX_TLS=a=b",
                                            NULL};
    json_t                  *expected =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "NCCL_DEBUG", "WARN", "OMPI_MCA_btl", "self,vader",
                  "CUDA_VISIBLE_DEVICES", "0,1", "OMP_NUM_THREADS", "", "UCX_TLS", "a=b");
    json_t *out = cx_environment_allowed(variables);

    assert_true(json_equal(out, expected));
    json_decref(out);
    json_decref(expected);
}

static void test_credentials_in_allowed_variables_are_removed(void **state)
{
    (void)state;
    static const char *const variables[] = {
        "CX_API_TOKEN=0f1e2d3c4b5a69788796a5b4c3d2e1f0", "UCX_PASSWORD=hunter2",
        "NCCL_COMM_ID=10.1.2.3:5000",
        "NCCL_MIXED=10.1.2.3 password=hunter2", /* behind an address, which is no credential */
        NULL};
    static const char *const expected[][2] = {
        {"CX_API_TOKEN", "removed-named-secret"},
        {"UCX_PASSWORD", "removed-password"},
        {"NCCL_COMM_ID", "10.1.2.3:5000"}, /* an address, which redaction hashes */
        {"NCCL_MIXED", "removed-password"},
    };
    json_t *out = cx_environment_allowed(variables);

    for (int64_t i = 0; i < LENGTH(expected); i++) {
        assert_string_equal(json_string_value(json_object_get(out, expected[i][0])),
                            expected[i][1]);
    }
    json_decref(out);
}

static void test_value_that_is_too_long_to_scan_is_removed(void **state)
{
    (void)state;
    static char variable[20000];
    const char *variables[] = {variable, NULL};

    memset(variable, 'x', sizeof variable - 1);
    memcpy(variable, "CX_LONG=", 8);
    json_t *out = cx_environment_allowed(variables);

    assert_string_equal(json_string_value(json_object_get(out, "CX_LONG")), "removed-too-long");
    json_decref(out);
}

static void assert_kind(const char *tree, const char *const *variables, const char *kind)
{
    cx_root_t root;

    assert_int_equal(cx_root_open(tree, &root), CX_OK);
    json_t     *out   = cx_environment_container(&root, variables);
    const char *found = json_string_value(json_object_get(out, "kind"));

    assert_int_equal(json_is_true(json_object_get(out, "is_detected")), kind != NULL);
    assert_true(kind ? found && strcmp(found, kind) == 0 : !found);
    json_decref(out);
    cx_root_close(&root);
}

static void test_container_is_known_by_file_or_variable(void **state)
{
    (void)state;
    static const char *const none[]  = {"HOME=/", NULL};
    static const char *const kube[]  = {"KUBERNETES_SERVICE_HOST=10.0.0.1", NULL};
    static const char *const other[] = {"container=lxc", NULL};
    char                     tree[TREE_BYTES];

    tree_make(tree);
    assert_kind(tree, none, NULL);
    assert_kind(tree, kube, "kubernetes");
    assert_kind(tree, other, "other");
    tree_write(tree, ".dockerenv", "");
    assert_kind(tree, none, "docker");
    tree_write(tree, "run/.containerenv", "");
    assert_kind(tree, none, "podman");
    tree_remove(tree);
}

static void test_image_is_the_most_specific_variable(void **state)
{
    (void)state;
    static const char *const variables[] = {"SINGULARITY_CONTAINER=/x.sif", "CX_IMAGE=a/b:1",
                                            "CX_IMAGE_DIGEST=sha256:00", NULL};
    cx_root_t                root;

    assert_int_equal(cx_root_open("/tmp", &root), CX_OK);
    json_t *out = cx_environment_container(&root, variables);

    assert_string_equal(json_string_value(json_object_get(out, "image")), "a/b:1");
    assert_string_equal(json_string_value(json_object_get(out, "image_digest")), "sha256:00");
    assert_string_equal(json_string_value(json_object_get(out, "kind")), "singularity");
    json_decref(out);
    out = cx_environment_container(&root, variables + 3);
    assert_true(json_is_null(json_object_get(out, "image")));
    json_decref(out);
    cx_root_close(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_allowed_variables_are_told),
        cmocka_unit_test(test_credentials_in_allowed_variables_are_removed),
        cmocka_unit_test(test_value_that_is_too_long_to_scan_is_removed),
        cmocka_unit_test(test_container_is_known_by_file_or_variable),
        cmocka_unit_test(test_image_is_the_most_specific_variable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
