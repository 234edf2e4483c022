/* lodestone doctor PID: a running process, from /proc and from what the agent in it says. */
#include "doctor.h"

#include "agent/control.h"
#include "base/fs.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAPS_MAX (16u << 20)

struct images {
	bool preload, agent;
	unsigned rocksdb;
};

/* One mapped file. RocksDB is looked for by what a file exports, not by its name. */
static void look_at_map(struct cli_findings *f, struct images *m, pid_t pid, const char *path)
{
	const char *name = strrchr(path, '/') + 1, *since;
	char inside[PATH_MAX];
	struct cli_elf e;

	m->preload |= !strcmp(name, "liblodestone-preload.so");
	m->agent |= !strcmp(name, "liblodestone.so");
	if (!strncmp(name, "liblodestone", 12))
		return;
	/* The process may live in another mount namespace. */
	snprintf(inside, sizeof inside, "/proc/%d/root%s", (int)pid, path);
	if (cli_elf_open(&e, inside, NULL) && cli_elf_open(&e, path, NULL))
		return;
	enum cli_rocksdb r = cli_rocksdb_in(&e, &since);
	if (r == CLI_ROCKS_HIDDEN && !cli_elf_local(&e, "_ZN7rocksdb6DBImpl") && !strstr(name, "rocksdb"))
		r = CLI_ROCKS_NONE;
	cli_elf_close(&e);
	if (r == CLI_ROCKS_NONE)
		return;
	m->rocksdb++;
	cli_rocksdb_say(f, r, path, since);
}

static int look_at_maps(struct cli_findings *f, struct images *m, pid_t pid)
{
	char path[64], seen[PATH_MAX] = "";
	struct lode_buf maps;

	lode_buf_init(&maps, MAPS_MAX);
	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	int rc = lode_fs_read(path, &maps);
	for (char *p = rc ? NULL : maps.data, *line; p && (line = strsep(&p, "\n"));) {
		char *file = strchr(line, '/');

		/* The pieces of a file follow each other; only executable ones count. */
		if (!file || !strstr(line, " r-xp ") || !strcmp(file, seen))
			continue;
		snprintf(seen, sizeof seen, "%s", file);
		look_at_map(f, m, pid, file);
	}
	lode_buf_fini(&maps);
	return rc;
}

/* Its environment: was it told to stay out? */
static void look_at_environment(struct cli_findings *f, const struct images *m, pid_t pid)
{
	char path[64];
	struct lode_buf env;
	bool disabled = false, asked = false;

	lode_buf_init(&env, MAPS_MAX);
	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	lode_fs_read(path, &env);
	for (const char *p = lode_buf_str(&env), *end = p + env.len; p < end; p += strlen(p) + 1) {
		disabled |= !strncmp(p, "LODESTONE_DISABLE=", 18) && p[18] && strcmp(p + 18, "0") != 0;
		asked |= !strncmp(p, "LD_PRELOAD=", 11) && strstr(p, "liblodestone-preload.so");
	}
	lode_buf_fini(&env);
	if (disabled)
		cli_find(f, CLI_FAIL, "start it without LODESTONE_DISABLE", "the kill switch LODESTONE_DISABLE is set in it");
	if (asked && !m->preload)
		cli_find(f, CLI_FAIL,
			 "is the library readable for it, and the program not setuid? the loader says so on the program's standard error",
			 "LD_PRELOAD names the preload, but the loader did not take it");
}

static void say_databases(struct cli_findings *f, const cJSON *status)
{
	const cJSON *item;
	int n = 0;

	cJSON_ArrayForEach(item, cli_obj(status, "inert"))
	    cli_find(f, CLI_FAIL, NULL, "%s is not tuned: %s", cli_str(item, "path"), cli_str(item, "why"));
	cJSON_ArrayForEach(item, cli_obj(status, "databases"))
	{
		n++;
		cli_find(f, strcmp(cli_str(item, "state"), "SAFE") ? CLI_OK : CLI_FAIL,
			 strcmp(cli_str(item, "state"), "SAFE") ? NULL : "see `lodestone journal`, then `lodestone resume`",
			 "%s: RocksDB %s, state %s%s", cli_str(item, "path"), cli_str(item, "rocksdb"), cli_str(item, "state"),
			 cli_true(item, "paused") ? ", paused" : "");
		if (*cli_str(item, "limited"))
			cli_find(f, CLI_WARN, NULL, "%s is limited: %s", cli_str(item, "path"), cli_str(item, "limited"));
		if (!strcmp(cli_str(item, "statistics"), "none"))
			cli_find(f, CLI_FAIL, "give it a Statistics object, or leave agent.statistics on",
				 "%s has no Statistics: nothing can be judged", cli_str(item, "path"));
	}
	cJSON_ArrayForEach(item, cli_obj(status, "warnings")) if (cJSON_IsString(item))
	    cli_find(f, CLI_WARN, NULL, "%s", item->valuestring);
	if (!n)
		cli_find(f, CLI_WARN, NULL, "no database is open that can be tuned");
	if (!strcmp(cli_str(status, "mode"), "observe"))
		cli_find(f, CLI_NOTE, "agent.mode = auto lets it act", "it observes and changes nothing");
}

static void look_at_agent(struct cli_findings *f, const struct images *m, pid_t pid)
{
	struct cli_target t = {.pid = pid};
	struct lode_config c;
	cJSON *status = NULL;
	int rc = 0;

	/* With the process's own settings, then with ours. */
	for (int own = 1; own >= 0 && !status; own--) {
		cli_config_of(own ? pid : 0, &c, NULL);
		snprintf(t.socket, sizeof t.socket, "%.400s/%d.sock", c.runtime_dir, (int)pid);
		status = cli_target_status(&t, NULL, &rc);
	}
	if (status) {
		cli_find(f, CLI_OK, NULL, "the agent answers at %s", t.socket);
		say_databases(f, status);
	} else if (m->agent) {
		cli_find(f, CLI_FAIL, "look at the process's log; agent.runtime_dir must be a directory it can write to",
			 "the agent does not answer at %s: %s", t.socket, cli_ask_error(rc));
	}
	cJSON_Delete(status);
}

void cli_doctor_process(struct cli_findings *f, pid_t pid)
{
	struct images m = {0};
	int rc;

	if (kill(pid, 0) && errno == ESRCH) {
		cli_find(f, CLI_FAIL, NULL, "there is no process %d", (int)pid);
		return;
	}
	rc = look_at_maps(f, &m, pid);
	if (rc) {
		cli_find(f, CLI_FAIL, "ask as its user or as root", "process %d cannot be looked at: %s", (int)pid, strerror(-rc));
		return;
	}
	if (!m.rocksdb)
		cli_find(f, CLI_FAIL, "ask again when it has opened its database",
			 "there is no RocksDB in process %d that could be recognised", (int)pid);
	if (m.preload)
		cli_find(f, CLI_OK, NULL, "the preload is in it");
	else
		cli_find(f, CLI_FAIL, "start it with `lodestone run -- COMMAND`; a running process cannot be entered",
			 "the preload is not in it");
	if (m.agent)
		cli_find(f, CLI_OK, NULL, "the agent is in it");
	else if (m.preload)
		cli_find(f, CLI_WARN, NULL,
			 "the agent is not in it: no database has been opened since the start, or it was refused (see its log)");
	look_at_environment(f, &m, pid);
	look_at_agent(f, &m, pid);
}
