/* What a person sees of an offline loop while it runs: a line for each thing that happens, and on a terminal one more that says how far it is. */
#include "tune_show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

void cli_tune_show_begin(struct cli_tune_show *s)
{
	memset(s, 0, sizeof(*s));
	cli_term_init(&s->term);
	s->phase = TUNE_DONE;
}

static void wipe(struct cli_tune_show *s)
{
	if (s->drawn)
		fputs("\r\x1b[K", stdout);
	s->drawn = 0;
}

void cli_tune_show_end(struct cli_tune_show *s)
{
	wipe(s);
	fflush(stdout);
}

static void print_line(struct cli_tune_show *s, struct lode_buf *line)
{
	wipe(s);
	lode_buf_adds(line, "\n");
	fputs(lode_buf_str(line), stdout);
	fflush(stdout);
}

/* "write_buffer_size 64 MiB -> 128 MiB" of all that went into the file. */
static void add_changes(struct lode_buf *out, const struct tune_trial *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < t->nfix && i < TUNE_FIXES_MAX; i++) {
		const struct tune_fix *f = &t->fix[i];

		if (f->fate == TUNE_DROPPED)
			continue;
		lode_buf_adds(out, n++ ? ", " : "");
		cli_add_text(out, f->name);
		lode_buf_adds(out, " ");
		cli_show_value(out, tune_fix_option(f->name), f->from);
		lode_buf_adds(out, " -> ");
		cli_show_value(out, tune_fix_option(f->name), f->to);
	}
	if (!n)
		lode_buf_adds(out, "no change");
}

static void show_trial(struct cli_tune_show *s, const struct tune_progress *p)
{
	static const enum cli_colour colours[] = {[TUNE_KEPT] = CLI_GREEN, [TUNE_WORSE] = CLI_RED, [TUNE_UNDECIDED] = CLI_PLAIN, [TUNE_BROKEN] = CLI_RED,
						  [TUNE_REFUSED] = CLI_YELLOW, [TUNE_ENDED] = CLI_RED, [TUNE_NOTHING] = CLI_PLAIN};
	const struct tune_trial *t = p->ended;
	struct lode_buf line;

	lode_buf_init(&line, LINE_MAX_BYTES);
	lode_buf_addf(&line, "%u of %u  ", t->number, p->iterations);
	cli_add_colour(&line, &s->term, (unsigned)t->verdict <= TUNE_NOTHING ? colours[t->verdict] : CLI_PLAIN);
	lode_buf_adds(&line, tune_verdict_name(t->verdict));
	cli_add_colour(&line, &s->term, CLI_PLAIN);
	if (isfinite(t->gain)) {
		lode_buf_adds(&line, " ");
		cli_show_effect(&line, t->gain, t->lo, t->hi);
	}
	lode_buf_adds(&line, ": ");
	add_changes(&line, t);
	if (t->verdict != TUNE_KEPT && *t->reason) {
		lode_buf_adds(&line, ". ");
		cli_add_text(&line, t->reason);
	}
	print_line(s, &line);
	lode_buf_fini(&line);
}

static void add_state(struct lode_buf *out, const struct tune_progress *p)
{
	if (p->iteration)
		lode_buf_addf(out, "%u of %u, ", p->iteration, p->iterations);
	lode_buf_adds(out, tune_phase_name(p->phase));
	if (p->run)
		lode_buf_addf(out, ", run %u of %s%u", p->run, p->phase == TUNE_COMPARES ? "at most " : "", p->runs);
	if (isfinite(p->rate) && p->rate > 0) {
		lode_buf_adds(out, " (");
		cli_show_count(out, p->rate);
		lode_buf_adds(out, " ops/s)");
	}
	if (isfinite(p->gain) && p->gain != 0)
		lode_buf_addf(out, ", best %+.1f %%", 100 * p->gain);
	lode_buf_adds(out, ", ");
	cli_show_time(out, p->active_s);
	if (isfinite(p->left_s)) {
		lode_buf_adds(out, ", at most ");
		cli_show_time(out, p->left_s);
		lode_buf_adds(out, " left");
	}
}

/* The line that is redrawn. */
static void draw(struct cli_tune_show *s, const struct tune_progress *p)
{
	struct lode_buf whole, cut;

	lode_buf_init(&whole, LINE_MAX_BYTES);
	lode_buf_init(&cut, LINE_MAX_BYTES);
	add_state(&whole, p);
	if (p->now && *p->now) {
		lode_buf_adds(&whole, ": ");
		cli_add_text(&whole, p->now);
	}
	cli_term_size(&s->term);
	cli_add_cut(&cut, lode_buf_str(&whole), s->term.columns - 1);
	wipe(s);
	fputs(lode_buf_str(&cut), stdout);
	fflush(stdout);
	s->drawn = cut.len;
	lode_buf_fini(&whole);
	lode_buf_fini(&cut);
}

/* Without a terminal: a line when something else is being done. */
static void tell(struct cli_tune_show *s, const struct tune_progress *p)
{
	struct lode_buf line;

	if (s->phase == p->phase && s->iteration == p->iteration && s->run == p->run)
		return;
	lode_buf_init(&line, LINE_MAX_BYTES);
	add_state(&line, p);
	if (p->now && *p->now && strncmp(s->now, p->now, sizeof(s->now) - 1) != 0) {
		lode_buf_adds(&line, ": ");
		cli_add_text(&line, p->now);
	}
	print_line(s, &line);
	lode_buf_fini(&line);
	snprintf(s->now, sizeof(s->now), "%s", p->now ? p->now : "");
}

void cli_tune_show_step(struct cli_tune_show *s, const struct tune_progress *p)
{
	if (p->ended)
		show_trial(s, p);
	if (s->quiet)
		return;
	if (s->term.tty)
		draw(s, p);
	else if (!p->ended)
		tell(s, p);
	s->phase = p->phase;
	s->iteration = p->iteration;
	s->run = p->run;
}
