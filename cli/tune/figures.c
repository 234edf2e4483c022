/* What db_bench prints: result lines, histograms, Statistics, "rocksdb.stats". */
#include "tune/figures.h"

#include "base/buf.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (1u << 20) /* of Statistics and of the shape */

struct line {
	const char *at;
	size_t len;
};

static bool next_line(const char **text, struct line *out)
{
	if (!**text)
		return false;
	out->at = *text;
	out->len = strcspn(*text, "\n");
	*text += out->len + ((*text)[out->len] == '\n');
	return true;
}

static bool begins(const struct line *l, const char *with)
{
	size_t n = strlen(with);

	return l->len >= n && memcmp(l->at, with, n) == 0;
}

/* The number behind a label within a line. NAN: no label, no number, or one that nobody can have measured. */
static double after(const struct line *l, const char *label)
{
	size_t n = strlen(label);

	for (size_t i = 0; i + n < l->len; i++) {
		char number[48], *end;
		double v;

		if (memcmp(l->at + i, label, n) != 0)
			continue;
		snprintf(number, sizeof(number), "%.*s", (int)(l->len - i - n < 47 ? l->len - i - n : 47), l->at + i + n);
		if (!isdigit((unsigned char)number[strspn(number, " ")]))
			return NAN;
		v = strtod(number, &end);
		return v < 1e18 ? v : NAN;
	}
	return NAN;
}

/* The number before a word: "12345 ops/sec". */
static double before(const struct line *l, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= l->len; i++) {
		char number[48] = "", *end;
		size_t from = i;
		double v;

		if (memcmp(l->at + i, word, n) != 0)
			continue;
		while (from > 0 && i - from < 40 && (isdigit((unsigned char)l->at[from - 1]) || l->at[from - 1] == '.'))
			from--;
		if (from == i)
			continue; /* the word alone; perhaps it comes again */
		memcpy(number, l->at + from, i - from);
		v = strtod(number, &end);
		return v < 1e18 && !*end ? v : NAN;
	}
	return NAN;
}

/* Is it "NAME  : ..." of one of those benchmarks? */
static bool is_result(const struct line *l, const char *benchmarks)
{
	size_t name = 0;

	while (name < l->len && !isspace((unsigned char)l->at[name]) && l->at[name] != ':')
		name++;
	for (const char *p = benchmarks; name && *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		size_t at = name;

		p += strspn(p, " ");
		if (strcspn(p, ",[ ") != name || memcmp(p, l->at, name) != 0)
			continue;
		while (at < l->len && l->at[at] == ' ')
			at++;
		return at < l->len && l->at[at] == ':' && memmem(l->at, l->len, " ops/sec", 8);
	}
	return false;
}

static const char *op_name(const char *word)
{
	return strcmp(word, "read") == 0 ? "get" : word;
}

/* "Microseconds per write:" begins a histogram; a kind that came before is counted together with this one. */
static struct tune_op *histogram(const struct line *l, struct tune_result *r, struct tune_op *scratch)
{
	char word[16];
	const char *name;

	if (sscanf(l->at, "Microseconds per %15[a-z]:", word) != 1)
		return NULL;
	name = op_name(word);
	*scratch = (struct tune_op){.count = NAN, .mean_us = NAN, .p50_us = NAN, .p99_us = NAN, .p999_us = NAN};
	snprintf(scratch->name, sizeof(scratch->name), "%s", name);
	for (size_t i = 0; i < r->nop; i++)
		if (strcmp(r->op[i].name, name) == 0)
			return &r->op[i];
	if (r->nop == TUNE_OPS_MAX)
		return NULL;
	r->op[r->nop] = *scratch;
	return &r->op[r->nop++];
}

/* Two histograms of one kind: the mean of both; of percentiles the longer, which is on the safe side. */
static void add_op(struct tune_op *to, const struct tune_op *more)
{
	if (isnan(to->count) || to->count <= 0) {
		*to = *more;
		return;
	}
	if (isnan(more->count) || more->count <= 0)
		return;
	to->mean_us = (to->mean_us * to->count + more->mean_us * more->count) / (to->count + more->count);
	to->count += more->count;
	to->p50_us = fmax(to->p50_us, more->p50_us);
	to->p99_us = fmax(to->p99_us, more->p99_us);
	to->p999_us = fmax(to->p999_us, more->p999_us);
}

static void read_histogram_line(const struct line *l, struct tune_op *op, struct tune_op *to)
{
	if (begins(l, "Count: ")) {
		op->count = after(l, "Count: ");
		op->mean_us = after(l, "Average: ");
	} else if (begins(l, "Percentiles: ")) {
		op->p50_us = after(l, "P50: ");
		op->p99_us = after(l, "P99: ");
		op->p999_us = after(l, "P99.9: ");
		add_op(to, op);
	}
}

struct sums {
	double ops, seconds, worst_rate;
	unsigned lines;
	bool missed;
};

/* "readrandom : 4.444 micros/op 225000 ops/sec 10.000 seconds 2250000 operations; ..."; older versions end after ops/sec. */
static int add_result(const struct line *l, struct sums *s, struct lode_err *err)
{
	double rate = before(l, " ops/sec"), seconds = before(l, " seconds"), ops = before(l, " operations");

	if (isnan(rate) || rate <= 0)
		return lode_err_set(err, EBADMSG, "it says that it did no operation: %.*s", (int)(l->len < 120 ? l->len : 120), l->at);
	if (!isnan(seconds) && !isnan(ops) && fabs(ops - rate * seconds) > 0.02 * ops + rate * 0.01 + seconds + 1)
		return lode_err_set(err, EBADMSG, "its result contradicts itself: %.*s", (int)(l->len < 120 ? l->len : 120), l->at);
	s->ops += isnan(ops) ? 0 : ops;
	s->seconds += isnan(seconds) ? 0 : seconds;
	s->worst_rate = s->lines++ ? fmin(s->worst_rate, rate) : rate;
	s->missed |= memmem(l->at, l->len, "(0 of ", 6) != NULL;
	return 0;
}

/* From the first "** " on, up to the Statistics. */
static char *cut_shape(const char *text)
{
	const char *at = strncmp(text, "** ", 3) == 0 ? text : strstr(text, "\n** "), *end = strstr(text, "\nSTATISTICS:");
	size_t len;

	if (!at || (end && end <= at))
		return NULL;
	at += *at == '\n';
	len = end ? (size_t)(end - at) : strlen(at);
	return strndup(at, len < TEXT_MAX ? len : TEXT_MAX);
}

int tune_figures_db_bench(const char *text, const char *benchmarks, struct tune_result *r, bool *missed, struct lode_err *err)
{
	struct sums sums = {0};
	struct tune_op *to = NULL, op = {0};
	const char *p = text, *statistics = strstr(text, "STATISTICS:\n");
	struct line l;

	while (next_line(&p, &l)) {
		if (memmem(l.at, l.len, " ops/sec", 8) && !memmem(l.at, l.len, " runs] : ", 9)) {
			to = NULL; /* histograms belong to the result before them */
			op.name[0] = is_result(&l, benchmarks) ? '+' : 0;
			if (op.name[0] && add_result(&l, &sums, err))
				return -EBADMSG;
		} else if (begins(&l, "Microseconds per ") && sums.lines && op.name[0]) {
			to = histogram(&l, r, &op);
		} else if (to) {
			read_histogram_line(&l, &op, to);
		}
	}
	if (!sums.lines)
		return lode_err_set(err, EBADMSG, "it printed no result of %.80s", benchmarks);
	r->seconds = sums.seconds > 0 ? sums.seconds : NAN;
	r->ops_per_sec = sums.seconds > 0 && sums.ops > 0 ? sums.ops / sums.seconds : sums.worst_rate;
	*missed = sums.missed;
	free(r->shape);
	r->shape = cut_shape(text);
	if (statistics)
		tune_figures_take(statistics + strlen("STATISTICS:\n"), r);
	if (r->shape)
		r->space_amp = tune_figures_space_amp(r->shape);
	return 0;
}

double tune_figures_count(const char *text, const char *ticker)
{
	size_t n = strlen(ticker);

	for (const char *p = text; p && (p = strstr(p, ticker)); p += n) {
		char *end;
		unsigned long long v;

		if ((p != text && p[-1] != '\n') || strncmp(p + n, " COUNT : ", 9) != 0 || !isdigit((unsigned char)p[n + 9]))
			continue;
		errno = 0;
		v = strtoull(p + n + 9, &end, 10);
		return errno || (*end && *end != '\n' && *end != '\r') ? NAN : (double)v;
	}
	return NAN;
}

static double ratio(double part, double whole)
{
	return whole > 0 && part >= 0 ? part / whole : NAN;
}

static double or_zero(double v)
{
	return isnan(v) ? 0 : v;
}

/* Only its own lines: whatever else is in the text stays out. */
static char *keep_statistics(const char *text)
{
	struct lode_buf out;
	struct line l;

	lode_buf_init(&out, TEXT_MAX);
	while (next_line(&text, &l))
		if (begins(&l, "rocksdb.") && (memmem(l.at, l.len, " COUNT : ", 9) || memmem(l.at, l.len, " P50 : ", 7))) {
			lode_buf_add(&out, l.at, l.len);
			lode_buf_adds(&out, "\n");
		}
	return out.data;
}

void tune_figures_take(const char *text, struct tune_result *r)
{
	char *s = keep_statistics(text);

	if (!s)
		return;
	free(r->statistics);
	r->statistics = s;
	r->write_amp = ratio(tune_figures_count(s, "rocksdb.flush.write.bytes") + tune_figures_count(s, "rocksdb.compact.write.bytes"),
			     tune_figures_count(s, "rocksdb.bytes.written"));
	r->read_amp = ratio(tune_figures_count(s, "rocksdb.block.cache.data.hit") + tune_figures_count(s, "rocksdb.block.cache.data.miss"),
			    or_zero(tune_figures_count(s, "rocksdb.number.keys.read")) + or_zero(tune_figures_count(s, "rocksdb.number.multiget.keys.read")) +
				or_zero(tune_figures_count(s, "rocksdb.number.db.seek")));
	double hit = tune_figures_count(s, "rocksdb.block.cache.hit");
	r->cache_hit = ratio(hit, hit + tune_figures_count(s, "rocksdb.block.cache.miss"));
	r->stall_share = ratio(tune_figures_count(s, "rocksdb.stall.micros") * 1e-6, r->seconds);
}

/* "  L4      2/0    5.25 MB   1.0 ..." */
static bool read_level(const struct line *l, int *level, double *bytes)
{
	static const struct {
		const char *unit;
		double factor;
	} units[] = {{"KB", 1024.0}, {"MB", 1024.0 * 1024}, {"GB", 1024.0 * 1024 * 1024}, {"TB", 1024.0 * 1024 * 1024 * 1024}, {"B", 1}};
	char copy[96], unit[4];

	snprintf(copy, sizeof(copy), "%.*s", (int)(l->len < 95 ? l->len : 95), l->at);
	if (sscanf(copy, " L%2d %*u/%*u %lf %3[A-Z]", level, bytes, unit) != 3 || !(*bytes >= 0 && *bytes < 1e9))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].unit, unit) == 0) {
			*bytes *= units[i].factor;
			return true;
		}
	return false;
}

double tune_figures_space_amp(const char *shape)
{
	double total = 0, last = 0, lasts = 0;
	bool deep = false;
	struct line l;

	while (next_line(&shape, &l)) {
		double bytes;
		int level;

		if (begins(&l, "** ")) { /* the next table */
			lasts += last;
			last = 0;
		} else if (read_level(&l, &level, &bytes)) {
			total += bytes;
			if (bytes > 0)
				last = bytes;
			deep |= bytes > 0 && level > 0;
		}
	}
	return deep ? ratio(total, lasts + last) : NAN;
}

int tune_figures_believe(const struct tune_result *r, double wall, struct lode_err *err)
{
	if (!isnan(r->seconds) && r->seconds > wall * 1.02 + 1)
		return lode_err_set(err, EBADMSG, "its result speaks of %.1f seconds, and it ran for %.1f", r->seconds, wall);
	if (!(r->ops_per_sec > 0) || !isfinite(r->ops_per_sec) || r->ops_per_sec > 1e12)
		return lode_err_set(err, EBADMSG, "its result of %g operations per second cannot be", r->ops_per_sec);
	for (size_t i = 0; i < r->nop; i++)
		if (r->op[i].p50_us > r->op[i].p99_us || r->op[i].p99_us > r->op[i].p999_us || r->op[i].mean_us > wall * 1e6)
			return lode_err_set(err, EBADMSG, "its percentiles of %s contradict each other", r->op[i].name);
	return 0;
}

static int grow(struct tune_rates *p, size_t n)
{
	float *more = n <= p->n ? p->rate : n > TUNE_RATES_MAX ? NULL : realloc(p->rate, n * sizeof(*more));

	if (!more)
		return -ENOMEM;
	p->rate = more;
	while (p->n < n)
		more[p->n++] = 0;
	return 0;
}

/* So many operations between two moments, spread over the seconds that they fall into. */
static int spread(struct tune_rates *p, double from, double to, double ops)
{
	if (to <= from || grow(p, (size_t)ceil(to)))
		return to <= from ? 0 : -ENOMEM;
	for (size_t s = (size_t)from; s < p->n; s++)
		p->rate[s] += (float)(ops * fmax(0, fmin(to, (double)s + 1) - fmax(from, (double)s)) / (to - from));
	return 0;
}

int tune_rates_take(struct tune_rates *p, enum tune_rates_form form, const char *text)
{
	bool begun = false;
	struct line l;

	while (next_line(&text, &l) && l.at[l.len] == '\n') {
		double at, n, more;
		char copy[64];

		snprintf(copy, sizeof(copy), "%.*s", (int)(l.len < 63 ? l.len : 63), l.at);
		if (sscanf(copy, form == TUNE_RATES_REPORT ? "%lf,%lf" : "%lf %lf", &at, &n) != 2 || !(at >= 0 && at <= TUNE_RATES_MAX) || !(n >= 0 && n < 1e15))
			continue;
		if (!begun && (form == TUNE_RATES_REPORT || at < p->seconds)) { /* it says all from the beginning; else a script keeps its last line only */
			p->n = 0;
			p->seconds = p->ops = 0;
		}
		begun = true;
		more = form == TUNE_RATES_REPORT ? n : n - p->ops;
		if (more < 0 || at <= p->seconds) /* not later, or fewer than before: not for us */
			continue;
		if (spread(p, p->seconds, at, more))
			return -ENOMEM;
		p->ops += more;
		p->seconds = at;
	}
	return 0;
}
