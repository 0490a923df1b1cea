/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, watching and ending rank processes; this program is also the rank process. What they
 * do in a run is tests/unit/run's. */
#include "launch/local.h"

#include "base/deadline.h"
#include "launch/board.h"
#include "support/expect.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/proc/self/exe"
#define AMPLE_NS (30 * CX_NS_PER_S)

/* ---- fork that fails when told to ------------------------------------------------------------ */

static int forks_left = -1; /* negative: as many as wanted */

__attribute__((visibility("default"))) pid_t fork(void)
{
    union {
        void *symbol;
        pid_t (*call)(void);
    } real = {.symbol = dlsym(RTLD_NEXT, "fork")};

    if (forks_left == 0) {
        errno = EAGAIN;
        return -1;
    }
    forks_left -= forks_left > 0;
    return real.call();
}

/* ---- the rank process ------------------------------------------------------------------------ */

static int number(const char *name)
{
    const char *text = getenv(name);

    return text && *text ? (int)strtol(text, NULL, 10) : -1000;
}

/* Open descriptors but the one that lists them; only those that survive an exec, if wanted. */
static int descriptor_count(int only_inherited)
{
    DIR *folder = opendir("/proc/self/fd");
    int  count  = 0;

    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int fd = (int)strtol(entry->d_name, NULL, 10);

        if (entry->d_name[0] != '.' && fd != dirfd(folder)) {
            count += !only_inherited || !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        }
    }
    closedir(folder);
    return count;
}

static cx_board_t *child_board(void)
{
    cx_board_t *board;

    return cx_board_join(number(CX_ENV_BOARD_FD), number(CX_ENV_BOARD_COUNT), &board) == CX_OK
               ? board
               : NULL;
}

/* Leaves all it was told on the board. */
static int report(cx_board_t *board)
{
    cx_board_rank_t *own = &board->ranks[number(CX_ENV_BOARD_INDEX)];

    (void)snprintf(own->detail, sizeof own->detail,
                   "%d of %d, here %d of %d, star %s, address %s, token %s, preload %s",
                   number("CX_RANK"), number("CX_RANK_COUNT"), number("CX_LOCAL_RANK"),
                   number("CX_LOCAL_RANK_COUNT"), getenv(CX_ENV_STAR_FDS), getenv("CX_ADDRESS"),
                   getenv("CX_TOKEN"), getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "none");
    atomic_store(&own->requested_bytes, descriptor_count(0));
    atomic_store(&own->case_index, fcntl(number(CX_ENV_PLAN_FD), F_GETFD) == 0);
    atomic_store(&own->operation_index, number(CX_ENV_CHANNEL_FD));
    if (number(CX_ENV_CHANNEL_FD) >= 0) {
        return write(number(CX_ENV_CHANNEL_FD), "news", 4) == 4 ? 0 : 1;
    }
    return 0;
}

static int wait_for_cancel(cx_board_t *board)
{
    int64_t deadline_ns = cx_now_ns() + AMPLE_NS;

    while (!atomic_load(&board->is_cancelled) && cx_now_ns() < deadline_ns) {
        (void)poll(NULL, 0, 1);
    }
    return atomic_load(&board->is_cancelled) ? 0 : 1;
}

/* Only SIGKILL, or the alarm that keeps a broken test from leaving it behind. */
_Noreturn static void stay(void)
{
    (void)alarm(60);
    for (;;) {
        (void)pause();
    }
}

static int live_as_rank(const char *what)
{
    cx_board_t *board = child_board();
    int         index = number(CX_ENV_BOARD_INDEX);

    if (!board) {
        return 99;
    }
    if (strcmp(what, "report") == 0) {
        return report(board);
    }
    if (strcmp(what, "polite") == 0 || (strcmp(what, "mixed") == 0 && index == 0)) {
        return wait_for_cancel(board);
    }
    if (strcmp(what, "codes") == 0) {
        return index + 3;
    }
    if (strcmp(what, "killed") == 0) {
        (void)raise(SIGKILL);
    }
    stay();
}

/* ---- helpers --------------------------------------------------------------------------------- */

static cx_launch_spec_t spec_of(const char *const *argv, int32_t rank_count)
{
    return (cx_launch_spec_t){.argv             = argv,
                              .local_rank_count = rank_count,
                              .rank_count       = rank_count,
                              .host_rank_count  = rank_count,
                              .token            = 0xabc,
                              .plan_fd          = open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

static cx_launch_t started(const cx_launch_spec_t *spec)
{
    cx_launch_t launch;

    EXPECT_OK(cx_launch_start(spec, &launch));
    close(spec->plan_fd);
    return launch;
}

static void wait_for_all(cx_launch_t *launch)
{
    int64_t deadline_ns = cx_now_ns() + AMPLE_NS;

    while (cx_launch_reap(launch, NULL) > 0) {
        assert_true(cx_now_ns() < deadline_ns);
        (void)poll(NULL, 0, 1);
    }
}

static void assert_no_children(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_ranks_are_told_who_they_are(void **state)
{
    static const char *const argv[]    = {PROGRAM, "__rank", "report", NULL};
    cx_launch_spec_t         spec      = spec_of(argv, 3);
    int                      inherited = descriptor_count(1);
    cx_launch_t              launch    = started(&spec);
    char                     news[8];

    (void)state;
    wait_for_all(&launch);
    for (int32_t rank = 0; rank < 3; rank++) {
        const cx_board_rank_t *own = &launch.board->ranks[rank];
        char                   wanted[64];

        assert_int_equal(launch.processes[rank].exit_status, 0);
        (void)snprintf(wanted, sizeof wanted, "%d of 3, here %d of 3, star ", rank, rank);
        assert_int_equal(strncmp(own->detail, wanted, strlen(wanted)), 0);
        assert_non_null(strstr(own->detail, "address , token abc, preload none"));
        assert_int_equal(strchr(own->detail + strlen(wanted) - 1, ',') != NULL, 1);
        assert_int_equal(atomic_load(&own->case_index), 1);
        assert_int_equal(atomic_load(&own->operation_index) >= 0, rank == 0);
        /* Board and plan; the star: two ends on rank 0, one elsewhere; the channel on rank 0. */
        assert_int_equal(atomic_load(&own->requested_bytes),
                         inherited + 2 + (rank == 0 ? 2 + 1 : 1));
    }
    assert_int_equal(read(launch.channel_fd, news, sizeof news), 4);
    assert_memory_equal(news, "news", 4);
    assert_int_equal(read(launch.channel_fd, news, sizeof news), 0);
    cx_launch_close(&launch);
}

static void test_one_of_several_hosts_starts_its_part(void **state)
{
    static const char *const argv[] = {PROGRAM, "__rank", "report", NULL};
    cx_launch_spec_t         spec   = spec_of(argv, 2);
    cx_launch_t              launch;
    char                     news;

    (void)state;
    spec.first_rank      = 4;
    spec.rank_count      = 6;
    spec.host_first_rank = 1;
    spec.host_rank_count = 3;
    spec.address         = "tcp:example:7";
    spec.audit_path      = "/proc/nonexistent/audit.so";
    launch               = started(&spec);
    wait_for_all(&launch);
    /* Rank 0 is elsewhere, so nobody here reports. */
    assert_int_equal(atomic_load(&launch.board->ranks[0].operation_index), -1);
    assert_int_equal(read(launch.channel_fd, &news, 1), 0);
    assert_string_equal(launch.board->ranks[1].detail,
                        "5 of 6, here 2 of 3, star , address tcp:example:7, token abc, preload "
                        "/proc/nonexistent/audit.so");
    assert_int_equal(launch.first_rank, 4);
    cx_launch_close(&launch);
}

static void test_ends_are_reaped_and_described(void **state)
{
    static const char *const argv[]    = {PROGRAM, "__rank", "codes", NULL};
    static const char *const killed[]  = {PROGRAM, "__rank", "killed", NULL};
    static const char *const missing[] = {"/proc/nonexistent/program", NULL};
    cx_launch_spec_t         spec      = spec_of(argv, 2);
    cx_launch_t              launch    = started(&spec);
    char                     text[64];

    (void)state;
    wait_for_all(&launch);
    assert_string_equal(cx_launch_describe_exit(launch.processes[1].exit_status, text, sizeof text),
                        "ended with exit code 4");
    assert_int_equal(launch.processes[0].pid, 0);
    assert_int_equal(launch.processes[0].pidfd, -1);
    cx_launch_close(&launch);
    spec   = spec_of(killed, 1);
    launch = started(&spec);
    wait_for_all(&launch);
    assert_string_equal(cx_launch_describe_exit(launch.processes[0].exit_status, text, sizeof text),
                        "killed by signal 9 (Killed)");
    cx_launch_close(&launch);
    spec   = spec_of(missing, 1);
    launch = started(&spec);
    wait_for_all(&launch);
    assert_string_equal(cx_launch_describe_exit(launch.processes[0].exit_status, text, sizeof text),
                        "ended with exit code 127");
    cx_launch_close(&launch);
}

static void test_reaping_names_the_first_that_ended(void **state)
{
    static const char *const argv[] = {PROGRAM, "__rank", "polite", NULL};
    cx_launch_spec_t         spec   = spec_of(argv, 3);
    cx_launch_t              launch = started(&spec);
    siginfo_t                info;
    int32_t                  ended = 42;

    (void)state;
    assert_int_equal(cx_launch_reap(&launch, &ended), 3);
    assert_int_equal(ended, -1);
    for (int rank = 2; rank >= 1; rank--) {
        assert_int_equal(kill(launch.processes[rank].pid, SIGKILL), 0);
        assert_int_equal(waitid(P_PID, (id_t)launch.processes[rank].pid, &info, WEXITED | WNOWAIT),
                         0);
    }
    assert_int_equal(cx_launch_reap(&launch, &ended), 1);
    assert_int_equal(ended, 1);
    cx_launch_stop(&launch, AMPLE_NS);
    assert_int_equal(launch.processes[0].exit_status, 0);
    cx_launch_close(&launch);
}

static void test_stopping_asks_first_and_kills_then(void **state)
{
    static const char *const argv[] = {PROGRAM, "__rank", "mixed", NULL};
    cx_launch_spec_t         spec   = spec_of(argv, 2);
    cx_launch_t              launch = started(&spec);

    (void)state;
    cx_launch_stop(&launch, CX_NS_PER_S);
    assert_int_equal(launch.processes[0].exit_status, 0);
    assert_true(WIFSIGNALED(launch.processes[1].exit_status));
    assert_int_equal(WTERMSIG(launch.processes[1].exit_status), SIGKILL);
    cx_launch_close(&launch);
    cx_launch_stop(&launch, AMPLE_NS); /* nothing is there any more */
}

static void test_nothing_is_left_behind(void **state)
{
    static const char *const argv[] = {PROGRAM, "__rank", "polite", NULL};
    int                      before = descriptor_count(0);

    (void)state;
    for (int round = 0; round < 3; round++) {
        cx_launch_spec_t spec   = spec_of(argv, 4);
        cx_launch_t      launch = started(&spec);

        cx_launch_stop(&launch, AMPLE_NS);
        cx_launch_close(&launch);
        assert_int_equal(launch.channel_fd, -1);
    }
    assert_int_equal(descriptor_count(0), before);
    assert_no_children();
}

static void test_a_rank_that_cannot_be_started_takes_the_others_down(void **state)
{
    static const char *const argv[] = {PROGRAM, "__rank", "stay", NULL};
    int                      before = descriptor_count(0);
    cx_launch_t              launch = {.first_rank = -7};

    (void)state;
    for (int forks = 0; forks < 3; forks++) {
        cx_launch_spec_t spec = spec_of(argv, 3);
        char             words[64];

        forks_left = forks;
        (void)snprintf(words, sizeof words, "cannot start rank %d: ", forks);
        EXPECT_FAIL(CX_RESOURCE, words, cx_launch_start(&spec, &launch));
        forks_left = -1;
        close(spec.plan_fd);
        assert_int_equal(launch.first_rank, -7);
        assert_int_equal(descriptor_count(0), before); /* standard input among them */
        assert_no_children();
    }
}

/* However early the descriptors end. */
static void test_a_lack_of_descriptors_is_a_failure_without_leak(void **state)
{
    static const char *const argv[] = {PROGRAM, "__rank", "polite", NULL};
    cx_launch_spec_t         spec   = spec_of(argv, 3);
    int                      before = descriptor_count(0);
    int                      top    = dup(0);
    int                      failed = 0;
    struct rlimit            limit, low;

    (void)state;
    close(top); /* the lowest free one: what is open lies below, but for gaps */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int more = 0; more < 7; more++) {
        cx_launch_t launch;

        low          = limit;
        low.rlim_cur = (rlim_t)(top + more);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        cx_detail_clear();
        if (cx_launch_start(&spec, &launch) != CX_OK) {
            failed++;
        } else {
            cx_launch_stop(&launch, AMPLE_NS);
            cx_launch_close(&launch);
        }
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(descriptor_count(0), before);
    }
    assert_int_equal(failed, 7);
    close(spec.plan_fd);
    assert_no_children();
}

/* The supervisor dies without a word; its rank, which hears nothing, is ours then and dead. */
static void test_ranks_die_with_their_supervisor(void **state)
{
    static const char *const argv[] = {PROGRAM, "__rank", "stay", NULL};
    pid_t                   *rank =
        mmap(NULL, sizeof *rank, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int   exit_status = 0;
    pid_t supervisor;

    (void)state;
    assert_ptr_not_equal(rank, MAP_FAILED);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    supervisor = fork();
    if (supervisor == 0) {
        cx_launch_spec_t spec = spec_of(argv, 1);
        cx_launch_t      launch;

        if (cx_launch_start(&spec, &launch) == CX_OK) {
            *rank = launch.processes[0].pid;
        }
        _exit(0);
    }
    assert_int_equal(waitpid(supervisor, NULL, 0), supervisor);
    assert_true(*rank > 0);
    assert_int_equal(waitpid(*rank, &exit_status, 0), *rank);
    assert_true((WIFSIGNALED(exit_status) && WTERMSIG(exit_status) == SIGKILL) ||
                (WIFEXITED(exit_status) && WEXITSTATUS(exit_status) == 127));
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    munmap(rank, sizeof *rank);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_are_told_who_they_are),
        cmocka_unit_test(test_one_of_several_hosts_starts_its_part),
        cmocka_unit_test(test_ends_are_reaped_and_described),
        cmocka_unit_test(test_reaping_names_the_first_that_ended),
        cmocka_unit_test(test_stopping_asks_first_and_kills_then),
        cmocka_unit_test(test_nothing_is_left_behind),
        cmocka_unit_test(test_a_rank_that_cannot_be_started_takes_the_others_down),
        cmocka_unit_test(test_a_lack_of_descriptors_is_a_failure_without_leak),
        cmocka_unit_test(test_ranks_die_with_their_supervisor),
    };

    if (argc > 2 && strcmp(argv[1], "__rank") == 0) {
        return live_as_rank(argv[2]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
