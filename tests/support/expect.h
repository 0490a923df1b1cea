/* SPDX-License-Identifier: Apache-2.0 */
/* What unit tests of the core share: cmocka with its headers, and failures with their words.
 * Not for plugins, which have no details (fake_core.h). */
#ifndef CX_TESTS_EXPECT_H
#define CX_TESTS_EXPECT_H

#include "base/fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) ((int64_t)(sizeof(array) / sizeof((array)[0])))

static inline void expect_status(cx_status_t got, cx_status_t wanted, const char *words,
                                 const char *file, int line)
{
    if (got != wanted || !strstr(cx_detail()->text, words)) {
        fprintf(stderr, "%s:%d: got %s \"%s\", wanted %s \"%s\"\n", file, line, cx_status_slug(got),
                cx_detail()->text, cx_status_slug(wanted), words);
        fail();
    }
    cx_detail_clear();
}

/* The call fails with that status, and its detail contains the words. */
#define EXPECT_FAIL(status, words, call) \
    (cx_detail_clear(), expect_status((call), (status), (words), __FILE__, __LINE__))
#define EXPECT_OK(call) (cx_detail_clear(), expect_status((call), CX_OK, "", __FILE__, __LINE__))

#endif
