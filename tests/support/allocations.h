/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the allocations of a test program, with sanitizers or without: include it in one file.
 * Not the audit of a run (--audit), and not a leak detector. */
#ifndef CX_TESTS_ALLOCATIONS_H
#define CX_TESTS_ALLOCATIONS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CX_TESTS_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CX_TESTS_SANITIZED 1
#endif

static _Atomic int64_t allocations_total;

#ifdef CX_TESTS_SANITIZED

/* The sanitizer's allocator tells; its header is not everywhere its runtime is. */
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void *, size_t),
                                              void (*free_hook)(const volatile void *));

static inline void allocations_on_malloc(const volatile void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
    atomic_fetch_add(&allocations_total, 1);
}

static inline void allocations_on_free(const volatile void *memory)
{
    (void)memory;
}

static inline void allocations_start(void)
{
    (void)__sanitizer_install_malloc_and_free_hooks(allocations_on_malloc, allocations_on_free);
}

#else

/* glibc's own names of what these replace. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);

__attribute__((visibility("default"))) void *malloc(size_t bytes)
{
    atomic_fetch_add(&allocations_total, 1);
    return __libc_malloc(bytes);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t bytes)
{
    atomic_fetch_add(&allocations_total, 1);
    return __libc_calloc(count, bytes);
}

__attribute__((visibility("default"))) void *realloc(void *memory, size_t bytes)
{
    atomic_fetch_add(&allocations_total, 1);
    return __libc_realloc(memory, bytes);
}

static inline void allocations_start(void)
{
}

#endif

static inline int64_t allocations_count(void)
{
    return atomic_load(&allocations_total);
}

/* One allocation no compiler can remove, so that a test sees the counter move. */
static inline void *allocations_provoke(void)
{
    void *volatile memory = malloc(64);

    return memory;
}

#endif
