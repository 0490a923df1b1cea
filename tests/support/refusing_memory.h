/* SPDX-License-Identifier: Apache-2.0 */
/* Lets malloc return NULL for what is absurd under a sanitizer too, as it does without: include it
 * in one file of a test that asks for too much. */
#ifndef CX_TESTS_REFUSING_MEMORY_H
#define CX_TESTS_REFUSING_MEMORY_H

const char *__asan_default_options(void);
const char *__tsan_default_options(void);

__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

__attribute__((visibility("default"))) const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

#endif
