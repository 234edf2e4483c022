/* lodestone journal: the records as people read them, from a file, as it grows, or of a process. */
#include "journal.h"

#include "base/num.h"

#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LIST_MAX 40

struct view {
	struct cli_term term;
	const char *kind; /* only these, or NULL */
	bool json, follow;
	int64_t last; /* only the last so many; -1 = all */
	const char *file; /* being read */
	uint64_t seq; /* of the record before */
	char **ring;  /* the last texts, while `last` counts */
	int64_t held;
	int64_t next;
};

/* ---- a file of records ---- */

static void emit(struct view *v, const struct lode_buf *text)
{
	if (v->last < 0) {
		fwrite(lode_buf_str(text), 1, text->len, stdout);
		return;
	}
	if (!v->last)
		return;
	free(v->ring[v->next]);
	v->ring[v->next] = strdup(lode_buf_str(text));
	v->next = (v->next + 1) % v->last;
	if (v->held < v->last)
		v->held++;
}

/* The end of the old part: what the ring holds, oldest first; from here on everything goes out at once. */
static void release_ring(struct view *v)
{
	for (int64_t i = 0; i < v->held; i++) {
		char **text = &v->ring[(v->next - v->held + i + v->last) % v->last];

		fputs(*text ? *text : "", stdout);
		free(*text);
		*text = NULL;
	}
	v->held = 0;
	v->last = -1;
	fflush(stdout);
}

static void damaged(struct view *v, struct lode_buf *o, const struct lode_record *rec)
{
	const char *slash = strrchr(v->file, '/'), *name = slash ? slash + 1 : v->file;

	if (v->json) {
		fprintf(stderr, "lodestone: %zu damaged bytes at byte %llu of %s\n", rec->len, (unsigned long long)rec->offset, v->file);
		return;
	}
	cli_add_colour(o, &v->term, CLI_RED);
	lode_buf_addf(o, "--- a damaged line: %zu bytes at byte %llu of ", rec->len, (unsigned long long)rec->offset);
	cli_add_text(o, name);
	lode_buf_addf(o, ", after record %llu", (unsigned long long)v->seq);
	cli_add_colour(o, &v->term, CLI_PLAIN);
	lode_buf_adds(o, "\n");
}

static void one(struct view *v, const struct lode_record *rec)
{
	struct lode_buf o;

	lode_buf_init(&o, 2 * LODE_JOURNAL_LINE_MAX);
	if (!rec->whole) {
		damaged(v, &o, rec);
	} else {
		if (v->seq && rec->seq > v->seq + 1 && !v->json)
			lode_buf_addf(&o, "--- %llu records are missing here\n", (unsigned long long)(rec->seq - v->seq - 1));
		v->seq = rec->seq;
		if (v->kind && strcmp(v->kind, rec->kind) != 0)
			lode_buf_clear(&o);
		else if (v->json) {
			lode_buf_add(&o, rec->text, rec->len);
			lode_buf_adds(&o, "\n");
		} else
			cli_journal_tell(&v->term, rec, &o);
	}
	if (o.len)
		emit(v, &o);
	lode_buf_fini(&o);
}

/* The file under this name is another one now. */
static bool replaced(const char *path, const struct stat *was)
{
	struct stat st;

	return !stat(path, &st) && (st.st_ino != was->st_ino || st.st_dev != was->st_dev);
}

/* To its end, and on while it grows; a file that was set aside is read out before the one that took its name. */
static int show_file(struct view *v, const char *path, bool follow)
{
	struct lode_journal_reader *r = lode_journal_reader_open(path, 0), *fresh;
	bool aside = false;
	struct lode_record rec;
	struct stat st = {0};
	int rc;

	if (!r)
		return cli_error(CLI_FAILED, "%s: %s", path, strerror(errno));
	v->file = path;
	stat(path, &st);
	for (;;) {
		while ((rc = lode_journal_reader_next(r, &rec)) > 0)
			one(v, &rec);
		if (rc < 0 || !follow)
			break;
		if (aside && (fresh = lode_journal_reader_open(path, 0)) != NULL) {
			lode_journal_reader_close(r);
			r = fresh;
			stat(path, &st);
			aside = false;
			continue;
		}
		release_ring(v);
		fflush(stdout);
		if (ferror(stdout))
			break;
		usleep(300000);
		aside = replaced(path, &st);
	}
	if (!rc && lode_journal_reader_rest(r, &rec))
		one(v, &rec);
	lode_journal_reader_close(r);
	return rc < 0 ? cli_error(CLI_FAILED, "%s: %s", path, strerror(-rc)) : CLI_DONE;
}

/* What was set aside when the journal had grown large comes first. */
static int show_journal(struct view *v, const char *path)
{
	int status = CLI_DONE, newest;
	char old[PATH_MAX];

	if (snprintf(old, sizeof old, "%s.1", path) < (int)sizeof old && !access(old, F_OK))
		status = show_file(v, old, false);
	newest = show_file(v, path, v->follow);
	release_ring(v);
	return newest ? newest : status;
}

/* ---- which file ---- */

/* The journal of a live process's database. */
static int from_process(const struct cli_target *t, char *path, size_t len)
{
	cJSON *s = cli_target_status(t, NULL, NULL);
	struct lode_config c;
	struct lode_buf list;
	const cJSON *db;
	int n = 0;

	if (!s)
		return CLI_FAILED;
	lode_buf_init(&list, 1 << 16);
	cli_config_of(t->pid, &c, NULL);
	cJSON_ArrayForEach(db, cli_obj(s, "databases"))
	{
		if (!cli_target_wants(t, db))
			continue;
		lode_buf_addf(&list, "\n  %s  %s", cli_str(db, "id"), cli_str(db, "path"));
		if (n++)
			continue;
		if (*cli_str(db, "journal"))
			snprintf(path, len, "%s", cli_str(db, "journal"));
		else
			snprintf(path, len, "%.400s/%.200s/journal.jsonl", c.state_dir, cli_str(db, "id"));
	}
	cJSON_Delete(s);
	int status = CLI_DONE;
	if (n > 1)
		status = cli_error(CLI_FAILED, "the process has several databases; choose one with -d:%s", lode_buf_str(&list));
	else if (!n)
		status = cli_error(CLI_FAILED, "that process has no such database open");
	lode_buf_fini(&list);
	return status;
}

static void tell_choice(const char *path)
{
	struct stat st;
	char when[32] = "-";
	struct tm tm;

	if (!stat(path, &st))
		strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", localtime_r(&st.st_mtime, &tm));
	fprintf(stderr, "  %s  %s\n", when, path);
}

/* A journal under the state directory: there may be one only, or -d chooses. */
static int from_state_dir(const struct cli_target *t, char *path, size_t len)
{
	char pattern[1024];
	struct lode_config c;
	int status = CLI_DONE;
	glob_t g;

	cli_config_of(0, &c, NULL);
	if (strpbrk(t->db, "/*?["))
		return cli_error(CLI_FAILED, "no process has %s open; give the journal's file or the database's id", t->db);
	snprintf(pattern, sizeof pattern, "%.400s/%.200s*/journal.jsonl", c.state_dir, t->db);
	int rc = glob(pattern, 0, NULL, &g);
	if (rc == GLOB_NOMATCH)
		return cli_error(CLI_FAILED, "no journal was found (looked for %s); agent.state_dir says where journals are kept", pattern);
	if (rc)
		return cli_error(CLI_FAILED, "%s cannot be read", c.state_dir);
	snprintf(path, len, "%s", g.gl_pathv[0]);
	if (g.gl_pathc > 1) {
		status = cli_error(CLI_FAILED, "there are several journals; name one:");
		for (size_t i = 0; i < g.gl_pathc && i < LIST_MAX; i++)
			tell_choice(g.gl_pathv[i]);
	}
	globfree(&g);
	return status;
}

static int find_file(struct cli_target *t, int argc, char **argv, char *path, size_t len)
{
	int64_t pid;
	struct stat st;

	if (argc > 1)
		return cli_error(CLI_WRONG, "one journal at a time: '%s' is too much", argv[1]);
	if (argc == 1 && lode_num_parse(argv[0], strlen(argv[0]), &pid)) {
		bool dir = !stat(argv[0], &st) && S_ISDIR(st.st_mode);

		snprintf(path, len, "%s%s", argv[0], dir ? "/journal.jsonl" : "");
		return CLI_DONE;
	}
	if (argc == 0 && !t->socket[0] && cli_target_look(t) == 0)
		return from_state_dir(t, path, len);
	int status = t->socket[0] && argc == 0 ? CLI_DONE : cli_target_find(t, argc, argv);
	return status == CLI_DONE ? from_process(t, path, len) : status;
}

int cli_journal(const struct cli_verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {"follow", no_argument, NULL, 'f'}, {0}};
	struct view view = {.last = -1};
	struct cli_target t = {0};
	char path[PATH_MAX];
	int option, status;

	while ((option = getopt_long(argc, argv, CLI_TARGET_OPTIONS "n:fk:", longs, NULL)) != -1) {
		if (option == 'n') {
			if (lode_num_parse(optarg, strlen(optarg), &view.last) || view.last < 0 || view.last > 1000000)
				return cli_error(CLI_WRONG, "-n takes a number of records, not '%s'", optarg);
		} else if (option == 'f') {
			view.follow = true;
		} else if (option == 'k') {
			view.kind = optarg;
		} else if (cli_target_option(v, &t, option, optarg, &status)) {
			return status;
		}
	}
	status = find_file(&t, argc - optind, argv + optind, path, sizeof path);
	if (status != CLI_DONE)
		return status;
	view.json = t.json;
	cli_term_init(&view.term);
	if (view.last > 0 && !(view.ring = calloc((size_t)view.last, sizeof *view.ring)))
		return cli_error(CLI_FAILED, "no memory");
	status = show_journal(&view, path);
	free(view.ring);
	return status;
}
