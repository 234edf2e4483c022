/* lodestone doctor: can it be tuned, and if not, why not. */
#include "doctor.h"

#include "base/json.h"
#include "base/num.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const words[] = {"ok", "note", "warn", "FAIL"};

void cli_find(struct cli_findings *f, enum cli_health h, const char *mend, const char *fmt, ...)
{
	struct cli_finding *list = realloc(f->list, (f->n + 1) * sizeof *list);
	char *what = NULL;
	va_list ap;

	f->failed |= h == CLI_FAIL;
	if (!list)
		return;
	f->list = list;
	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	f->list[f->n++] = (struct cli_finding){.health = h, .what = what, .mend = mend ? strdup(mend) : NULL};
}

/* ---- the installation ---- */

static void look_at_library(struct cli_findings *f, const char *name, bool libc_only)
{
	char path[PATH_MAX];
	struct lode_err err;
	struct cli_elf e;
	const char *needed;
	bool more = false;

	if (!cli_find_library(name, path, sizeof path)) {
		cli_find(f, CLI_FAIL, "install it, or build it in the same directory as this command",
			 "%s was not found beside this command nor in " LODE_LIBDIR, name);
		return;
	}
	if (cli_elf_open(&e, path, &err)) {
		cli_find(f, CLI_FAIL, "install it again", "%s: %s", path, err.msg);
		return;
	}
	for (size_t i = 0; libc_only && (needed = cli_elf_needed(&e, i)); i++)
		if (strncmp(needed, "libc.so", 7) != 0 && strncmp(needed, "ld-linux", 8) != 0) {
			cli_find(f, CLI_WARN, "fine in a sanitizer's build; in a release it must not be", "%s needs %s beside libc", path,
				 needed);
			more = true;
		}
	if (!more)
		cli_find(f, CLI_OK, NULL, "%s%s", path, libc_only ? ", which needs libc alone" : "");
	cli_elf_close(&e);
}

/* A directory that is made when it is needed: is it there, or could it be made? */
static void look_at_directory(struct cli_findings *f, const char *what, const char *dir)
{
	char parent[PATH_MAX];
	struct stat st;

	snprintf(parent, sizeof parent, "%s", dir);
	while (stat(parent, &st) && strlen(parent) > 1) {
		char *slash = strrchr(parent, '/');

		if (!slash) {
			strcpy(parent, ".");
			break;
		}
		slash[slash == parent] = '\0';
	}
	if (access(parent, W_OK | X_OK) || (!strcmp(parent, dir) && !S_ISDIR(st.st_mode)))
		cli_find(f, CLI_WARN, "the tuned process's user counts, not yours; agent.state_dir and agent.runtime_dir name other places",
			 "%s %s: not writable for you", what, dir);
	else
		cli_find(f, CLI_OK, NULL, "%s %s%s", what, dir, strcmp(parent, dir) ? " (will be made)" : "");
}

static void look_at_installation(struct cli_findings *f)
{
	struct lode_buf notes;
	struct lode_config c;

	lode_buf_init(&notes, 1 << 16);
	int problems = cli_config_of(0, &c, &notes);
	look_at_library(f, "liblodestone-preload.so", true);
	look_at_library(f, "liblodestone.so", false);
	cli_find(f, CLI_OK, NULL, "configuration: %s, mode %s, advisor %s", c.file[0] ? c.file : "built-in defaults",
		 lode_mode_name((enum lode_mode)c.mode), c.advisor);
	for (char *p = notes.data, *line; problems && p && (line = strsep(&p, "\n"));)
		if (*line)
			cli_find(f, CLI_FAIL, "the default is in force until it is right", "%s", line);
	if (c.disabled)
		cli_find(f, CLI_FAIL, "unset LODESTONE_DISABLE", "the kill switch LODESTONE_DISABLE is set");
	look_at_directory(f, "journals go to", c.state_dir);
	look_at_directory(f, "control sockets go to", c.runtime_dir);
	if (strlen(c.runtime_dir) > 90)
		cli_find(f, CLI_FAIL, "choose a shorter agent.runtime_dir", "a control socket's name must be shorter than 108 bytes");
	lode_buf_fini(&notes);
}

/* ---- arguments ---- */

/* As execvp would find it. */
static bool find_command(const char *name, char *out, size_t len)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return snprintf(out, len, "%s", name) < (int)len;
	for (path = path ? path : "/bin:/usr/bin"; *path;) {
		size_t n = strcspn(path, ":");
		struct stat st;

		snprintf(out, len, "%.*s%s%s", (int)n, path, n ? "/" : "", name);
		if (!access(out, X_OK) && !stat(out, &st) && S_ISREG(st.st_mode))
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

static void examine(struct cli_findings *f, int argc, char **argv, bool command)
{
	char path[PATH_MAX];
	int64_t pid;

	if (!argc)
		look_at_installation(f);
	else if (!command && !lode_num_parse(argv[0], strlen(argv[0]), &pid) && pid > 0 && pid <= INT_MAX)
		cli_doctor_process(f, (pid_t)pid);
	else if (!command && !access(argv[0], F_OK))
		cli_doctor_file(f, argv[0]);
	else if (find_command(argv[0], path, sizeof path))
		cli_doctor_file(f, path);
	else
		cli_find(f, CLI_FAIL, NULL, "there is no program %s", argv[0]);
}

/* ---- the report ---- */

static void print_json(const struct cli_findings *f, struct lode_buf *out)
{
	static const char *const names[] = {"ok", "note", "warn", "fail"};
	struct lode_json j;

	lode_json_init(&j, out);
	lode_json_object(&j, NULL);
	lode_json_bool(&j, "tunable", !f->failed);
	lode_json_array(&j, "findings");
	for (size_t i = 0; i < f->n; i++) {
		lode_json_object(&j, NULL);
		lode_json_str(&j, "health", names[f->list[i].health]);
		lode_json_str(&j, "what", f->list[i].what);
		lode_json_str(&j, "mend", f->list[i].mend);
		lode_json_end(&j);
	}
	lode_json_end(&j);
	lode_json_end(&j);
	lode_buf_adds(out, "\n");
}

static void print_text(const struct cli_findings *f, struct lode_buf *out)
{
	static const enum cli_colour colours[] = {CLI_GREEN, CLI_CYAN, CLI_YELLOW, CLI_RED};
	struct cli_term term;

	cli_term_init(&term);
	for (size_t i = 0; i < f->n; i++) {
		const struct cli_finding *one = &f->list[i];

		cli_add_colour(out, &term, colours[one->health]);
		lode_buf_addf(out, "%-4s", words[one->health]);
		cli_add_colour(out, &term, CLI_PLAIN);
		lode_buf_adds(out, "  ");
		cli_add_text(out, one->what ? one->what : "?");
		lode_buf_adds(out, "\n");
		if (one->mend) {
			lode_buf_adds(out, "      mend: ");
			cli_add_text(out, one->mend);
			lode_buf_adds(out, "\n");
		}
	}
}

int cli_doctor(const struct cli_verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {"json", no_argument, NULL, 'j'}, {0}};
	struct cli_findings f = {0};
	struct lode_buf out;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "+jh", longs, NULL)) != -1) {
		if (option != 'j')
			return cli_usage(v, option == 'h');
		json = true;
	}
	bool command = optind > 1 && !strcmp(argv[optind - 1], "--");
	if (!command && argc - optind > 1)
		return cli_error(CLI_WRONG, "one thing at a time; a command with arguments stands behind --");
	examine(&f, argc - optind, argv + optind, command);
	lode_buf_init(&out, 4 << 20);
	if (json)
		print_json(&f, &out);
	else
		print_text(&f, &out);
	int status = cli_write_out(&out);
	lode_buf_fini(&out);
	for (size_t i = 0; i < f.n; i++) {
		free(f.list[i].what);
		free(f.list[i].mend);
	}
	free(f.list);
	return status != CLI_DONE || f.failed ? CLI_FAILED : CLI_DONE;
}
