/* Counting what a judge says, and printing it. */
#include "sim/evidence.h"

#include "judge/autocorr.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAST_MAX 64
#define AFTER_MAX 256
#define ENDLESS 100000

static void next_unit(const struct play *p, double unit, struct lode_interval *sum)
{
	memset(sum, 0, sizeof(*sum));
	do
		lode_interval_add(sum, p->next(p->self, LODE_CONTROL));
	while (sum->seconds < unit * 0.99);
}

struct lode_verdict play_trial(const struct play *p, enum lode_design design, const struct lode_pace *pace, uint64_t seed, size_t past, double unit)
{
	static struct lode_interval history[PAST_MAX], window; /* not for the stack of a test */
	struct lode_verdict v = {0};
	struct lode_trial_spec spec;
	struct lode_baseline base;
	struct lode_trial *t;
	uint64_t now_ns;

	past = past < PAST_MAX ? past : PAST_MAX;
	memset(&window, 0, sizeof(window));
	for (size_t i = 0; i < past; i++)
		next_unit(p, unit, &history[i]);
	for (size_t i = 0; i < past; i++)
		if ((double)(past - i) * unit <= pace->window + unit / 2)
			lode_interval_add(&window, &history[i]);
	now_ns = window.end_ns;
	lode_baseline_of(&window, &base);
	lode_trial_spec_init(&spec, design, pace, seed);
	lode_trial_stretch(&spec, &base, history, past);
	lode_trial_scales(&spec, &base, history, past);
	t = lode_trial_new(&spec, &base, now_ns);
	if (!t)
		return v;
	lode_trial_prime(t, history, past);
	for (int i = 0; i < ENDLESS; i++) {
		const struct lode_interval *iv;

		lode_trial_applied(t, now_ns);
		iv = p->next(p->self, lode_trial_arm(t));
		now_ns = iv->end_ns;
		if (lode_trial_feed(t, iv) == LODE_TRIAL_DONE)
			break;
	}
	v = *lode_trial_verdict(t);
	lode_trial_free(t);
	return v;
}

void play_naive(const struct play *p, double interval, struct naive_call *out)
{
	double before[NAIVE_N], after[AFTER_MAX];
	struct naive_series s = {before, after, NAIVE_N, (size_t)(200 / interval), interval};

	s.nafter = s.nafter < NAIVE_N ? NAIVE_N : s.nafter > AFTER_MAX ? AFTER_MAX : s.nafter;
	for (size_t i = 0; i < s.nbefore; i++) {
		(void)p->next(p->self, LODE_CONTROL);
		before[i] = p->rate(p->self);
	}
	for (size_t i = 0; i < s.nafter; i++) {
		(void)p->next(p->self, LODE_TREATMENT);
		after[i] = p->rate(p->self);
	}
	for (size_t r = 0; r < naive_rules; r++)
		out[r] = naive_rule[r].decide(&s);
}

bool verdict_blames(const struct lode_verdict *v)
{
	return v->kind == LODE_VERDICT_REVERT && strncmp(v->why, "undecided", 9) && strncmp(v->why, "too small", 9) && !verdict_careful(v);
}

bool verdict_careful(const struct lode_verdict *v)
{
	return v->kind == LODE_VERDICT_REVERT && !strncmp(v->why, "stopped early", 13);
}

int cell_init(struct cell *c, unsigned trials)
{
	memset(c->by, 0, sizeof(c->by));
	for (size_t r = 0; r <= naive_rules; r++)
		if (!(c->by[r].seconds = calloc(trials ? trials : 1, sizeof(double))))
			return -ENOMEM;
	return 0;
}

void cell_free(struct cell *c)
{
	for (size_t r = 0; r <= naive_rules; r++)
		free(c->by[r].seconds);
}

static void count(struct tally *t, int side, double seconds)
{
	t->n++;
	t->up += side > 0;
	t->down += side < 0;
	t->undecided += side == 0;
	if (side)
		t->seconds[t->decided++] = seconds;
}

void cell_add_verdict(struct cell *c, const struct lode_verdict *v)
{
	struct tally *t = &c->by[0];

	count(t, v->kind == LODE_VERDICT_KEEP ? 1 : verdict_blames(v) ? -1 : 0, v->seconds);
	if (v->kind == LODE_VERDICT_INVALID) {
		t->undecided--;
		t->invalid++;
	} else if (verdict_careful(v)) {
		t->undecided--;
		t->careful++;
	}
	if (isfinite(v->lo) && isfinite(v->hi)) {
		t->bounded++;
		t->covered += v->lo <= c->effect + 1e-9 && c->effect <= v->hi + 1e-9;
	}
}

void cell_add_naive(struct cell *c, const struct naive_call *call)
{
	c->naive = true;
	for (size_t r = 0; r < naive_rules; r++)
		count(&c->by[1 + r], call[r].side, call[r].seconds);
}

/* ---- printing ---- */

static int ascending(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

static double quantile(struct tally t, double q)
{
	if (!t.decided)
		return NAN;
	qsort(t.seconds, t.decided, sizeof(double), ascending);
	return t.seconds[(unsigned)(q * (t.decided - 1) + 0.5)];
}

static double percent(unsigned k, unsigned n)
{
	return n ? 100.0 * k / n : 0;
}

static const char *judge_name(const struct cell *c, size_t r)
{
	return r ? naive_rule[r - 1].name : c->design;
}

static size_t judges(const struct cell *c)
{
	return c->naive ? 1 + naive_rules : 1;
}

void cells_csv(FILE *f, const struct cell *c, size_t n, bool head)
{
	if (head)
		fputs("noise,phi,effect_percent,judge,trials,kept_percent,reverted_with_evidence_percent,stopped_early_percent,undecided_percent,invalid_percent,median_s,p90_s,interval_holds_percent\n", f);
	for (size_t i = 0; i < n; i++)
		for (size_t r = 0; r < judges(&c[i]); r++) {
			const struct tally *t = &c[i].by[r];

			fprintf(f, "%s,%.2f,%+.0f,\"%s\",%u,%.3f,%.3f,%.3f,%.3f,%.3f,%.0f,%.0f,%.1f\n", c[i].noise, c[i].phi, 100 * c[i].effect, judge_name(&c[i], r),
				t->n, percent(t->up, t->n), percent(t->down, t->n), percent(t->careful, t->n), percent(t->undecided, t->n),
				percent(t->invalid, t->n), quantile(*t, 0.5), quantile(*t, 0.9),
				t->bounded ? percent(t->covered, t->bounded) : NAN);
		}
	fflush(f);
}

static void time_text(double s, char *buf, size_t len)
{
	if (isfinite(s))
		snprintf(buf, len, "%.0f s", s);
	else
		snprintf(buf, len, "-");
}

static void row(FILE *f, const struct cell *c, size_t r)
{
	const struct tally *t = &c->by[r];
	char phi[16] = "", median[16], p90[16];

	if (isfinite(c->phi))
		snprintf(phi, sizeof(phi), " phi %.2f", c->phi);
	time_text(quantile(*t, 0.5), median, sizeof(median));
	time_text(quantile(*t, 0.9), p90, sizeof(p90));
	fprintf(f, "| %s%s | %+.0f %% | %s | %u | %.2f %% | %.2f %% | %.2f %% | %.2f %% | %s | %s |\n", c->noise, phi, 100 * c->effect, judge_name(c, r), t->n,
		percent(t->up, t->n), percent(t->down, t->n), percent(t->careful, t->n), percent(t->undecided + t->invalid, t->n), median, p90);
}

void cells_markdown(FILE *f, const struct cell *c, size_t n, bool head)
{
	if (head)
		fputs("| noise | effect | judge | trials | kept | reverted, evidence claimed | stopped early | undecided | median | p90 |\n|---|---|---|---|---|---|---|---|---|---|\n",
		      f);
	for (size_t i = 0; i < n; i++)
		row(f, &c[i], 0);
	fflush(f);
}

/* Of a change that does nothing every call is wrong. Else: a gain kept is right, and a loss put back: by us whenever it is not kept, by the rules of others
 * where they claim that it is one. */
struct summary {
	double up, down, careful, right, wrong, slowest;
	unsigned cells, trials;
};

static void add_to_summary(struct summary *s, const struct cell *c, size_t r)
{
	const struct tally *t = &c->by[r];
	double up = percent(t->up, t->n), down = percent(t->down, t->n), right = c->effect > 0 ? up : r ? down : 100 - up;

	s->right = s->cells ? fmin(s->right, right) : right;
	s->wrong = fmax(s->wrong, c->effect > 0 ? down : up);
	s->up = fmax(s->up, up);
	s->down = fmax(s->down, down);
	s->careful = fmax(s->careful, percent(t->careful, t->n));
	s->slowest = fmax(s->slowest, quantile(*t, 0.5));
	s->trials += t->n;
	s->cells++;
}

static void summary_row(FILE *f, const struct cell *c, size_t n, const struct cell *like, size_t r)
{
	struct summary s = {.slowest = -INFINITY};
	char slowest[16];

	for (size_t i = 0; i < n; i++)
		if (c[i].effect == like->effect && c[i].design == like->design && judges(&c[i]) > r)
			add_to_summary(&s, &c[i], r);
	time_text(s.slowest, slowest, sizeof(slowest));
	fprintf(f, "| %+.0f %% | %s | %u x %u | ", 100 * like->effect, judge_name(like, r), s.cells, s.cells ? s.trials / s.cells : 0);
	if (like->effect == 0)
		fprintf(f, "kept %.2f %%, reverted %.2f %%, stopped early %.2f %% | | %s |\n", s.up, s.down, s.careful, slowest);
	else
		fprintf(f, "%.2f %% | %.1f %% | %s |\n", s.wrong, s.right, slowest);
}

/* Was any of the others asked about cells like this one? */
static size_t judges_of(const struct cell *c, size_t n, const struct cell *like)
{
	size_t most = 1;

	for (size_t i = 0; i < n; i++)
		if (c[i].effect == like->effect && c[i].design == like->design && judges(&c[i]) > most)
			most = judges(&c[i]);
	return most;
}

static bool seen_before(const struct cell *c, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (c[j].effect == c[i].effect && c[j].design == c[i].design)
			return true;
	return false;
}

void cells_summary(FILE *f, const struct cell *c, size_t n)
{
	fputs("| effect | judge | cells x trials | worst cell: wrong | worst cell: right | slowest cell's median |\n|---|---|---|---|---|---|\n", f);
	for (size_t i = 0; i < n; i++)
		for (size_t r = 0; !seen_before(c, i) && r < judges_of(c, n, &c[i]); r++)
			summary_row(f, c, n, &c[i], r);
	fflush(f);
}

bool bar_holds(const struct cell *c, const char *what, unsigned k, unsigned n, double bar, bool at_most)
{
	double slack = 3 * sqrt(bar * (1 - bar) * n);

	if (at_most ? k <= bar * n + slack : k >= bar * n - slack)
		return true;
	printf("FAILED: %s: %s %u of %u, bar %.4f (%s, phi %.2f, %+.0f %%)\n", c->design, what, k, n, bar, c->noise, c->phi, 100 * c->effect);
	return false;
}
