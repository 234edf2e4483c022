/* The file of a trace. Lines:
 *   lodestone trace 1
 *   what TEXT
 *   limits L...                   bucket limits that occur, ascending; a histogram names its first bucket and then gives counts
 *   tickers NAME...               RocksDB's names; of each interval those are given that moved
 *   i START_MS MS FLAGS STOPPED_MS DELAYED_MS STALL_US BYTES KEYS CPU_MS FLUSHES DEBT L0 IMMUTABLE | INDEX COUNT...
 *   o KIND COUNT SUM_US FIRST COUNT...      operations of the interval before, where there were any
 * FLAGS: 1 Statistics, 2 service times, 4 writes stopped at the end. An interval that says nothing is left out, so the reader sees a gap. */
#include "sim/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct limits {
	double v[LODE_HIST_BUCKETS];
	unsigned n;
};

static void add_limit(struct limits *l, double v)
{
	unsigned at = 0;

	while (at < l->n && l->v[at] < v)
		at++;
	if ((at < l->n && l->v[at] == v) || l->n == LODE_HIST_BUCKETS)
		return;
	memmove(&l->v[at + 1], &l->v[at], (l->n - at) * sizeof(l->v[0]));
	l->v[at] = v;
	l->n++;
}

static unsigned index_of(const struct limits *l, double v)
{
	unsigned at = 0;

	while (at + 1 < l->n && l->v[at] < v)
		at++;
	return at;
}

static void write_op(FILE *f, const struct limits *l, int kind, const struct lode_op *op)
{
	unsigned at;

	if (!op->count)
		return;
	fprintf(f, "o %d %llu %llu", kind, (unsigned long long)op->count, (unsigned long long)op->sum_us);
	for (uint32_t b = 0; b < op->hist.n; b++) {
		unsigned here = index_of(l, op->hist.limit[b]);

		if (b == 0)
			fprintf(f, " %u", here);
		else
			while (++at < here)
				fputs(" 0", f);
		at = here;
		fprintf(f, " %llu", (unsigned long long)op->hist.bucket[b]);
	}
	fputc('\n', f);
}

static void write_interval(FILE *f, const struct limits *l, const struct lode_interval *iv, uint64_t origin)
{
	fprintf(f, "i %.1f %.1f %d %.0f %.0f %llu %llu %llu %llu %llu %llu %llu %llu |", (double)(iv->start_ns - origin) / 1e6, iv->seconds * 1e3,
		iv->has_stats + 2 * iv->has_timers + 4 * iv->write_stopped, iv->stopped_s * 1e3, iv->delayed_s * 1e3,
		(unsigned long long)iv->stall_us, (unsigned long long)iv->bytes_written, (unsigned long long)iv->keys_written,
		(unsigned long long)(iv->cpu_ns / 1000000), (unsigned long long)iv->flushes, (unsigned long long)iv->debt,
		(unsigned long long)iv->l0_files, (unsigned long long)iv->immutable);
	for (int t = 0; t < (int)LODE_TICKER_N; t++)
		if (iv->ticker[t])
			fprintf(f, " %d %llu", t, (unsigned long long)iv->ticker[t]);
	fputc('\n', f);
	for (int k = 0; k < LODE_OP_N; k++)
		write_op(f, l, k, &iv->op[k]);
}

int trace_write(const char *path, const char *what, const struct lode_interval *iv, size_t n)
{
	FILE *f = fopen(path, "w");
	struct limits l = {.n = 0};

	if (!f)
		return -errno;
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < LODE_OP_N; k++)
			for (uint32_t b = 0; b < iv[i].op[k].hist.n; b++)
				add_limit(&l, iv[i].op[k].hist.limit[b]);
	fprintf(f, "lodestone trace 1\nwhat %s\nlimits", what);
	for (unsigned i = 0; i < l.n; i++)
		fprintf(f, " %.17g", l.v[i]);
	fputs("\ntickers", f);
	for (int t = 0; t < (int)LODE_TICKER_N; t++)
		fprintf(f, " %s", lode_ticker_name[t]);
	fputc('\n', f);
	for (size_t i = 0; i < n; i++)
		if (!iv[i].invalid)
			write_interval(f, &l, &iv[i], iv[0].start_ns);
	if (ferror(f)) {
		fclose(f);
		return -EIO;
	}
	return fclose(f) ? -errno : 0;
}

/* ---- reading ---- */

struct reader {
	int ticker[256]; /* the file's numbers to ours; -1: we have no such ticker */
	unsigned tickers;
	struct trace *out;
};

static bool word_u64(char **at, uint64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoull(*at, &end, 10);
	if (end == *at || errno)
		return false;
	*at = end;
	return true;
}

static bool word_double(char **at, double *v)
{
	char *end;

	*v = strtod(*at, &end);
	if (end == *at)
		return false;
	*at = end;
	return true;
}

static void read_limits(struct reader *r, char *at)
{
	double v;

	while (r->out->limits < LODE_HIST_BUCKETS && word_double(&at, &v))
		r->out->limit[r->out->limits++] = v;
}

static void read_tickers(struct reader *r, char *at)
{
	char *save, *name = strtok_r(at, " \n", &save);

	for (; name && r->tickers < 256; name = strtok_r(NULL, " \n", &save)) {
		r->ticker[r->tickers] = -1;
		for (int t = 0; t < (int)LODE_TICKER_N; t++)
			if (!strcmp(name, lode_ticker_name[t]))
				r->ticker[r->tickers] = t;
		r->tickers++;
	}
}

static bool read_interval(struct reader *r, char *at)
{
	struct lode_interval *iv = &r->out->iv[r->out->n];
	uint64_t flags, cpu_ms, index, count;
	double start, length, stopped, delayed;

	if (r->out->n == TRACE_MAX)
		return false;
	memset(iv, 0, sizeof(*iv));
	if (!word_double(&at, &start) || !word_double(&at, &length) || !word_u64(&at, &flags) || !word_double(&at, &stopped) ||
	    !word_double(&at, &delayed) || !word_u64(&at, &iv->stall_us) || !word_u64(&at, &iv->bytes_written) ||
	    !word_u64(&at, &iv->keys_written) || !word_u64(&at, &cpu_ms) || !word_u64(&at, &iv->flushes) || !word_u64(&at, &iv->debt) ||
	    !word_u64(&at, &iv->l0_files) || !word_u64(&at, &iv->immutable) || !(length > 0))
		return false;
	iv->start_ns = (uint64_t)(start * 1e6);
	iv->end_ns = iv->start_ns + (uint64_t)(length * 1e6);
	iv->seconds = length / 1e3;
	iv->parts = 1;
	iv->has_stats = flags & 1;
	iv->has_timers = flags & 2;
	iv->write_stopped = flags & 4;
	iv->stopped_s = stopped / 1e3;
	iv->delayed_s = delayed / 1e3;
	iv->cpu_ns = cpu_ms * 1000000;
	for (at += strcspn(at, "|"), at += *at == '|'; word_u64(&at, &index);) {
		if (!word_u64(&at, &count) || index >= r->tickers)
			return false;
		if (r->ticker[index] >= 0)
			iv->ticker[r->ticker[index]] = count;
	}
	r->out->n++;
	return true;
}

static bool read_op(struct reader *r, char *at)
{
	uint64_t kind, bucket, count;
	struct lode_op *op;

	if (!r->out->n || !word_u64(&at, &kind) || kind >= LODE_OP_N)
		return false;
	op = &r->out->iv[r->out->n - 1].op[kind];
	if (!word_u64(&at, &op->count) || !word_u64(&at, &op->sum_us))
		return false;
	op->hist.count = op->count;
	op->hist.sum = op->sum_us;
	r->out->iv[r->out->n - 1].hist_count[kind] = op->count;
	r->out->iv[r->out->n - 1].hist_sum[kind] = op->sum_us;
	if (!word_u64(&at, &bucket))
		return true; /* counts alone */
	for (; word_u64(&at, &count); bucket++) {
		if (bucket >= r->out->limits)
			return false;
		if (!count)
			continue;
		op->hist.limit[op->hist.n] = r->out->limit[bucket];
		op->hist.bucket[op->hist.n++] = count;
	}
	return true;
}

static const char *read_line(struct reader *r, char *line)
{
	if (!strncmp(line, "what ", 5))
		snprintf(r->out->what, sizeof(r->out->what), "%.*s", (int)strcspn(line + 5, "\n"), line + 5);
	else if (!strncmp(line, "limits ", 7))
		read_limits(r, line + 7);
	else if (!strncmp(line, "tickers ", 8))
		read_tickers(r, line + 8);
	else if (!strncmp(line, "i ", 2))
		return read_interval(r, line + 2) ? NULL : "a line of an interval does not make sense";
	else if (!strncmp(line, "o ", 2))
		return read_op(r, line + 2) ? NULL : "a line of operations does not make sense";
	return NULL;
}

static void take_name(const char *path, char *name, size_t len)
{
	const char *slash = strrchr(path, '/');

	slash = slash ? slash + 1 : path;
	snprintf(name, len, "%.*s", (int)strcspn(slash, "."), slash);
}

int trace_read(const char *path, struct trace *out, const char **fault)
{
	static const char magic[] = "lodestone trace 1\n";
	struct reader r = {.out = out};
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "r");

	memset(out, 0, sizeof(*out));
	*fault = "it cannot be opened";
	if (!f)
		return -errno;
	*fault = "no memory";
	out->iv = malloc(TRACE_MAX * sizeof(*out->iv));
	if (out->iv)
		*fault = getline(&line, &room, f) > 0 && !strcmp(line, magic) ? NULL : "it is no trace";
	while (!*fault && getline(&line, &room, f) > 0)
		*fault = read_line(&r, line);
	free(line);
	fclose(f);
	if (!*fault && !out->n)
		*fault = "it is empty";
	take_name(path, out->name, sizeof(out->name));
	if (*fault)
		trace_free(out);
	return *fault ? -EINVAL : 0;
}

void trace_free(struct trace *t)
{
	free(t->iv);
	t->iv = NULL;
	t->n = 0;
}
