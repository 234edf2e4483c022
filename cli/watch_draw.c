/* lodestone watch: the picture, and the lines where there is no terminal. */
#include "watch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- history ---- */

static struct cli_history *history_of(struct cli_watch *w, const char *id)
{
	for (int i = 0; i < w->ndbs; i++)
		if (!strncmp(w->dbs[i].id, id, sizeof w->dbs[i].id - 1))
			return &w->dbs[i];
	struct cli_history *h = &w->dbs[w->ndbs < DBS_MAX ? w->ndbs++ : DBS_MAX - 1];
	snprintf(h->id, sizeof h->id, "%s", id);
	for (int i = 0; i < HISTORY; i++)
		h->ops[i] = NAN;
	return h;
}

void cli_watch_remember(struct cli_watch *w, const cJSON *status)
{
	const cJSON *db;

	cJSON_ArrayForEach(db, cli_obj(status, "databases"))
	{
		struct cli_history *h = history_of(w, cli_str(db, "id"));

		memmove(h->ops, h->ops + 1, (HISTORY - 1) * sizeof h->ops[0]);
		h->ops[HISTORY - 1] = cli_num(cli_obj(db, "now"), "ops");
	}
}

/* ---- the picture ---- */

/* One line of the picture, cut to the width. The piece is plain text; c colours all of it. */
static void line(struct cli_watch *w, enum cli_colour c, const char *text)
{
	if (w->line >= w->term.rows - 1)
		return;
	cli_add_colour(&w->out, &w->term, c);
	cli_add_cut(&w->out, text, w->term.columns);
	cli_add_colour(&w->out, &w->term, CLI_PLAIN);
	lode_buf_adds(&w->out, "\x1b[K\r\n");
	w->line++;
}

/* The same from a buffer that is emptied for the next one. */
static void flush_line(struct cli_watch *w, enum cli_colour c, struct lode_buf *text)
{
	line(w, c, lode_buf_str(text));
	lode_buf_clear(text);
}

static void draw_flow(struct cli_watch *w, const cJSON *db, struct lode_buf *b)
{
	const cJSON *now = cli_obj(db, "now"), *kinds = cli_obj(now, "by_kind"), *k;
	struct cli_history *h = history_of(w, cli_str(db, "id"));
	int width = w->term.columns - 30;

	width = width > HISTORY ? HISTORY : width < 8 ? 8 : width;
	lode_buf_adds(b, "  ");
	size_t start = b->len;
	cli_show_count(b, cli_num(now, "ops"));
	lode_buf_adds(b, " operations/s");
	while (b->len - start < 24)
		lode_buf_adds(b, " ");
	cli_add_spark(b, &w->term, h->ops + HISTORY - width, width);
	flush_line(w, CLI_CYAN, b);
	cJSON_ArrayForEach(k, kinds)
	{
		lode_buf_addf(b, "    %-10.10s ", k->string ? k->string : "?");
		start = b->len;
		cli_show_count(b, cli_num(k, "ops"));
		lode_buf_adds(b, "/s");
		while (b->len - start < 12)
			lode_buf_adds(b, " ");
		lode_buf_adds(b, "p50 ");
		start = b->len;
		cli_show_us(b, cli_num(k, "p50_us"));
		while (b->len - start < 9)
			lode_buf_adds(b, " ");
		lode_buf_adds(b, "p99 ");
		cli_show_us(b, cli_num(k, "p99_us"));
		flush_line(w, CLI_PLAIN, b);
	}
}

static void draw_health(struct cli_watch *w, const cJSON *db, struct lode_buf *b)
{
	const cJSON *now = cli_obj(db, "now"), *cache = cli_obj(db, "cache");
	bool stopped = cli_true(now, "write_stopped");
	double stall = cli_num(now, "stall_share");

	lode_buf_adds(b, "  stalls ");
	cli_show_share(b, stall);
	lode_buf_adds(b, stopped ? " WRITES STOPPED" : cli_num(now, "delayed_write_rate") > 0 ? " writes slowed" : "");
	lode_buf_adds(b, "   cache ");
	cli_show_bytes(b, cli_num(cache, "usage"));
	lode_buf_adds(b, " of ");
	cli_show_bytes(b, cli_num(cache, "capacity"));
	lode_buf_adds(b, ", data hits ");
	cli_show_share(b, cli_num(now, "data_hit"));
	lode_buf_adds(b, "   level 0: ");
	cli_show_count(b, cli_num(now, "l0_files"));
	lode_buf_adds(b, ", debt ");
	cli_show_bytes(b, cli_num(now, "debt"));
	flush_line(w, stopped ? CLI_RED : stall > 0.05 ? CLI_YELLOW : CLI_PLAIN, b);
}

static void draw_trial(struct cli_watch *w, const cJSON *t, struct lode_buf *b)
{
	double done = cli_num(t, "done"), max = cli_num(t, "max");

	lode_buf_adds(b, "  trial ");
	cli_add_bar(b, &w->term, max > 0 ? done / max : 0, 24);
	if (isfinite(done) && isfinite(max))
		lode_buf_addf(b, " %.0f of %.0f", done, max);
	lode_buf_adds(b, ", ");
	cli_show_time(b, cli_num(t, "seconds_left"));
	lode_buf_adds(b, " left  ");
	if (isfinite(cli_num(t, "evidence")))
		lode_buf_addf(b, "evidence %.3g  ", cli_num(t, "evidence"));
	cli_show_effect(b, cli_num(t, "effect"), cli_num(t, "lo"), cli_num(t, "hi"));
	flush_line(w, CLI_CYAN, b);
	lode_buf_addf(b, "        [%s] ", *cli_str(t, "arm") ? cli_str(t, "arm") : "?");
	cli_show_changes(b, cli_obj(t, "changes"));
	flush_line(w, CLI_PLAIN, b);
	lode_buf_adds(b, "        ");
	cli_add_text(b, cli_str(t, "why"));
	flush_line(w, CLI_DIM, b);
}

static void draw_changes(struct cli_watch *w, const cJSON *db, struct lode_buf *b, int room)
{
	const cJSON *kept = cli_obj(db, "kept"), *recent = cli_obj(db, "recent"), *r;
	int n = cJSON_GetArraySize(recent);

	if (cJSON_GetArraySize(kept)) {
		lode_buf_adds(b, "  kept  ");
		cli_show_changes(b, kept);
		flush_line(w, CLI_GREEN, b);
	}
	for (int i = n > room ? n - room : 0; i < n; i++) {
		r = cJSON_GetArrayItem(recent, i);
		lode_buf_adds(b, "  ");
		cli_show_stamp(b, cli_str(r, "ts"));
		lode_buf_addf(b, " %-9.12s ", cli_str(r, "what"));
		cli_add_text(b, cli_str(r, "summary"));
		lode_buf_adds(b, "  ");
		if (isfinite(cli_num(r, "effect")))
			cli_show_effect(b, cli_num(r, "effect"), cli_num(r, "lo"), cli_num(r, "hi"));
		else
			cli_add_text(b, cli_str(r, "why"));
		flush_line(w, !strcmp(cli_str(r, "what"), "kept") ? CLI_GREEN : CLI_DIM, b);
	}
}

static void draw_db(struct cli_watch *w, const cJSON *db, struct lode_buf *b)
{
	const char *state = cli_str(db, "state");

	line(w, CLI_PLAIN, "");
	cli_add_text(b, cli_str(db, "path"));
	lode_buf_adds(b, "  ");
	cli_add_text(b, cli_str(db, "id"));
	flush_line(w, CLI_BOLD, b);
	lode_buf_adds(b, "  ");
	cli_add_text(b, *state ? state : "?");
	lode_buf_adds(b, cli_true(db, "paused") ? " (paused) " : " ");
	cli_add_text(b, cli_str(db, "why"));
	flush_line(w, !strcmp(state, "SAFE") ? CLI_RED : !strcmp(state, "TRIAL") ? CLI_CYAN : CLI_PLAIN, b);
	lode_buf_adds(b, "  ");
	cli_add_text(b, cli_str(db, "workload"));
	flush_line(w, CLI_DIM, b);
	draw_flow(w, db, b);
	draw_health(w, db, b);
	if (cli_obj(db, "trial"))
		draw_trial(w, cli_obj(db, "trial"), b);
	draw_changes(w, db, b, 6);
}

/* Only where it is not as it should be: `lodestone status` has the rest. */
static void draw_model(struct cli_watch *w, const cJSON *m, struct lode_buf *b)
{
	const char *state = cli_str(m, "state");

	if (!*state || !strcmp(state, "ready"))
		return;
	lode_buf_adds(b, "model ");
	cli_add_text(b, state);
	lode_buf_adds(b, ": ");
	cli_add_text(b, cli_str(m, "why"));
	flush_line(w, !strcmp(state, "stopped") ? CLI_RED : CLI_YELLOW, b);
}

void cli_watch_draw(struct cli_watch *w, const cJSON *s, const char *trouble)
{
	const char *exe = cli_str(s, "exe"), *slash = strrchr(exe, '/');
	struct lode_buf b;
	const cJSON *db;
	int shown = 0;

	lode_buf_init(&b, 1 << 16);
	lode_buf_clear(&w->out);
	w->line = 0;
	lode_buf_adds(&w->out, "\x1b[H");
	lode_buf_adds(&b, "lodestone  ");
	cli_add_text(&b, slash ? slash + 1 : exe);
	lode_buf_addf(&b, "  pid %.0f  mode ", isfinite(cli_num(s, "pid")) ? cli_num(s, "pid") : 0);
	cli_add_text(&b, cli_str(s, "mode"));
	lode_buf_adds(&b, "  advisor ");
	cli_add_text(&b, cli_str(s, "advisor"));
	lode_buf_adds(&b, "  ");
	cli_show_time(&b, cli_num(s, "uptime_s"));
	flush_line(w, CLI_BOLD, &b);
	draw_model(w, cli_obj(s, "model"), &b);
	if (trouble)
		line(w, CLI_RED, trouble);
	cJSON_ArrayForEach(db, cli_obj(s, "databases")) if (cli_target_wants(&w->target, db) && ++shown) draw_db(w, db, &b);
	if (!shown) {
		line(w, CLI_PLAIN, "");
		line(w, CLI_YELLOW, "No database is open.");
	}
	lode_buf_adds(&w->out, "\x1b[J");
	lode_buf_fini(&b);
}

/* ---- without a terminal ---- */

static void print_db(struct cli_watch *w, const cJSON *db)
{
	const cJSON *now = cli_obj(db, "now"), *t = cli_obj(db, "trial"), *k;
	char stamp[16];
	time_t clock = time(NULL);
	struct tm tm;

	strftime(stamp, sizeof stamp, "%H:%M:%S", localtime_r(&clock, &tm));
	lode_buf_addf(&w->out, "%s ", stamp);
	cli_add_text(&w->out, cli_str(db, "id"));
	lode_buf_adds(&w->out, " ");
	cli_add_text(&w->out, *cli_str(db, "state") ? cli_str(db, "state") : "?");
	lode_buf_adds(&w->out, cli_true(db, "paused") ? " paused  ops/s " : "  ops/s ");
	cli_show_count(&w->out, cli_num(now, "ops"));
	cJSON_ArrayForEach(k, cli_obj(now, "by_kind"))
	{
		lode_buf_adds(&w->out, "  ");
		cli_add_cut(&w->out, k->string ? k->string : "?", 12);
		lode_buf_adds(&w->out, " p99 ");
		cli_show_us(&w->out, cli_num(k, "p99_us"));
	}
	lode_buf_adds(&w->out, "  stalls ");
	cli_show_share(&w->out, cli_num(now, "stall_share"));
	lode_buf_adds(&w->out, cli_true(now, "write_stopped") ? " STOPPED  data hits " : "  data hits ");
	cli_show_share(&w->out, cli_num(now, "data_hit"));
	if (t) {
		lode_buf_adds(&w->out, "  trial ");
		cli_show_count(&w->out, cli_num(t, "done"));
		lode_buf_adds(&w->out, "/");
		cli_show_count(&w->out, cli_num(t, "max"));
		lode_buf_adds(&w->out, " evidence ");
		cli_show_count(&w->out, cli_num(t, "evidence"));
		lode_buf_adds(&w->out, " ");
		cli_show_effect(&w->out, cli_num(t, "effect"), cli_num(t, "lo"), cli_num(t, "hi"));
	}
	lode_buf_adds(&w->out, "\n");
}

void cli_watch_print(struct cli_watch *w, const cJSON *s)
{
	const cJSON *db;
	int shown = 0;

	cJSON_ArrayForEach(db, cli_obj(s, "databases")) if (cli_target_wants(&w->target, db) && ++shown) print_db(w, db);
	if (!shown)
		lode_buf_adds(&w->out, "no database is open\n");
}
