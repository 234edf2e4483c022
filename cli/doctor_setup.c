/* The checks: are the libraries in order, the configuration, the directories? For this installation, or as a process has it. */
#include "doctor.h"

#include "base/fs.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define GROUPS_MAX 256

/* ---- libraries ---- */

static void look_at_library(struct cli_report *r, const char *name, bool libc_only)
{
	char path[PATH_MAX];
	struct lode_err err;
	struct cli_elf e;
	const char *needed;
	bool more = false;

	if (!cli_find_library(name, path, sizeof path)) {
		cli_find(r, CLI_F_NO_LIBRARY, name, NULL);
		return;
	}
	if (cli_elf_open(&e, path, &err)) {
		cli_find(r, CLI_F_BAD_LIBRARY, path, "%s", err.msg);
		return;
	}
	for (size_t i = 0; libc_only && (needed = cli_elf_needed(&e, i)); i++)
		if (strncmp(needed, "libc.so", 7) != 0 && strncmp(needed, "ld-linux", 8) != 0) {
			cli_find(r, CLI_F_LIBRARY_NEEDS, path, "%s", needed);
			more = true;
		}
	if (!more)
		cli_find(r, CLI_F_LIBRARY, NULL, "%s%s", path, libc_only ? ", which needs libc alone" : "");
	cli_elf_close(&e);
}

void cli_doctor_libraries(struct cli_report *r)
{
	look_at_library(r, "liblodestone-preload.so", true);
	look_at_library(r, "liblodestone.so", false);
}

/* ---- directories ---- */

/* Who will write: the process's user in the process's file system, or we in ours. */
struct who {
	char root[64]; /* put before a path */
	uid_t uid;
	gid_t group[GROUPS_MAX];
	int groups;
};

/* The numbers after "Uid:" are real, effective, saved, file system; the last counts for files. */
static void read_status(struct who *w, const char *text)
{
	unsigned id[4];
	const char *at = strstr(text, "\nUid:");

	if (at && sscanf(at, "\nUid: %u %u %u %u", &id[0], &id[1], &id[2], &id[3]) == 4)
		w->uid = id[3];
	at = strstr(text, "\nGid:");
	if (at && sscanf(at, "\nGid: %u %u %u %u", &id[0], &id[1], &id[2], &id[3]) == 4)
		w->group[w->groups++] = id[3];
	at = strstr(text, "\nGroups:");
	for (char *end; at && w->groups < GROUPS_MAX; at = end) {
		unsigned long g = strtoul(w->groups == 1 ? at + 8 : at, &end, 10);

		if (end == (w->groups == 1 ? at + 8 : at) || *end == '\n')
			break;
		w->group[w->groups++] = (gid_t)g;
	}
}

static void who_is(struct who *w, pid_t pid)
{
	struct lode_buf status;
	char path[64];

	*w = (struct who){.uid = geteuid()};
	if (!pid) {
		w->group[w->groups++] = getegid();
		int n = getgroups(GROUPS_MAX - 1, w->group + 1);

		w->groups += n > 0 ? n : 0;
		return;
	}
	snprintf(w->root, sizeof w->root, "/proc/%d/root", (int)pid);
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	lode_buf_init(&status, 1 << 16);
	if (!lode_fs_read(path, &status))
		read_status(w, lode_buf_str(&status));
	lode_buf_fini(&status);
}

/* By owner and mode, as far as they tell; root may anything that is not mounted read-only. */
static bool may_write(const struct who *w, const char *path, const struct stat *st)
{
	mode_t need = S_IWOTH | S_IXOTH;
	struct statvfs fs;

	if (!statvfs(path, &fs) && fs.f_flag & ST_RDONLY)
		return false;
	if (!w->uid)
		return true;
	for (int i = 0; i < w->groups; i++)
		if (w->group[i] == st->st_gid)
			need = S_IWGRP | S_IXGRP;
	if (w->uid == st->st_uid)
		need = S_IWUSR | S_IXUSR;
	return (st->st_mode & need) == need;
}

/* A directory that is made when it is needed: is it there, or could it be made? */
static void look_at_directory(struct cli_report *r, const struct who *w, const char *what, const char *dir)
{
	char at[PATH_MAX];
	size_t root = strlen(w->root);
	struct stat st;
	bool there = true;

	snprintf(at, sizeof at, "%s%s", w->root, dir);
	while (stat(at, &st) && strlen(at) > root + 1) {
		char *slash = strrchr(at, '/');

		there = false;
		if (!slash) {
			strcpy(at, ".");
			continue;
		}
		slash[slash == at + root] = '\0';
	}
	if (stat(at, &st) || !S_ISDIR(st.st_mode) || !may_write(w, at, &st))
		cli_find(r, CLI_F_NO_DIRECTORY, NULL, "%s %s: not writable for user %u", what, dir, (unsigned)w->uid);
	else
		cli_find(r, CLI_F_DIRECTORY, NULL, "%s %s%s", what, dir, there ? "" : " (will be made)");
}

/* ---- configuration ---- */

void cli_doctor_setup(struct cli_report *r, pid_t pid, bool ask)
{
	struct lode_buf notes;
	struct lode_config c;
	struct who w;

	lode_buf_init(&notes, 1 << 16);
	int problems = cli_config_of(pid, &c, &notes);
	cli_find(r, CLI_F_CONFIG, NULL, "configuration: %s, mode %s, advisor %s", c.file[0] ? c.file : "built-in defaults",
		 lode_mode_name((enum lode_mode)c.mode), c.advisor);
	for (char *p = notes.data, *line; problems && p && (line = strsep(&p, "\n"));)
		if (*line)
			cli_find(r, CLI_F_CONFIG_BAD, NULL, "%s", line);
	if (c.disabled && !pid)
		cli_find(r, CLI_F_KILL_SWITCH, NULL, NULL);
	who_is(&w, pid);
	look_at_directory(r, &w, "journals go to", c.state_dir);
	look_at_directory(r, &w, "control sockets go to", c.runtime_dir);
	if (strlen(c.runtime_dir) > 90)
		cli_find(r, CLI_F_LONG_SOCKET, c.runtime_dir, NULL);
	lode_json_object(&r->facts, "configuration");
	lode_json_str(&r->facts, "file", c.file);
	lode_json_str(&r->facts, "mode", lode_mode_name((enum lode_mode)c.mode));
	lode_json_str(&r->facts, "advisor", c.advisor);
	lode_json_str(&r->facts, "state_dir", c.state_dir);
	lode_json_str(&r->facts, "runtime_dir", c.runtime_dir);
	lode_json_end(&r->facts);
	cli_doctor_model(r, &c, ask);
	explicit_bzero(c.key, sizeof c.key);
	lode_buf_fini(&notes);
}
