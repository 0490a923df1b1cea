/* SPDX-License-Identifier: Apache-2.0 */
/* The comparison key as a chain of digests: one link per name and value, so that no text, however
 * long or odd, can be cut or mistaken for two. */
#include "model/key.h"

#include "model/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEX_DIGITS (CX_HASH_HEX_BYTES - 1)
#define VALUE_BYTES_MAX (2 * CX_OPTION_TEXT_BYTES_MAX)

/* chain = digest(chain, digest(name), digest(text)) */
static void add(char chain[CX_HASH_HEX_BYTES], const char *name, const char *text)
{
    char link[3 * HEX_DIGITS + 1];

    memcpy(link, chain, HEX_DIGITS);
    cx_hash_hex(name, strlen(name), link + HEX_DIGITS);
    cx_hash_hex(text, strlen(text), link + 2 * (size_t)HEX_DIGITS);
    cx_hash_hex(link, 3 * (size_t)HEX_DIGITS, chain);
}

static bool comes_before(const cx_factor_t *a, const cx_factor_t *b)
{
    int order = strcmp(a->name, b->name);

    order = order ? order : strcmp(a->text, b->text);
    return order ? order < 0 : a < b;
}

/* The factor that follows `last` in the order of names; NULL after the last one. */
static const cx_factor_t *find_next(const cx_factor_t *factors, size_t factor_count,
                                    const cx_factor_t *last)
{
    const cx_factor_t *next = NULL;

    for (size_t i = 0; i < factor_count; i++) {
        if ((!last || comes_before(last, &factors[i])) &&
            (!next || comes_before(&factors[i], next))) {
            next = &factors[i];
        }
    }
    return next;
}

void cx_key_compute(const cx_case_t *one, const char *contract_name, int64_t contract_version,
                    const cx_factor_t *factors, size_t factor_count,
                    char hex_out[CX_HASH_HEX_BYTES])
{
    const cx_factor_t *factor = NULL;
    char               value[VALUE_BYTES_MAX];

    (void)snprintf(value, sizeof value, "%d", CX_RECORD_SCHEMA_VERSION);
    cx_hash_hex(value, strlen(value), hex_out);
    (void)snprintf(value, sizeof value, "%" PRId64, contract_version);
    add(hex_out, contract_name, value);
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        if (row->role == CX_OPTION_KEY && cx_case_option_is_own(one, row)) {
            add(hex_out, row->name, cx_option_print(row, one, value, sizeof value));
        }
    }
    add(hex_out, "factors", ""); /* so that a factor is never taken for an option */
    while ((factor = find_next(factors, factor_count, factor)) != NULL) {
        add(hex_out, factor->name, factor->text);
    }
}
