/* SPDX-License-Identifier: Apache-2.0 */
/* The comparison key: two numbers may stand in one column only if their keys are equal.
 * Not the identity of a case (case.h), which also covers the options declared free. */
#ifndef CX_MODEL_KEY_H
#define CX_MODEL_KEY_H

#include "model/case.h"

/* Something outside the case that can move a number: "device_model" = "...". */
typedef struct cx_factor {
    const char *name, *text;
} cx_factor_t;

/**
 * Digest over the schema version, the contract, every option of its family with role KEY, and every
 * factor. The case is sealed (case.h); the order of the factors does not matter. Where a value came
 * from, and options declared free, are not in it.
 */
void cx_key_compute(const cx_case_t *one, const char *contract_name, int64_t contract_version,
                    const cx_factor_t *factors, size_t factor_count,
                    char hex_out[CX_HASH_HEX_BYTES]);

#endif
