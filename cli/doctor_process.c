/* lodestone doctor PID: a running process, from /proc and from what the agent in it says. */
#include "doctor.h"

#include "agent/control.h"
#include "agent/scope.h"
#include "base/fs.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAPS_MAX (16u << 20)

struct process {
	pid_t pid;
	char exe[PATH_MAX];
	bool preload, plugin, agent, thread; /* our libraries are mapped; the agent's thread runs */
	bool within;			     /* the agent is a part of what holds RocksDB */
	unsigned rocksdb;
};

static int read_proc(pid_t pid, const char *name, struct lode_buf *out)
{
	char path[64];

	lode_buf_init(out, MAPS_MAX);
	snprintf(path, sizeof path, "/proc/%d/%.40s", (int)pid, name);
	return lode_fs_read(path, out);
}

/* ---- what is mapped ---- */

/* One mapped file. RocksDB is looked for by what a file exports, not by its name. The mapping itself is opened where that is allowed: the
 * file may be gone, or be another one by now. */
static void look_at_map(struct cli_report *r, struct process *p, const char *range, char *path)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(path), tail = sizeof deleted - 1;
	bool gone = len > tail && !strcmp(path + len - tail, deleted);
	char inside[PATH_MAX + 64];
	struct cli_image image;
	const char *name;
	struct cli_elf e;

	if (gone)
		path[len - tail] = '\0';
	name = strrchr(path, '/') + 1;
	p->preload |= !strcmp(name, "liblodestone-preload.so");
	p->plugin |= !strcmp(name, "liblodestone-plugin.so");
	p->agent |= !strncmp(name, "liblodestone.so", 15); /* with or without its version */
	if (!strncmp(name, "liblodestone", 12))
		return;
	snprintf(inside, sizeof inside, "/proc/%d/map_files/%s", (int)p->pid, range);
	if (cli_elf_open(&e, inside, NULL)) {
		snprintf(inside, sizeof inside, "/proc/%d/root%s", (int)p->pid, path);
		if (gone || cli_elf_open(&e, inside, NULL))
			return;
	}
	cli_image_look(&e, path, &image);
	p->within |= image.within;
	cli_elf_close(&e);
	if (image.kind == CLI_ROCKS_NONE)
		return;
	p->rocksdb++;
	cli_image_say(r, &image, path);
	if (gone)
		cli_find(r, CLI_F_REPLACED, path, NULL);
}

static int look_at_maps(struct cli_report *r, struct process *p)
{
	char seen[PATH_MAX] = "";
	struct lode_buf maps;
	int rc = read_proc(p->pid, "maps", &maps);

	for (char *at = rc ? NULL : maps.data, *line; at && (line = strsep(&at, "\n"));) {
		char *file = strchr(line, '/');

		/* The pieces of a file follow each other; only executable ones count. */
		if (!file || !strstr(line, " r-xp ") || !strcmp(file, seen))
			continue;
		snprintf(seen, sizeof seen, "%s", file);
		line[strcspn(line, " ")] = '\0';
		look_at_map(r, p, line, file);
	}
	lode_buf_fini(&maps);
	return rc;
}

/* ---- how it was started ---- */

static bool other_namespace(pid_t pid)
{
	char path[64], theirs[64] = "", ours[64] = "";

	snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
	return readlink(path, theirs, sizeof theirs - 1) > 0 && readlink("/proc/self/ns/mnt", ours, sizeof ours - 1) > 0 &&
	       strcmp(theirs, ours) != 0;
}

/* The loader's own word for it, which outlives a change of the file. */
static bool secure_mode(pid_t pid)
{
	struct lode_buf auxv;
	Elf64_auxv_t one;
	bool secure = false;

	if (!read_proc(pid, "auxv", &auxv))
		for (size_t i = 0; i + sizeof one <= auxv.len; i += sizeof one) {
			memcpy(&one, auxv.data + i, sizeof one);
			secure |= one.a_type == AT_SECURE && one.a_un.a_val;
		}
	lode_buf_fini(&auxv);
	return secure;
}

/* The executable: of another machine, of another C library? Its file may be out of sight by its path. */
static void look_at_executable(struct cli_report *r, struct process *p)
{
	char link[64];
	struct lode_err err = {0};
	struct cli_elf e;
	ssize_t n;
	const char *musl;

	snprintf(link, sizeof link, "/proc/%d/exe", (int)p->pid);
	n = readlink(link, p->exe, sizeof p->exe - 1);
	p->exe[n > 0 ? n : 0] = '\0';
	cli_find(r, CLI_F_PROCESS, NULL, "process %d runs %s", (int)p->pid, p->exe);
	lode_json_i64(&r->facts, "pid", p->pid);
	lode_json_str(&r->facts, "exe", p->exe);
	if (other_namespace(p->pid))
		cli_find(r, CLI_F_NAMESPACE, NULL, NULL);
	int rc = cli_elf_open(&e, link, &err);
	if (rc == -EBADMSG)
		cli_find(r, CLI_F_MACHINE, p->exe, "%s", err.msg);
	if (rc)
		return;
	if (!cli_elf_interp(&e) && e.head.e_type == ET_EXEC)
		cli_find(r, CLI_F_STATIC, p->exe, NULL);
	else if ((musl = cli_elf_musl(&e)))
		cli_find(r, CLI_F_MUSL, p->exe, "%s", musl);
	cli_elf_close(&e);
}

/* The preload in a list of LD_PRELOAD; false if it is not in there. */
static bool preload_of(const char *list, char *out, size_t len)
{
	for (size_t n; *list; list += n + (list[n] != '\0')) {
		n = strcspn(list, ": ");
		snprintf(out, len, "%.*s", (int)n, list);
		if (strstr(out, "liblodestone-preload.so"))
			return true;
	}
	return false;
}

static bool is_there(pid_t pid, const char *path)
{
	char inside[PATH_MAX + 64];

	if (*path != '/')
		return true; /* relative to where it was started: not for us to say */
	snprintf(inside, sizeof inside, "/proc/%d/root%s", (int)pid, path);
	return !access(inside, F_OK) || errno == EACCES;
}

/* Was it told to stay out, or to come in and it could not? */
static void look_at_start(struct cli_report *r, struct process *p)
{
	char preload[PATH_MAX] = "";
	struct lode_config c;
	struct lode_buf env, args;
	const char *why;
	bool asked = false;

	if (!read_proc(p->pid, "environ", &env))
		for (const char *at = lode_buf_str(&env), *end = at + env.len; at < end; at += strlen(at) + 1)
			if (!strncmp(at, "LD_PRELOAD=", 11))
				asked = preload_of(at + 11, preload, sizeof preload);
	lode_buf_fini(&env);
	if (p->plugin)
		cli_find(r, CLI_F_PLUGIN_IN, NULL, NULL);
	if (p->preload)
		cli_find(r, CLI_F_PRELOAD_IN, NULL, NULL);
	else if (p->plugin || p->within)
		; /* it does without */
	else if (secure_mode(p->pid))
		cli_find(r, CLI_F_SECURE, p->exe, NULL);
	else if (asked && !is_there(p->pid, preload))
		cli_find(r, CLI_F_PRELOAD_OUTSIDE, NULL, "%s", preload);
	else if (asked)
		cli_find(r, CLI_F_PRELOAD_REFUSED, NULL, "%s", preload);
	else
		cli_find(r, CLI_F_PRELOAD_OUT, NULL, NULL);
	cli_config_of(p->pid, &c, NULL);
	if (c.disabled)
		cli_find(r, CLI_F_DISABLED, NULL, NULL);
	bool readable = !read_proc(p->pid, "cmdline", &args) && args.len;
	if (!lode_scope_meant(&c, p->exe, readable ? lode_buf_str(&args) : NULL, args.len, &why))
		cli_find(r, CLI_F_EXCLUDED, NULL, "%s", why);
	lode_buf_fini(&args);
}

/* ---- what the agent in it says ---- */

static bool agent_thread(pid_t pid)
{
	char path[PATH_MAX];
	bool found = false;
	struct dirent *e;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *d = opendir(path);
	while (d && (e = readdir(d))) {
		struct lode_buf name;

		snprintf(path, sizeof path, "task/%.32s/comm", e->d_name);
		if (e->d_name[0] != '.' && !read_proc(pid, path, &name))
			found |= !strcmp(lode_buf_str(&name), "lodestone\n");
		else
			lode_buf_init(&name, 0);
		lode_buf_fini(&name);
	}
	if (d)
		closedir(d);
	return found;
}

/* Members of a database's status that a diagnosis is made of, as they are. */
static void add_facts(struct cli_report *r, const cJSON *databases)
{
	static const char *const members[] = {"id",    "path",	  "rocksdb", "state",	     "statistics",
					      "cache", "limited", "paused",  "capabilities", "column_families"};
	const cJSON *db;

	lode_json_array(&r->facts, "databases");
	cJSON_ArrayForEach(db, databases)
	{
		lode_json_object(&r->facts, NULL);
		for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
			const cJSON *v = cJSON_GetObjectItemCaseSensitive(db, members[i]);
			char *text = v ? cJSON_PrintUnformatted(v) : NULL;

			if (text)
				lode_json_raw(&r->facts, members[i], text);
			free(text);
		}
		lode_json_end(&r->facts);
	}
	lode_json_end(&r->facts);
}

static void say_database(struct cli_report *r, const cJSON *db)
{
	const cJSON *cache = cli_obj(db, "cache"), *can = cli_obj(db, "capabilities");
	const char *path = cli_str(db, "path"), *state = cli_str(db, "state"), *statistics = cli_str(db, "statistics");
	double changeable = cli_num(can, "changeable");
	bool safe = !strcmp(state, "SAFE");
	char options[64] = "";

	if (changeable >= 0)
		snprintf(options, sizeof(options), ", %.0f options can be changed", changeable);
	cli_find(r, CLI_F_DATABASE, path, "RocksDB %s%s, Statistics %s, block cache %s%s%s", cli_str(db, "rocksdb"),
		 cli_true(can, "newer") ? " (newer than any version that was checked)" : "",
		 !strcmp(statistics, "ours")   ? "added by the agent"
		 : !strcmp(statistics, "host") ? "of the application"
					       : statistics,
		 *cli_str(cache, "kind") ? cli_str(cache, "kind") : "unknown",
		 cache && !cli_true(cache, "resizable") ? " (cannot be resized)" : "", options);
	cli_find(r, safe ? CLI_F_SAFE : CLI_F_STATE, path, "state %s%s", state, cli_true(db, "paused") ? ", paused" : "");
	if (*cli_str(db, "limited"))
		cli_find(r, CLI_F_LIMITED, path, "%s", cli_str(db, "limited"));
	if (!strcmp(statistics, "none"))
		cli_find(r, CLI_F_NO_STATISTICS, path, NULL);
}

static void say_status(struct cli_report *r, const cJSON *status)
{
	const cJSON *item, *databases = cli_obj(status, "databases");

	add_facts(r, databases);
	cJSON_ArrayForEach(item, cli_obj(status, "inert"))
	    cli_find(r, strncmp(cli_str(item, "why"), "opened ", 7) ? CLI_F_INERT : CLI_F_INERT_READER, cli_str(item, "path"), "%s",
		     cli_str(item, "why"));
	cJSON_ArrayForEach(item, databases) say_database(r, item);
	cJSON_ArrayForEach(item, cli_obj(status, "warnings")) if (cJSON_IsString(item))
	    cli_find(r, CLI_F_WARNING, NULL, "%s", item->valuestring);
	if (!cJSON_GetArraySize(databases))
		cli_find(r, CLI_F_NO_DATABASE, NULL, NULL);
	if (!strcmp(cli_str(status, "mode"), "observe"))
		cli_find(r, CLI_F_OBSERVES, NULL, NULL);
}

/* With the process's own settings, then with ours. */
static cJSON *ask_agent(pid_t pid, struct cli_target *t, int *rc)
{
	struct lode_config c;
	cJSON *status = NULL;

	*t = (struct cli_target){.pid = pid};
	for (int own = 1; own >= 0 && !status; own--) {
		cli_config_of(own ? pid : 0, &c, NULL);
		snprintf(t->socket, sizeof t->socket, "%.400s/%d.sock", c.runtime_dir, (int)pid);
		status = cli_target_status(t, NULL, rc);
	}
	return status;
}

bool cli_doctor_process(struct cli_report *r, pid_t pid)
{
	struct process p = {.pid = pid};
	struct cli_target t;
	cJSON *status;
	char number[32];
	int rc;

	snprintf(number, sizeof number, "process %d", (int)pid);
	if (kill(pid, 0) && errno == ESRCH) {
		cli_find(r, CLI_F_NO_PROCESS, NULL, "%d", (int)pid);
		return false;
	}
	look_at_executable(r, &p);
	rc = look_at_maps(r, &p);
	if (rc) {
		cli_find(r, CLI_F_UNREADABLE, number, "%s", strerror(-rc));
		return false;
	}
	if (!p.rocksdb)
		cli_find(r, CLI_F_NO_ROCKSDB_PROCESS, number, NULL);
	look_at_start(r, &p);
	p.thread = agent_thread(pid);
	status = ask_agent(pid, &t, &rc);
	cli_doctor_open(r, pid, status != NULL, (p.plugin || p.within) && !p.preload && !status ? cli_doctor_entry_of : NULL);
	if (status) {
		cli_find(r, CLI_F_AGENT_IN, NULL, "%s", t.socket);
		say_status(r, status);
	} else if ((p.agent || p.within) && p.thread) {
		cli_find(r, CLI_F_AGENT_SILENT, t.socket, "%s", cli_ask_error(rc));
	} else if (p.within && !p.preload) {
		cli_find(r, CLI_F_WITHIN_IDLE, NULL, NULL);
	} else if (p.plugin && !p.preload) {
		; /* what its databases' OPTIONS say has been said */
	} else if (p.agent) {
		cli_find(r, CLI_F_AGENT_IDLE, NULL, NULL);
	} else if (p.preload) {
		cli_find(r, CLI_F_AGENT_OUT, NULL, NULL);
	}
	cJSON_Delete(status);
	return true;
}
