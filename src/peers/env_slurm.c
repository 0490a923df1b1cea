/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of Slurm's host lists and task lists. */
#include "peers/env_slurm.h"

#include <stdlib.h>
#include <string.h>

/* Far above any cluster, and far below what could overflow a product. */
#define NUMBER_MAX 100000000L

/* Appends the first member of the bracket at `*list`, and moves `*list` behind the bracket. */
static bool take_bracket(const char **list, char *out, size_t out_bytes, size_t *length)
{
    const char *open  = *list + 1;
    const char *close = strchr(open, ']');
    size_t      count = strcspn(open, ",-]");

    if (!close || count == 0 || *length + count >= out_bytes) {
        return false;
    }
    memcpy(out + *length, open, count);
    *length += count;
    *list = close + 1;
    return true;
}

bool cx_slurm_first_host(const char *list, char *out, size_t out_bytes)
{
    size_t length = 0;

    while (*list != '\0' && *list != ',') {
        if (*list == '[') {
            if (!take_bracket(&list, out, out_bytes, &length)) {
                return false;
            }
        } else if (*list == ']' || length + 1 >= out_bytes) {
            return false;
        } else {
            out[length++] = *list++;
        }
    }
    out[length] = '\0';
    return length > 0;
}

static bool take_number(const char **text, int64_t *out)
{
    char *end;
    long  value;

    if (**text < '0' || **text > '9') {
        return false;
    }
    value = strtol(*text, &end, 10);
    if (value > NUMBER_MAX) {
        return false;
    }
    *text = end;
    *out  = value;
    return true;
}

/* "4" or "4(x2)": tasks on each of a number of nodes. */
static bool take_group(const char **text, int64_t *tasks, int64_t *node_count)
{
    *node_count = 1;
    if (!take_number(text, tasks)) {
        return false;
    }
    if (strncmp(*text, "(x", 2) != 0) {
        return true;
    }
    *text += 2;
    return take_number(text, node_count) && *(*text)++ == ')';
}

bool cx_slurm_tasks(const char *list, int64_t node_index, int64_t *on_node_out, int64_t *all_out)
{
    int64_t on_node = -1, all = 0, nodes_before = 0;

    for (;;) {
        int64_t tasks, node_count;

        if (!take_group(&list, &tasks, &node_count)) {
            return false;
        }
        if (node_index >= nodes_before && node_index < nodes_before + node_count) {
            on_node = tasks;
        }
        nodes_before += node_count;
        all += tasks * node_count;
        if (*list == '\0') {
            break;
        }
        if (*list++ != ',') {
            return false;
        }
    }
    if (on_node < 0) {
        return false;
    }
    *on_node_out = on_node;
    *all_out     = all;
    return true;
}
