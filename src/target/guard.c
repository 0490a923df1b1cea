/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the guards' counters through descriptors that stay open, and comparing two samples. */
#include "target/guard.h"

#include "target/root.h"

#include "base/deadline.h"
#include "base/fail.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define CLOSED (-1)
/* Processors whose clock is watched: a pinned rank has one or a few. */
#define WATCHED_MAX 16
/* The kernel adds nanoseconds and prints whole ticks, so each printed column can be short of one.
 */
#define STEAL_TICKS 1.0
#define BUSY_TICKS 5.0

const cx_guard_limits_t cx_guard_limits_default = {
    .steal_ratio       = 0.01,
    .other_busy_ratio  = 0.05,
    .wait_ratio        = 0.05,
    .clock_drop_ratio  = 0.05,
    .throttle_count    = 0,
    .major_fault_count = 0,
    .siblings_busy_us  = 0.0,
};

static const char *const kind_ids[CX_GUARD_KIND_COUNT] = {
#define ID(name, id) id,
    CX_GUARD_MAP(ID)
#undef ID
};

typedef struct watched {
    int32_t cpu_index;
    int     clock_fd, core_fd, package_fd;
} watched_t;

/* The state of a machine has one reader per process, as the log has one writer. */
static struct guard {
    bool      is_open;
    int       stat_fd, schedstat_fd;
    int32_t   cpu_count;
    double    tick_us;
    int32_t   watched_count;
    watched_t watched[WATCHED_MAX];
} guard = {.stat_fd = CLOSED, .schedstat_fd = CLOSED, .cpu_count = -1, .tick_us = NAN};

static void watch_cpu(const cx_root_t *root, int32_t cpu_index)
{
    static const char folder[] = "sys/devices/system/cpu/cpu";
    watched_t        *row      = &guard.watched[guard.watched_count++];

    row->cpu_index = cpu_index;
    row->clock_fd  = cx_root_fd(root, "%s%d/cpufreq/scaling_cur_freq", folder, cpu_index);
    row->core_fd = cx_root_fd(root, "%s%d/thermal_throttle/core_throttle_count", folder, cpu_index);
    row->package_fd =
        cx_root_fd(root, "%s%d/thermal_throttle/package_throttle_count", folder, cpu_index);
}

static void watch_allowed_cpus(const cx_root_t *root)
{
    cpu_set_t allowed;

    CPU_ZERO(&allowed);
    (void)sched_getaffinity(0, sizeof allowed, &allowed);
    for (int32_t i = 0; i < CPU_SETSIZE && guard.watched_count < WATCHED_MAX; i++) {
        if (CPU_ISSET((size_t)i, &allowed)) {
            watch_cpu(root, i);
        }
    }
}

cx_status_t cx_guard_open(const char *root_path)
{
    char      online[4096];
    cx_root_t root;

    if (guard.is_open) {
        return CX_FAIL(CX_INVALID, "the guards are open already");
    }
    CX_TRY(cx_root_open(root_path, &root));
    guard.is_open      = true;
    guard.stat_fd      = cx_root_fd(&root, "proc/stat");
    guard.schedstat_fd = cx_root_fd(&root, "proc/self/schedstat");
    guard.tick_us      = 1e6 / (double)sysconf(_SC_CLK_TCK);
    guard.cpu_count    = cx_root_text(&root, online, sizeof online, "sys/devices/system/cpu/online")
                             ? cx_cpu_list_count(online)
                             : -1;
    guard.watched_count = 0;
    watch_allowed_cpus(&root);
    cx_root_close(&root);
    return CX_OK;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = CLOSED;
}

void cx_guard_close(void)
{
    close_fd(&guard.stat_fd);
    close_fd(&guard.schedstat_fd);
    for (int32_t i = 0; i < guard.watched_count; i++) {
        close_fd(&guard.watched[i].clock_fd);
        close_fd(&guard.watched[i].core_fd);
        close_fd(&guard.watched[i].package_fd);
    }
    guard.watched_count = 0;
    guard.cpu_count     = -1;
    guard.is_open       = false;
}

/* The beginning of the file as it is now. */
static bool read_now(int fd, char *out, size_t out_bytes)
{
    const ssize_t got = fd >= 0 ? pread(fd, out, out_bytes - 1, 0) : -1;

    out[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static int64_t read_count(int fd)
{
    char  text[64];
    char *end;

    if (!read_now(fd, text, sizeof text)) {
        return -1;
    }
    const int64_t value = strtoll(text, &end, 10);

    return end == text ? -1 : value;
}

/* Columns of proc(5)'s "cpu" line: user nice system idle iowait irq softirq steal (guests' time is
 * in user and nice already). Old kernels have fewer columns; then all stays unknown. */
static void read_stat(cx_guard_t *out)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, COLUMN_COUNT };
    double      ticks[COLUMN_COUNT];
    char        text[256];
    const char *cursor = text + 3;

    if (!read_now(guard.stat_fd, text, sizeof text) || strncmp(text, "cpu ", 4) != 0) {
        return;
    }
    text[strcspn(text, "\n")] = '\0';
    for (int i = 0; i < COLUMN_COUNT; i++) {
        char *end;

        ticks[i] = (double)strtoull(cursor, &end, 10);
        if (end == cursor) {
            return;
        }
        cursor = end;
    }
    out->steal_us = ticks[STEAL] * guard.tick_us;
    out->busy_us =
        (ticks[USER] + ticks[NICE] + ticks[SYSTEM] + ticks[IRQ] + ticks[SOFTIRQ]) * guard.tick_us;
}

/* The second number is the time spent waiting for a processor, in nanoseconds. */
static void read_schedstat(cx_guard_t *out)
{
    char  text[128];
    char *end;

    if (!read_now(guard.schedstat_fd, text, sizeof text)) {
        return;
    }
    (void)strtoull(text, &end, 10);
    const char  *second  = end;
    const double wait_ns = (double)strtoull(second, &end, 10);

    if (end != second) {
        out->wait_us = wait_ns / 1e3;
    }
}

static void read_cpu(cx_guard_t *out)
{
    for (int32_t i = 0; i < guard.watched_count; i++) {
        const watched_t *row = &guard.watched[i];

        if (row->cpu_index == out->cpu_index) {
            const int64_t khz     = read_count(row->clock_fd);
            const int64_t core    = read_count(row->core_fd);
            const int64_t package = read_count(row->package_fd);

            out->clock_mhz      = khz > 0 ? (double)khz / 1e3 : NAN;
            out->throttle_count = core < 0 || package < 0 ? -1 : core + package;
            return;
        }
    }
}

static double timeval_us(struct timeval time)
{
    return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

void cx_guard_sample(cx_guard_t *out)
{
    struct rusage usage;

    *out = (cx_guard_t){
        .taken_ns          = cx_now_ns(),
        .cpu_index         = sched_getcpu(),
        .cpu_count         = guard.cpu_count,
        .steal_us          = NAN,
        .busy_us           = NAN,
        .tick_us           = guard.tick_us,
        .own_busy_us       = NAN,
        .wait_us           = NAN,
        .clock_mhz         = NAN,
        .throttle_count    = -1,
        .preemption_count  = -1,
        .major_fault_count = -1,
    };
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        out->own_busy_us       = timeval_us(usage.ru_utime) + timeval_us(usage.ru_stime);
        out->preemption_count  = usage.ru_nivcsw;
        out->major_fault_count = usage.ru_majflt;
    }
    read_stat(out);
    read_schedstat(out);
    read_cpu(out);
}

typedef struct findings {
    cx_guard_finding_t *rows;
    uint32_t            count, count_max;
} findings_t;

static void add_finding(findings_t *findings, cx_guard_kind_t kind, double value, double limit,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add_finding(findings_t *findings, cx_guard_kind_t kind, double value, double limit,
                        const char *format, ...)
{
    if (findings->count == findings->count_max) {
        return;
    }
    cx_guard_finding_t *row = &findings->rows[findings->count++];
    va_list             args;

    row->id    = kind_ids[kind];
    row->value = value;
    row->limit = limit;
    va_start(args, format);
    (void)vsnprintf(row->text, sizeof row->text, format, args);
    va_end(args);
}

/* Every comparison with NAN is false, so an unknown reading or a limit that is off finds nothing.
 */
static void compare_host(const cx_guard_t *before, const cx_guard_t *after,
                         const cx_guard_limits_t *limits, double block_us, findings_t *findings)
{
    const int32_t cpus        = after->cpu_count;
    const double  capacity_us = cpus > 0 ? block_us * cpus : NAN;
    const double  steal_us    = after->steal_us - before->steal_us;
    const double  other_us    = after->busy_us - before->busy_us -
                            (after->own_busy_us - before->own_busy_us) - limits->siblings_busy_us;

    if (steal_us - STEAL_TICKS * after->tick_us > limits->steal_ratio * capacity_us) {
        add_finding(findings, CX_GUARD_STEAL, steal_us / capacity_us, limits->steal_ratio,
                    "the hypervisor took %.1f %% of %d processors' time (limit %.1f %%)",
                    100.0 * steal_us / capacity_us, cpus, 100.0 * limits->steal_ratio);
    }
    if (other_us - BUSY_TICKS * after->tick_us > limits->other_busy_ratio * capacity_us) {
        add_finding(findings, CX_GUARD_LOAD, other_us / capacity_us, limits->other_busy_ratio,
                    "other processes kept %.2f of %d processors busy (limit %.2f)",
                    other_us / block_us, cpus, limits->other_busy_ratio * cpus);
    }
}

static void compare_process(const cx_guard_t *before, const cx_guard_t *after,
                            const cx_guard_limits_t *limits, double block_us, findings_t *findings)
{
    const double wait_us = after->wait_us - before->wait_us;

    if (wait_us > limits->wait_ratio * block_us) {
        add_finding(
            findings, CX_GUARD_WAIT, wait_us / block_us, limits->wait_ratio,
            "the process waited %.1f %% of the block for a processor (limit %.1f %%; %" PRId64
            " preemptions)",
            100.0 * wait_us / block_us, 100.0 * limits->wait_ratio,
            after->preemption_count - before->preemption_count);
    }
}

static void compare_cpu(const cx_guard_t *before, const cx_guard_t *after,
                        const cx_guard_limits_t *limits, findings_t *findings)
{
    const double drop_ratio = 1.0 - after->clock_mhz / before->clock_mhz;

    if (before->cpu_index != after->cpu_index) {
        return;
    }
    if (drop_ratio > limits->clock_drop_ratio) {
        add_finding(findings, CX_GUARD_CLOCK, drop_ratio, limits->clock_drop_ratio,
                    "the clock of processor %d fell from %.0f to %.0f MHz (limit %.1f %%)",
                    after->cpu_index, before->clock_mhz, after->clock_mhz,
                    100.0 * limits->clock_drop_ratio);
    }
    const int64_t throttled = after->throttle_count - before->throttle_count;

    if (before->throttle_count >= 0 && after->throttle_count >= 0 && limits->throttle_count >= 0 &&
        throttled > limits->throttle_count) {
        add_finding(findings, CX_GUARD_THROTTLE, (double)throttled, (double)limits->throttle_count,
                    "processor %d was throttled %" PRId64 " times by heat (limit %" PRId64 ")",
                    after->cpu_index, throttled, limits->throttle_count);
    }
}

static void compare_faults(const cx_guard_t *before, const cx_guard_t *after,
                           const cx_guard_limits_t *limits, findings_t *findings)
{
    const int64_t faults = after->major_fault_count - before->major_fault_count;

    if (before->major_fault_count >= 0 && after->major_fault_count >= 0 &&
        limits->major_fault_count >= 0 && faults > limits->major_fault_count) {
        add_finding(findings, CX_GUARD_FAULTS, (double)faults, (double)limits->major_fault_count,
                    "%" PRId64 " pages had to be read from disk (limit %" PRId64 ")", faults,
                    limits->major_fault_count);
    }
}

uint32_t cx_guard_compare(const cx_guard_t *before, const cx_guard_t *after,
                          const cx_guard_limits_t *limits, cx_guard_finding_t out[], uint32_t count)
{
    findings_t   findings = {.rows = out, .count_max = count};
    const double block_us = (double)(after->taken_ns - before->taken_ns) / 1e3;

    compare_host(before, after, limits, block_us, &findings);
    compare_process(before, after, limits, block_us, &findings);
    compare_cpu(before, after, limits, &findings);
    compare_faults(before, after, limits, &findings);
    return findings.count;
}
