/* SPDX-License-Identifier: Apache-2.0 */
/* The devices cuda and hip on the stub libraries: memory, time, graphs, and calls that fail and are
 * survived. Not what ends a process's use of the device (test_absence.c), nor values of kernels
 * (tests/gpu/device_check.c, which runs on the stub as well). */
#include "bed.h"

#include "collectivex/digest.h"

#include <fcntl.h>

static int64_t free_bytes(const bed_t *bed)
{
    cx_device_facts_t facts;

    bed->ops->facts(bed->device, &facts);
    return facts.memory_bytes;
}

static void test_table_has_every_member(void **state)
{
    const bed_t           *bed  = *state;
    const cx_device_ops_t *ops  = bed->ops;
    const cx_device_ops_t *host = plugin_open_device("cx-device-host.so");

    assert_int_equal(ops->abi, CX_DEVICE_ABI);
    assert_int_equal(ops->struct_size, sizeof(cx_device_ops_t));
    assert_string_equal(ops->name, bed->vendor->name);
    assert_true(CX_DEVICE_HAS(ops, graph_begin) && CX_DEVICE_HAS(ops, graph_end) &&
                CX_DEVICE_HAS(ops, graph_launch) && CX_DEVICE_HAS(ops, graph_free));
    assert_true(CX_DEVICE_HAS(ops, poison) && CX_DEVICE_HAS(ops, digest) &&
                CX_DEVICE_HAS(ops, flush) && CX_DEVICE_HAS(ops, barrier) &&
                CX_DEVICE_HAS(ops, telemetry) && CX_DEVICE_HAS(ops, card) &&
                CX_DEVICE_HAS(ops, link));
    assert_non_null(host);
    assert_false(CX_DEVICE_HAS(host, digest));
    assert_true(bed->vendor == &cuda || strstr(ops->summary, "unvalidated on hardware"));
}

static void test_facts_are_the_library_s(void **state)
{
    const bed_t      *bed = *state;
    cx_device_facts_t facts;

    bed->ops->facts(bed->device, &facts);
    assert_string_equal(facts.model, "Stub GPU");
    assert_string_equal(facts.driver,
                        bed->vendor == &cuda ? "580.00.01 (CUDA 13.0)" : "HIP 6.3.42131");
    assert_true(facts.memory_bytes > 0 && facts.memory_bytes <= INT64_C(1) << 30);
    assert_int_equal(facts.last_cache_bytes, 1 << 20);
    assert_false(facts.is_host_ordered);
    assert_false(facts.is_virtual_time);
    assert_true(facts.stamp_bound_us >= 2 && facts.stamp_bound_us < 1e6);
}

static void test_memory_is_zeroed_aligned_and_given_back(void **state)
{
    const bed_t *bed        = *state;
    int64_t      free_first = free_bytes(bed);

    for (int kind = 0; kind < CX_MEMORY_COUNT; kind++) {
        unsigned char *memory = NULL;

        assert_int_equal(bed->ops->alloc(bed->device, 100001, (cx_memory_t)kind, (void **)&memory),
                         CX_OK);
        assert_int_equal((uintptr_t)memory % 4096, 0);
        for (size_t i = 0; i < 100001; i++) {
            assert_int_equal(memory[i], 0); /* of the stub, which is host memory */
        }
        assert_true(free_bytes(bed) < free_first);
        bed->ops->free(bed->device, memory);
        assert_int_equal(free_bytes(bed), free_first);
    }
}

static void test_memory_that_cannot_be_is_refused_with_numbers(void **state)
{
    const bed_t *bed    = *state;
    void        *memory = &beds;

    assert_true(stub_says(bed->ops->alloc(bed->device, 0, CX_MEMORY_PLAIN, &memory), CX_INVALID,
                          "0 bytes"));
    for (int kind = 0; kind < CX_MEMORY_COUNT; kind++) {
        assert_true(stub_says(
            bed->ops->alloc(bed->device, (size_t)2 << 30, (cx_memory_t)kind, &memory), CX_RESOURCE,
            kind == CX_MEMORY_PLAIN ? "2147483648 bytes on device 0, which has"
                                    : "2147483648 bytes of exportable memory on device 0"));
        assert_true(stub_says(bed->ops->alloc(bed->device, SIZE_MAX, (cx_memory_t)kind, &memory),
                              CX_RESOURCE, ""));
    }
    assert_ptr_equal(memory, &beds);
}

/* What is only refused is tried another way; what fails is not. */
static void test_each_failing_step_of_exportable_memory_leaves_nothing(void **state)
{
    const bed_t      *bed        = *state;
    const vendor_t   *vendor     = bed->vendor;
    const char *const steps[]    = {vendor->create, vendor->map, vendor->access};
    int64_t           free_first = free_bytes(bed);
    void             *memory     = NULL;
    char              rules[160];

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        stub_fault(steps[i], "1");
        assert_true(stub_says(bed->ops->alloc(bed->device, 5, CX_MEMORY_EXPORTABLE, &memory),
                              CX_DEVICE, steps[i]));
        (void)snprintf(rules, sizeof rules, "%s:801,%s:801", steps[i], vendor->ipc_get);
        (void)setenv("STUB_GPU_FAIL", rules, 1);
        assert_true(stub_says(bed->ops->alloc(bed->device, 5, CX_MEMORY_EXPORTABLE, &memory),
                              CX_UNSUPPORTED, steps[i]));
        stub_fault(NULL, NULL);
        assert_int_equal(free_bytes(bed), free_first);
    }
}

static void test_memory_nobody_may_share_is_refused_with_a_remedy(void **state)
{
    const bed_t *bed    = *state;
    void        *memory = NULL;
    char         rules[160];

    (void)snprintf(rules, sizeof rules, "%s:800,%s:801", bed->vendor->create, bed->vendor->ipc_get);
    (void)setenv("STUB_GPU_FAIL", rules, 1);
    assert_true(stub_says(bed->ops->alloc(bed->device, 5, CX_MEMORY_EXPORTABLE, &memory),
                          CX_UNSUPPORTED, "run all ranks in one container"));
    (void)snprintf(rules, sizeof rules, "%s:800,%s:2", bed->vendor->create, bed->vendor->ipc_get);
    (void)setenv("STUB_GPU_FAIL", rules, 1);
    assert_true(stub_says(bed->ops->alloc(bed->device, 5, CX_MEMORY_EXPORTABLE, &memory),
                          CX_RESOURCE, "out of memory"));
}

static void share_by_handle(const bed_t *bed, unsigned char **own, int *fd)
{
    stub_fault(bed->vendor->create, "801");
    assert_int_equal(bed->ops->alloc(bed->device, 5000, CX_MEMORY_EXPORTABLE, (void **)own), CX_OK);
    assert_int_equal((uintptr_t)*own % 4096, 0);
    assert_int_equal((*own)[4999], 0);
    assert_int_equal(bed->ops->export_fd(bed->device, *own, fd), CX_OK);
    assert_true(fcntl(*fd, F_GETFD) & FD_CLOEXEC);
}

static void test_memory_that_has_no_descriptor_is_shared_by_handle(void **state)
{
    const bed_t   *bed        = *state;
    int64_t        free_first = free_bytes(bed);
    unsigned char *own = NULL, *first = NULL, *second = NULL;
    int            fd = -1;

    share_by_handle(bed, &own, &fd);
    assert_int_equal(bed->ops->import_fd(bed->device, fd, 5000, (void **)&first), CX_OK);
    assert_int_equal(bed->ops->import_fd(bed->device, fd, 5000, (void **)&second), CX_OK);
    assert_int_equal(close(fd), 0);
    assert_ptr_not_equal(own, first);
    own[4999] = 7;
    assert_int_equal(first[4999] + second[4999], 14);
    assert_true(stub_says(bed->ops->export_fd(bed->device, first, &fd), CX_INVALID, "start of"));
    bed->ops->unimport(bed->device, first, 5000);
    assert_int_equal(second[4999], 7);
    bed->ops->unimport(bed->device, second, 5000);
    bed->ops->free(bed->device, own);
    assert_int_equal(free_bytes(bed), free_first);
}

static void test_a_handle_that_is_refused_says_what_to_look_at(void **state)
{
    const bed_t   *bed   = *state;
    unsigned char *own   = NULL;
    void          *other = NULL;
    int            fd    = -1;

    share_by_handle(bed, &own, &fd);
    stub_fault(bed->vendor->ipc_open, "801");
    assert_true(stub_says(bed->ops->import_fd(bed->device, fd, 5000, &other), CX_UNSUPPORTED,
                          "in containers, run all ranks in one"));
    stub_fault(bed->vendor->ipc_open, "217");
    assert_true(stub_says(bed->ops->import_fd(bed->device, fd, 5000, &other), CX_UNSUPPORTED,
                          "is there peer access between the two?"));
    stub_fault(bed->vendor->ipc_get, "1");
    assert_true(stub_says(bed->ops->export_fd(bed->device, own, &fd), CX_DEVICE,
                          "export memory as a handle"));
    assert_int_equal(close(fd), 0);
    bed->ops->free(bed->device, own);
}

static void test_only_exportable_memory_is_exported(void **state)
{
    const bed_t *bed   = *state;
    void        *plain = NULL, *shared = NULL;
    int          fd = -1;

    assert_int_equal(bed->ops->alloc(bed->device, 5, CX_MEMORY_PLAIN, &plain), CX_OK);
    assert_int_equal(bed->ops->alloc(bed->device, 5, CX_MEMORY_EXPORTABLE, &shared), CX_OK);
    assert_true(stub_says(bed->ops->export_fd(bed->device, plain, &fd), CX_INVALID, "start of"));
    assert_true(stub_says(bed->ops->export_fd(bed->device, (char *)shared + 1, &fd), CX_INVALID,
                          "start of"));
    stub_fault(bed->vendor->export_fd, "801");
    assert_true(stub_says(bed->ops->export_fd(bed->device, shared, &fd), CX_UNSUPPORTED,
                          "operation not supported (error 801); this GPU, driver or container"));
    assert_int_equal(fd, -1);
    bed->ops->free(bed->device, plain);
    bed->ops->free(bed->device, shared);
}

static void import_once(const bed_t *bed)
{
    unsigned char *own = NULL, *other = NULL;
    int            fd = -1;

    assert_int_equal(bed->ops->alloc(bed->device, 5000, CX_MEMORY_EXPORTABLE, (void **)&own),
                     CX_OK);
    assert_int_equal(bed->ops->export_fd(bed->device, own, &fd), CX_OK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(bed->ops->import_fd(bed->device, fd, 5000, (void **)&other), CX_OK);
    assert_int_equal(close(fd), 0);
    assert_ptr_not_equal(own, other);
    own[4999] = 7;
    assert_int_equal(other[4999], 7);
    bed->ops->unimport(bed->device, other, 5000);
    bed->ops->free(bed->device, own);
}

static void test_imported_memory_is_the_same_memory(void **state)
{
    const bed_t *bed        = *state;
    int64_t      free_first = free_bytes(bed);

    import_once(bed);
    (void)setenv("STUB_GPU_VERSION", "70200000", 1); /* ROCm passes descriptors otherwise by now */
    import_once(bed);
    (void)unsetenv("STUB_GPU_VERSION");
    assert_int_equal(free_bytes(bed), free_first);
}

static void test_refused_import_says_what_to_look_at(void **state)
{
    const bed_t *bed = *state;
    void        *own = NULL, *other = NULL;
    int          fd = -1;

    assert_true(stub_says(bed->ops->import_fd(bed->device, 9999, 5, &other), CX_DEVICE,
                          bed->vendor->import));
    assert_true(stub_says(bed->ops->import_fd(bed->device, 0, 0, &other), CX_INVALID, "0 bytes"));
    assert_int_equal(bed->ops->alloc(bed->device, 5, CX_MEMORY_EXPORTABLE, &own), CX_OK);
    assert_int_equal(bed->ops->export_fd(bed->device, own, &fd), CX_OK);
    stub_fault(bed->vendor->access, "217");
    assert_true(stub_says(bed->ops->import_fd(bed->device, fd, 5, &other), CX_UNSUPPORTED,
                          "is there peer access between the two?"));
    assert_int_equal(close(fd), 0);
    bed->ops->free(bed->device, own);
}

static void test_stamps_lie_on_the_host_s_clock(void **state)
{
    const bed_t *bed       = *state;
    int64_t      before_ns = lone_now_ns(), after_ns;
    cx_events_t *events    = NULL;

    assert_int_equal(bed->ops->events_open(bed->device, 2, &events), CX_OK);
    bed->ops->mark(bed->device, bed->stream, events, 0);
    assert_int_equal(bed->ops->spin(bed->device, bed->stream, 500), CX_OK);
    bed->ops->mark(bed->device, bed->stream, events, 1);
    assert_true(bed->ops->elapsed_us(events, 0, 1) >= 499.9);
    assert_true(bed->ops->elapsed_us(events, 1, 0) <= -499.9);
    assert_int_equal(drain(bed), CX_OK);
    after_ns = lone_now_ns();
    assert_true(bed->ops->event_ns(events, 1) - bed->ops->event_ns(events, 0) >= 499900);
    assert_true(bed->ops->event_ns(events, 0) > before_ns - 1000000);
    assert_true(bed->ops->event_ns(events, 1) < after_ns + 1000000);
    bed->ops->events_close(bed->device, events);
}

static void test_events_nobody_marked_have_no_time(void **state)
{
    const bed_t *bed    = *state;
    cx_events_t *events = NULL;

    assert_true(stub_says(bed->ops->events_open(bed->device, 0, &events), CX_INVALID, "0 events"));
    assert_int_equal(bed->ops->events_open(bed->device, 2, &events), CX_OK);
    assert_true(isnan(bed->ops->elapsed_us(events, 0, 1)));
    assert_int_equal(bed->ops->event_ns(events, 0), -1);
    assert_true(stub_says(drain(bed), CX_DEVICE, "invalid resource handle"));
    assert_int_equal(drain(bed), CX_OK);
    bed->ops->events_close(bed->device, events);
}

static void test_mark_that_failed_is_reported_by_synchronize(void **state)
{
    const bed_t *bed    = *state;
    cx_events_t *events = NULL;

    assert_int_equal(bed->ops->events_open(bed->device, 1, &events), CX_OK);
    stub_fault(bed->vendor->record, "400");
    bed->ops->mark(bed->device, bed->stream, events, 0);
    stub_fault(NULL, NULL);
    assert_true(stub_says(drain(bed), CX_DEVICE, bed->vendor->record));
    assert_int_equal(drain(bed), CX_OK);
    bed->ops->events_close(bed->device, events);
}

static void test_spin_refuses_times_that_cannot_be_waited(void **state)
{
    static const double times_us[] = {-1, 1e30, NAN, INFINITY};
    const bed_t        *bed        = *state;

    for (size_t i = 0; i < sizeof times_us / sizeof *times_us; i++) {
        assert_true(stub_says(bed->ops->spin(bed->device, bed->stream, times_us[i]), CX_INVALID,
                              "cannot spin"));
    }
    stub_fault(bed->vendor->launch, "1");
    assert_true(
        stub_says(bed->ops->spin(bed->device, bed->stream, 1), CX_DEVICE, "launch a kernel"));
}

static void test_deadline_ends_the_waiting_and_not_the_work(void **state)
{
    const bed_t *bed      = *state;
    int64_t      start_ns = lone_now_ns();
    void        *memory   = NULL;

    assert_int_equal(bed->ops->alloc(bed->device, 5, CX_MEMORY_PLAIN, &memory), CX_OK);
    assert_int_equal(bed->ops->spin(bed->device, bed->stream, 50000), CX_OK);
    assert_true(stub_says(bed->ops->synchronize(bed->device, bed->stream, start_ns + 1000000),
                          CX_TIMEOUT, "work on device 0 (Stub GPU) had not ended"));
    assert_int_equal(drain(bed), CX_OK);
    assert_true(lone_now_ns() - start_ns >= 50000000);
    bed->ops->free(bed->device, memory);
}

static void test_graph_runs_what_was_captured_each_time(void **state)
{
    const bed_t   *bed    = *state;
    unsigned char *memory = NULL;
    cx_graph_t    *graph  = NULL;
    cx_events_t   *events = NULL;

    assert_int_equal(bed->ops->alloc(bed->device, 64, CX_MEMORY_PLAIN, (void **)&memory), CX_OK);
    assert_int_equal(bed->ops->events_open(bed->device, 2, &events), CX_OK);
    assert_int_equal(bed->ops->graph_begin(bed->device, bed->stream), CX_OK);
    bed->ops->mark(bed->device, bed->stream, events, 0);
    assert_int_equal(bed->ops->poison(bed->device, bed->stream, memory, 64, 5), CX_OK);
    assert_int_equal(bed->ops->spin(bed->device, bed->stream, 100), CX_OK);
    bed->ops->mark(bed->device, bed->stream, events, 1);
    assert_int_equal(bed->ops->graph_end(bed->device, bed->stream, &graph), CX_OK);
    assert_int_equal(memory[7], 0);
    for (int launch = 0; launch < 2; launch++) {
        uint64_t word = 0;

        memset(memory, 0, 64);
        assert_int_equal(bed->ops->graph_launch(bed->device, graph, bed->stream), CX_OK);
        assert_true(bed->ops->elapsed_us(events, 0, 1) >= 99.9);
        assert_int_equal(drain(bed), CX_OK);
        memcpy(&word, memory + 56, 8);
        assert_true(word == cx_poison_word(5, 7));
    }
    bed->ops->graph_free(bed->device, graph);
    bed->ops->events_close(bed->device, events);
    bed->ops->free(bed->device, memory);
}

static void test_capture_that_ends_badly_can_be_followed_by_another(void **state)
{
    const bed_t *bed   = *state;
    cx_graph_t  *graph = NULL;

    assert_int_equal(bed->ops->graph_begin(bed->device, bed->stream), CX_OK);
    assert_int_equal(bed->ops->graph_end(bed->device, bed->stream, NULL), CX_OK);
    assert_true(stub_says(bed->ops->graph_end(bed->device, bed->stream, &graph), CX_DEVICE,
                          "end the capture"));
    assert_int_equal(bed->ops->graph_begin(bed->device, bed->stream), CX_OK);
    stub_fault(bed->vendor->instantiate, "801");
    assert_true(stub_says(bed->ops->graph_end(bed->device, bed->stream, &graph), CX_UNSUPPORTED,
                          "make a graph"));
    stub_fault(NULL, NULL);
    assert_null(graph);
    assert_int_equal(bed->ops->graph_begin(bed->device, bed->stream), CX_OK);
    assert_int_equal(bed->ops->graph_end(bed->device, bed->stream, &graph), CX_OK);
    bed->ops->graph_free(bed->device, graph);
}

static void test_digest_of_nothing_is_the_host_s(void **state)
{
    const bed_t *bed    = *state;
    uint64_t     digest = 1;

    assert_int_equal(bed->ops->digest(bed->device, bed->stream, NULL, 0, &digest), CX_OK);
    assert_true(digest == cx_digest(NULL, 0));
}

static void test_barrier_refuses_ranks_that_cannot_be(void **state)
{
    static const struct {
        int32_t rank, rank_count;
        double  timeout_us;
    } rows[]         = {{0, 0, 1}, {0, 129, 1}, {-1, 2, 1}, {2, 2, 1}, {0, 2, -1}, {0, 2, NAN}};
    const bed_t *bed = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_device_barrier_t barrier = {.rank       = rows[i].rank,
                                       .rank_count = rows[i].rank_count,
                                       .timeout_us = rows[i].timeout_us};

        assert_true(stub_says(bed->ops->barrier(bed->device, bed->stream, &barrier), CX_INVALID,
                              "no barrier of rank"));
    }
}

static void test_barrier_names_the_rank_that_is_missing(void **state)
{
    const bed_t        *bed      = *state;
    void               *flags[2] = {NULL, NULL};
    cx_device_barrier_t barrier  = {.flags = flags, .rank = 1, .rank_count = 2, .timeout_us = 1000};

    for (int rank = 0; rank < 2; rank++) {
        assert_int_equal(bed->ops->alloc(bed->device, CX_DEVICE_BARRIER_BYTES(2),
                                         CX_MEMORY_EXPORTABLE, &flags[rank]),
                         CX_OK);
    }
    assert_int_equal(bed->ops->barrier(bed->device, bed->stream, &barrier), CX_OK);
    assert_true(stub_says(drain(bed), CX_TIMEOUT, "rank 0 did not come"));
    assert_int_equal(drain(bed), CX_OK);
    barrier.rank = 0; /* whose peer has been there already */
    assert_int_equal(bed->ops->barrier(bed->device, bed->stream, &barrier), CX_OK);
    assert_int_equal(drain(bed), CX_OK);
    bed->ops->free(bed->device, flags[0]);
    bed->ops->free(bed->device, flags[1]);
}

static void test_telemetry_leaves_unknown_what_cannot_be_read(void **state)
{
    const bed_t          *bed = *state;
    cx_device_telemetry_t now;

    (void)setenv("STUB_NVML_REASONS", "65", 1); /* idle, which holds nothing down, and heat */
    assert_int_equal(bed->ops->telemetry(bed->device, &now), CX_OK);
    (void)unsetenv("STUB_NVML_REASONS");
    if (bed->vendor == &cuda) {
        assert_true(now.core_clock_mhz == 1980 && now.memory_clock_mhz == 2619);
        assert_true(now.power_w == 345.5 && isnan(now.temperature_c));
        assert_int_equal(now.ecc_error_count, 2);
        assert_true(now.is_throttle_known);
        assert_string_equal(now.throttle_reasons, "hardware thermal slowdown");
    } else {
        assert_true(isnan(now.core_clock_mhz) && isnan(now.memory_clock_mhz));
        assert_true(now.power_w == 200 && now.temperature_c == 41.5);
        assert_int_equal(now.ecc_error_count, -1);
        assert_false(now.is_throttle_known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_table_has_every_member),
        BOTH(test_facts_are_the_library_s),
        BOTH(test_memory_is_zeroed_aligned_and_given_back),
        BOTH(test_memory_that_cannot_be_is_refused_with_numbers),
        BOTH(test_each_failing_step_of_exportable_memory_leaves_nothing),
        BOTH(test_memory_nobody_may_share_is_refused_with_a_remedy),
        BOTH(test_memory_that_has_no_descriptor_is_shared_by_handle),
        BOTH(test_a_handle_that_is_refused_says_what_to_look_at),
        BOTH(test_only_exportable_memory_is_exported),
        BOTH(test_imported_memory_is_the_same_memory),
        BOTH(test_refused_import_says_what_to_look_at),
        BOTH(test_stamps_lie_on_the_host_s_clock),
        BOTH(test_events_nobody_marked_have_no_time),
        BOTH(test_mark_that_failed_is_reported_by_synchronize),
        BOTH(test_spin_refuses_times_that_cannot_be_waited),
        BOTH(test_deadline_ends_the_waiting_and_not_the_work),
        BOTH(test_graph_runs_what_was_captured_each_time),
        BOTH(test_capture_that_ends_badly_can_be_followed_by_another),
        BOTH(test_digest_of_nothing_is_the_host_s),
        BOTH(test_barrier_refuses_ranks_that_cannot_be),
        BOTH(test_barrier_names_the_rank_that_is_missing),
        BOTH(test_telemetry_leaves_unknown_what_cannot_be_read),
    };

    stub_environment();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
