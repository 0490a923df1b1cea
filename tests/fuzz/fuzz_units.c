/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes reading a quantity: what is accepted must print as something that reads back the same. */
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count);

/* The law of units.h: print is exact. */
static void check_exact(const char *text)
{
    char    printed[64];
    int64_t whole, whole_again;
    double  real, real_again;

    if (!cx_units_parse_bytes(text, &whole) &&
        (cx_units_parse_bytes(cx_units_print_bytes(whole, printed, sizeof printed), &whole_again) ||
         whole != whole_again)) {
        abort();
    }
    if (!cx_units_parse_time(text, &real) &&
        (cx_units_parse_time(cx_units_print_time(real, printed, sizeof printed), &real_again) ||
         memcmp(&real, &real_again, sizeof real) != 0)) {
        abort();
    }
    if (!cx_units_parse_ratio(text, &real) &&
        (cx_units_parse_ratio(cx_units_print_ratio(real, printed, sizeof printed), &real_again) ||
         memcmp(&real, &real_again, sizeof real) != 0)) {
        abort();
    }
    (void)cx_units_parse_int(text, &whole);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count)
{
    char *text = malloc(byte_count + 1);

    if (text) {
        memcpy(text, bytes, byte_count);
        text[byte_count] = '\0';
        check_exact(text);
    }
    free(text);
    return 0;
}
