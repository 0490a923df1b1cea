/* SPDX-License-Identifier: Apache-2.0 */
/* The line of progress. The cursor is never hidden, so that nothing has to be restored when the
 * process is killed; what is drawn is taken away by the next line. */
#include "cli/progress.h"

#include "base/deadline.h"
#include "base/text.h"
#include "cli/numbers.h"

#include <math.h>
#include <string.h>

#define DRAW_PERIOD_NS (CX_NS_PER_S / 10)
#define SAY_PERIOD_NS (30 * CX_NS_PER_S)
#define ETA_KNOWN_FROM_RATIO 0.02
#define BAR_CELL_COUNT 10
#define LINE_BYTES_MAX 1024
#define ERASE_LINE "\r\033[K"

/* Fields that a narrow line lacks: the first ones go first. */
enum { PART_BAR, PART_SPARKLINE, PART_LAUNCH, PART_MEASUREMENT, PART_COUNT };

void cx_progress_init(cx_progress_t *progress, const cx_style_t *style, FILE *stream,
                      cx_progress_mode_t mode, int64_t case_count, int64_t now_ns)
{
    const bool wants_bar = mode == CX_PROGRESS_BAR || (mode == CX_PROGRESS_AUTO && style->is_live);

    *progress = (cx_progress_t){
        .stream        = stream,
        .style         = style,
        .mode          = CX_PROGRESS_LINE,
        .case_count    = case_count,
        .start_ns      = now_ns,
        .drawn_ns      = now_ns - DRAW_PERIOD_NS,
        .said_ns       = now_ns,
        .stall_said_ns = now_ns - SAY_PERIOD_NS,
        .eta_raised_ns = now_ns - CX_NS_PER_S,
        .eta_s         = NAN,
    };
    if (mode == CX_PROGRESS_NONE) {
        progress->mode = CX_PROGRESS_NONE;
    } else if (wants_bar && style->is_terminal) {
        progress->mode = CX_PROGRESS_BAR;
    }
}

/* Falls at once, rises at most once a second: a number that jumps about tells nothing. */
static void update_eta(cx_progress_t *progress, int64_t now_ns)
{
    const double done_ratio = progress->point.fraction_done;
    const double elapsed_s  = (double)(now_ns - progress->start_ns) / (double)CX_NS_PER_S;
    const double eta_s      = elapsed_s * (1 - done_ratio) / done_ratio;

    if (!(done_ratio >= ETA_KNOWN_FROM_RATIO)) {
        return;
    }
    if (!(eta_s <= progress->eta_s)) {
        if (now_ns - progress->eta_raised_ns < CX_NS_PER_S) {
            return;
        }
        progress->eta_raised_ns = now_ns;
    }
    progress->eta_s = eta_s;
}

static void take_point(cx_progress_t *progress, const cx_progress_point_t *point)
{
    char label[CX_PROGRESS_LABEL_BYTES_MAX];

    cx_style_clean(progress->style, point->label, label, sizeof label);
    if (strcmp(label, progress->label) != 0 ||
        point->launch_index != progress->point.launch_index) {
        memcpy(progress->label, label, sizeof label);
        progress->rung_count = 0;
    }
    progress->point       = *point;
    progress->point.label = progress->label;
    if (isfinite(point->time_us_p50) && progress->rung_count < CX_PROGRESS_RUNG_COUNT_MAX) {
        progress->rungs[progress->rung_count++] = point->time_us_p50;
    }
}

/* ---- the parts of a line ---- */

static void add_measurement(const cx_progress_t *progress, cx_text_t *line)
{
    const cx_progress_point_t *point = &progress->point;
    const cx_time_unit_t       unit  = cx_time_unit_of(&point->time_us_p50, 1);
    char                       number[CX_NUMBER_BYTES_MAX];

    if (point->size_bytes > 0) {
        cx_text_format(line, "  %s",
                       cx_number_print_bytes(point->size_bytes, number, sizeof number));
    }
    if (isfinite(point->time_us_p50)) {
        cx_number_print_time(point->time_us_p50, unit, number, sizeof number);
        cx_text_format(line, "  %s %s", number,
                       unit == CX_TIME_UNIT_MS ? "ms"
                                               : cx_style_glyph(progress->style, CX_GLYPH_MICRO));
    }
    if (isfinite(point->ci_half_width_ratio)) {
        cx_number_print_percent(point->ci_half_width_ratio, number, sizeof number);
        cx_text_format(line, " %s%s", cx_style_glyph(progress->style, CX_GLYPH_PLUS_MINUS), number);
    }
}

static void add_sparkline(const cx_progress_t *progress, cx_text_t *line)
{
    cx_spark_scale_t scale = cx_spark_scale_empty();
    char             cells[CX_PROGRESS_RUNG_COUNT_MAX * 3 + 1];

    cx_spark_scale_widen(&scale, progress->rungs, progress->rung_count);
    cx_sparkline_print(progress->style, &scale, progress->rungs, progress->rung_count, cells,
                       sizeof cells);
    cx_text_format(line, "%s%s", *cells ? "  " : "", cells);
}

static void add_bar(const cx_progress_t *progress, cx_text_t *line)
{
    static const char *const eighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
    const double             ratio     = fmin(fmax(progress->point.fraction_done, 0), 1);
    const int                filled    = (int)(ratio * BAR_CELL_COUNT * 8);

    cx_text_format(line, progress->style->is_utf8 ? " " : " [");
    for (int i = 0; i < BAR_CELL_COUNT; i++) {
        const int level = filled - i * 8 < 0 ? 0 : filled - i * 8 > 8 ? 8 : filled - i * 8;

        if (progress->style->is_utf8) {
            cx_text_format(line, "%s", eighths[level]);
        } else {
            cx_text_format(line, "%c", level >= 4 ? '#' : '-');
        }
    }
    cx_text_format(line, progress->style->is_utf8 ? "" : "]");
}

static void compose(const cx_progress_t *progress, const char *label, int first_part,
                    cx_text_t *line)
{
    char clock[CX_NUMBER_BYTES_MAX];

    line->length = 0;
    cx_text_format(line, "%s", label);
    if (first_part <= PART_MEASUREMENT) {
        add_measurement(progress, line);
    }
    if (first_part <= PART_LAUNCH && progress->point.launch_count > 1) {
        cx_text_format(line, "  launch %d/%d", (int)progress->point.launch_index + 1,
                       (int)progress->point.launch_count);
    }
    if (first_part <= PART_SPARKLINE) {
        add_sparkline(progress, line);
    }
    cx_text_format(line, "  %lld/%lld", (long long)progress->done_count,
                   (long long)progress->case_count);
    if (first_part <= PART_BAR) {
        add_bar(progress, line);
    }
    cx_text_format(line, "  ETA %s", cx_number_print_clock(progress->eta_s, clock, sizeof clock));
}

/* The text that fits, the label cut at last; a full line is one cell short, or it would wrap. */
static void compose_to_fit(const cx_progress_t *progress, const char *before, cx_text_t *line)
{
    const int32_t room_count = cx_style_column_count_now(progress->style, progress->stream) - 1;
    char          label[LINE_BYTES_MAX];
    size_t        length;

    (void)snprintf(label, sizeof label, "%s%s", before, progress->label);
    for (int part = PART_BAR; part <= PART_COUNT; part++) {
        compose(progress, label, part, line);
        if (cx_style_cell_count(line->bytes) <= room_count) {
            return;
        }
    }
    for (length = strlen(label); length > 0 && cx_style_cell_count(line->bytes) > room_count;) {
        do {
            length--;
        } while (length > 0 && ((unsigned char)label[length] & 0xc0) == 0x80);
        (void)snprintf(label + length, sizeof label - length, "%s",
                       cx_style_glyph(progress->style, CX_GLYPH_ELLIPSIS));
        compose(progress, label, PART_COUNT, line);
    }
}

/* ---- drawing and saying ---- */

static void draw(cx_progress_t *progress, cx_meaning_t meaning, const char *before, int64_t now_ns)
{
    cx_text_t line;

    cx_text_init(&line, LINE_BYTES_MAX);
    compose_to_fit(progress, before, &line);
    fprintf(progress->stream, ERASE_LINE);
    cx_style_put(progress->stream, progress->style, meaning, line.bytes ? line.bytes : "");
    (void)fflush(progress->stream);
    cx_text_fini(&line);
    progress->drawn_ns = now_ns;
    progress->is_drawn = true;
}

static void say(cx_progress_t *progress, cx_meaning_t meaning, const char *text, int64_t now_ns)
{
    cx_progress_hide(progress);
    cx_style_put(progress->stream, progress->style, meaning, text);
    fprintf(progress->stream, "\n");
    (void)fflush(progress->stream);
    progress->said_ns = now_ns;
}

static void say_heartbeat(cx_progress_t *progress, int64_t now_ns)
{
    cx_text_t line;

    cx_text_init(&line, LINE_BYTES_MAX);
    compose(progress, progress->label, PART_MEASUREMENT, &line);
    say(progress, CX_MEANING_PLAIN, line.bytes ? line.bytes : "", now_ns);
    cx_text_fini(&line);
}

void cx_progress_update(cx_progress_t *progress, const cx_progress_point_t *point, int64_t now_ns)
{
    take_point(progress, point);
    update_eta(progress, now_ns);
    if (progress->mode == CX_PROGRESS_BAR && now_ns - progress->drawn_ns >= DRAW_PERIOD_NS) {
        draw(progress, CX_MEANING_PLAIN, "", now_ns);
    }
    if (progress->mode == CX_PROGRESS_LINE && now_ns - progress->said_ns >= SAY_PERIOD_NS) {
        say_heartbeat(progress, now_ns);
    }
}

void cx_progress_stalled(cx_progress_t *progress, int32_t rank, double silent_s, const char *phase,
                         int64_t now_ns)
{
    char safe_phase[64], text[192];

    cx_style_clean(progress->style, phase, safe_phase, sizeof safe_phase);
    (void)snprintf(text, sizeof text, "rank %d silent %.0f s in %s  ", (int)rank, silent_s,
                   safe_phase);
    if (progress->mode == CX_PROGRESS_BAR) {
        draw(progress, CX_MEANING_CAVEAT, text, now_ns);
    }
    if (progress->mode == CX_PROGRESS_LINE && now_ns - progress->stall_said_ns >= SAY_PERIOD_NS) {
        char line[LINE_BYTES_MAX];

        (void)snprintf(line, sizeof line, "%s%s", text, progress->label);
        say(progress, CX_MEANING_CAVEAT, line, now_ns);
        progress->stall_said_ns = now_ns;
    }
}

void cx_progress_case_done(cx_progress_t *progress, const char *label, cx_status_t status,
                           const char *detail, int64_t now_ns)
{
    const cx_meaning_t meaning = status == CX_OK         ? CX_MEANING_PLAIN
                                 : status == CX_UNSTABLE ? CX_MEANING_CAVEAT
                                                         : CX_MEANING_FAILED;
    char               text[LINE_BYTES_MAX], line[LINE_BYTES_MAX];

    progress->done_count++;
    if (progress->mode == CX_PROGRESS_NONE) {
        return;
    }
    (void)snprintf(text, sizeof text, "%lld/%lld  %s  %s%s%s", (long long)progress->done_count,
                   (long long)progress->case_count, cx_status_slug(status), label,
                   detail && *detail ? ": " : "", detail ? detail : "");
    say(progress, meaning, cx_style_clean(progress->style, text, line, sizeof line), now_ns);
}

void cx_progress_hide(cx_progress_t *progress)
{
    if (progress->is_drawn) {
        fprintf(progress->stream, ERASE_LINE);
        (void)fflush(progress->stream);
        progress->is_drawn = false;
    }
}

void cx_progress_fini(cx_progress_t *progress)
{
    cx_progress_hide(progress);
}
