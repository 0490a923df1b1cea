/* SPDX-License-Identifier: Apache-2.0 */
/* A case in the words of nccl-tests. */
#include "run/nccltests.h"

#include "launch/mpirun.h"
#include "launch/places.h"
#include "model/ladder.h"
#include "run/case_run.h"
#include "store/import_nccltests.h"

#include <stdio.h>
#include <string.h>

#define OUR_WORD_COUNT_MAX 32

static const char *const launch_slugs[] = {"process", "mpirun", NULL};
static const char *const format_slugs[] = {"text", "json", NULL};

enum { LAUNCH_PROCESS, LAUNCH_MPIRUN };
enum { FORMAT_TEXT, FORMAT_JSON };

typedef struct options {
    int32_t     launch, format;
    const char *args;
} options_t;

static const cx_option_t rows[] = {
    CX_OPTION_ENUM(options_t, launch, "nccltests-launch", CX_OPTION_KEY, "process", launch_slugs,
                   "process: one with a GPU per rank; mpirun: one per rank, of a build with MPI."),
    CX_OPTION_ENUM(options_t, format, "nccltests-format", CX_OPTION_KEY, "text", format_slugs,
                   "What is read: the text it prints, or the JSON of -J (more digits, 2.17.4 on)."),
    CX_OPTION_TEXT(options_t, args, "nccltests-args", CX_OPTION_KEY, false, "",
                   "More arguments for the program, separated by blanks; there is no shell."),
    CX_OPTION_END,
};

static const char *const heeded[] = {"family",    "op",      "dtype",           "redop",
                                     "placement", "root",    "backend",         "device",
                                     "regime",    "sizes",   "loop-iters",      "warmup-min",
                                     "verify",    "timeout", "backend-options", NULL};

/* What each operation is called. blocks: every rank has one of as many as there are ranks, whose
 * bytes are a multiple of 16; source: the GetCollByteCount functions of nccl-tests 2.19. Without
 * in_place it prints a time for that placement, too, but checks nothing. */
static const struct {
    const char *program;
    bool        has_blocks, has_in_place;
} programs[CX_COLLECTIVE_COUNT] = {
    [CX_COLLECTIVE_ALL_REDUCE]     = {"all_reduce_perf", false, true},
    [CX_COLLECTIVE_ALL_GATHER]     = {"all_gather_perf", true, true},
    [CX_COLLECTIVE_REDUCE_SCATTER] = {"reduce_scatter_perf", true, true},
    [CX_COLLECTIVE_ALL_TO_ALL]     = {"alltoall_perf", true, false},
    [CX_COLLECTIVE_BROADCAST]      = {"broadcast_perf", false, true},
    [CX_COLLECTIVE_REDUCE]         = {"reduce_perf", false, true},
    [CX_COLLECTIVE_GATHER]         = {"gather_perf", true, true},
    [CX_COLLECTIVE_SCATTER]        = {"scatter_perf", true, true},
    [CX_COLLECTIVE_SEND_RECV]      = {"sendrecv_perf", false, false},
};

#define BLOCK_BYTES 16

static const char *const dtype_words[CX_DTYPE_COUNT] = {
    [CX_DTYPE_INT8] = "int8",     [CX_DTYPE_UINT8] = "uint8",   [CX_DTYPE_INT32] = "int32",
    [CX_DTYPE_UINT32] = "uint32", [CX_DTYPE_INT64] = "int64",   [CX_DTYPE_UINT64] = "uint64",
    [CX_DTYPE_FP16] = "half",     [CX_DTYPE_BF16] = "bfloat16", [CX_DTYPE_FP32] = "float",
    [CX_DTYPE_FP64] = "double",
};

/* Arguments that a case says already, or that would make a number mean something else. */
static const struct {
    char        letter;
    const char *name, *instead;
} reserved[] = {
    {'b', "minbytes", "--sizes"},
    {'e', "maxbytes", "--sizes"},
    {'i', "stepbytes", "--sizes"},
    {'f', "stepfactor", "--sizes"},
    {'g', "ngpus", "--ranks"},
    {'t', "nthreads", "--ranks"},
    {'n', "iters", "--loop-iters"},
    {'w', "warmup_iters", "--warmup-min"},
    {'c', "check", "--verify"},
    {'o', "op", "--redop"},
    {'d', "datatype", "--dtype"},
    {'r', "root", "--root"},
    {'J', "output_file", "--nccltests-format"},
    {'N', "run_cycles", "nothing: a size would have more than one row"},
    {'C', "report_cputime", "nothing: it would no longer be the time of the work"},
    {'a', "average", "nothing: regime loop_mean is the mean over ranks"},
};

static cx_status_t out_of_memory(void)
{
    return CX_FAIL(CX_RESOURCE, "out of memory for the arguments of nccl-tests");
}

/* ---- where the programs are ------------------------------------------------------------------ */

static const char *find(const char *program, cx_arena_t *arena)
{
    return cx_places_find(CX_ENV_NCCLTESTS_PATH, program, arena);
}

static cx_status_t fail_missing(const char *program)
{
    return CX_FAIL(CX_UNSUPPORTED,
                   "backend nccltests: %s is neither in the folder $" CX_ENV_NCCLTESTS_PATH
                   " (%.200s) nor on the PATH; build github.com/NVIDIA/nccl-tests or "
                   "ROCm/rccl-tests, and set " CX_ENV_NCCLTESTS_PATH
                   " to the folder of its programs",
                   program, cx_places_text(CX_ENV_NCCLTESTS_PATH));
}

static cx_status_t probe(cx_arena_t *arena, cx_caps_t *caps)
{
    const char *first         = NULL;
    int32_t     program_count = 0, found_count = 0;

    for (int32_t op = 0; op < CX_COLLECTIVE_COUNT; op++) {
        const char *path = programs[op].program ? find(programs[op].program, arena) : NULL;

        first = first ? first : path;
        found_count += path != NULL;
        program_count += programs[op].program != NULL;
    }
    if (!first) {
        return fail_missing(programs[CX_COLLECTIVE_ALL_REDUCE].program);
    }
    (void)snprintf(caps->library_version, sizeof caps->library_version, "%d of %d programs",
                   found_count, program_count);
    (void)snprintf(caps->library_path, sizeof caps->library_path, "%.*s",
                   (int)(strrchr(first, '/') - first), first);
    return CX_OK;
}

/* ---- what means something -------------------------------------------------------------------- */

/* How the programs step from size to size: by a factor, or by bytes. Both 0: the rungs, of which
 * the first is not 0, do neither. */
typedef struct steps {
    int64_t factor, bytes;
} steps_t;

static steps_t steps_of(const cx_ladder_t *ladder)
{
    const int64_t *rungs = ladder->bytes;
    steps_t        steps = {2, 0}; /* one rung: it is never stepped from */

    if (ladder->rung_count > 1) {
        steps = (steps_t){rungs[1] / rungs[0], rungs[1] - rungs[0]};
    }
    for (int32_t i = 1; i < ladder->rung_count; i++) {
        bool is_multiple = rungs[i] % rungs[i - 1] == 0 && rungs[i] / rungs[i - 1] == steps.factor;

        steps.factor = is_multiple ? steps.factor : 0;
        steps.bytes  = rungs[i] - rungs[i - 1] == steps.bytes ? steps.bytes : 0;
    }
    return steps;
}

static bool is_reserved(const char *word, size_t index)
{
    size_t length = strcspn(word, "=");

    if (word[0] != '-' || word[1] == '\0') {
        return false;
    }
    if (word[1] != '-') {
        return word[1] == reserved[index].letter;
    }
    /* getopt takes any beginning of a name. */
    return length > 2 && strncmp(word + 2, reserved[index].name, length - 2) == 0;
}

static cx_status_t check_args(const char *args, cx_arena_t *arena)
{
    char *copy = cx_arena_text(arena, args);
    char *rest;

    if (!copy) {
        return out_of_memory();
    }
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
            if (is_reserved(word, i)) {
                return CX_FAIL(CX_INVALID, "nccltests-args: %s is not yours to give; use %s", word,
                               reserved[i].instead);
            }
        }
    }
    return CX_OK;
}

static cx_status_t read_options(const cx_case_t *one, cx_arena_t *arena, options_t **out)
{
    void *options;

    CX_TRY(cx_backend_options_read(one, rows, sizeof(options_t), arena, &options));
    *out = options;
    return CX_OK;
}

static bool has_program(const cx_case_t *one)
{
    return one->family == CX_FAMILY_COLLECTIVE && programs[one->op].program;
}

static cx_status_t check_sizes(const cx_case_t *one)
{
    cx_ladder_t ladder;
    steps_t     steps;

    CX_TRY(cx_ladder_parse(one->sizes, "sizes", &ladder));
    if (ladder.bytes[0] == 0) {
        return CX_FAIL(
            CX_INVALID,
            "sizes: nccl-tests doubles the first size to warm up, and never gets on from "
            "0 B; begin above it");
    }
    steps = steps_of(&ladder);
    if (steps.factor == 0 && steps.bytes == 0) {
        return CX_FAIL(
            CX_INVALID,
            "sizes: nccl-tests steps by one factor or by one number of bytes, which \"%s\" "
            "does not; give FIRST:LAST:xFACTOR or FIRST:LAST:+STEP",
            one->sizes);
    }
    return CX_OK;
}

static cx_status_t check(const cx_case_t *one, cx_arena_t *arena)
{
    options_t *options;

    if (one->regime != CX_REGIME_LOOP_MEAN) {
        return CX_FAIL(
            CX_INVALID,
            "backend nccltests: it times a loop and prints the mean, so regime %s cannot "
            "be had of it; add --regime loop_mean",
            cx_regime_slugs[one->regime]);
    }
    if (strcmp(one->device, "cuda") != 0 && strcmp(one->device, "hip") != 0) {
        return CX_FAIL(CX_INVALID,
                       "backend nccltests: it works on device cuda or hip, not on %s; add --device "
                       "cuda",
                       one->device);
    }
    if (has_program(one)) {
        CX_TRY(check_sizes(one));
    }
    CX_TRY(read_options(one, arena, &options));
    return check_args(options->args, arena);
}

/* What the programs have not; before anything is looked for. */
static cx_status_t check_support(const cx_case_t *one)
{
    if (!has_program(one)) {
        return CX_FAIL(CX_UNSUPPORTED, "backend nccltests has no %s",
                       one->family == CX_FAMILY_COLLECTIVE ? cx_collective_slugs[one->op]
                                                           : cx_family_slugs[one->family]);
    }
    if (cx_case_shape(one).is_in_place && !programs[one->op].has_in_place) {
        return CX_FAIL(CX_UNSUPPORTED, "backend nccltests does not check %s in place",
                       cx_collective_slugs[one->op]);
    }
    if (!dtype_words[one->dtype]) {
        return CX_FAIL(CX_UNSUPPORTED, "backend nccltests does not move %s",
                       cx_dtype_slugs[one->dtype]);
    }
    return CX_OK;
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* An argv that grows; words live in the arena. */
typedef struct words {
    cx_arena_t  *arena;
    const char **items; /* room for all that there can be, and the NULL */
    size_t       count;
} words_t;

static void add(words_t *words, const char *word)
{
    words->items[words->count++] = word;
}

static void add_number(words_t *words, const char *flag, int64_t number)
{
    add(words, flag);
    add(words, cx_arena_format(words->arena, "%lld", (long long)number));
}

static void add_sizes(words_t *words, const cx_ladder_t *ladder)
{
    steps_t steps = steps_of(ladder);

    add_number(words, "-b", ladder->bytes[0]);
    add_number(words, "-e", ladder->bytes[ladder->rung_count - 1]);
    if (steps.factor > 0) {
        add_number(words, "-f", steps.factor);
    } else {
        add_number(words, "-i", steps.bytes);
    }
}

static void add_case(words_t *words, const cx_case_t *one)
{
    add_number(words, "-n", one->loop_iters);
    add_number(words, "-w", one->warmup_min);
    add_number(words, "-c", one->is_verified);
    add(words, "-d");
    add(words, dtype_words[one->dtype]);
    if (cx_collective_reduces((cx_collective_t)one->op)) {
        add(words, "-o");
        add(words, cx_redop_slugs[one->redop]);
    }
    if (cx_collective_is_rooted((cx_collective_t)one->op)) {
        add_number(words, "-r", one->root);
    }
}

static void add_args(words_t *words, const char *args)
{
    char *copy = cx_arena_text(words->arena, args);
    char *rest;

    for (char *word = copy ? strtok_r(copy, " ", &rest) : NULL; word;
         word       = strtok_r(NULL, " ", &rest)) {
        add(words, word);
    }
}

static cx_status_t words_init(words_t *words, const options_t *options, cx_arena_t *arena)
{
    size_t capacity = OUR_WORD_COUNT_MAX + strlen(options->args) / 2 + 2;

    *words       = (words_t){.arena = arena};
    words->items = cx_arena_grab(arena, capacity * sizeof *words->items);
    return words->items ? CX_OK : out_of_memory();
}

/* The program, and before it what starts it once per rank. Builds with MPI may be called so. */
static cx_status_t add_program(words_t *words, const options_t *options, const char *program,
                               int32_t rank_count)
{
    const char *path   = NULL;
    const char *mpirun = NULL;

    if (options->launch == LAUNCH_MPIRUN) {
        mpirun = cx_places_find(NULL, "mpirun", words->arena);
        if (!mpirun) {
            return CX_FAIL(
                CX_UNSUPPORTED,
                "nccltests-launch mpirun: there is no mpirun on the PATH (Debian: apt-get "
                "install openmpi-bin)");
        }
        add(words, mpirun);
        add_number(words, "-n", rank_count);
        /* One core for a process and its library's threads is no place for either. */
        add(words, "--bind-to");
        add(words, "none");
        cx_mpirun_permit();
        path = find(cx_arena_format(words->arena, "%s_mpi", program), words->arena);
    }
    path = path ? path : find(program, words->arena);
    if (!path) {
        return fail_missing(program);
    }
    add(words, path);
    /* A thread per GPU: one thread that drives them all measures its own launches. */
    if (!mpirun) {
        add_number(words, "-t", rank_count);
    }
    add_number(words, "-g", 1);
    return CX_OK;
}

static cx_status_t command(const cx_case_t *one, int32_t rank_count, const char *folder,
                           cx_arena_t *arena, cx_external_command_t *out)
{
    const char *program, *file = NULL;
    options_t  *options;
    cx_ladder_t ladder;
    words_t     words;

    CX_TRY(check_support(one));
    program = programs[one->op].program;
    CX_TRY(read_options(one, arena, &options));
    CX_TRY(cx_ladder_parse(one->sizes, "sizes", &ladder));
    CX_TRY(words_init(&words, options, arena));
    CX_TRY(add_program(&words, options, program, rank_count));
    add_sizes(&words, &ladder);
    add_case(&words, one);
    if (options->format == FORMAT_JSON) {
        file = cx_arena_format(arena, "%s/%s.json", folder, program);
        add(&words, "-J");
        add(&words, file);
    }
    add_args(&words, options->args);
    for (size_t i = 0; i < words.count; i++) {
        if (!words.items[i]) {
            return out_of_memory();
        }
    }
    *out = (cx_external_command_t){.argv = words.items, .program = program, .file = file};
    return CX_OK;
}

static int64_t moved_bytes(const cx_case_t *one, int32_t rank_count, int64_t requested_bytes)
{
    int64_t elem_bytes  = (int64_t)cx_dtype_bytes((cx_dtype_t)one->dtype);
    int64_t block_bytes = requested_bytes / rank_count / BLOCK_BYTES * BLOCK_BYTES;

    return programs[one->op].has_blocks ? block_bytes * rank_count
                                        : requested_bytes / elem_bytes * elem_bytes;
}

const cx_external_t cx_nccltests = {
    .name          = "nccltests",
    .summary       = "NVIDIA's nccl-tests or AMD's rccl-tests as they are: run, and read",
    .options       = rows,
    .options_bytes = sizeof(options_t),
    .heeded        = heeded,
    .probe         = probe,
    .check         = check,
    .command       = command,
    .read          = cx_import_nccltests,
    .moved_bytes   = moved_bytes,
};
