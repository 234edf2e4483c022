/* lodestone watch: a live view, redrawn with plain ANSI sequences; a line each time where there is no terminal. */
#include "watch.h"

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

#define OUT_MAX (16u << 20)
#define SILENCE_MAX 30 /* seconds without an answer before it is given up */

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

/* ---- the loop ---- */

/* Waits for the next picture. True if it is time to end. */
static bool rest(struct cli_watch *w)
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
static cJSON *ask(const struct cli_watch *w, bool view, struct lode_buf *raw, int *rc)
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

static void show(struct cli_watch *w, const cJSON *status, const char *trouble)
{
	cli_watch_draw(w, status, trouble);
	if (write(STDOUT_FILENO, lode_buf_str(&w->out), w->out.len) < 0 && errno != EINTR)
		stop_signal = SIGHUP; /* the terminal is gone */
}

static void tell(struct cli_watch *w, const cJSON *status, const struct lode_buf *raw)
{
	lode_buf_clear(&w->out);
	if (w->target.json)
		lode_buf_addf(&w->out, "%.*s\n", (int)strcspn(lode_buf_str(raw), "\n"), lode_buf_str(raw));
	else
		cli_watch_print(w, status);
	cli_write_out(&w->out);
	fflush(stdout);
}

static int farewell(const struct cli_watch *w, const cJSON *last, int rc)
{
	if (!last)
		return cli_error(CLI_FAILED, "%s: %s", w->target.socket, cli_ask_error(rc));
	printf("process %.0f %s\n", isfinite(cli_num(last, "pid")) ? cli_num(last, "pid") : 0,
	       passing(rc) ? "does not answer any more" : "has ended");
	return CLI_DONE;
}

/* Until someone ends it or the process goes away. */
static int loop(struct cli_watch *w, bool view)
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
			cli_watch_remember(w, s);
		} else if (!stop_signal && ((!last && rc != -EINTR) || !passing(rc) || ++silent * w->interval > SILENCE_MAX)) {
			break;
		}
		resized = 0;
		cli_term_size(&w->term);
		if (view)
			show(w, last, s || rc == -EINTR ? NULL : "no answer; what follows is old");
		else if (s)
			tell(w, last, &raw);
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
	static struct cli_watch w = {.interval = 1, .count = -1};
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
