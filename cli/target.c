/* Which process is meant, and what it answers. */
#include "cli.h"
#include "entry.h"

#include "agent/control.h"
#include "base/fs.h"
#include "base/num.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SHOWN_MAX 32
#define STATUS_MAX (16u << 20)
#define STATUS_TIMEOUT 5.0

extern char **environ;

int cli_target_option(const struct cli_verb *v, struct cli_target *t, int option, const char *value, int *status)
{
	switch (option) {
	case 'S':
		if (snprintf(t->socket, sizeof t->socket, "%s", value) < (int)sizeof t->socket)
			return 0;
		*status = cli_error(CLI_WRONG, "that socket's name is too long");
		return -1;
	case 'd':
		if (snprintf(t->db, sizeof t->db, "%s", value) < (int)sizeof t->db &&
		    (strchr(value, '/') || (strlen(value) < 200 && !strpbrk(value, " \t\n"))))
			return 0;
		*status = cli_error(CLI_WRONG, "'%s' cannot be a database's id or path", value);
		return -1;
	case 'j':
		t->json = true;
		return 0;
	case 'h':
		*status = cli_usage(v, true);
		return -1;
	default:
		*status = cli_usage(v, false);
		return -1;
	}
}

/* A process's environment as an array of strings; the block holds the text. */
static char **environment_of(pid_t pid, struct lode_buf *block)
{
	char path[64];
	size_t n = 0;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	lode_buf_init(block, 4 << 20);
	if (lode_fs_read(path, block))
		return NULL;
	char **env = calloc(block->len + 1, sizeof *env);
	for (char *p = block->data; env && p && p < block->data + block->len; p += strlen(p) + 1)
		env[n++] = p;
	return env;
}

int cli_config_of(pid_t pid, struct lode_config *c, struct lode_buf *notes)
{
	struct lode_buf ignored, block;

	lode_buf_init(&ignored, 1 << 16);
	lode_buf_init(&block, 0);
	char **env = pid ? environment_of(pid, &block) : NULL;
	int problems = lode_config_load(c, env ? env : environ, NULL, 0, notes ? notes : &ignored);
	free(env);
	lode_buf_fini(&block);
	lode_buf_fini(&ignored);
	return problems;
}

/* 0 if somebody answers there. */
static int alive(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int rc = 0;

	if (strlen(path) >= sizeof addr.sun_path)
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) && errno != EAGAIN) /* EAGAIN: busy, so alive */
		rc = -errno;
	close(fd);
	return rc;
}

static pid_t pid_of_socket(const char *name)
{
	const char *dot = strrchr(name, '.');
	int64_t pid;

	if (!dot || strcmp(dot, ".sock") != 0 || lode_num_parse(name, (size_t)(dot - name), &pid) || pid <= 0 || pid > INT_MAX)
		return 0;
	return (pid_t)pid;
}

/* Live sockets of dir: how many; the first few pids. *denied: those that are not ours to ask. */
static int look_in(const char *dir, pid_t *pids, int max, int *denied)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	*denied = d || errno != EACCES ? 0 : 1;
	while (d && (e = readdir(d))) {
		char path[1024];
		pid_t pid = pid_of_socket(e->d_name);

		if (!pid)
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		int rc = alive(path);
		*denied += rc == -EACCES || rc == -EPERM;
		if (!rc && n++ < max)
			pids[n - 1] = pid;
	}
	if (d)
		closedir(d);
	return n;
}

static void name_of(pid_t pid, char *out, size_t len)
{
	char path[64];
	struct lode_buf b;

	lode_buf_init(&b, 256);
	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	lode_fs_read(path, &b);
	snprintf(out, len, "%.*s", (int)strcspn(lode_buf_str(&b), "\n"), lode_buf_str(&b));
	for (char *p = out; *p; p++) /* a process may call itself what it likes */
		if (!isprint((unsigned char)*p))
			*p = '?';
	lode_buf_fini(&b);
}

int cli_target_look(struct cli_target *t)
{
	struct lode_config c;
	int denied;

	cli_config_of(0, &c, NULL);
	int n = look_in(c.runtime_dir, &t->pid, 1, &denied);
	if (n == 1)
		snprintf(t->socket, sizeof t->socket, "%.400s/%d.sock", c.runtime_dir, (int)t->pid);
	return n;
}

/* Does a process answer in a directory that its own environment names? So it is where a unit of the service manager has made one for it. */
static bool answers_elsewhere(pid_t pid)
{
	struct lode_config c;
	char path[1024];
	struct lode_buf block;
	char **env = environment_of(pid, &block);
	bool told = false;

	for (char **e = env; e && *e && !told; e++)
		told = strncmp(*e, "LODESTONE_", 10) == 0;
	free(env);
	lode_buf_fini(&block);
	if (!told)
		return false;
	cli_config_of(pid, &c, NULL);
	snprintf(path, sizeof path, "%.400s/%d.sock", c.runtime_dir, (int)pid);
	return !alive(path);
}

/* None is chosen, because nobody has said that all processes of the machine are meant. */
static void name_others(void)
{
	DIR *d = opendir("/proc");
	int shown = 0;

	for (struct dirent *e; d && shown < SHOWN_MAX && (e = readdir(d));) {
		char name[64];
		int64_t pid;

		if (lode_num_parse(e->d_name, strlen(e->d_name), &pid) || pid <= 0 || pid > INT_MAX || !answers_elsewhere((pid_t)pid))
			continue;
		name_of((pid_t)pid, name, sizeof name);
		if (!shown++)
			cli_error(CLI_FAILED, "these have a directory of their own, and answer if you say which:");
		fprintf(stderr, "  %d  %s\n", (int)pid, name);
	}
	if (d)
		closedir(d);
}

static int find_only(struct cli_target *t)
{
	struct lode_config c;
	pid_t pids[SHOWN_MAX];
	int denied;

	cli_config_of(0, &c, NULL);
	int n = look_in(c.runtime_dir, pids, SHOWN_MAX, &denied);
	if (n == 1) {
		t->pid = pids[0];
		snprintf(t->socket, sizeof t->socket, "%.400s/%d.sock", c.runtime_dir, (int)t->pid);
		return CLI_DONE;
	}
	if (n == 0 && denied)
		return cli_error(CLI_FAILED, "the processes in %s belong to someone else: ask as their user or as root", c.runtime_dir);
	if (n == 0) {
		cli_error(CLI_FAILED,
			  "no process with the tuner in it was found (looked in %s).\n"
			  "Has it opened a database yet? Was it started with `lodestone run`? `lodestone doctor PID` looks at a "
			  "process closely;\n"
			  "-S SOCKET names a control socket that stands elsewhere.",
			  c.runtime_dir);
		name_others();
		return CLI_FAILED;
	}
	cli_error(CLI_FAILED, "several processes have the tuner in them; say which:");
	for (int i = 0; i < n && i < SHOWN_MAX; i++) {
		char name[64];

		name_of(pids[i], name, sizeof name);
		fprintf(stderr, "  %d  %s\n", (int)pids[i], name);
	}
	return CLI_FAILED;
}

/* A process may have been started with a runtime directory of its own. */
static int find_pid(struct cli_target *t)
{
	struct lode_config c;

	for (int own = 1; own >= 0; own--) {
		cli_config_of(own ? t->pid : 0, &c, NULL);
		snprintf(t->socket, sizeof t->socket, "%.400s/%d.sock", c.runtime_dir, (int)t->pid);
		if (!alive(t->socket))
			return CLI_DONE;
	}
	if (kill(t->pid, 0) && errno == ESRCH)
		return cli_error(CLI_FAILED, "there is no process %d", (int)t->pid);
	if (cli_entry_plugin_in(t->pid))
		return cli_error(CLI_FAILED,
				 "process %d has the listener in it and is waiting for the first flush or compaction of a database with the entry in its "
				 "OPTIONS; `lodestone doctor %d` says whether it has one",
				 (int)t->pid, (int)t->pid);
	return cli_error(CLI_FAILED, "process %d does not answer at %s; `lodestone doctor %d` says why", (int)t->pid, t->socket,
			 (int)t->pid);
}

int cli_target_find(struct cli_target *t, int argc, char **argv)
{
	int64_t pid;

	if (argc > 1)
		return cli_error(CLI_WRONG, "one process at a time: '%s' is too much", argv[1]);
	if (argc == 1) {
		if (lode_num_parse(argv[0], strlen(argv[0]), &pid) || pid <= 0 || pid > INT_MAX)
			return cli_error(CLI_WRONG, "'%s' is no process id", argv[0]);
		t->pid = (pid_t)pid;
	}
	if (t->socket[0])
		return CLI_DONE;
	return t->pid ? find_pid(t) : find_only(t);
}

const char *cli_ask_error(int rc)
{
	switch (rc) {
	case -ENOENT:
	case -ECONNREFUSED:
		return "nobody listens there: the process has ended or has not opened a database yet";
	case -EACCES:
	case -EPERM:
		return "it belongs to someone else: ask as its user or as root";
	case -ETIMEDOUT:
		return "no answer in time";
	case -EPROTO:
	case -ECONNRESET:
	case -EPIPE:
		return "it broke off in the middle of its answer";
	default:
		return strerror(-rc);
	}
}

cJSON *cli_target_status(const struct cli_target *t, struct lode_buf *raw, int *quiet)
{
	struct lode_buf own;

	lode_buf_init(&own, STATUS_MAX);
	struct lode_buf *body = raw ? raw : &own;
	cJSON *status = NULL;
	int code = lode_control_ask(t->socket, "status -", STATUS_TIMEOUT, body);
	if (quiet)
		*quiet = code < 0 ? code : code == 200 ? 0 : -EPROTO;
	if (code == 200 && !body->failed)
		status = cJSON_ParseWithLengthOpts(lode_buf_str(body), body->len, NULL, 0);
	if (status && !cJSON_IsObject(status)) {
		cJSON_Delete(status);
		status = NULL;
	}
	if (!status && quiet && !*quiet)
		*quiet = -EPROTO;
	if (!status && !quiet) {
		if (code < 0)
			cli_error(CLI_FAILED, "%s: %s", t->socket, cli_ask_error(code));
		else if (code != 200)
			cli_error(CLI_FAILED, "it refused to say (code %d)", code);
		else
			cli_error(CLI_FAILED, "%s: the answer is no status", t->socket);
	}
	lode_buf_fini(&own);
	return status;
}

bool cli_target_wants(const struct cli_target *t, const cJSON *db)
{
	const char *id = cli_str(db, "id"), *path = cli_str(db, "path");

	if (!t->db[0] || !strcmp(t->db, "-"))
		return true;
	if (!strchr(t->db, '/'))
		return !strncmp(id, t->db, strlen(t->db));
	char *a = realpath(t->db, NULL), *b = realpath(path, NULL);
	bool same = !strcmp(t->db, path) || (a && b && !strcmp(a, b));
	free(a);
	free(b);
	return same;
}
