/* A door for other tuners: the preload loads this as liblodestone.so, and a program outside reads and sets options of the database through a Unix
 * socket (LODE_BENCH_DOOR names it), without a check of ours: no bounds, no relations, no waiting for calm, no reading back. bench/harm lets the rules of other
 * tuners act through it. One request a line, fields parted by tabs:
 *   cf KEY VALUE [KEY VALUE...]   SetOptions of the default family
 *   db KEY VALUE [KEY VALUE...]   SetDBOptions
 *   int PROPERTY | map PROPERTY   GetIntProperty, GetMapProperty
 * The answer is one line: 0 or a negative errno, a tab, what was asked for or what RocksDB says. Never installed. */
#include "base/buf.h"
#include "host/entry.h"
#include "host/real.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIELDS 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* host may be used while it is held */
static struct lode_host *host;
static void *served; /* the first database that opens; others are left alone */
static int listener = -1;

static void on_kv(void *ctx, const char *key, const char *value)
{
	lode_buf_addf(ctx, "\t%s=%s", key, value);
}

static int set(char *const *field, size_t n, struct lode_err *err)
{
	struct lode_kv kv[FIELDS / 2];
	size_t pairs = (n - 1) / 2;

	if (n < 3 || n % 2 == 0)
		return lode_err_set(err, EINVAL, "keys and values come in pairs");
	for (size_t i = 0; i < pairs; i++)
		kv[i] = (struct lode_kv){field[1 + 2 * i], field[2 + 2 * i]};
	if (strcmp(field[0], "db") == 0)
		return host->ops->set_db_options(host, kv, pairs, err);
	return host->ops->set_cf_options(host, 0, kv, pairs, err);
}

static void answer(char *line, struct lode_buf *out)
{
	char *field[FIELDS], *rest = line, *one;
	struct lode_err err = {0};
	uint64_t value = 0;
	size_t n = 0;
	int rc = -EINVAL;

	while (n < FIELDS && (one = strsep(&rest, "\t\n")) && *one)
		field[n++] = one;
	if (!host) {
		lode_buf_addf(out, "%d\tno database is open\n", -ESHUTDOWN);
	} else if (n == 2 && strcmp(field[0], "int") == 0) {
		rc = host->ops->int_property(host, 0, field[1], &value);
		lode_buf_addf(out, "%d\t%" PRIu64 "\n", rc, value);
	} else if (n == 2 && strcmp(field[0], "map") == 0) {
		lode_buf_adds(out, "0");
		if (host->ops->map_property(host, 0, field[1], on_kv, out))
			lode_buf_adds(out, "\t");
		lode_buf_adds(out, "\n");
	} else {
		rc = n && (strcmp(field[0], "cf") == 0 || strcmp(field[0], "db") == 0)
			     ? set(field, n, &err)
			     : lode_err_set(&err, EINVAL, "cf, db, int or map");
		for (char *c = err.msg; *c; c++)
			*c = *c == '\n' ? ' ' : *c;
		lode_buf_addf(out, "%d\t%s\n", rc, rc ? err.msg : "");
	}
}

static void serve(int fd)
{
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	while (in && getline(&line, &size, in) > 0) {
		struct lode_buf out;
		bool sent;

		lode_buf_init(&out, 1u << 20);
		pthread_mutex_lock(&lock);
		answer(line, &out);
		pthread_mutex_unlock(&lock);
		sent = !out.failed && send(fd, out.data, out.len, MSG_NOSIGNAL) >= 0;
		lode_buf_fini(&out);
		if (!sent)
			break;
	}
	free(line);
	if (in)
		fclose(in);
	else
		close(fd);
}

static void *door_main(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0)
			serve(fd);
		else if (errno != EINTR && errno != ECONNABORTED)
			return NULL;
	}
}

static bool open_door(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	sigset_t all, before;
	pthread_t thread;
	bool started;

	if (!path || strlen(path) >= sizeof(at.sun_path))
		return false;
	memcpy(at.sun_path, path, strlen(path));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 1))
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	started = pthread_create(&thread, NULL, door_main, NULL) == 0 && pthread_detach(thread) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static const void *db_opening(struct lode_entry_open *o)
{
	return o->db_options;
}

static void db_opened(struct lode_entry_open *o)
{
	struct lode_open open = {o->image, o->image_path, o->db, o->path, o->db_options, o->cf_descriptors, false};
	struct lode_err err = {0};

	pthread_mutex_lock(&lock);
	if (o->db && !served && listener < 0) {
		if (lode_host_real_new(&open, &host, &err))
			fprintf(stderr, "door: %s\n", err.msg);
		else if (open_door(getenv("LODE_BENCH_DOOR")))
			served = o->db;
		else
			perror("door");
	}
	pthread_mutex_unlock(&lock);
}

/* Waits for a call in flight, without our lock, which the call's thread holds. */
static void db_closing(void *db)
{
	if (db && db == served)
		lode_host_real_close(host);
}

static void db_closed(void *db)
{
	if (!db || db != served)
		return;
	pthread_mutex_lock(&lock);
	lode_host_real_free(host);
	host = NULL;
	served = NULL;
	pthread_mutex_unlock(&lock);
}

static void db_read_only(const char *path, const void *opener)
{
	(void)path, (void)opener;
}

static void process_exit(void)
{
	if (served)
		lode_host_real_close(host);
}

static void fork_child(void)
{
}

const struct lode_entry *lodestone_entry(uint32_t abi, char *const *env)
{
	static const struct lode_entry entry = {LODE_ENTRY_ABI, db_opening, db_opened, db_closing, db_closed, db_read_only, process_exit, fork_child};

	(void)env;
	return abi == LODE_ENTRY_ABI ? &entry : NULL;
}
