/* lodestone watch: a live view, redrawn with plain ANSI sequences; a line each time where there is no terminal. */
#include "cli.h"

#include "base/num.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define HISTORY 240
#define DBS_MAX 16
#define OUT_MAX (1u << 20)
#define SILENCE_MAX 30 /* seconds without an answer before it is given up */

struct history {
	char id[80];
	double ops[HISTORY]; /* oldest first, NAN = not there */
};

struct watch {
	struct cli_target target;
	struct cli_term term;
	struct lode_buf out;
	struct history dbs[DBS_MAX];
	int ndbs;
	double interval;
	int64_t count; /* pictures to come, -1 = no end */
	int line;      /* of the picture being drawn */
};

static volatile sig_atomic_t stop_signal, suspended, resized;
static struct termios saved_termios;
static bool in_view; /* the terminal is ours now */

static void on_signal(int sig)
{
	if (sig == SIGWINCH)
		resized = 1;
	else if (sig == SIGTSTP)
		suspended = 1;
	else
		stop_signal = sig;
}

static void put(const char *s)
{
	ssize_t n = write(STDOUT_FILENO, s, strlen(s));

	(void)n;
}

static void enter_view(void)
{
	struct termios quiet;

	if (!tcgetattr(STDIN_FILENO, &saved_termios)) {
		quiet = saved_termios;
		quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		quiet.c_cc[VMIN] = 0;
		quiet.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	}
	put("\x1b[?1049h\x1b[?25l\x1b[2J");
	in_view = true;
}

static void leave_view(void)
{
	if (!in_view)
		return;
	put("\x1b[0m\x1b[?25h\x1b[?1049l");
	tcsetattr(STDIN_FILENO, TCSANOW, &saved_termios);
	in_view = false;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};

static void catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal}; /* no SA_RESTART: a wait for an answer ends too */

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &sa, NULL);
}

/* They are blocked but in the two places that wait, so that none slips in between the look at a flag and the wait. */
static void block_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaddset(&set, signals[i]);
	sigprocmask(how, &set, NULL);
}

/* ---- history ---- */

static struct history *history_of(struct watch *w, const char *id)
{
	for (int i = 0; i < w->ndbs; i++)
		if (!strncmp(w->dbs[i].id, id, sizeof w->dbs[i].id - 1))
			return &w->dbs[i];
	struct history *h = &w->dbs[w->ndbs < DBS_MAX ? w->ndbs++ : DBS_MAX - 1];
	snprintf(h->id, sizeof h->id, "%s", id);
	for (int i = 0; i < HISTORY; i++)
		h->ops[i] = NAN;
	return h;
}

static void remember(struct watch *w, const cJSON *status)
{
	const cJSON *db;

	cJSON_ArrayForEach(db, cli_obj(status, "databases"))
	{
		struct history *h = history_of(w, cli_str(db, "id"));

		memmove(h->ops, h->ops + 1, (HISTORY - 1) * sizeof h->ops[0]);
		h->ops[HISTORY - 1] = cli_num(cli_obj(db, "now"), "ops");
	}
}

/* ---- the picture ---- */

/* One line of the picture, cut to the width. The piece is plain text; c colours all of it. */
static void line(struct watch *w, enum cli_colour c, const char *text)
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
static void flush_line(struct watch *w, enum cli_colour c, struct lode_buf *text)
{
	line(w, c, lode_buf_str(text));
	lode_buf_clear(text);
}

static void draw_flow(struct watch *w, const cJSON *db, struct lode_buf *b)
{
	const cJSON *now = cli_obj(db, "now"), *kinds = cli_obj(now, "by_kind"), *k;
	struct history *h = history_of(w, cli_str(db, "id"));
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

static void draw_health(struct watch *w, const cJSON *db, struct lode_buf *b)
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

static void draw_trial(struct watch *w, const cJSON *t, struct lode_buf *b)
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

static void draw_changes(struct watch *w, const cJSON *db, struct lode_buf *b, int room)
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

static void draw_db(struct watch *w, const cJSON *db, struct lode_buf *b)
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
static void draw_model(struct watch *w, const cJSON *m, struct lode_buf *b)
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

static void draw(struct watch *w, const cJSON *s, const char *trouble)
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
	if (write(STDOUT_FILENO, lode_buf_str(&w->out), w->out.len) < 0 && errno != EINTR)
		stop_signal = SIGHUP; /* the terminal is gone */
	lode_buf_fini(&b);
}

/* ---- without a terminal ---- */

static void print_db(struct watch *w, const cJSON *db)
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

static void print(struct watch *w, const cJSON *s, const struct lode_buf *raw)
{
	const cJSON *db;
	int shown = 0;

	lode_buf_clear(&w->out);
	if (w->target.json) {
		fprintf(stdout, "%.*s\n", (int)strcspn(lode_buf_str(raw), "\n"), lode_buf_str(raw));
		fflush(stdout);
		return;
	}
	cJSON_ArrayForEach(db, cli_obj(s, "databases")) if (cli_target_wants(&w->target, db) && ++shown) print_db(w, db);
	if (!shown)
		lode_buf_adds(&w->out, "no database is open\n");
	cli_write_out(&w->out);
	fflush(stdout);
}

/* ---- the loop ---- */

/* Waits for the next picture. True if it is time to end. */
static bool rest(struct watch *w)
{
	struct timespec end, now;
	sigset_t none;

	sigemptyset(&none);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (time_t)w->interval;
	end.tv_nsec += (long)(fmod(w->interval, 1) * 1e9);
	for (;;) {
		struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
		char key;

		clock_gettime(CLOCK_MONOTONIC, &now);
		double left = (double)(end.tv_sec - now.tv_sec) + (double)(end.tv_nsec - now.tv_nsec) / 1e9;
		if (stop_signal || suspended || resized || left <= 0)
			return stop_signal;
		struct timespec t = {.tv_sec = (time_t)left, .tv_nsec = (long)(fmod(left, 1) * 1e9)};
		int n = ppoll(&p, in_view ? 1 : 0, &t, &none);
		if (n > 0 && read(STDIN_FILENO, &key, 1) == 1 && (key == 'q' || key == 'Q'))
			return true;
		if (n > 0 && p.revents & (POLLHUP | POLLERR | POLLNVAL))
			return true;
	}
}

static void suspend(void)
{
	leave_view();
	suspended = 0;
	raise(SIGSTOP);
	enter_view();
	resized = 1;
}

/* A key or signal that comes while the process is slow to answer ends the wait. */
static cJSON *ask(const struct watch *w, bool view, struct lode_buf *raw, int *rc)
{
	lode_buf_clear(raw);
	if (view)
		block_signals(SIG_UNBLOCK);
	cJSON *s = cli_target_status(&w->target, raw, rc);
	if (view)
		block_signals(SIG_BLOCK);
	return s;
}

/* Slow, busy or interrupted: it may answer the next time. */
static bool passing(int rc)
{
	return rc == -ETIMEDOUT || rc == -EPROTO || rc == -EINTR;
}

static int farewell(const struct watch *w, const cJSON *last, int rc)
{
	if (!last)
		return cli_error(CLI_FAILED, "%s: %s", w->target.socket, cli_ask_error(rc));
	printf("process %.0f %s\n", isfinite(cli_num(last, "pid")) ? cli_num(last, "pid") : 0,
	       passing(rc) ? "does not answer any more" : "has ended");
	return CLI_DONE;
}

/* Until someone ends it or the process goes away. */
static int loop(struct watch *w, bool view)
{
	cJSON *last = NULL, *s;
	struct lode_buf raw;
	int rc = 0, silent = 0, status = CLI_DONE;
	bool ended = false;

	lode_buf_init(&raw, 16 << 20);
	while (!ended && w->count != 0) {
		s = ask(w, view, &raw, &rc);
		if (s) {
			cJSON_Delete(last);
			last = s;
			silent = 0;
			remember(w, s);
		} else if (!stop_signal && ((!last && rc != -EINTR) || !passing(rc) || ++silent * w->interval > SILENCE_MAX)) {
			break;
		}
		resized = 0;
		cli_term_size(&w->term);
		if (view)
			draw(w, last, s || rc == -EINTR ? NULL : "no answer; what follows is old");
		else if (s)
			print(w, last, &raw);
		if (w->count > 0)
			w->count--;
		ended = stop_signal || (w->count != 0 && rest(w));
		if (suspended && view)
			suspend();
	}
	leave_view();
	if (!ended && w->count != 0)
		status = farewell(w, last, rc);
	cJSON_Delete(last);
	lode_buf_fini(&raw);
	return status;
}

int cli_watch(const struct cli_verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {0}};
	static struct watch w = {.interval = 1, .count = -1};
	int option, status;

	while ((option = getopt_long(argc, argv, CLI_TARGET_OPTIONS "n:i:", longs, NULL)) != -1) {
		if (option == 'n') {
			if (lode_num_parse(optarg, strlen(optarg), &w.count) || w.count < 1)
				return cli_error(CLI_WRONG, "-n takes a whole number of pictures, not '%s'", optarg);
		} else if (option == 'i') {
			if (lode_num_parse_duration(optarg, &w.interval) || w.interval < 0.05 || w.interval > 86400)
				return cli_error(CLI_WRONG, "-i takes seconds, 0.05 to 86400, not '%s'", optarg);
		} else if (cli_target_option(v, &w.target, option, optarg, &status)) {
			return status;
		}
	}
	status = cli_target_find(&w.target, argc - optind, argv + optind);
	if (status != CLI_DONE)
		return status;
	cli_term_init(&w.term);
	lode_buf_init(&w.out, OUT_MAX);
	bool view = w.term.tty && !w.target.json && isatty(STDIN_FILENO);
	if (view) {
		catch_signals();
		block_signals(SIG_BLOCK);
		enter_view();
	}
	status = loop(&w, view);
	lode_buf_fini(&w.out);
	return status;
}
