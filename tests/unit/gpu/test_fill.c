/* SPDX-License-Identifier: Apache-2.0 */
/* Filling and verifying on the devices cuda and hip, on the stub libraries: every alignment, many
 * spans at once, and differences that are found where they are. Not the kernels themselves
 * (tests/gpu/content_check.c). */
#include "bed.h"

#include "collectivex/content.h"
#include "support/content_bytes.h"

#define BYTES 4096
#define SPANS 5000 /* more than are waited for at once, and than a launch takes */

static int set_up(void **state)
{
    bed_t *bed;

    if (open_bed(state) != 0) {
        return -1;
    }
    bed = *state;
    return bed->ops->alloc(bed->device, (size_t)SPANS * 16, CX_MEMORY_PLAIN, (void **)&bed->to) ==
                   CX_OK
               ? 0
               : -1;
}

static cx_status_t write_spans(const bed_t *bed, const cx_span_t *spans, int64_t span_count)
{
    cx_status_t status = bed->ops->fill(bed->device, bed->stream, spans, span_count);

    return status == CX_OK ? drain(bed) : status;
}

static cx_difference_t difference_of(const bed_t *bed, const cx_span_t *span)
{
    cx_difference_t difference = {-7, -7};

    assert_int_equal(bed->ops->verify(bed->device, bed->stream, span, 1, &difference), CX_OK);
    return difference;
}

static void test_any_stretch_is_filled_and_nothing_beside_it(void **state)
{
    const bed_t  *bed = *state;
    unsigned char right[BYTES];

    for (size_t first = 0; first < 17; first++) {
        for (size_t bytes = 0; bytes < 70; bytes += 1 + bytes / 20) {
            cx_span_t span = {.content    = {.key = first, .first_byte = bytes * 3},
                              .memory     = bed->to + 64 + first,
                              .byte_count = bytes};

            memset(bed->to, 0x5a, BYTES);
            memset(right, 0x5a, BYTES);
            content_bytes(&span.content, bytes, right + 64 + first);
            assert_int_equal(write_spans(bed, &span, 1), CX_OK);
            assert_memory_equal(bed->to, right, BYTES);
            assert_int_equal(difference_of(bed, &span).wrong_count, 0);
            assert_int_equal(difference_of(bed, &span).first_wrong, -1);
        }
    }
}

static void test_differences_are_counted_and_placed(void **state)
{
    const bed_t    *bed  = *state;
    cx_span_t       span = {.content = {.key = 3}, .memory = bed->to + 5, .byte_count = 1000};
    cx_difference_t difference;

    assert_int_equal(write_spans(bed, &span, 1), CX_OK);
    bed->to[5 + 999] ^= 0x80; /* one bit of the last byte */
    difference = difference_of(bed, &span);
    assert_int_equal(difference.wrong_count, 1);
    assert_int_equal(difference.first_wrong, 999);
    bed->to[5] ^= 1;
    bed->to[5 + 400] ^= 0xff;
    difference = difference_of(bed, &span);
    assert_int_equal(difference.wrong_count, 3);
    assert_int_equal(difference.first_wrong, 0);
    bed->to[4]++; /* before it, and behind it */
    bed->to[5 + 1000]++;
    assert_int_equal(difference_of(bed, &span).wrong_count, 3);
}

/* Spans of 0 to 15 bytes, each with another content, in both words and values. */
static void make_spans(const bed_t *bed, cx_span_t *spans)
{
    for (int64_t i = 0; i < SPANS; i++) {
        spans[i] = (cx_span_t){.content    = {.key = (uint64_t)i * 1000, .first_byte = (uint64_t)i},
                               .memory     = bed->to + 16 * i,
                               .byte_count = (uint64_t)(i % 16)};
    }
}

static void test_many_spans_at_once_cost_few_calls(void **state)
{
    const bed_t     *bed         = *state;
    cx_span_t       *spans       = calloc(SPANS, sizeof *spans);
    cx_difference_t *differences = calloc(SPANS, sizeof *differences);

    assert_true(spans && differences);
    make_spans(bed, spans);
    stub_fault(bed->vendor->launch, "1@160"); /* 157 launches for 5000 spans */
    assert_int_equal(write_spans(bed, spans, SPANS), CX_OK);
    stub_fault(NULL, NULL);
    bed->to[16 * 31 + 2] ^= 4;
    bed->to[16 * 4999]++;
    assert_int_equal(bed->ops->verify(bed->device, bed->stream, spans, SPANS, differences), CX_OK);
    for (int64_t i = 0; i < SPANS; i++) {
        assert_int_equal(differences[i].wrong_count, i == 31 || i == 4999);
        assert_int_equal(differences[i].first_wrong, i == 31 ? 2 : i == 4999 ? 0 : -1);
    }
    free(spans);
    free(differences);
}

static void test_without_spans_they_only_answer(void **state)
{
    const bed_t *bed = *state;

    stub_fault(bed->vendor->launch, "1");
    assert_int_equal(bed->ops->fill(bed->device, bed->stream, NULL, 0), CX_OK);
    assert_int_equal(bed->ops->verify(bed->device, bed->stream, NULL, 0, NULL), CX_OK);
}

static void test_failures_are_those_of_the_library(void **state)
{
    const bed_t    *bed        = *state;
    cx_span_t       span       = {.memory = bed->to, .byte_count = 64};
    cx_difference_t difference = {-7, -7};

    stub_fault(bed->vendor->launch, "719");
    assert_true(stub_says(bed->ops->fill(bed->device, bed->stream, &span, 1), CX_DEVICE, "719"));
    assert_true(stub_says(bed->ops->verify(bed->device, bed->stream, &span, 1, &difference),
                          CX_DEVICE, "719"));
    assert_int_equal(difference.wrong_count, -7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_BETWEEN(test_any_stretch_is_filled_and_nothing_beside_it, set_up, close_bed),
        BOTH_BETWEEN(test_differences_are_counted_and_placed, set_up, close_bed),
        BOTH_BETWEEN(test_many_spans_at_once_cost_few_calls, set_up, close_bed),
        BOTH_BETWEEN(test_without_spans_they_only_answer, set_up, close_bed),
        BOTH_BETWEEN(test_failures_are_those_of_the_library, set_up, close_bed),
    };

    stub_environment();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
