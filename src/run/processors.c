/* SPDX-License-Identifier: Apache-2.0 */
/* Sharing processors between the ranks of a host. */
#include "run/processors.h"

#include "target/root.h"

#include <stdlib.h>

/* The ranks of this host, as this one sees them. */
typedef struct company {
    cpu_set_t all;
    int32_t   rank_count, index; /* index: how many of them come before this rank */
    bool      is_unbound;        /* all may run wherever any of them may */
} company_t;

static company_t survey(const cx_core_t *core, const cpu_set_t *sets)
{
    const cx_peers_ops_t *ops     = core->peers_ops;
    company_t             company = {.is_unbound = true};
    int32_t               host    = ops->host_index(core->peers, core->rank);

    CPU_ZERO(&company.all);
    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        if (ops->host_index(core->peers, rank) != host) {
            continue;
        }
        CPU_OR(&company.all, &company.all, &sets[rank]);
        company.is_unbound &= CPU_EQUAL(&sets[rank], &sets[core->rank]) != 0;
        company.index += rank < core->rank;
        company.rank_count++;
    }
    return company;
}

/* The first processor of the core, whose hardware threads are in each other's lists: "0,64". */
static long core_of(const cx_root_t *root, int cpu)
{
    char  text[256];
    char *end;
    long  first;

    if (!cx_root_text(root, text, sizeof text,
                      "sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu)) {
        return cpu;
    }
    first = strtol(text, &end, 10);
    return end == text ? cpu : first;
}

typedef struct place {
    long core;
    int  cpu;
} place_t;

static int compare_places(const void *a, const void *b)
{
    const place_t *one = a, *other = b;

    return one->core != other->core ? (one->core > other->core) - (one->core < other->core)
                                    : (one->cpu > other->cpu) - (one->cpu < other->cpu);
}

/* The processors of a set, core by core. */
static cx_status_t list_places(const cpu_set_t *set, place_t places[CPU_SETSIZE], int *count_out)
{
    cx_root_t root;
    int       count = 0;

    CX_TRY(cx_root_open(NULL, &root));
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET((size_t)cpu, set)) {
            places[count++] = (place_t){core_of(&root, cpu), cpu};
        }
    }
    cx_root_close(&root);
    qsort(places, (size_t)count, sizeof *places, compare_places);
    *count_out = count;
    return CX_OK;
}

static cx_status_t cut_block(const company_t *company, cpu_set_t *out)
{
    place_t places[CPU_SETSIZE];
    int     count;

    if (company->rank_count < 1) {
        return CX_FAIL(CX_INTERNAL, "no rank shares the processors");
    }
    CX_TRY(list_places(&company->all, places, &count));
    CPU_ZERO(out);
    for (int i = company->index * count / company->rank_count;
         i < (company->index + 1) * count / company->rank_count; i++) {
        CPU_SET((size_t)places[i].cpu, out);
    }
    return CX_OK;
}

cx_status_t cx_processors_share(cx_rank_context_t *context)
{
    cx_core_t  *core = &context->core;
    cpu_set_t  *sets = calloc((size_t)core->rank_count, sizeof *sets);
    company_t   company;
    cx_status_t status = CX_OK;

    if (!sets) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the processors of %d ranks",
                       core->rank_count);
    }
    CPU_ZERO(&context->processors);
    (void)sched_getaffinity(0, sizeof context->processors, &context->processors);
    context->processor_count = CPU_COUNT(&context->processors);
    CX_TRY_OR(free_sets,
              core->peers_ops->allgather(core->peers, &context->processors, sets, sizeof *sets,
                                         cx_rank_context_phase(context, "sharing processors")));
    company                 = survey(core, sets);
    core->is_oversubscribed = CPU_COUNT(&company.all) < company.rank_count;
    if (company.is_unbound && !core->is_oversubscribed) {
        CX_TRY_OR(free_sets, cut_block(&company, &context->processors));
    }

free_sets:
    free(sets);
    return status;
}

void cx_processors_bind(cx_rank_context_t *context)
{
    if (sched_setaffinity(0, sizeof context->processors, &context->processors) == 0) {
        context->processor_count = CPU_COUNT(&context->processors);
    }
}
