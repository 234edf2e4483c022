/* The Prometheus text: grouped, escaped, exact. */
#include "record/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void page(void **state)
{
	struct lode_expo *e = lode_expo_new();
	struct lode_buf labels, out;
	(void)state;
	lode_buf_init(&labels, 1000);
	lode_buf_init(&out, 10000);
	lode_expo_label(&labels, "db", "a");
	lode_expo_label(&labels, "cf", "q\"b\\n\nl");
	lode_expo_add(e, "lodestone_x_total", LODE_COUNTER, "Help \\ with\nnewline \"quoted\".", lode_buf_str(&labels), 9007199254740991.0);
	lode_expo_add(e, "lodestone_y", LODE_GAUGE, "Y.", NULL, 0.25);
	lode_expo_add(e, "lodestone_x_total", LODE_COUNTER, "ignored", "db=\"b\"", 3);
	lode_expo_add(e, "lodestone_y", LODE_GAUGE, "Y.", "k=\"nan\"", NAN);
	lode_expo_add(e, "lodestone_y", LODE_GAUGE, "Y.", "k=\"inf\"", -INFINITY);
	lode_expo_add(e, "bad name", LODE_GAUGE, "never shown", NULL, 1);
	lode_expo_add(e, "9", LODE_GAUGE, "never shown", NULL, 1);
	lode_expo_render(e, &out);
	assert_string_equal(lode_buf_str(&out), "# HELP lodestone_x_total Help \\\\ with\\nnewline \"quoted\".\n"
						"# TYPE lodestone_x_total counter\n"
						"lodestone_x_total{db=\"a\",cf=\"q\\\"b\\\\n\\nl\"} 9007199254740991\n"
						"lodestone_x_total{db=\"b\"} 3\n"
						"# HELP lodestone_y Y.\n"
						"# TYPE lodestone_y gauge\n"
						"lodestone_y 0.25\n"
						"lodestone_y{k=\"nan\"} NaN\n"
						"lodestone_y{k=\"inf\"} -Inf\n");
	lode_buf_fini(&labels);
	lode_buf_fini(&out);
	lode_expo_free(e);
}

/* Too many samples of a family: what is shown is whole lines. */
static void overflow(void **state)
{
	struct lode_expo *e = lode_expo_new();
	struct lode_buf out;
	(void)state;
	lode_buf_init(&out, 4 << 20);
	for (int i = 0; i < 60000; i++) {
		char labels[64];

		snprintf(labels, sizeof labels, "n=\"%d\"", i);
		lode_expo_add(e, "lodestone_many", LODE_GAUGE, "Many.", labels, i);
	}
	lode_expo_render(e, &out);
	assert_false(out.failed);
	assert_int_equal(out.data[out.len - 1], '\n');
	char *last = out.data + out.len - 1;
	while (last[-1] != '\n')
		last--;
	int a = -1, b = -2;
	assert_int_equal(sscanf(last, "lodestone_many{n=\"%d\"} %d\n", &a, &b), 2);
	assert_int_equal(a, b);
	lode_buf_fini(&out);
	lode_expo_free(e);
	lode_expo_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(page), cmocka_unit_test(overflow)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
