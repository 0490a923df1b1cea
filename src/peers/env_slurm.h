/* SPDX-License-Identifier: Apache-2.0 */
/* Slurm's two compressed notations. Not its variables (env.c). */
#ifndef CX_PEERS_ENV_SLURM_H
#define CX_PEERS_ENV_SLURM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first host of a list like "node[01-04,7],x9": "node01". False when the list is malformed or
 * the name too long for `out`. */
bool cx_slurm_first_host(const char *list, char *out, size_t out_bytes);

/* Tasks on the node_index-th node and on all, of a list like "4(x2),3". False when the list is
 * malformed or has no such node. */
bool cx_slurm_tasks(const char *list, int64_t node_index, int64_t *on_node_out, int64_t *all_out);

#endif
