/* What the tables of error rates stand on: the statistics of the rules that stand beside ours, those rules on series whose answer is known, and the
 * file of a trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/naive.h"
#include "sim/trace.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void near(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.15g is not %.15g", a, b);
}

static void test_student(void **state)
{
	(void)state;
	for (double t = 0; t < 20; t += 0.37) { /* one and two degrees of freedom have closed forms */
		near(naive_t_two_sided(t, 1), 1 - 2 / M_PI * atan(t), 1e-12);
		near(naive_t_two_sided(-t, 2), 1 - t / sqrt(t * t + 2), 1e-12);
		near(naive_t_two_sided(t, 1e6), erfc(t / sqrt(2)), 1e-6);
	}
	near(naive_t_two_sided(2.2281388519649385, 10), 0.05, 1e-9); /* tabulated */
	near(naive_t_two_sided(2.7499956535672258, 30), 0.01, 1e-9);
}

static void test_welch(void **state)
{
	const double a[] = {1, 2, 3, 4}, b[] = {5, 7, 9};
	double t, p = naive_welch_p(a, 4, b, 3, &t), va = 5 / 3.0 / 4, vb = 4 / 3.0, v = va + vb;

	(void)state;
	near(t, 4.5 / sqrt(v), 1e-12);
	near(p, naive_t_two_sided(t, v * v / (va * va / 3 + vb * vb / 2)), 1e-12);
	assert_true(naive_welch_p(a, 4, a, 4, &t) == 1);
}

/* All splits of tied values: the mean and the variance of U over them are what the normal approximation has to stand on. */
static void test_mann_whitney_against_all_splits(void **state)
{
	const double all[10] = {1, 2, 2, 3, 3, 3, 5, 8, 8, 9};
	double sum = 0, squares = 0, mean, sd, u;
	unsigned splits = 0;

	(void)state;
	for (int pass = 0; pass < 2; pass++) {
		for (unsigned mask = 0; mask < 1024; mask++) {
			double a[10], b[10], p;
			size_t na = 0, nb = 0;

			if (__builtin_popcount(mask) != 4)
				continue;
			for (int i = 0; i < 10; i++)
				*(mask >> i & 1 ? &a[na++] : &b[nb++]) = all[i];
			p = naive_mwu_p(a, na, b, nb, &u);
			if (pass == 0) {
				splits++;
				sum += u;
				squares += u * u;
				continue;
			}
			near(p, fmin(1, erfc(fmax(0, fabs(u - mean) - 0.5) / sd / sqrt(2))), 1e-12);
		}
		mean = sum / splits;
		sd = sqrt(squares / splits - mean * mean);
	}
	assert_int_equal(splits, 210);
	near(mean, 12, 1e-12);
}

static void test_shift(void **state)
{
	double a[20], b[20], lo, at, hi;

	(void)state;
	for (int i = 0; i < 20; i++)
		a[i] = i * i % 17;
	for (int i = 0; i < 20; i++)
		b[i] = a[(7 * i) % 20] + 5;
	naive_shift(a, 20, b, 20, 2.326, &lo, &at, &hi);
	near(at, 5, 0); /* differences of the same values lie evenly about the shift */
	assert_true(lo < 5 && hi > 5 && lo < at && at < hi);
	naive_shift(a, 20, b, 20, 0, &lo, &at, &hi); /* without confidence there is nothing but the middle */
	assert_true(hi - lo <= 1);
}

static void fill(double *v, size_t n, double level, double swing)
{
	for (size_t i = 0; i < n; i++)
		v[i] = level * (1 + swing * sin(2.4 * (double)i));
}

static int side_of(const char *name, const struct naive_series *s, double *seconds)
{
	for (size_t r = 0; r < naive_rules; r++)
		if (!strncmp(naive_rule[r].name, name, strlen(name))) {
			struct naive_call c = naive_rule[r].decide(s);

			*seconds = c.seconds;
			return c.side;
		}
	fail_msg("no rule %s", name);
	return 0;
}

static void test_rules_on_plain_series(void **state)
{
	static const char *const all[] = {"ELMo-Tune:", "ELMo-Tune-V2", "Welch t, 5", "Mann", "Kayenta", "Welch t, peek"};
	double before[60], after[200], seconds;
	struct naive_series s = {before, after, 60, 200, 1};

	(void)state;
	fill(before, 60, 1000, 0.02);
	for (size_t i = 0; i < 6; i++) {
		fill(after, 200, 800, 0.02);
		assert_int_equal(side_of(all[i], &s, &seconds), -1);
		fill(after, 200, 1300, 0.02);
		assert_int_equal(side_of(all[i], &s, &seconds), 1);
	}
	fill(after, 200, 800, 0.02);
	(void)side_of("ELMo-Tune:", &s, &seconds);
	near(seconds, 30, 0);
	(void)side_of("ELMo-Tune-V2", &s, &seconds);
	near(seconds, 100, 0);
	(void)side_of("Welch t, peek", &s, &seconds);
	near(seconds, 5, 0);
	fill(after, 200, 1000, 0.02);
	assert_int_equal(side_of("Welch t, 5", &s, &seconds), 0);
	assert_int_equal(side_of("Mann", &s, &seconds), 0);
	assert_int_equal(side_of("Kayenta", &s, &seconds), 0);
}

/* ---- traces ---- */

static void make(struct lode_interval *iv, uint64_t start_ns, unsigned i)
{
	memset(iv, 0, sizeof(*iv));
	*iv = (struct lode_interval){.start_ns = start_ns + i * 1000000000ull, .end_ns = start_ns + (i + 1) * 1000000000ull, .seconds = 1, .parts = 1};
	iv->has_stats = true;
	iv->has_timers = i != 1;
	iv->write_stopped = i == 2;
	iv->stopped_s = i == 2 ? 0.5 : 0;
	iv->delayed_s = i == 2 ? 1 : 0;
	iv->stall_us = 10 * i;
	iv->keys_written = 1000 + i;
	iv->bytes_written = UINT64_C(1) << 40;
	iv->ticker[LODE_T_KEYS_READ] = 77 + i;
	iv->ticker[LODE_TICKER_N - 1] = 5;
	iv->l0_files = 3;
	for (int k = 0; k < 2 && iv->has_timers; k++) {
		iv->op[k] = (struct lode_op){.count = 60, .sum_us = 12345, .hist = {.count = 60, .sum = 12345, .n = 3}};
		for (int b = 0; b < 3; b++) {
			iv->op[k].hist.limit[b] = (double[]){2, 15, 1e19}[b] + (b == 1 ? 7 * (int)i : 0);
			iv->op[k].hist.bucket[b] = 10 * (b + 1);
		}
	}
}

static void same(const struct lode_interval *a, const struct lode_interval *b, uint64_t origin)
{
	assert_int_equal(a->start_ns - origin, b->start_ns);
	assert_int_equal(a->end_ns - origin, b->end_ns);
	assert_true(a->seconds == b->seconds && a->stopped_s == b->stopped_s && a->delayed_s == b->delayed_s);
	assert_true(a->has_stats == b->has_stats && a->has_timers == b->has_timers && a->write_stopped == b->write_stopped && b->parts == 1);
	assert_memory_equal(a->ticker, b->ticker, sizeof(a->ticker));
	assert_true(a->stall_us == b->stall_us && a->keys_written == b->keys_written && a->bytes_written == b->bytes_written && a->l0_files == b->l0_files);
	for (int k = 0; k < LODE_OP_N; k++) {
		assert_true(a->op[k].count == b->op[k].count && a->op[k].sum_us == b->op[k].sum_us && a->op[k].hist.n == b->op[k].hist.n);
		assert_memory_equal(a->op[k].hist.limit, b->op[k].hist.limit, sizeof(a->op[k].hist.limit));
		assert_memory_equal(a->op[k].hist.bucket, b->op[k].hist.bucket, sizeof(a->op[k].hist.bucket));
	}
}

static void test_a_trace_reads_as_it_was_written(void **state)
{
	static struct lode_interval iv[4];
	char dir[] = "/tmp/lode-trace-XXXXXX", path[64];
	struct trace t;
	const char *fault;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/some-work.trace", dir);
	for (unsigned i = 0; i < 4; i++)
		make(&iv[i], 123456789000000000ull, i);
	iv[3].invalid = LODE_INVALID_RESET;
	assert_int_equal(trace_write(path, "RocksDB 0; nothing", iv, 4), 0);
	assert_int_equal(trace_read(path, &t, &fault), 0);
	assert_int_equal(t.n, 3);
	assert_string_equal(t.name, "some-work");
	assert_string_equal(t.what, "RocksDB 0; nothing");
	for (unsigned i = 0; i < 3; i++)
		same(&iv[i], &t.iv[i], iv[0].start_ns);
	trace_free(&t);
	unlink(path);
	rmdir(dir);
}

static void refused(const char *text, const char *why)
{
	char path[] = "/tmp/lode-trace-XXXXXX";
	int fd = mkstemp(path);
	struct trace t;
	const char *fault;

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	assert_int_equal(trace_read(path, &t, &fault), -EINVAL);
	assert_non_null(strstr(fault, why));
	assert_null(t.iv);
	unlink(path);
}

static void test_what_is_no_trace_is_refused(void **state)
{
	struct trace t;
	const char *fault;

	(void)state;
	assert_int_equal(trace_read("/nowhere/at.all", &t, &fault), -ENOENT);
	refused("", "no trace");
	refused("something else\n", "no trace");
	refused("lodestone trace 1\n", "empty");
	refused("lodestone trace 1\ni 0 1000 3 0 0\n", "interval");
	refused("lodestone trace 1\ntickers a\ni 0 1000 3 0 0 0 0 0 0 0 0 0 0 | 4 4\n", "interval");
	refused("lodestone trace 1\no 0 1 1 0 1\n", "operations");
	refused("lodestone trace 1\nlimits 1 2\ni 0 1000 3 0 0 0 0 0 0 0 0 0 0 |\no 0 1 1 1 1 1\n", "operations");
	refused("lodestone trace 1\nlimits 1 2\ni 0 1000 3 0 0 0 0 0 0 0 0 0 0 |\no 9 1 1 1 1\n", "operations");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_student),
	    cmocka_unit_test(test_welch),
	    cmocka_unit_test(test_mann_whitney_against_all_splits),
	    cmocka_unit_test(test_shift),
	    cmocka_unit_test(test_rules_on_plain_series),
	    cmocka_unit_test(test_a_trace_reads_as_it_was_written),
	    cmocka_unit_test(test_what_is_no_trace_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
