/* SPDX-License-Identifier: Apache-2.0 */
/* Contract versions, raised by any change that can move a number. */
#include "run/contracts.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    int64_t     version;
} contracts[] = {
    {"collective.isolated", 1},  {"collective.steady", 2},  {"collective.graph", 1},
    {"collective.loop_mean", 2}, {"allreduce.isolated", 1}, {"allreduce.steady", 2},
    {"allreduce.graph", 1},      {"limits.isolated", 1},    {"limits.steady", 2},
    {"ep.isolated.exact", 1},    {"ep.isolated.fast", 1},   {"ep.steady.exact", 1},
    {"ep.steady.fast", 1},
};

int64_t cx_contract_version(const char *name)
{
    for (size_t i = 0; i < sizeof contracts / sizeof contracts[0]; i++) {
        if (strcmp(contracts[i].name, name) == 0) {
            return contracts[i].version;
        }
    }
    return 0;
}
