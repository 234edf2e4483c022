/* lodestone tune: the offline loop. Here: the command line, signals, and what a person sees meanwhile; the loop itself is in cli/tune. */
#include "cli.h"

#include "base/fs.h"
#include "tune/loop.h"
#include "tune/prove.h"
#include "tune/report.h"
#include "tune/run.h"
#include "tune_show.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FLAGS_MAX 64
enum { OPT_KEY = 1000 };

static volatile sig_atomic_t stopped; /* by which signal */

static void on_signal(int number)
{
	stopped = number;
}

/* What we are started to ignore stays ignored: a hang-up under nohup, Ctrl-C in a background job of a script. */
static void catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction act = {.sa_handler = on_signal}, before;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], NULL, &before) || before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &act, NULL);
	signal(SIGPIPE, SIG_IGN);
}

struct asked {
	struct tune_spec spec;
	bool baseline;
};

static int take_setting(struct tune_spec *s, const char *setting)
{
	char section[64], key[64];
	struct lode_err err = {0};
	int n = 0;

	if (sscanf(setting, "%63[a-zA-Z_].%63[a-zA-Z0-9_]%n", section, key, &n) != 2 || setting[n] != '=')
		return cli_error(CLI_WRONG, "'%s' is no setting: write section.key=value, for example budget.iterations=5", setting);
	if (tune_spec_set(s, section, key, setting + n + 1, &err))
		return cli_error(CLI_WRONG, "%s", err.msg);
	return CLI_DONE;
}

/* Our own options, and one for each key that has a flag. */
static void list_options(struct option *longs)
{
	static const struct option own[] = {{"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'},
					    {"help", no_argument, NULL, 'h'}, {"baseline", no_argument, NULL, 'b'}};
	struct tune_spec_key k;
	size_t n = 0;

	for (; n < sizeof(own) / sizeof(own[0]); n++)
		longs[n] = own[n];
	for (size_t i = 0; n < FLAGS_MAX && tune_spec_key(i, &k); i++)
		if (k.flag)
			longs[n++] = (struct option){k.flag, k.is_switch ? no_argument : required_argument, NULL, OPT_KEY + (int)i};
	longs[n] = (struct option){0};
}

static int take_key(struct tune_spec *s, int option, const char *value)
{
	struct tune_spec_key k;
	struct lode_err err = {0};

	tune_spec_key((size_t)(option - OPT_KEY), &k);
	if (tune_spec_set(s, k.section, k.name, k.is_switch ? "true" : value, &err))
		return cli_error(CLI_WRONG, "--%s: %s", k.flag, err.msg);
	return CLI_DONE;
}

static int show_help(const struct cli_verb *v)
{
	struct lode_buf text;

	cli_usage(v, true);
	lode_buf_init(&text, 1 << 18);
	lode_buf_adds(&text, "\nEvery key of FILE, and its option on the command line:\n\n");
	tune_spec_document(&text, true);
	fputs(lode_buf_str(&text), stdout);
	lode_buf_fini(&text);
	return CLI_DONE;
}

/* What file and environment say about the model, then the file of the tuning itself, then the command line. */
static int load(struct tune_spec *s, const char *file)
{
	extern char **environ;
	struct lode_err err = {0};
	struct lode_buf notes;
	int problems;

	lode_buf_init(&notes, 1 << 16);
	problems = lode_config_load(&s->config, environ, NULL, 0, &notes);
	if (problems)
		cli_error(CLI_DONE, "%.*s", (int)(notes.len - 1), lode_buf_str(&notes));
	lode_buf_fini(&notes);
	if (file && tune_spec_read(file, s, &err))
		return cli_error(CLI_WRONG, "%s", err.msg);
	return CLI_DONE;
}

static bool is_file(const char *path)
{
	return access(path, R_OK) == 0;
}

/* Options stand before the file or the command. The file is read first whatever the order, so that options have the last word. */
static int parse(const struct cli_verb *v, int argc, char **argv, struct asked *a)
{
	struct option longs[FLAGS_MAX + 1];
	struct lode_config *scratch = calloc(1, sizeof(*scratch));
	int option, status = CLI_DONE, end;
	bool dashes;

	if (!scratch)
		return cli_error(CLI_FAILED, "no memory");
	list_options(longs);
	lode_config_defaults(scratch);
	opterr = 1;
	while (status == CLI_DONE && (option = getopt_long(argc, argv, "+c:s:h", longs, NULL)) != -1) {
		if (option == 'c')
			status = cli_take_file(optarg, scratch);
		else if (option == 'h')
			status = -1;
		else if (option == '?')
			status = CLI_WRONG;
	}
	free(scratch);
	if (status == -1)
		return show_help(v), -1;
	if (status != CLI_DONE)
		return status;
	end = optind;
	dashes = end > 0 && strcmp(argv[end - 1], "--") == 0;
	const char *file = !dashes && end < argc ? argv[end] : NULL;
	if (file && !is_file(file))
		return cli_error(CLI_WRONG, "there is no file %s that can be read; a command to run stands after --", file);
	status = load(&a->spec, file);
	optind = 0; /* once more, now that the file has spoken */
	while (status == CLI_DONE && (option = getopt_long(argc, argv, "+c:s:h", longs, NULL)) != -1) {
		if (option == 's')
			status = take_setting(&a->spec, optarg);
		else if (option == 'b')
			a->baseline = true;
		else if (option >= OPT_KEY)
			status = take_key(&a->spec, option, optarg);
	}
	int command = file ? end + 1 : end;
	if (file && command < argc && strcmp(argv[command], "--") == 0)
		command++;
	else if (file && command < argc)
		return cli_error(CLI_WRONG, "'%s' is one word too many: a command stands after --", argv[command]);
	struct lode_err err = {0};
	if (status == CLI_DONE && command < argc && tune_spec_command(&a->spec, argc - command, argv + command, &err))
		status = cli_error(CLI_FAILED, "%s", err.msg);
	if (status == CLI_DONE && tune_spec_check(&a->spec, &err))
		status = cli_error(CLI_WRONG, "%s", err.msg);
	return status;
}

/* ---- the baseline alone ---- */

static void show_result(const struct tune_result *r, unsigned i, unsigned n)
{
	struct lode_buf line;

	lode_buf_init(&line, 4096);
	lode_buf_addf(&line, "run %u of %u: ", i, n);
	if (r->end != TUNE_RAN) {
		cli_add_text(&line, r->why);
	} else {
		cli_show_count(&line, r->ops_per_sec);
		lode_buf_adds(&line, " ops/s");
		for (size_t k = 0; k < r->nop; k++) {
			lode_buf_adds(&line, ", p99 of ");
			cli_add_text(&line, r->op[k].name);
			lode_buf_adds(&line, " ");
			cli_show_us(&line, r->op[k].p99_us);
		}
	}
	lode_buf_adds(&line, "\n");
	fputs(lode_buf_str(&line), stdout);
	fflush(stdout);
	lode_buf_fini(&line);
}

static void show_baseline(const double *rate, unsigned n)
{
	double sum = 0, low = INFINITY, high = 0;
	struct lode_buf line;

	for (unsigned i = 0; i < n; i++) {
		sum += rate[i];
		low = fmin(low, rate[i]);
		high = fmax(high, rate[i]);
	}
	lode_buf_init(&line, 4096);
	lode_buf_adds(&line, "mean ");
	cli_show_count(&line, sum / n);
	lode_buf_adds(&line, " ops/s, between ");
	cli_show_count(&line, low);
	lode_buf_adds(&line, " and ");
	cli_show_count(&line, high);
	lode_buf_addf(&line, ": a spread of %.1f %%\n", 100 * (high - low) * n / sum);
	fputs(lode_buf_str(&line), stdout);
	lode_buf_fini(&line);
}

static int run_baseline(struct tune_bench *b, const struct tune_spec *s)
{
	double rate[100];
	char start[PATH_MAX], disk[256];
	struct lode_err err = {0};
	int rc = tune_bench_probe(b, disk, sizeof(disk));

	if (*disk)
		printf("disk %s\n", disk);
	snprintf(start, sizeof(start), "%s/start.ini", tune_bench_scratch(b));
	rc = rc ? rc : *s->options ? tune_start_file(s, b, start, &err) : tune_bench_defaults(b, start, &err);
	tune_bench_start_with(b, start);
	rc = rc ? rc : tune_bench_prepare(b, &err);
	for (unsigned i = 0; !rc && i < s->baseline_runs; i++) {
		struct tune_result r;

		rc = tune_bench_run(b, start, "baseline", (uint64_t)s->seed + i, NULL, NULL, &r);
		if (!rc)
			show_result(&r, i + 1, s->baseline_runs);
		else
			snprintf(err.msg, sizeof(err.msg), "%.200s", r.why);
		rate[i] = r.ops_per_sec;
		if (!rc && r.end != TUNE_RAN)
			rc = -EIO, snprintf(err.msg, sizeof(err.msg), "the benchmark did not run to its end");
		tune_result_fini(&r);
	}
	if (rc == -EINTR)
		return 128 + stopped;
	if (rc)
		return cli_error(CLI_FAILED, "%s", err.msg);
	if (s->baseline_runs > 1)
		show_baseline(rate, s->baseline_runs);
	return CLI_DONE;
}

static void show_notes(const struct tune_bench *b)
{
	if (*tune_bench_notes(b))
		cli_error(CLI_DONE, "%.*s", (int)strlen(tune_bench_notes(b)) - 1, tune_bench_notes(b));
}

/* ---- the loop ---- */

static bool step(void *ctx, const struct tune_progress *p)
{
	cli_tune_show_step(ctx, p);
	return !stopped;
}

/* The folder for what comes out, and nobody else's while we are at it. A descriptor, or an exit status after saying why. */
static int take_folder(const char *dir, int *status)
{
	int rc = lode_fs_mkdirs(dir, 0755), fd = rc ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*status = CLI_DONE;
	if (fd < 0)
		*status = cli_error(CLI_FAILED, "%s cannot be used for the results: %s", dir, strerror(rc ? -rc : errno));
	else if (flock(fd, LOCK_EX | LOCK_NB))
		*status = cli_error(CLI_FAILED, "another `lodestone tune` is at work in %s; --out names another folder", dir);
	return fd;
}

static int finish_loop(const struct tune_spec *s, const struct tune_history *h, int rc, const struct lode_err *why)
{
	struct lode_err err = {0};
	int status = CLI_DONE;

	if (h->ntrial || h->baseline.runs) {
		if (tune_report_write(s->out, h, &err))
			status = cli_error(CLI_FAILED, "%s", err.msg);
		if (!rc)
			tune_report_text(h, stdout);
	}
	if (rc == -EINTR) {
		cli_error(CLI_FAILED, "stopped; the same command goes on from what is in %s", s->out);
		return stopped ? 128 + stopped : CLI_FAILED;
	}
	return rc ? cli_error(CLI_FAILED, "%s", why->msg) : status;
}

static int run_loop(struct tune_bench *b, const struct tune_spec *s)
{
	struct tune_history h = {0};
	struct cli_tune_show show;
	struct lode_err err = {0};
	int status, folder = take_folder(s->out, &status);

	if (status == CLI_DONE) {
		cli_tune_show_begin(&show);
		int rc = tune_loop(s, b, &h, step, &show, &err);

		cli_tune_show_end(&show);
		status = finish_loop(s, &h, rc, &err);
		tune_history_fini(&h, NULL);
	}
	if (folder >= 0)
		close(folder);
	return status;
}

static int run(struct asked *a)
{
	struct tune_bench *b;
	struct lode_err err = {0};
	int status;

	catch_signals();
	if (tune_bench_new(&a->spec, &b, &err))
		return cli_error(CLI_FAILED, "%s", err.msg);
	tune_bench_stop_with(b, &stopped);
	status = a->baseline ? run_baseline(b, &a->spec) : run_loop(b, &a->spec);
	show_notes(b);
	tune_bench_free(b);
	return status;
}

int cli_tune(const struct cli_verb *v, int argc, char **argv)
{
	struct asked *a = calloc(1, sizeof(*a));
	int status;

	if (argc > 1 && !strcmp(argv[1], "--prove")) { /* ourselves, to ask RocksDB (tune/prove.h) */
		free(a);
		return tune_prove_main(argc - 1, argv + 1);
	}
	if (!a)
		return cli_error(CLI_FAILED, "no memory");
	tune_spec_init(&a->spec);
	status = parse(v, argc, argv, a);
	status = status == CLI_DONE ? run(a) : status == -1 ? CLI_DONE : status;
	tune_spec_fini(&a->spec);
	free(a);
	return status;
}
