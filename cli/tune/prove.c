/* A proof, from this side: a folder, a process in it, and what is to be made of its end. */
#include "base/fs.h"
#include "tune/prove_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_S 30
#define SAID_MAX 65536

/* ---- the folder ---- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

static void remove_all(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* A copy of the file where RocksDB looks for a database's options, without the application's paths: nothing of a proof may be written there. */
static int place(const char *path, const char *dir, struct lode_err *err)
{
	static const char *const paths[] = {"wal_dir", "db_log_dir", "db_paths", "env", "listeners"};
	char to[PATH_MAX + 32];
	struct tune_config *c;
	int rc = tune_config_load(path, &c, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		tune_config_remove(c, TUNE_SEC_DB, 0, paths[i]);
	for (size_t f = 0; f < tune_config_families(c); f++)
		tune_config_remove(c, TUNE_SEC_CF, f, "cf_paths");
	snprintf(to, sizeof to, "%s/options", dir);
	rc = mkdir(to, 0700) ? lode_err_set(err, errno, "%s cannot be made: %s", to, strerrordesc_np(errno)) : 0;
	snprintf(to, sizeof to, "%s/options/OPTIONS-000001", dir);
	rc = rc ? rc : tune_config_write(c, to, NULL, err);
	tune_config_free(c);
	return rc;
}

/* The newest OPTIONS file of the throw-away database. */
static struct tune_config *written_there(const char *dir)
{
	char path[PATH_MAX + NAME_MAX + 32], best[NAME_MAX + 1] = "";
	struct tune_config *c = NULL;
	unsigned long long newest = 0, n;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "%s/db", dir);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (sscanf(e->d_name, "OPTIONS-%llu", &n) == 1 && !strstr(e->d_name, "dbtmp") && n >= newest) {
			newest = n;
			strcpy(best, e->d_name);
		}
	if (d)
		closedir(d);
	if (best[0] && (size_t)snprintf(path, sizeof path, "%s/db/%s", dir, best) < sizeof path)
		tune_config_load(path, &c, NULL);
	return c;
}

/* ---- the process ---- */

static void become(const struct tune_prover *p, const char *dir, int says, int errors)
{
	const char *program = p->program ? p->program : "/proc/self/exe";
	char *argv[] = {(char *)"lodestone", (char *)"tune", (char *)"--prove", (char *)p->library, (char *)dir, NULL};
	struct rlimit none = {0, 0};
	sigset_t all;
	int null = open("/dev/null", O_RDWR), oom;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	oom = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); /* if memory runs out, not somebody else */
	if (oom >= 0 && write(oom, "1000", 4) < 0)
		close(oom);
	setenv("LODESTONE_DISABLE", "1", 1);
	unsetenv("LD_PRELOAD");
	/* says and errors are above 3 (prove_run): nothing is overwritten before it is copied. */
	if (dup2(null, 0) < 0 || dup2(errors, 1) < 0 || dup2(errors, 2) < 0 || dup2(says, PROVE_SAYS) < 0)
		_exit(PROVE_ALONE);
	execv(program, argv);
	_exit(PROVE_ALONE);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What it says until it ends (0), time is up (-ETIMEDOUT), or somebody says stop (-EINTR). */
static int listen_to(int fd, double deadline, const volatile sig_atomic_t *stop, struct lode_buf *said)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char part[4096];
	ssize_t n;
	int rc;

	for (;;) {
		double left = deadline - now_s();

		if (stop && *stop)
			return -EINTR;
		if (left <= 0)
			return -ETIMEDOUT;
		rc = poll(&pfd, 1, left > 0.25 ? 250 : (int)(left * 1000) + 1); /* a signal just before it does not end it */
		if (rc < 0 && errno != EINTR)
			return 0;
		if (rc <= 0)
			continue;
		n = read(fd, part, sizeof part);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		lode_buf_add(said, part, (size_t)n);
	}
}

static int above(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);

	close(fd);
	return high;
}

struct end {
	bool hung;
	int status;
};

/* 0, -EINTR, or another -errno if there is no process. */
static int run(const struct tune_prover *p, const char *dir, const char *errors, double timeout, struct lode_buf *said, struct end *end)
{
	int fd[2], rc, log = open(errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pid_t pid;

	if (log < 0)
		return -errno;
	log = above(log);
	if (log < 0 || pipe2(fd, O_CLOEXEC)) {
		close(log);
		return -EMFILE;
	}
	fd[1] = above(fd[1]);
	pid = fd[1] < 0 ? -1 : fork();
	if (!pid)
		become(p, dir, fd[1], log);
	close(log);
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return -EAGAIN;
	}
	setpgid(pid, pid);
	rc = listen_to(fd[0], now_s() + timeout, p->stop, said);
	end->hung = rc == -ETIMEDOUT;
	close(fd[0]);
	kill(-pid, SIGKILL);
	while (waitpid(pid, &end->status, 0) < 0 && errno == EINTR)
		;
	return rc == -EINTR ? rc : 0;
}

/* ---- what it said ---- */

/* The last line that begins so; without its beginning. NULL: none. */
static const char *last_said(const char *said, const char *begins, char *out, size_t len)
{
	const char *found = NULL;

	for (const char *at = said; *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (!strncmp(at, begins, strlen(begins)))
			found = at + strlen(begins);
	if (found)
		snprintf(out, len, "%.*s", (int)strcspn(found, "\n"), found);
	return found ? out : NULL;
}

/* Our folder's name says nothing to anybody. */
static void without_folder(char *text, const char *dir)
{
	size_t len = strlen(dir);

	for (char *at = text; (at = strstr(at, dir));)
		memmove(at, at + len, strlen(at + len) + 1);
}

/* The last line that RocksDB wrote to its error output: an assertion's, an exception's. */
static void last_words(const char *errors, char *out, size_t len)
{
	struct lode_buf b;
	const char *at, *line = NULL;

	out[0] = '\0';
	lode_buf_init(&b, 1 << 20);
	lode_fs_read(errors, &b);
	for (at = lode_buf_str(&b); *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (*at != '\n')
			line = at;
	if (line)
		snprintf(out, len, "%.*s", (int)strcspn(line, "\n"), line);
	for (char *c = out; *c; c++)
		*c = (unsigned char)*c < ' ' ? ' ' : *c;
	lode_buf_fini(&b);
}

static int judge(const char *said, const char *errors, const char *dir, const struct end *end, double timeout, struct lode_err *err)
{
	char at[120] = "starting", words[400], last[400];

	last_said(said, PROVE_AT, at, sizeof at);
	if (last_said(said, PROVE_CANNOT, words, sizeof words))
		return lode_err_set(err, ENOSYS, "the benchmark's RocksDB cannot be asked: %s", words);
	last_words(errors, last, sizeof last);
	if (last_said(said, PROVE_ERROR, words, sizeof words)) {
		without_folder(words, dir);
		return lode_err_set(err, EINVAL, "RocksDB, %s: %s", at, words);
	}
	without_folder(last, dir);
	if (end->hung)
		return lode_err_set(err, EINVAL, "RocksDB hung (%.0f s) while %s", timeout, at);
	if (WIFSIGNALED(end->status) && !last_said(said, PROVE_DONE, words, sizeof words))
		return lode_err_set(err, EINVAL, "RocksDB died of SIG%s while %s%s%s", sigabbrev_np(WTERMSIG(end->status)), at, last[0] ? ": " : "", last);
	if (!last_said(said, PROVE_DONE, words, sizeof words) && !strcmp(at, "starting"))
		return lode_err_set(err, ENOSYS, "the process that asks RocksDB could not be started%s%s", last[0] ? ": " : "", last);
	if (!last_said(said, PROVE_DONE, words, sizeof words))
		return lode_err_set(err, EINVAL, "RocksDB ended its process (%d) while %s%s%s", WIFEXITED(end->status) ? WEXITSTATUS(end->status) : -1, at,
				    last[0] ? ": " : "", last);
	return 0;
}

/* One process in a folder of its own; path NULL: only what is linked in. */
static int prove_in(const struct tune_prover *p, const char *path, const char *dir, struct lode_buf *said, struct tune_config **written, struct lode_err *err)
{
	double timeout = p->timeout_s > 0 ? p->timeout_s : TIMEOUT_S;
	char errors[PATH_MAX + 32];
	struct end end = {0};
	int rc = path ? place(path, dir, err) : 0;

	if (rc)
		return rc;
	snprintf(errors, sizeof errors, "%s/errors", dir);
	rc = run(p, path ? dir : "-", errors, timeout, said, &end);
	if (rc == -EINTR)
		return lode_err_set(err, EINTR, "the proof of the file was stopped");
	if (rc)
		return lode_err_set(err, -rc, "no process can be started to prove the file: %s", strerrordesc_np(-rc));
	rc = path ? judge(lode_buf_str(said), errors, dir, &end, timeout, err) : 0;
	if (!rc && written)
		*written = written_there(dir);
	return rc;
}

static int prove_run(const struct tune_prover *p, const char *path, struct lode_buf *said, struct tune_config **written, struct lode_err *err)
{
	char dir[PATH_MAX];
	int rc;

	if ((size_t)snprintf(dir, sizeof dir, "%s/prove-XXXXXX", p->scratch) >= sizeof dir - 64)
		return lode_err_set(err, ENAMETOOLONG, "%s is too long a path", p->scratch);
	if (!mkdtemp(dir))
		return lode_err_set(err, errno, "%s cannot be written to: %s", p->scratch, strerrordesc_np(errno));
	rc = prove_in(p, path, dir, said, written, err);
	remove_all(dir);
	return rc;
}

int tune_prove(const struct tune_prover *p, const char *path, struct tune_config **written, struct lode_err *err)
{
	struct lode_buf said;
	int rc = -ENOSYS;

	if (written)
		*written = NULL;
	lode_err_set(err, ENOSYS, "there is no RocksDB library that could be asked");
	if (p->library) {
		lode_buf_init(&said, SAID_MAX);
		rc = prove_run(p, path, &said, written, err);
		lode_buf_fini(&said);
	}
	if (rc == -ENOSYS && p->fallback)
		rc = p->fallback(p->ctx, path, err);
	if (!rc && err)
		*err = (struct lode_err){0};
	return rc;
}

uint64_t tune_prove_codecs(const struct tune_prover *p)
{
	struct lode_buf said;
	char text[64];
	uint64_t bits = 0;

	if (!p->library)
		return 0;
	lode_buf_init(&said, SAID_MAX);
	if (!prove_run(p, NULL, &said, NULL, NULL) && last_said(lode_buf_str(&said), PROVE_CODECS, text, sizeof text))
		bits = strtoull(text, NULL, 16);
	lode_buf_fini(&said);
	return bits;
}

/* ---- what RocksDB made of it ---- */

size_t tune_prove_settle(const struct tune_space *s, struct tune_config *c, const struct tune_config *written, struct tune_fix *fix, size_t *nfix)
{
	char asked[TUNE_VALUE_MAX], got[TUNE_VALUE_MAX], shown[TUNE_VALUE_MAX + 8];
	size_t n = 0;

	for (size_t i = 0; i < *nfix; i++) {
		struct tune_fix *f = &fix[i];
		const struct tune_option *o = f->fate == TUNE_DROPPED ? NULL : tune_space_find(s, tune_fix_option(f->name));
		bool differs = false;

		if (!o || o->section == TUNE_SEC_CACHE)
			continue;
		for (size_t k = 0; k < tune_config_families(c); k++) {
			if (!tune_config_get(c, o->section, k, o->name, asked, sizeof asked) || !tune_config_get(written, o->section, k, o->name, got, sizeof got) ||
			    tune_config_equal(asked, got) || tune_config_set(c, o->section, k, o->name, got))
				continue;
			if (!differs)
				snprintf(shown, sizeof shown, "%s", got);
			differs = true;
			if (o->section == TUNE_SEC_DB)
				break;
		}
		if (!differs)
			continue;
		n++;
		if (f->fate == TUNE_TAKEN)
			f->fate = TUNE_CORRECTED;
		snprintf(f->to, sizeof f->to, "%.*s", TUNE_VALUE_MAX - 1, shown);
		snprintf(f->why, sizeof f->why, "RocksDB itself makes it this when it opens");
	}
	return n;
}
