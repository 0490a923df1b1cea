/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithms of family allreduce as this library takes them.
 * Not what it then does: it does not tell, so a record says what was asked for.
 *
 * Ring and tree: NCCL has no call for them. It reads NCCL_ALGO once for each communicator, while
 * that is made (ncclTopoTuneModel, src/graph/tuning.cc, 2.18 to 2.29), and gives all other
 * algorithms of this communicator a bandwidth of zero, so that an operation is done in that way or
 * fails ("no algorithm/protocol available", src/enqueue.cc). So the variable is set around the
 * making of a communicator, and is gone before the next. RCCL is asked for neither: for some
 * topologies it reads the variable once per process, for others it always takes a tree
 * (topoGetAlgoInfo in its src/enqueue.cc).
 *
 * Symmetric: the buffers are a window; whether the library's symmetric kernels then run is its
 * choice by size. */

#define ALGORITHM_VARIABLE "NCCL_ALGO"

static const char *const algorithm_words[CX_ALGORITHM_COUNT] = {
    [CX_ALGORITHM_RING] = "Ring",
    [CX_ALGORITHM_TREE] = "Tree",
};

static uint64_t offered_algorithms(void)
{
    const cx_memory_t memory     = XCCL_MEMORY;
    const bool        has_window = library.api.window_register && library.api.window_deregister &&
                            memory == CX_MEMORY_EXPORTABLE;

    return XCCL_ALGORITHMS | (has_window ? CX_BIT(CX_ALGORITHM_SYMMETRIC) : 0);
}

static cx_status_t refuse_contradiction(const cx_core_t *core, cx_algorithm_t algorithm,
                                        int32_t registration)
{
    if (registration == REGISTRATION_SYMMETRIC) {
        return CX_CORE_FAIL(core, CX_INVALID,
                            XCCL_NAME "-registration=symmetric is said in family allreduce by "
                                      "--algorithm symmetric");
    }
    if (algorithm == CX_ALGORITHM_SYMMETRIC && registration != REGISTRATION_NONE) {
        return CX_CORE_FAIL(core, CX_INVALID,
                            "algorithm symmetric registers buffers in its own way: leave "
                            "out " XCCL_NAME "-registration=user-buffer");
    }
    if (algorithm != CX_ALGORITHM_DEFAULT && variable_or_empty(ALGORITHM_VARIABLE)[0]) {
        return CX_CORE_FAIL(core, CX_INVALID,
                            "the variable " ALGORITHM_VARIABLE " is set to %s, so the case cannot "
                            "choose an algorithm: unset it, or ask for algorithm default",
                            variable_or_empty(ALGORITHM_VARIABLE));
    }
    if (algorithm != CX_ALGORITHM_DEFAULT && core->rank_count == 1) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                            "one rank reduces with nobody: it has no algorithm but default");
    }
    return CX_OK;
}

/* What is asked for, as an option of this backend; nothing outside family allreduce. */
static cx_status_t choose_algorithm(const cx_core_t *core, const cx_shape_t *shape,
                                    options_t *options)
{
    cx_status_t status;

    if (shape->family != CX_FAMILY_ALLREDUCE) {
        return CX_OK;
    }
    status = refuse_contradiction(core, shape->algorithm, options->registration);
    if (status == CX_OK && shape->algorithm == CX_ALGORITHM_SYMMETRIC) {
        options->registration = REGISTRATION_SYMMETRIC;
    }
    return status;
}

/* For the communicator that is made until it is unset. No other thread of ours is running. */
static void impose_algorithm(cx_algorithm_t algorithm)
{
    if (algorithm_words[algorithm]) {
        (void)setenv(ALGORITHM_VARIABLE, algorithm_words[algorithm], 1);
    }
}

static void lift_algorithm(cx_algorithm_t algorithm)
{
    if (algorithm_words[algorithm]) {
        (void)unsetenv(ALGORITHM_VARIABLE);
    }
}
