/* SPDX-License-Identifier: Apache-2.0 */
/* Findings added up to one report with one sentence. Not the search for them. */
#include "family/ep/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *cx_ep_check_slug(cx_ep_check_t check)
{
    static const char *const slugs[CX_EP_CHECK_COUNT] = {
#define SLUG(name, slug, text) slug,
        CX_EP_CHECK_MAP(SLUG)
#undef SLUG
    };

    return slugs[check];
}

void cx_ep_report_init(cx_ep_report_t *report)
{
    memset(report, 0, sizeof *report);
    cx_verdict_init(&report->verdict);
}

bool cx_ep_report_is_right(const cx_ep_report_t *report)
{
    for (int check = 0; check < CX_EP_CHECK_COUNT; check++) {
        if (report->is_failed[check]) {
            return false;
        }
    }
    return true;
}

void cx_ep_report_checked(cx_ep_report_t *report, cx_ep_check_t check, int64_t thing_count)
{
    report->is_checked[check] = true;
    report->verdict.checked_count += thing_count;
}

void cx_ep_report_blame(cx_ep_report_t *report, cx_ep_check_t check, int64_t index,
                        const char *format, ...)
{
    cx_verdict_t *verdict = &report->verdict;
    const char   *slug    = cx_ep_check_slug(check);
    va_list       arguments;
    int           length;

    report->is_checked[check] = report->is_failed[check] = true;
    if (!verdict->is_right) {
        verdict->wrong_count += strcmp(verdict->kind, slug) == 0;
        return;
    }
    verdict->is_right    = false;
    verdict->wrong_count = 1;
    verdict->first_index = index;
    (void)snprintf(verdict->kind, sizeof verdict->kind, "%s", slug);
    length = snprintf(verdict->text, sizeof verdict->text, "%s: ", slug);
    va_start(arguments, format);
    (void)vsnprintf(verdict->text + length, sizeof verdict->text - (size_t)length, format,
                    arguments);
    va_end(arguments);
}

cx_ep_token_name_t cx_ep_token_name(const cx_ep_work_t *work, int64_t token)
{
    cx_ep_token_name_t name;
    int64_t            rank = 0;

    while (rank + 1 < work->workload.rank_count && work->first_tokens[rank + 1] <= token) {
        rank++;
    }
    (void)snprintf(name.text, sizeof name.text, "token %lld of rank %lld",
                   (long long)(token - work->first_tokens[rank]), (long long)rank);
    return name;
}
