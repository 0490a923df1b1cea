/* SPDX-License-Identifier: Apache-2.0 */
/* The thread-local detail of a failure, and the status table's texts. */
#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local cx_detail_t detail_slot;

static const char *const status_slugs[CX_STATUS_COUNT] = {
#define SLUG(name, slug, text) slug,
    CX_STATUS_MAP(SLUG)
#undef SLUG
};

static const char *const status_texts[CX_STATUS_COUNT] = {
#define TEXT(name, slug, text) text,
    CX_STATUS_MAP(TEXT)
#undef TEXT
};

__attribute__((format(printf, 4, 0))) static void record(cx_status_t status, const char *file,
                                                         int line, const char *format, va_list args)
{
    if (detail_slot.status != CX_OK) {
        return;
    }
    detail_slot.status = status;
    detail_slot.file   = file;
    detail_slot.line   = line;
    (void)vsnprintf(detail_slot.text, sizeof detail_slot.text, format, args);
}

void cx_fail_record(cx_status_t status, const char *file, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    record(status, file, line, format, args);
    va_end(args);
}

cx_status_t cx_fail_plugin(cx_status_t status, const char *file, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    record(status, file, line, format, args);
    va_end(args);
    return status;
}

const cx_detail_t *cx_detail(void)
{
    return &detail_slot;
}

void cx_detail_clear(void)
{
    memset(&detail_slot, 0, sizeof detail_slot);
}

const char *cx_status_slug(cx_status_t status)
{
    return (unsigned)status < CX_STATUS_COUNT ? status_slugs[status] : "internal";
}

const char *cx_status_text(cx_status_t status)
{
    return (unsigned)status < CX_STATUS_COUNT ? status_texts[status] : "unknown status";
}

cx_status_t cx_status_from_slug(const char *slug)
{
    int index = 0;

    while (index < CX_STATUS_COUNT && strcmp(slug, status_slugs[index]) != 0) {
        index++;
    }
    return (cx_status_t)index;
}
