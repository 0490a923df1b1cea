/* SPDX-License-Identifier: Apache-2.0 */
/* A rank that never arrives ends the waits of the others, by name; barriers hold everybody.
 * Not the fast part of a wait, which every other test goes through. */
#include "exercise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SHORT_BUDGET_NS INT64_C(300000000)

typedef struct scene {
    const cx_backend_ops_t *ops;
    cx_collective_t         op;
    int64_t                 eager_bytes;
    int32_t                 rank_count;
    atomic_int             *arrived_count; /* shared by the ranks */
} scene_t;

static cx_session_t *open_scene(fake_core_t *fake, const scene_t *scene, cx_point_t *point)
{
    const cx_shape_t shape   = {.op = scene->op, .dtype = CX_DTYPE_INT8};
    cx_session_t    *session = NULL;

    if (scene->op != CX_COLLECTIVE_BARRIER &&
        fake_alloc(&fake->device, point->region_bytes, CX_MEMORY_EXPORTABLE, &point->region) !=
            CX_OK) {
        return NULL;
    }
    if (scene->ops->open(&fake->core, &shape, &scene->eager_bytes, &session) != CX_OK ||
        scene->ops->prepare(session, point) != CX_OK) {
        return NULL;
    }
    return session;
}

/* The last rank opens the session and then stays away. */
static int wait_in_vain(fake_core_t *fake, void *argument)
{
    const scene_t *scene = argument;
    cx_slot_t      slot  = {.recv_offset = 4096};
    cx_point_t     point = {.elems         = 16,
                            .message_bytes = 32,
                            .slot_count    = 1,
                            .slots         = &slot,
                            .region_bytes  = 8192,
                            .memory        = CX_MEMORY_EXPORTABLE};
    char           named[32];
    cx_session_t  *session = open_scene(fake, scene, &point);
    cx_status_t    status;

    if (!session) {
        return 1;
    }
    if (fake->core.rank == scene->rank_count - 1) {
        return 0;
    }
    status = scene->ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL);
    (void)snprintf(named, sizeof named, "waited for rank %d", scene->rank_count - 1);
    return status != CX_TIMEOUT || !strstr(fake_detail_text, named);
}

static void test_flags_name_the_rank_that_never_arrives(void **state)
{
    static const int32_t rank_counts[] = {2, 3};
    scene_t              scene         = {.ops = *state};

    for (size_t i = 0; i < sizeof rank_counts / sizeof *rank_counts; i++) {
        scene.rank_count = rank_counts[i];
        for (int is_eager = 0; is_eager < 2; is_eager++) {
            scene.op          = CX_COLLECTIVE_ALL_TO_ALL;
            scene.eager_bytes = is_eager ? 64 : 0;
            assert_int_equal(
                fake_ranks_run(scene.rank_count, SHORT_BUDGET_NS, wait_in_vain, &scene), 0);
        }
        scene.op = CX_COLLECTIVE_BARRIER;
        assert_int_equal(fake_ranks_run(scene.rank_count, SHORT_BUDGET_NS, wait_in_vain, &scene),
                         0);
    }
}

/* After the n-th barrier all have arrived n times, and none can be two further on. */
static int meet_often(fake_core_t *fake, void *argument)
{
    const scene_t *scene        = argument;
    cx_slot_t      slot         = {0};
    cx_point_t     point        = {.slot_count = 1, .slots = &slot};
    cx_session_t  *session      = open_scene(fake, scene, &point);
    int            failed_count = 0;

    for (int call = 1; session && call <= 100; call++) {
        int arrived_count;

        (void)atomic_fetch_add(scene->arrived_count, 1);
        if (scene->ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL) != CX_OK) {
            return 1;
        }
        arrived_count = atomic_load(scene->arrived_count);
        failed_count += arrived_count < call * scene->rank_count ||
                        arrived_count >= (call + 1) * scene->rank_count;
    }
    if (!session) {
        return 1;
    }
    scene->ops->release(session);
    scene->ops->close(session);
    return failed_count;
}

static void test_barrier_holds_every_rank_until_all_have_arrived(void **state)
{
    atomic_int *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    scene_t scene = {
        .ops = *state, .op = CX_COLLECTIVE_BARRIER, .arrived_count = shared, .rank_count = 1};

    assert_true(shared != MAP_FAILED);
    for (; scene.rank_count <= 5; scene.rank_count += 2) {
        atomic_store(shared, 0);
        assert_int_equal(fake_ranks_run(scene.rank_count, EXERCISE_BUDGET_NS, meet_often, &scene),
                         0);
    }
    (void)munmap(shared, sizeof *shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags_name_the_rank_that_never_arrives),
        cmocka_unit_test(test_barrier_holds_every_rank_until_all_have_arrived),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
