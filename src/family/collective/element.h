/* SPDX-License-Identifier: Apache-2.0 */
/* One element of any dtype as bits and as a number, for diagnoses and messages.
 * Not for loops over buffers: those are typed (recipe.c). */
#ifndef CX_FAMILY_COLLECTIVE_ELEMENT_H
#define CX_FAMILY_COLLECTIVE_ELEMENT_H

#include "collectivex/types.h"

#include <stddef.h>
#include <stdint.h>

/* "0x3fc00000 (1.5)" fits. */
#define CX_ELEMENT_TEXT_BYTES 48

uint64_t cx_element_bits(cx_dtype_t dtype, const void *element);
/* The low bits of `bits` as an integer of the dtype, sign-extended if it is signed. */
int64_t cx_element_wrap(cx_dtype_t dtype, uint64_t bits);
/* Float dtypes. The second rounds to nearest even. */
double      cx_element_value(cx_dtype_t dtype, uint64_t bits);
uint64_t    cx_element_round(cx_dtype_t dtype, double value);
const char *cx_element_print(cx_dtype_t dtype, const void *element, char *out, size_t out_bytes);

#endif
