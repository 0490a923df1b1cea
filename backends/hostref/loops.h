/* SPDX-License-Identifier: Apache-2.0 */
/* How a loop is told to be vectorised, and for which processors it is compiled.
 * Not the loops (reduce.c, half.c). */
#ifndef CX_HOSTREF_LOOPS_H
#define CX_HOSTREF_LOOPS_H

#if defined(__has_feature)
#define CX_HOSTREF_HAS_FEATURE(name) __has_feature(name)
#else
#define CX_HOSTREF_HAS_FEATURE(name) 0
#endif

/* The best copy of such a function is picked when the plugin is loaded; that is too early for the
 * thread sanitizer, whose calls the picking function would contain. */
#if !defined(__x86_64__) || !defined(__gnu_linux__) || defined(__SANITIZE_THREAD__) || \
    CX_HOSTREF_HAS_FEATURE(thread_sanitizer)
#define CX_HOSTREF_CLONES
#elif !defined(__clang__)
#define CX_HOSTREF_CLONES \
    __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#elif __clang_major__ >= 14
#define CX_HOSTREF_CLONES __attribute__((target_clones("default", "avx2", "avx512bw")))
#else
#define CX_HOSTREF_CLONES
#endif

/* Output may be an input, element upon element, which carries nothing from one to the next. */
#if defined(__clang__)
/* Sanitizers and -O0 keep loops as they are, which is no fault of the source. */
#pragma clang diagnostic ignored "-Wpass-failed"
#define CX_HOSTREF_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define CX_HOSTREF_INDEPENDENT _Pragma("GCC ivdep")
#endif

#endif
