/* SPDX-License-Identifier: Apache-2.0 */
/* Count tables of all_to_all_v. Not the transport of the blocks. */
#include "family/collective/traffic.h"

#include "base/file.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)64 << 20)

/* (1 + g + ... + g^(N-1)) / N: the mean block over the hottest one. */
static double mean_of_powers(double g, int32_t rank_count)
{
    double sum = 0.0, power = 1.0;

    for (int32_t rank = 0; rank < rank_count; rank++) {
        sum += power;
        power *= g;
    }
    return sum / rank_count;
}

/* The mean rises with g, so halving finds it; 60 halvings end at neighbouring doubles. */
static double find_ratio(int32_t rank_count, double skew_ratio)
{
    double low = 0.0, high = 1.0;

    if (skew_ratio <= 0.0) {
        return 1.0;
    }
    for (int step = 0; step < 60; step++) {
        double middle = (low + high) / 2.0;

        if (mean_of_powers(middle, rank_count) < 1.0 / (1.0 + skew_ratio)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

cx_status_t cx_traffic_from_skew(int32_t rank_count, int64_t elems, double skew_ratio,
                                 int64_t *counts)
{
    double weight = 1.0, ratio;

    if (!(skew_ratio >= 0.0 && skew_ratio <= rank_count - 1)) {
        return CX_FAIL(CX_INVALID,
                       "traffic skew %g is outside 0 to %d: with %d ranks the hottest can be sent "
                       "at most %d times the mean",
                       skew_ratio, rank_count - 1, rank_count, rank_count);
    }
    ratio = find_ratio(rank_count, skew_ratio);
    for (int64_t to_rank = 0; to_rank < rank_count; to_rank++) {
        /* 2^53 elements would be more than any memory, so the product is exact for g = 1. */
        int64_t count = to_rank == 0 ? elems : llround((double)elems * weight);

        for (int64_t from_rank = 0; from_rank < rank_count; from_rank++) {
            counts[from_rank * rank_count + to_rank] = count;
        }
        weight *= ratio;
    }
    return CX_OK;
}

/* Where reading has come to in a text, for messages. */
typedef struct cursor {
    const char *path, *at, *line_start;
    int32_t     line;
} cursor_t;

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t' || letter == ',' || letter == '\r';
}

/* To the next thing that is neither blank nor comment: a weight, an end of line or of text. */
static void skip_blanks(cursor_t *cursor)
{
    while (is_blank(*cursor->at)) {
        cursor->at++;
    }
    if (*cursor->at == '#') {
        cursor->at += strcspn(cursor->at, "\n");
    }
}

/* To the first weight of the next line that has one. */
static void skip_empty_lines(cursor_t *cursor)
{
    skip_blanks(cursor);
    while (*cursor->at == '\n') {
        cursor->at++;
        cursor->line++;
        cursor->line_start = cursor->at;
        skip_blanks(cursor);
    }
}

static cx_status_t fail_at(const cursor_t *cursor, const char *expected)
{
    char found[48] = "the end of the line";
    int  column    = (int)(cursor->at - cursor->line_start) + 1;
    int  length    = (int)strcspn(cursor->at, " \t\r\n,#");

    if (length) {
        snprintf(found, sizeof found, "'%.*s'", length < 40 ? length : 40, cursor->at);
    } else if (*cursor->at == 0) {
        snprintf(found, sizeof found, "the end of the file");
    }
    return CX_FAIL(CX_INVALID, "%s:%d:%d: found %s, expected %s", cursor->path, cursor->line,
                   column, found, expected);
}

static cx_status_t read_weight(cursor_t *cursor, int32_t to_rank, int32_t rank_count,
                               double *weight_out)
{
    char   expected[96];
    char  *end;
    double weight;

    skip_blanks(cursor);
    weight = strtod(cursor->at, &end);
    if (end == cursor->at || isspace((unsigned char)*cursor->at) || !isfinite(weight) ||
        weight < 0.0 || !(is_blank(*end) || *end == '\n' || *end == '#' || *end == 0)) {
        snprintf(expected, sizeof expected, "weight %d of %d, a number that is not negative",
                 to_rank + 1, rank_count);
        return fail_at(cursor, expected);
    }
    cursor->at  = end;
    *weight_out = weight;
    return CX_OK;
}

static cx_status_t read_weights(const char *path, const char *text, int32_t rank_count,
                                double *weights)
{
    cursor_t cursor = {path, text, text, 1};
    char     expected[96];

    for (int32_t from_rank = 0; from_rank < rank_count; from_rank++) {
        skip_empty_lines(&cursor);
        if (*cursor.at == 0) {
            snprintf(expected, sizeof expected, "line %d of %d, what rank %d sends", from_rank + 1,
                     rank_count, from_rank);
            return fail_at(&cursor, expected);
        }
        for (int32_t to_rank = 0; to_rank < rank_count; to_rank++) {
            CX_TRY(read_weight(&cursor, to_rank, rank_count,
                               &weights[(int64_t)from_rank * rank_count + to_rank]));
        }
        skip_blanks(&cursor);
        if (*cursor.at != '\n' && *cursor.at != 0) {
            snprintf(expected, sizeof expected, "the end of the line: there are %d ranks",
                     rank_count);
            return fail_at(&cursor, expected);
        }
    }
    skip_empty_lines(&cursor);
    if (*cursor.at != 0) {
        snprintf(expected, sizeof expected, "the end of the file: there are %d ranks", rank_count);
        return fail_at(&cursor, expected);
    }
    return CX_OK;
}

static double find_largest_total(const double *weights, int32_t rank_count)
{
    double largest = 0.0;

    for (int64_t rank = 0; rank < rank_count; rank++) {
        double sent = 0.0, received = 0.0;

        for (int64_t peer_rank = 0; peer_rank < rank_count; peer_rank++) {
            sent += weights[rank * rank_count + peer_rank];
            received += weights[peer_rank * rank_count + rank];
        }
        largest = fmax(largest, fmax(sent, received));
    }
    return largest;
}

static cx_status_t scale_weights(const char *path, int32_t rank_count, int64_t elems,
                                 const double *weights, int64_t *counts)
{
    const double largest = find_largest_total(weights, rank_count);

    if (!(largest > 0.0) || isinf(largest)) {
        return CX_FAIL(CX_INVALID, "%s: the weights add up to %g, expected a positive number", path,
                       largest);
    }
    for (int64_t i = 0; i < (int64_t)rank_count * rank_count; i++) {
        /* Multiplying first keeps weights that are whole numbers exact. */
        counts[i] = (int64_t)floor(weights[i] * ((double)elems * rank_count) / largest);
    }
    return CX_OK;
}

cx_status_t cx_traffic_from_file(const char *path, int32_t rank_count, int64_t elems,
                                 int64_t *counts)
{
    const size_t weight_count = (size_t)rank_count * (size_t)rank_count;
    double      *weights      = NULL;
    char        *text         = NULL;
    size_t       text_bytes;
    cx_status_t  status;

    CX_TRY_OR(free_all, cx_file_read(path, FILE_BYTES_MAX, &text, &text_bytes));
    weights = calloc(weight_count, sizeof *weights);
    if (!weights) {
        status = CX_FAIL(CX_RESOURCE, "out of memory for %zu weights", weight_count);
        goto free_all;
    }
    CX_TRY_OR(free_all, read_weights(path, text, rank_count, weights));
    CX_TRY_OR(free_all, scale_weights(path, rank_count, elems, weights, counts));
free_all:
    free(weights);
    free(text);
    return status;
}
