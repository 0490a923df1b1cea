/* SPDX-License-Identifier: Apache-2.0 */
/* One communicator per session: ranks meet through the core's peers, then the library connects
 * them. Not the operations on it. */

#define CLOSE_POLL_COUNT 250 /* 5 s: a library that tears down in order is done long before */

/* What a failure says of the cause; out of memory has no code of its own. */
static cx_status_t status_of(xccl_result_t result, const char *text)
{
    if (result == XCCL_REMOTE_ERROR) {
        return CX_PEER;
    }
    if (strcasestr(text, "out of memory") || strcasestr(text, "cannot allocate memory")) {
        return CX_RESOURCE;
    }
    return result == XCCL_UNHANDLED_CUDA_ERROR ? CX_DEVICE : CX_BACKEND;
}

static cx_status_t fail_call(const cx_core_t *core, const xccl_comm_t *comm, const char *call,
                             xccl_result_t result)
{
    const xccl_api_t *api  = &library.api;
    const char       *text = api->get_error_string(result), *last = NULL;

    if (api->get_last_error) {
        last = api->get_last_error((xccl_comm_t *)(uintptr_t)comm);
    }
    last = last ? last : "";
    return CX_CORE_FAIL(core, status_of(result, last), "%s failed with code %d: %s%s%s", call,
                        (int)result, text ? text : "", last[0] ? ": " : "", last);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* What a rank tells the others before the library connects them. */
typedef struct card {
    int32_t          status, version;
    xccl_unique_id_t id; /* rank 0's counts */
} card_t;

static cx_status_t compare_cards(const cx_core_t *core, const card_t *cards)
{
    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        if (cards[rank].status != CX_OK) {
            return CX_CORE_FAIL(core, (cx_status_t)cards[rank].status,
                                "rank %d cannot open " XCCL_NAME, rank);
        }
        if (cards[rank].version != cards[0].version) {
            return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                                "rank 0 has " XCCL_LABEL " %d, rank %d has %d: all ranks need the "
                                "same; set " XCCL_PATH_VARIABLE " on every host",
                                cards[0].version, rank, cards[rank].version);
        }
    }
    return CX_OK;
}

static cx_status_t make_id(const cx_core_t *core, xccl_unique_id_t *id)
{
    xccl_result_t result = library.api.get_unique_id(id);

    return result == XCCL_SUCCESS ? CX_OK : fail_call(core, NULL, "ncclGetUniqueId", result);
}

/* Every rank comes here with how it has fared so far, so that none waits in the library for one
 * that cannot follow. */
static cx_status_t meet(const cx_core_t *core, cx_status_t mine, xccl_unique_id_t *id_out)
{
    card_t      own   = {.status = (int32_t)mine, .version = library.version};
    card_t     *cards = calloc((size_t)core->rank_count, sizeof *cards);
    cx_status_t status;

    if (!cards) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for what %d ranks say", core->rank_count);
    }
    if (mine == CX_OK && core->rank == 0) {
        own.status = (int32_t)make_id(core, &own.id);
    }
    status =
        core->peers_ops->allgather(core->peers, &own, cards, sizeof own, core->deadline_ns(core));
    if (own.status != CX_OK) {
        status = (cx_status_t)own.status;
    } else if (status == CX_OK) {
        status = compare_cards(core, cards);
    }
    if (status == CX_OK) {
        *id_out = cards[0].id;
    }
    free(cards);
    return status;
}

static xccl_result_t run_open(job_t *job)
{
    if (library.api.comm_init_rank_config) {
        return library.api.comm_init_rank_config(&job->comm, job->rank_count, job->id, job->rank,
                                                 &job->config);
    }
    return library.api.comm_init_rank(&job->comm, job->rank_count, job->id, job->rank);
}

/* The library compares the two numbers of blocks before it puts its own for one that was left out,
 * so a least one alone would be refused. More than it has it cuts down to what it has.
 * source: parseCommConfig, src/init.cc, NCCL 2.17 to 2.30 and RCCL 2.21 */
static int most_ctas(const options_t *options)
{
    if (options->max_ctas > 0) {
        return (int)options->max_ctas;
    }
    return options->min_ctas > 0 ? CTAS_MAX : XCCL_UNDEFINED;
}

static xccl_config_t configure(const options_t *options)
{
    return (xccl_config_t){
        .struct_size       = sizeof(xccl_config_t),
        .magic             = XCCL_CONFIG_MAGIC,
        .version           = XCCL_CONFIG_VERSION,
        .blocking          = 1,
        .cga_cluster_count = XCCL_UNDEFINED,
        .min_ctas          = options->min_ctas > 0 ? (int)options->min_ctas : XCCL_UNDEFINED,
        .max_ctas          = most_ctas(options),
        .split_share       = XCCL_UNDEFINED,
    };
}

/* Collective. A rank that never comes is a time-out, whatever the library would wait for. */
static cx_status_t open_comm(const cx_core_t *core, const options_t *options,
                             const xccl_unique_id_t *id, xccl_comm_t **out)
{
    job_t      *job = new_job(run_open);
    cx_status_t status;

    if (!job) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory to open a communicator");
    }
    job->rank       = core->rank;
    job->rank_count = core->rank_count;
    job->id         = *id;
    job->config     = configure(options);
    status          = finish_job(core, job, 0);
    if (status == CX_TIMEOUT) {
        return CX_CORE_FAIL(core, CX_TIMEOUT,
                            XCCL_LABEL
                            " did not connect the %d ranks in time: a rank is missing, or "
                            "ranks cannot reach each other (NCCL_DEBUG=INFO tells more)",
                            core->rank_count);
    }
    if (status != CX_OK) {
        return CX_CORE_FAIL(core, status, "no thread to open a communicator");
    }
    if (job->result == XCCL_SUCCESS) {
        *out = job->comm;
    } else {
        status = fail_call(core, NULL, "ncclCommInitRank", job->result);
    }
    free_job(job);
    return status;
}

/* ---- closing -------------------------------------------------------------------------------- */

static xccl_result_t run_destroy(job_t *job)
{
    return library.api.comm_destroy(job->comm);
}

static xccl_result_t run_abort(job_t *job)
{
    return library.api.comm_abort(job->comm);
}

/* Has the library found out by itself, since the last call, that something is lost? */
static bool has_failed(xccl_comm_t *comm)
{
    xccl_result_t error = XCCL_SUCCESS;

    return library.api.comm_get_async_error(comm, &error) != XCCL_SUCCESS || error != XCCL_SUCCESS;
}

/* In order where all is well; else by force, since order would wait for ranks that are gone. False
 * when not even that came to an end. */
static bool close_comm(const cx_core_t *core, xccl_comm_t *comm, bool is_broken)
{
    bool        is_forced = is_broken || core->is_over(core) || has_failed(comm);
    const char *call      = is_forced ? "ncclCommAbort" : "ncclCommDestroy";
    job_t      *job       = new_job(is_forced ? run_abort : run_destroy);
    cx_status_t status    = CX_RESOURCE;

    if (job) {
        job->comm = comm;
        status    = finish_job(core, job, CLOSE_POLL_COUNT);
    }
    if (status != CX_OK) {
        core->log(CX_LOG_WARN, XCCL_NAME, "%s %s: a communicator is left behind", call,
                  status == CX_TIMEOUT ? "did not return" : "could not be called");
        return false;
    }
    if (job->result != XCCL_SUCCESS) {
        core->log(CX_LOG_WARN, XCCL_NAME, "%s: %s", call,
                  library.api.get_error_string(job->result));
    }
    free_job(job);
    return true;
}
