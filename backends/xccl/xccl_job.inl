/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that wait for other ranks, made by a thread that can be left behind when its time is up.
 * Not for the timed calls, which are made directly.
 *
 * The library's own way (blocking = 0 in its configuration) is not used: such a communicator also
 * enqueues through threads and returns before the work is on the stream, which is not what
 * anybody wants to measure, and would put the work behind the time stamps around it. */

#define POLL_MS 20

typedef struct job job_t;
struct job {
    xccl_result_t (*run)(job_t *job);
    xccl_comm_t     *comm; /* made by an opening job, given to the others */
    int              rank, rank_count;
    xccl_unique_id_t id;
    xccl_config_t    config;
    void            *buffer; /* of a window, which is made of so many bytes */
    size_t           buffer_bytes;
    xccl_window_t   *window;
    xccl_result_t    result;
    int              done_fd; /* readable once the job is done */
    void            *context; /* the device context of the caller; NULL for none */
    int (*set_context)(void *context);
};

/* The context that is current is a thread's own, so the job's thread is given the caller's. There
 * is none to give where no driver is loaded. */
static void take_context(job_t *job)
{
    loaded_t driver;
    void    *handle = NULL, *get = NULL, *set = NULL;
    int (*get_context)(void **context);

    find_loaded(XCCL_DRIVER_STEM, &driver);
    if (driver.path[0]) {
        handle = dlopen(driver.path, RTLD_LAZY | RTLD_NOLOAD);
    }
    if (handle) {
        get = dlsym(handle, XCCL_CONTEXT_GET);
        set = dlsym(handle, XCCL_CONTEXT_SET);
        (void)dlclose(handle); /* it stays loaded: somebody else holds it */
    }
    if (get && set) {
        memcpy(&get_context, &get, sizeof get);
        memcpy(&job->set_context, &set, sizeof set);
        if (get_context(&job->context) != 0) {
            job->context = NULL;
        }
    }
}

static void *run_job(void *argument)
{
    job_t   *job  = argument;
    uint64_t done = 1;

    if (job->context) {
        (void)job->set_context(job->context);
    }
    job->result = job->run(job);
    (void)!write(job->done_fd, &done, sizeof done);
    return NULL;
}

static job_t *new_job(xccl_result_t (*run)(job_t *job))
{
    job_t *job = calloc(1, sizeof *job);

    if (job) {
        job->run     = run;
        job->done_fd = eventfd(0, EFD_CLOEXEC);
        if (job->done_fd < 0) {
            free(job);
            return NULL;
        }
        take_context(job);
    }
    return job;
}

static void free_job(job_t *job)
{
    (void)close(job->done_fd);
    free(job);
}

/* Waits until the core says that it is over, and at least for that many polls. */
static bool is_done_in_time(const cx_core_t *core, const job_t *job, int poll_count_min)
{
    struct pollfd done = {.fd = job->done_fd, .events = POLLIN};

    for (int i = 0; i < poll_count_min || !core->is_over(core); i++) {
        if (poll(&done, 1, POLL_MS) > 0) {
            return true;
        }
    }
    return false;
}

/**
 * Runs the job to its end, or gives up on it.
 *
 * owns    a job that was given up belongs to its thread for ever: the caller must not touch it
 * errors  CX_TIMEOUT given up · CX_RESOURCE it never started
 */
static cx_status_t finish_job(const cx_core_t *core, job_t *job, int poll_count_min)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_job, job) != 0) {
        free_job(job);
        return CX_RESOURCE;
    }
    if (!is_done_in_time(core, job, poll_count_min)) {
        (void)pthread_detach(thread);
        return CX_TIMEOUT;
    }
    (void)pthread_join(thread, NULL);
    return CX_OK;
}
