/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what the collective programs of the OSU micro-benchmarks print. */
#ifndef CX_STORE_IMPORT_OSU_H
#define CX_STORE_IMPORT_OSU_H

#include "store/import.h"

/**
 * Read a capture of osu_allreduce and its siblings; several may follow each other. Of the columns
 * only the size, the average latency and the validation are taken: Min and Max are over ranks of
 * means, and the percentiles are of means over ranks, which no field of ours is.
 *
 * units   message_bytes is the size as OSU prints it: for all_gather, all_to_all, gather, scatter
 *         and reduce_scatter the bytes per rank that OSU's loop counts, not what moves in all
 * owns    `out` is released with cx_import_fini
 * errors  CX_INVALID there is no table · CX_RESOURCE
 */
cx_status_t cx_import_osu(const char *name, const char *bytes, size_t byte_count, cx_import_t *out);

#endif
