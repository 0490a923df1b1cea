/* SPDX-License-Identifier: Apache-2.0 */
/* Family ep of nccl between processes, on the stubs of the library and of the driver: what arrives,
 * what comes home, how much moves, and what is refused. Not real kernels, which need a GPU. */
#include "unit/hostref/ep_exercise.h"
#include "unit/nccl/kit.h"

#define PLUGIN "../test-gpu/cx-backend-nccl.so"
#define PAIR_COUNT 6

typedef struct plan {
    kit_options_t options;
    ep_exercise_t what;
    ep_body_fn    body;
} plan_t;

static cx_stream_t     *stream; /* of the stub driver */
static cx_backend_ops_t ep_ops; /* kit_wrapped, on that stream */

/* ---- a rank with a driver ------------------------------------------------------------------- */

static cx_status_t copy(cx_device_t *device, void *to, const void *from, size_t bytes)
{
    (void)device;
    memcpy(to, from, bytes);
    return CX_OK;
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *none)
{
    (void)none;
    return kit_ops->enqueue(session, phase, slot_index, stream);
}

/* What opening device cuda leaves behind: a loaded driver, and a context on this thread. */
static int load_driver(void)
{
    void *driver = dlopen(kit_library("../test-gpu/libcuda.so.1"), RTLD_NOW | RTLD_LOCAL);
    union {
        void *symbol;
        int (*retain)(void **context, int device);
        int (*bind)(void *context);
        int (*open)(cx_stream_t **stream, unsigned flags);
    } retain, bind, open;
    void *context;

    if (!driver) {
        return 1;
    }
    retain.symbol = dlsym(driver, "cuDevicePrimaryCtxRetain");
    bind.symbol   = dlsym(driver, "cuCtxSetCurrent");
    open.symbol   = dlsym(driver, "cuStreamCreate");
    return retain.retain(&context, 0) || bind.bind(context) || open.open(&stream, 1);
}

static int begin(fake_core_t *fake)
{
    int failed_count = KIT_CHECK(load_driver() == 0) + kit_begin(fake, KIT_NEWEST);

    kit_device_ops.copy = copy;
    ep_ops              = kit_wrapped;
    ep_ops.enqueue      = enqueue;
    return failed_count;
}

static int run_plan(fake_core_t *fake, void *argument)
{
    const plan_t *plan = argument;

    kit_options = plan->options;
    return begin(fake) || ep_exercise_run(fake, &ep_ops, &plan->what, plan->body);
}

static void run_everywhere(const plan_t *plan)
{
    static const int32_t rank_counts[] = {1, 2, 3, 5};

    for (size_t i = 0; i < sizeof rank_counts / sizeof *rank_counts; i++) {
        plan_t mine = *plan;

        assert_int_equal(fake_ranks_run(rank_counts[i], EP_BUDGET_NS, run_plan, &mine), 0);
    }
}

/* ---- what arrives --------------------------------------------------------------------------- */

/* What a dispatch delivered, walked through in the order in which rows lie: by rank and token. */
typedef struct walk {
    const ep_run_t *run;
    cx_ep_view_t   *view;
    int32_t         slot;
    int64_t         row_count;
    int32_t         expert_rows[64];
} walk_t;

static int check_row(walk_t *walk, int32_t source, int64_t token, const int32_t *experts)
{
    const ep_run_t      *run          = walk->run;
    const ep_exercise_t *what         = run->what;
    const cx_ep_view_t  *view         = walk->view;
    const uint16_t      *payload      = (const void *)((const char *)view->payload +
                                             (size_t)walk->row_count * view->payload_stride_bytes);
    int                  failed_count = 0;

    for (int64_t i = 0; i < what->hidden_elems && failed_count == 0; i++) {
        failed_count += KIT_CHECK(payload[i] == ep_value(walk->slot, source, token, i));
    }
    for (int64_t k = 0; k < what->topk; k++) {
        const bool    is_here = experts[k] / what->local_expert_count == run->rank;
        const float   gate    = is_here ? ep_gate(walk->slot, source, token, k) : 0.0f;
        const int64_t at      = walk->row_count * what->topk + k;

        failed_count += KIT_CHECK(view->row_experts[at] == (is_here ? experts[k] : -1)) +
                        KIT_CHECK(view->row_gates[at] == gate);
        walk->expert_rows[experts[k] % what->local_expert_count] += is_here;
    }
    walk->row_count++;
    return failed_count;
}

static int check_received(const ep_run_t *run, int32_t slot, cx_ep_view_t *view)
{
    walk_t walk         = {.run = run, .view = view, .slot = slot};
    int    failed_count = KIT_CHECK(run->ops->inspect(run->session, slot, view) == CX_OK);

    for (int32_t source = 0; source < run->rank_count && failed_count == 0; source++) {
        for (int64_t token = 0; token < run->token_counts[slot][source]; token++) {
            int32_t experts[EP_TOPK_MAX];

            ep_choose(run, slot, source, token, experts);
            if (ep_has_rank(run, experts, run->rank)) {
                failed_count += check_row(&walk, source, token, experts);
            }
        }
    }
    failed_count += KIT_CHECK(view->row_count == walk.row_count);
    for (int32_t e = 0; e < run->what->local_expert_count && failed_count == 0; e++) {
        failed_count += KIT_CHECK(view->expert_row_counts[e] == walk.expert_rows[e]);
    }
    return failed_count;
}

static int pairs(ep_run_t *run)
{
    int failed_count = 0;

    for (int32_t call = 0; call < PAIR_COUNT && failed_count == 0; call++) {
        const int32_t slot = call % run->what->slot_count;
        cx_ep_view_t  view = {.struct_size = sizeof view};

        failed_count += ep_phase(run, CX_PHASE_DISPATCH, slot) +
                        ep_phase(run, CX_PHASE_STAGE, slot) + check_received(run, slot, &view);
        if (failed_count == 0) {
            ep_apply(run, &view, call);
            failed_count +=
                ep_phase(run, CX_PHASE_COMBINE, slot) + ep_check_combined(run, slot, call);
        }
    }
    return failed_count;
}

static void test_rows_arrive_and_sums_come_home(void **state)
{
    static const kit_options_t options[] = {
        {.ep_messages = KIT_FIXED},
        {.ep_messages = KIT_ROUTED},
        {.ep_messages = KIT_FIXED, .registration = KIT_SYMMETRIC},
        {.ep_messages = KIT_ROUTED, .registration = KIT_USER_BUFFER},
    };
    static const int64_t hidden_elems[] = {256, 100, 7};

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        for (size_t j = 0; j < sizeof hidden_elems / sizeof *hidden_elems; j++) {
            plan_t plan = {.options = options[i], .what = ep_typical, .body = pairs};

            plan.what.hidden_elems      = hidden_elems[j];
            plan.what.domain_rank_count = (int64_t)j;
            run_everywhere(&plan);
        }
    }
}

/* What was received stays as it is while it is combined. */
static int many_combines(ep_run_t *run)
{
    int failed_count = ep_phase(run, CX_PHASE_DISPATCH, 1);

    for (int32_t call = 0; call < PAIR_COUNT && failed_count == 0; call++) {
        failed_count += ep_phase(run, CX_PHASE_COMBINE, 1) + ep_check_combined(run, 1, -1);
    }
    return failed_count;
}

static void test_one_dispatch_serves_many_combines(void **state)
{
    plan_t plan = {.what = ep_typical, .body = many_combines};

    (void)state;
    run_everywhere(&plan);
    plan.options.ep_messages = KIT_ROUTED;
    run_everywhere(&plan);
}

/* ---- how much moves ------------------------------------------------------------------------- */

static int64_t routed_rows(const ep_run_t *run, int32_t slot)
{
    int64_t row_count = 0;

    for (int64_t token = 0; token < run->token_counts[slot][run->rank]; token++) {
        int32_t experts[EP_TOPK_MAX];

        ep_choose(run, slot, run->rank, token, experts);
        for (int32_t rank = 0; rank < run->rank_count; rank++) {
            row_count += rank != run->rank && ep_has_rank(run, experts, rank);
        }
    }
    return row_count;
}

static int count_wire_bytes(ep_run_t *run)
{
    const int64_t row_bytes    = run->what->hidden_elems * 2;
    int           failed_count = 0;

    for (int32_t slot = 0; slot < run->what->slot_count; slot++) {
        const int64_t most = run->token_counts[slot][run->rank] * (run->rank_count - 1);
        const int64_t rows = kit_options.ep_messages == KIT_FIXED ? most : routed_rows(run, slot);
        cx_ep_view_t  view = {.struct_size = sizeof view};

        failed_count += ep_phase(run, CX_PHASE_DISPATCH, slot) +
                        KIT_CHECK(run->ops->inspect(run->session, slot, &view) == CX_OK) +
                        KIT_CHECK(view.wire_bytes == rows * row_bytes) + KIT_CHECK(rows <= most);
    }
    return failed_count;
}

static void test_padding_is_told_as_bytes_on_the_wire(void **state)
{
    plan_t plan = {.what = ep_typical, .body = count_wire_bytes};

    (void)state;
    run_everywhere(&plan);
    plan.options.ep_messages = KIT_ROUTED;
    run_everywhere(&plan);
}

/* ---- what is offered and refused ------------------------------------------------------------ */

static int declaring_rank(fake_core_t *fake, void *argument)
{
    const cx_ep_caps_t *normal = &kit_caps.ep[CX_EP_MODE_NORMAL];

    (void)argument;
    return kit_begin(fake, KIT_NEWEST) || KIT_CHECK(kit_caps.families & CX_BIT(CX_FAMILY_EP)) ||
           KIT_CHECK(!kit_caps.ep[CX_EP_MODE_LOW_LATENCY].is_supported) ||
           KIT_CHECK(normal->is_supported && normal->is_bitwise && !normal->keeps_receives) ||
           KIT_CHECK(normal->dispatch_codecs == CX_BIT(CX_CODEC_BF16)) ||
           KIT_CHECK(normal->combine_codecs == CX_BIT(CX_CODEC_BF16)) ||
           KIT_CHECK(normal->layout == CX_EP_LAYOUT_TOKEN_RANK) ||
           KIT_CHECK(normal->weighting == CX_EP_WEIGHTING_RANK_SUM) ||
           KIT_CHECK(normal->reduction == CX_EP_REDUCTION_DOMAIN_FP32);
}

static void test_mode_normal_is_declared_in_bf16(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, declaring_rank, NULL), 0);
}

typedef struct refusal {
    cx_status_t     status;
    const char     *words;
    cx_ep_problem_t problem;
} refusal_t;

static int refusing_rank(fake_core_t *fake, void *argument)
{
    const refusal_t *refusal = argument;
    const cx_shape_t shape   = {.family = CX_FAMILY_EP, .ep = refusal->problem};
    cx_session_t    *session = NULL;

    return begin(fake) ||
           KIT_FAILS(refusal->status, refusal->words,
                     kit_open(&fake->core, &shape, NULL, &session)) ||
           KIT_CHECK(!session);
}

static void test_what_it_cannot_do_is_refused(void **state)
{
    static const refusal_t refusals[] = {
        {CX_UNSUPPORTED, "mode normal and in bf16 alone", {.mode = CX_EP_MODE_LOW_LATENCY}},
        {CX_UNSUPPORTED, "in bf16 alone", {.dispatch_codec = CX_CODEC_MXFP8}},
        {CX_UNSUPPORTED, "in bf16 alone", {.combine_codec = CX_CODEC_E4M3FN_TOKEN}},
        {CX_INVALID,
         "9 of 8 experts",
         {.hidden_elems = 64, .topk = 9, .expert_count = 8, .domain_rank_count = 2}},
        {CX_INVALID,
         "2 of 7 experts",
         {.hidden_elems = 64, .topk = 2, .expert_count = 7, .domain_rank_count = 2}},
        {CX_INVALID, "rows of 0 elements", {.topk = 2, .expert_count = 8, .domain_rank_count = 2}},
        {CX_INVALID, "domains of 0 ranks", {.hidden_elems = 64, .topk = 2, .expert_count = 8}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        refusal_t refusal = refusals[i];

        assert_int_equal(fake_ranks_run(2, KIT_BUDGET_NS, refusing_rank, &refusal), 0);
    }
}

static int driverless_rank(fake_core_t *fake, void *argument)
{
    const cx_shape_t shape   = ep_shape(&ep_typical, 1);
    cx_session_t    *session = NULL;

    (void)argument;
    return kit_begin(fake, KIT_NEWEST) ||
           KIT_FAILS(CX_UNSUPPORTED, "the driver of device cuda, which is not loaded",
                     kit_open(&fake->core, &shape, NULL, &session));
}

static void test_without_a_driver_there_are_no_kernels(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, driverless_rank, NULL), 0);
}

/* Rank 1 has a slot that would go wrong on the device; rank 0 is told of it, and waits for nothing.
 */
typedef struct unsound {
    const char *words;
    int32_t     expert; /* of rank 1's first token, for its first choice; -1: as it was */
    bool        is_too_short;
} unsound_t;

static int unsound_rank(fake_core_t *fake, void *argument)
{
    const unsound_t *unsound = argument;
    ep_run_t         run;
    const char      *words = fake->core.rank == 0 ? "rank 1 refuses its slots" : unsound->words;
    int              failed_count;

    if (begin(fake) || ep_open(&run, fake, &ep_ops, &ep_typical) != CX_OK) {
        return 1;
    }
    if (run.rank == 1 && unsound->expert >= 0) {
        ep_experts(&run, 1)[0] = unsound->expert == 0 ? ep_experts(&run, 1)[1] : unsound->expert;
    }
    run.point.region_bytes = run.rank == 1 && unsound->is_too_short ? 1024 : run.point.region_bytes;
    failed_count           = KIT_FAILS(CX_INVALID, words, ep_ops.prepare(run.session, &run.point));
    return ep_close(&run, failed_count);
}

static void test_slots_that_would_go_wrong_on_the_device_are_refused_by_all(void **state)
{
    static const unsound_t rows[] = {
        {"slot 0: there is no expert 8 of 8", 8, false},
        {"slots 0 and 1 have the same expert", 0, false},
        {"does not fit into a region of 1024 bytes", -1, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsound_t row = rows[i];

        assert_int_equal(fake_ranks_run(2, KIT_BUDGET_NS, unsound_rank, &row), 0);
    }
}

/* ---- what goes wrong on the way ------------------------------------------------------------- */

typedef struct mishap {
    const char *variable, *value, *words;
    cx_status_t status;
} mishap_t;

static int struck_rank(fake_core_t *fake, void *argument)
{
    const mishap_t *mishap = argument;
    ep_run_t        run;
    int             failed_count;

    if (begin(fake) || ep_open(&run, fake, &ep_ops, &ep_typical) != CX_OK ||
        ep_ops.prepare(run.session, &run.point) != CX_OK) {
        return 1;
    }
    (void)setenv(mishap->variable, mishap->value, 1);
    failed_count = KIT_FAILS(mishap->status, mishap->words,
                             ep_ops.enqueue(run.session, CX_PHASE_DISPATCH, 1, NULL));
    ep_ops.release(run.session);
    return ep_close(&run, failed_count);
}

static void test_a_failure_on_the_way_is_told_with_its_cause(void **state)
{
    static const mishap_t mishaps[] = {
        {"STUB_NCCL_FAULT", "operation:remote", "ncclSend/ncclRecv failed", CX_PEER},
        {"STUB_NCCL_FAULT", "operation:memory", "out of memory", CX_RESOURCE},
        {"STUB_GPU_FAIL", "cuLaunchKernel:700", "cannot be launched (error 700)", CX_DEVICE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof mishaps / sizeof *mishaps; i++) {
        mishap_t mishap = mishaps[i];

        assert_int_equal(fake_ranks_run(2, KIT_BUDGET_NS, struck_rank, &mishap), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mode_normal_is_declared_in_bf16),
        cmocka_unit_test(test_what_it_cannot_do_is_refused),
        cmocka_unit_test(test_without_a_driver_there_are_no_kernels),
        cmocka_unit_test(test_slots_that_would_go_wrong_on_the_device_are_refused_by_all),
        cmocka_unit_test(test_rows_arrive_and_sums_come_home),
        cmocka_unit_test(test_one_dispatch_serves_many_combines),
        cmocka_unit_test(test_padding_is_told_as_bytes_on_the_wire),
        cmocka_unit_test(test_a_failure_on_the_way_is_told_with_its_cause),
    };

    return kit_load(PLUGIN) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
