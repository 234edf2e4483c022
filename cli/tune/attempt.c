/* One command from start to end, watched: signs of life, time, disk, and whoever wants to stop it. */
#include "tune/bench_private.h"
#include "tune/scratch.h"

#include "base/fs.h"
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define OUTPUT_MAX (8u << 20)
#define TICK 0.25	 /* seconds between two looks at the child */
#define LIVE_CPU 0.05	 /* seconds of processor time that count as a sign of life */
#define IDLE_FACTOR 10	 /* no operation for so many times run.hang, however busy it is */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_size;
}

struct signs { /* of life */
	double seen, cpu, last_op, ops;
	off_t output;
};

/* True if nothing stirs any more. */
static bool hangs(const struct tune_bench *b, struct tune_attempt *a, struct signs *s, double at)
{
	double hang = b->spec->hang, cpu;
	off_t output = size_of(a->out) + size_of(a->err);

	if (a->rates.ops != s->ops || output != s->output) {
		if (a->rates.ops != s->ops) /* fewer: db_bench's next benchmark, which counts anew */
			s->last_op = at;
		s->ops = a->rates.ops;
		s->output = output;
		s->seen = at;
	}
	if (at - s->seen > hang / 4) { /* looking at the processor time is not for every second */
		cpu = tune_child_cpu(&a->child);
		if (cpu > s->cpu + LIVE_CPU)
			s->seen = at;
		s->cpu = fmax(s->cpu, cpu);
	}
	if (at - s->seen > hang) {
		snprintf(a->why, sizeof(a->why), "no sign of life for %.0f seconds: no operation, no output, no processor time", hang);
		return true;
	}
	if (a->measured && s->ops > 0 && at - s->last_op > hang * IDLE_FACTOR) {
		snprintf(a->why, sizeof(a->why), "no operation for %.0f seconds", hang * IDLE_FACTOR);
		return true;
	}
	return false;
}

static bool too_big(const struct tune_bench *b, char *why, size_t len)
{
	double used = b->spec->scratch_limit ? tune_scratch_used(b->scratch) : 0, left = tune_scratch_free(b->scratch);
	char is[24], may[24];

	if (b->spec->scratch_limit && used > (double)b->spec->scratch_limit) {
		snprintf(why, len, "the scratch folder has grown to %s, and %s are allowed (--scratch-limit)", lode_num_bytes(used, is, sizeof(is)),
			 lode_num_bytes((double)b->spec->scratch_limit, may, sizeof(may)));
		return true;
	}
	if (left < (double)b->spec->reserve) {
		snprintf(why, len, "only %s are free on the disk of the scratch folder, and %s must stay so (--reserve)", lode_num_bytes(left, is, sizeof(is)),
			 lode_num_bytes((double)b->spec->reserve, may, sizeof(may)));
		return true;
	}
	return false;
}

static void read_progress(struct tune_attempt *a)
{
	struct lode_buf text;

	lode_buf_init(&text, 16u << 20);
	if (*a->progress && lode_fs_read(a->progress, &text) == 0)
		tune_rates_take(&a->rates, a->form, lode_buf_str(&text));
	lode_buf_fini(&text);
}

/* About once a second. False: it must end, and a->end says why. */
static bool look(const struct tune_bench *b, struct tune_attempt *a, struct signs *s, double began)
{
	double at = now();

	read_progress(a);
	if (too_big(b, a->why, sizeof(a->why))) {
		a->end = TUNE_SPACE;
	} else if (hangs(b, a, s, at)) {
		a->end = TUNE_HUNG;
	} else if (a->timeout > 0 && at - began > a->timeout) {
		snprintf(a->why, sizeof(a->why), "it was not done after %.0f seconds", a->timeout);
		a->end = TUNE_HUNG;
	} else if (a->watch && a->rates.seconds > 0 && !a->watch(a->ctx, a->rates.seconds, a->rates.ops)) {
		snprintf(a->why, sizeof(a->why), "stopped after %.0f seconds", a->rates.seconds);
		a->end = TUNE_STOPPED;
	}
	return a->end == TUNE_RAN;
}

int tune_attempt(struct tune_bench *b, struct tune_attempt *a, struct lode_err *err)
{
	struct tune_child_how how = {.argv = a->call.argv, .env = a->call.env, .out = a->out, .err = a->err, .output_max = OUTPUT_MAX, .remove = b->scratch};
	double began = now(), due = began + 1;
	struct signs signs = {.seen = began, .last_op = began};
	int rc = 0;

	if (a->fenced) {
		how.join = b->fence.join;
		how.cpus = b->fence.affinity;
	}
	a->end = TUNE_RAN;
	if (a->call.failed)
		return lode_err_set(err, ENOMEM, "no memory");
	if (b->stop && *b->stop)
		return -EINTR;
	if (too_big(b, a->why, sizeof(a->why))) {
		a->end = TUNE_SPACE;
		return 0;
	}
	rc = tune_child_start(&how, &a->child, err);
	if (rc)
		return rc;
	while ((rc = tune_child_wait(&a->child, TICK)) == 0 || rc == -EINTR) {
		if (b->stop && *b->stop) {
			tune_child_kill(&a->child);
			return -EINTR;
		}
		if (now() < due)
			continue;
		due = now() + 1;
		if (!look(b, a, &signs, began)) {
			tune_child_kill(&a->child);
			break;
		}
	}
	a->wall = now() - began;
	read_progress(a);
	return rc < 0 && rc != -EINTR ? lode_err_set(err, -rc, "the process that looks after the benchmark is gone") : 0;
}

void tune_attempt_fini(struct tune_attempt *a)
{
	tune_call_fini(&a->call);
	free(a->rates.rate);
	a->rates.rate = NULL;
}

/* The end of a file, lines joined by " | ", without what no terminal should see. */
static void add_words(const char *path, char *out, size_t len)
{
	char text[2048];
	size_t n, at = 0;
	FILE *f = fopen(path, "re");

	*out = 0;
	if (!f)
		return;
	if (fseek(f, -(long)sizeof(text), SEEK_END))
		rewind(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	/* Carriage returns redraw a line, and spaces at its end wipe the one before. */
	for (size_t i = 0; i < n; i++)
		text[i] = text[i] == '\r' || text[i] == '\n' ? '\n' : isprint((unsigned char)text[i]) ? text[i] : ' ';
	for (size_t i = n; i > 0 && at < len - 1;) { /* backwards, word for word of lines */
		size_t from = i;

		while (from > 0 && text[from - 1] != '\n')
			from--;
		size_t m = i - from;
		while (m && text[from + m - 1] == ' ')
			m--;
		if (m && strncmp(text + from, "... finished", 12) != 0) {
			size_t left_out = !at && m > len - 1 ? m - (len - 1) : 0; /* the last words themselves are too long: their end */

			m -= left_out;
			if (at && at + m + 3 >= len)
				break;
			memmove(out + m + (at ? 3 : 0), out, at);
			memcpy(out, text + from + left_out, m);
			if (at)
				memcpy(out + m, " | ", 3);
			at += m + (at ? 3 : 0);
		}
		i = from ? from - 1 : 0;
	}
	out[at] = 0;
}

void tune_attempt_words(const struct tune_attempt *a, char *out, size_t len)
{
	add_words(a->err, out, len);
	if (strlen(out) < 20 && strlen(out) + 8 < len) {
		size_t n = strlen(out);

		if (n)
			n += (size_t)snprintf(out + n, len - n, " | ");
		add_words(a->out, out + n, len - n);
	}
}
