/* In the agent's place: hands every database that a host has opened to the C API of the real library (LODE_TEST_REAL), as a program of one's own would, and
 * takes it back before it is closed. So lodestone_attach meets every RocksDB that there is a host of. Says on standard error what was refused. */
#include "host/entry.h"
#include "lodestone.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define DBS_MAX 64

static struct {
	void *db;
	lodestone_t *tuner;
} dbs[DBS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static lodestone_t *(*attach)(void *db, const lodestone_options_t *options, char **errptr);
static void (*detach)(lodestone_t *tuner);

static const void *db_opening(struct lode_entry_open *o)
{
	return o->db_options;
}

static void db_opened(struct lode_entry_open *o)
{
	char *err = NULL;
	lodestone_t *tuner = o->db ? attach(o->db, NULL, &err) : NULL;

	if (!tuner) {
		if (o->db)
			fprintf(stderr, "not attached: %s\n", err);
		return;
	}
	pthread_mutex_lock(&lock);
	for (int i = 0; i < DBS_MAX && tuner; i++)
		if (!dbs[i].db) {
			dbs[i].db = o->db;
			dbs[i].tuner = tuner;
			tuner = NULL;
		}
	pthread_mutex_unlock(&lock);
}

static void db_closing(void *db)
{
	lodestone_t *tuner = NULL;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < DBS_MAX; i++)
		if (dbs[i].db == db) {
			tuner = dbs[i].tuner;
			dbs[i].db = NULL;
		}
	pthread_mutex_unlock(&lock);
	detach(tuner);
}

static void db_closed(void *db)
{
	(void)db;
}

static void db_read_only(const char *path, const void *opener)
{
	(void)path, (void)opener;
}

static void nothing(void)
{
}

const struct lode_entry *lodestone_entry(uint32_t abi, char *const *env)
{
	static const struct lode_entry entry = {LODE_ENTRY_ABI, db_opening, db_opened, db_closing, db_closed, db_read_only, nothing, nothing};
	const char *path = getenv("LODE_TEST_REAL");
	void *real = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;

	(void)env;
	if (!real)
		return NULL;
	attach = (lodestone_t * (*)(void *, const lodestone_options_t *, char **))dlsym(real, "lodestone_attach_cpp");
	detach = (void (*)(lodestone_t *))dlsym(real, "lodestone_detach");
	return abi == LODE_ENTRY_ABI && attach && detach ? &entry : NULL;
}
