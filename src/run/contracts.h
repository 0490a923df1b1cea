/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of the measurement contracts this program measures under.
 * registry/contracts.json says the same with words; a test holds the two together. */
#ifndef CX_RUN_CONTRACTS_H
#define CX_RUN_CONTRACTS_H

#include <stdint.h>

/* The version of a contract; 0 when there is none of that name. */
int64_t cx_contract_version(const char *name);

#endif
