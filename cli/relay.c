/* lodestone relay: a process of its own that holds the key and speaks TLS, for services that may have neither. They reach it by a Unix socket. */
#include "relay.h"
#include "doctor.h"

#include "advise/dialect.h"
#include "advise/http.h"
#include "advise/relay.h"
#include "base/fs.h"
#include "base/log.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;

/* ---- configuration ---- */

static int add_user(struct cli_relay *r, const char *word)
{
	struct passwd *p = getpwnam(word);
	char *end;
	unsigned long uid = strtoul(word, &end, 10);

	if (!p && (*end || end == word))
		return cli_error(CLI_WRONG, "relay.users: there is no user %s", word);
	if (r->nusers == CLI_RELAY_USERS)
		return cli_error(CLI_WRONG, "relay.users: at most %d", CLI_RELAY_USERS);
	r->user[r->nusers++] = p ? p->pw_uid : (uid_t)uid;
	return CLI_DONE;
}

static int take_users(struct cli_relay *r)
{
	char copy[sizeof r->config.relay_users], *save = NULL;
	int status = CLI_DONE;

	memcpy(copy, r->config.relay_users, sizeof copy);
	for (char *w = strtok_r(copy, ", \t", &save); w && status == CLI_DONE; w = strtok_r(NULL, ", \t", &save))
		status = add_user(r, w);
	if (status == CLI_DONE && r->nusers && !r->config.relay_group[0])
		return cli_error(CLI_WRONG, "relay.users names others than the relay's own user, who cannot open its socket: set relay.group to a group that they are in");
	return status;
}

static int configure(struct cli_relay *r)
{
	struct lode_config *c = &r->config;
	struct lode_buf notes;
	struct lode_err err = {0};
	int problems;

	lode_buf_init(&notes, 1 << 16);
	problems = lode_config_load(c, environ, NULL, 0, &notes);
	if (problems)
		cli_error(CLI_WRONG, "%.*s", (int)(notes.len ? notes.len - 1 : 0), lode_buf_str(&notes));
	lode_buf_fini(&notes);
	if (problems)
		return CLI_WRONG;
	if (!c->url[0])
		return cli_error(CLI_WRONG, "set llm.url to the endpoint that the relay asks");
	if (lode_relay_path(c->url))
		return cli_error(CLI_WRONG, "llm.url is a relay's own socket here: a relay asks an endpoint, https://...");
	if (lode_http_url_check(c->url, &r->loopback, &err))
		return cli_error(CLI_WRONG, "%s", err.msg);
	r->llm = cli_llm_of(c);
	if (!(r->url = lode_dialect_url(r->llm.api, c->url)))
		return cli_error(CLI_FAILED, "no memory");
	r->llm.timeout_s = c->timeout;
	lode_budget_init(&r->budget, c->relay_calls_per_hour, 0);
	lode_log_level_set(c->log_level);
	lode_log_open(c->log_file);
	return take_users(r);
}

/* ---- the socket ---- */

/* A socket that nobody listens at any more is taken; anything else is not ours. */
static int make_room(const char *path, const struct sockaddr_un *a)
{
	struct stat st;
	int fd, rc;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (const struct sockaddr *)a, sizeof *a) == 0 || errno != ECONNREFUSED ? -EADDRINUSE : 0;
	close(fd);
	return rc ? rc : unlink(path) ? -errno : 0;
}

static int give_to_group(const char *path, const char *name)
{
	struct group *g = getgrnam(name);

	if (!g)
		return cli_error(CLI_WRONG, "relay.group: there is no group %s", name);
	if (chown(path, (uid_t)-1, g->gr_gid) || chmod(path, 0660))
		return cli_error(CLI_FAILED, "%s cannot be given to the group %s: %s", path, name, strerror(errno));
	return CLI_DONE;
}

static int listen_at(struct cli_relay *r)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = r->config.relay_socket;
	char dir[sizeof r->config.relay_socket], *slash;
	int rc = 0;

	if (*path != '/' || strlen(path) >= sizeof a.sun_path)
		return cli_error(CLI_WRONG, "relay.socket must be a whole path of at most %zu characters", sizeof a.sun_path - 1);
	memcpy(a.sun_path, path, strlen(path) + 1);
	snprintf(dir, sizeof dir, "%s", path);
	slash = strrchr(dir, '/');
	*slash = '\0';
	if (*dir)
		rc = lode_fs_mkdirs(dir, 0755);
	if (!rc)
		rc = make_room(path, &a);
	if (rc == -EADDRINUSE)
		return cli_error(CLI_FAILED, "%s: another relay listens there", path);
	if (rc)
		return cli_error(CLI_FAILED, "%s: %s", path, strerror(-rc));
	r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	umask(0177);
	if (r->listener < 0 || bind(r->listener, (struct sockaddr *)&a, sizeof a))
		return cli_error(CLI_FAILED, "%s: %s", path, strerror(errno));
	if (r->config.relay_group[0] && (rc = give_to_group(path, r->config.relay_group)) != CLI_DONE) {
		unlink(path);
		return rc;
	}
	return listen(r->listener, 64) ? cli_error(CLI_FAILED, "%s: %s", path, strerror(errno)) : CLI_DONE;
}

/* ---- life ---- */

static int start_workers(struct cli_relay *r)
{
	struct lode_err err = {0};

	for (unsigned i = 0; i < r->config.relay_clients; i++) {
		struct cli_relay_worker *w = &r->worker[i];

		w->relay = r;
		w->http = lode_http_open(&err);
		if (!w->http)
			return cli_error(CLI_FAILED, "%s", err.msg);
		w->started = pthread_create(&w->thread, NULL, cli_relay_worker, w) == 0;
		if (!w->started)
			return cli_error(CLI_FAILED, "no thread could be started");
	}
	return CLI_DONE;
}

static void stop_workers(struct cli_relay *r)
{
	uint64_t one = 1;
	ssize_t ignored;

	atomic_store(&r->stop, true);
	ignored = write(r->stop_fd, &one, sizeof one);
	(void)ignored;
	for (unsigned i = 0; i < CLI_RELAY_CLIENTS; i++)
		if (r->worker[i].http)
			lode_http_cancel(r->worker[i].http);
	for (unsigned i = 0; i < CLI_RELAY_CLIENTS; i++) {
		if (r->worker[i].started)
			pthread_join(r->worker[i].thread, NULL);
		if (r->worker[i].http)
			lode_http_close(r->worker[i].http);
	}
}

/* What ends us. What we were started to ignore, as by nohup, does not. */
static void ending_signals(sigset_t *set)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	struct sigaction before;

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], NULL, &before) || before.sa_handler != SIG_IGN)
			sigaddset(set, numbers[i]);
}

/* Until SIGTERM, SIGINT or SIGHUP. No key in a core, none to a debugger of the same user. */
static int relay(struct cli_relay *r)
{
	sigset_t signals;
	int status, sig = 0;

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	signal(SIGPIPE, SIG_IGN);
	ending_signals(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	pthread_mutex_init(&r->lock, NULL);
	r->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->stop_fd < 0)
		return cli_error(CLI_FAILED, "no eventfd: %s", strerror(errno));
	status = listen_at(r);
	if (status != CLI_DONE)
		return status;
	status = start_workers(r);
	if (status == CLI_DONE) {
		lode_log(LODE_LOG_NOTICE, "relay: listening at %s for %s", r->config.relay_socket, r->config.url);
		sigwait(&signals, &sig);
		lode_log(LODE_LOG_NOTICE, "relay: ends (%s)", strsignal(sig));
	}
	unlink(r->config.relay_socket);
	stop_workers(r);
	return status;
}

/* One real call, by the way that the relay would go. */
static int check(struct cli_relay *r)
{
	struct cli_report report;
	struct lode_buf out;
	int status;

	cli_report_init(&report);
	cli_doctor_model(&report, &r->config, true);
	lode_buf_init(&out, 1 << 16);
	cli_report_text(&report, &out);
	status = cli_write_out(&out);
	if (report.failed)
		status = CLI_FAILED;
	lode_buf_fini(&out);
	cli_report_fini(&report);
	return status;
}

int cli_relay(const struct cli_verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'},
					      {"check", no_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct cli_relay *r = calloc(1, sizeof *r);
	bool ask = false;
	int option, status = CLI_DONE;

	if (!r)
		return cli_error(CLI_FAILED, "no memory");
	while (status == CLI_DONE && (option = getopt_long(argc, argv, "c:s:h", longs, NULL)) != -1) {
		if (option == 'c') {
			status = cli_take_file(optarg, &r->config);
		} else if (option == 's') {
			status = cli_take_setting(optarg, &r->config);
		} else if (option == 'k') {
			ask = true;
		} else {
			free(r);
			return cli_usage(v, option == 'h');
		}
	}
	if (status == CLI_DONE && optind < argc)
		status = cli_usage(v, false);
	if (status == CLI_DONE)
		status = configure(r);
	if (status == CLI_DONE)
		status = ask ? check(r) : relay(r);
	free(r->url);
	free(r);
	return status;
}
