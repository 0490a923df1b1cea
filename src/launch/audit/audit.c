/* SPDX-License-Identifier: Apache-2.0 */
/* cx-audit.so, preloaded into rank processes by --audit: counts what must not happen inside a timed
 * window. Not part of the program, which finds the three functions below by name. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc names them with __ */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
/* Reached without __tls_get_addr, which may allocate and so come back here. */
#define PER_THREAD static _Thread_local __attribute__((tls_model("initial-exec")))

PER_THREAD int32_t window_depth;
PER_THREAD bool    is_resolving;

static _Atomic int64_t violation_count;

EXPORT void    cx_audit_enter(void);
EXPORT void    cx_audit_leave(void);
EXPORT int64_t cx_audit_violation_count(void);

/* Windows of the calling thread; other threads of the process are not in them. */
void cx_audit_enter(void)
{
    window_depth++;
}

void cx_audit_leave(void)
{
    window_depth--;
}

/* Of the whole process since its start: the caller takes differences. */
int64_t cx_audit_violation_count(void)
{
    return atomic_load_explicit(&violation_count, memory_order_relaxed);
}

static void count(void)
{
    if (window_depth > 0) {
        atomic_fetch_add_explicit(&violation_count, 1, memory_order_relaxed);
    }
}

/* ---- what was there before ------------------------------------------------------------------ */

/* dlsym itself may allocate. What it gets comes from here, zeroed, and is never taken back. */
static _Alignas(16) unsigned char nursery[8192];
static _Atomic size_t nursery_used;

static bool is_of_nursery(const void *memory)
{
    uintptr_t at = (uintptr_t)memory, start = (uintptr_t)nursery;

    return at >= start && at < start + sizeof nursery;
}

static void *nursery_grab(size_t bytes)
{
    size_t rounded = (bytes + 15) & ~(size_t)15;
    size_t at      = atomic_fetch_add(&nursery_used, rounded);

    return at + rounded <= sizeof nursery ? nursery + at : NULL;
}

/* The next definition of a function, remembered in `*slot`; NULL while it is being looked up. */
static void *next_of(_Atomic(void *) *slot, const char *name)
{
    void *found = atomic_load_explicit(slot, memory_order_acquire);

    if (!found && !is_resolving) {
        is_resolving = true;
        found        = dlsym(RTLD_NEXT, name);
        is_resolving = false;
        atomic_store_explicit(slot, found, memory_order_release);
    }
    return found;
}

/* Declares `name_next`, a pointer to the next function called `name`, for the body behind it. */
#define NEXT(name, result, ...)                        \
    static _Atomic(void *) name##_slot;                \
    result (*name##_next)(__VA_ARGS__);                \
    void *name##_found = next_of(&name##_slot, #name); \
    memcpy(&name##_next, &name##_found, sizeof name##_found)

/* ---- memory ---------------------------------------------------------------------------------- */

EXPORT void *malloc(size_t bytes)
{
    NEXT(malloc, void *, size_t);
    count();
    return malloc_next ? malloc_next(bytes) : nursery_grab(bytes);
}

EXPORT void *calloc(size_t item_count, size_t item_bytes)
{
    NEXT(calloc, void *, size_t, size_t);
    count();
    return calloc_next ? calloc_next(item_count, item_bytes)
                       : nursery_grab(item_count * item_bytes);
}

EXPORT void free(void *memory)
{
    NEXT(free, void, void *);
    if (!memory || is_of_nursery(memory) || !free_next) {
        return;
    }
    count();
    free_next(memory);
}

/* Out of the nursery into the heap: how long the old block was is not known, but never longer than
 * the nursery from there on. */
static void *move_out(const void *memory, size_t bytes)
{
    size_t left = (size_t)(nursery + sizeof nursery - (const unsigned char *)memory);
    void  *room = malloc(bytes);

    if (room) {
        memcpy(room, memory, bytes < left ? bytes : left);
    }
    return room;
}

EXPORT void *realloc(void *memory, size_t bytes)
{
    NEXT(realloc, void *, void *, size_t);
    if (is_of_nursery(memory)) {
        return move_out(memory, bytes);
    }
    count();
    return realloc_next ? realloc_next(memory, bytes) : nursery_grab(bytes);
}

EXPORT void *aligned_alloc(size_t alignment, size_t bytes)
{
    NEXT(aligned_alloc, void *, size_t, size_t);
    count();
    return aligned_alloc_next ? aligned_alloc_next(alignment, bytes) : NULL;
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    NEXT(posix_memalign, int, void **, size_t, size_t);
    count();
    return posix_memalign_next ? posix_memalign_next(out, alignment, bytes) : ENOMEM;
}

EXPORT void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    NEXT(mmap, void *, void *, size_t, int, int, int, off_t);
    count();
    return mmap_next ? mmap_next(address, bytes, protection, flags, fd, offset) : MAP_FAILED;
}

EXPORT int munmap(void *address, size_t bytes)
{
    NEXT(munmap, int, void *, size_t);
    count();
    return munmap_next ? munmap_next(address, bytes) : -1;
}

/* ---- files ----------------------------------------------------------------------------------- */

static mode_t mode_of(int flags, va_list arguments)
{
    bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;

    return has_mode ? va_arg(arguments, mode_t) : 0;
}

EXPORT int open(const char *path, int flags, ...)
{
    NEXT(open, int, const char *, int, ...);
    va_list arguments;
    mode_t  mode;

    va_start(arguments, flags);
    mode = mode_of(flags, arguments);
    va_end(arguments);
    count();
    return open_next ? open_next(path, flags, mode) : -1;
}

EXPORT int openat(int folder_fd, const char *path, int flags, ...)
{
    NEXT(openat, int, int, const char *, int, ...);
    va_list arguments;
    mode_t  mode;

    va_start(arguments, flags);
    mode = mode_of(flags, arguments);
    va_end(arguments);
    count();
    return openat_next ? openat_next(folder_fd, path, flags, mode) : -1;
}

EXPORT ssize_t read(int fd, void *bytes, size_t byte_count)
{
    NEXT(read, ssize_t, int, void *, size_t);
    count();
    return read_next ? read_next(fd, bytes, byte_count) : -1;
}

EXPORT ssize_t write(int fd, const void *bytes, size_t byte_count)
{
    NEXT(write, ssize_t, int, const void *, size_t);
    count();
    return write_next ? write_next(fd, bytes, byte_count) : -1;
}

/* Programs built with 64-bit file offsets call these instead, where off_t has 64 bits anyway. */
#if defined(__LP64__)
EXPORT int open64(const char *path, int flags, ...)
{
    va_list arguments;
    mode_t  mode;

    va_start(arguments, flags);
    mode = mode_of(flags, arguments);
    va_end(arguments);
    return open(path, flags, mode);
}

EXPORT int openat64(int folder_fd, const char *path, int flags, ...)
{
    va_list arguments;
    mode_t  mode;

    va_start(arguments, flags);
    mode = mode_of(flags, arguments);
    va_end(arguments);
    return openat(folder_fd, path, flags, mode);
}

EXPORT void *mmap64(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    return mmap(address, bytes, protection, flags, fd, offset);
}
#endif
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
