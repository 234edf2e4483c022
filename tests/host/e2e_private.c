/* An application that has its secrets wherever RocksDB lets it put a name: keys, values, column families, directories, the names of its comparator, merge
 * operator, prefix extractor and block-based table's filter, and the environment.
 *
 *     e2e_private DIR SECONDS TOKEN
 *
 * Below DIR it makes a database, a log directory and a second directory for data, each with the token in its name. Nothing here knows of the tuner. */
#include <rocksdb/c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char token[100], name[4][200];
static char *error;

static void must(const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "%s: %s\n", what, error);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void nothing(void *state)
{
	(void)state;
}

static const char *name_of(void *state)
{
	return state;
}

static int compare(void *state, const char *a, size_t alen, const char *b, size_t blen)
{
	int r = memcmp(a, b, alen < blen ? alen : blen);

	(void)state;
	return r ? r : (alen > blen) - (alen < blen);
}

static char *full_merge(void *state, const char *key, size_t klen, const char *old, size_t oldlen, const char *const *ops, const size_t *lens, int n, unsigned char *ok, size_t *len)
{
	(void)state, (void)key, (void)klen, (void)old, (void)oldlen;
	char *out = malloc(lens[n - 1] + 1);
	memcpy(out, ops[n - 1], lens[n - 1]);
	*len = lens[n - 1];
	*ok = 1;
	return out;
}

static char *partial_merge(void *state, const char *key, size_t klen, const char *const *ops, const size_t *lens, int n, unsigned char *ok, size_t *len)
{
	(void)state, (void)key, (void)klen, (void)ops, (void)lens, (void)n;
	*ok = 0;
	*len = 0;
	return NULL;
}

static char *prefix(void *state, const char *key, size_t len, size_t *plen)
{
	(void)state;
	*plen = len < 4 ? len : 4;
	return (char *)key;
}

static unsigned char in_domain(void *state, const char *key, size_t len)
{
	(void)state, (void)key, (void)len;
	return 1;
}

static rocksdb_options_t *options(const char *dir)
{
	rocksdb_options_t *o = rocksdb_options_create();
	char path[2][600];
	const rocksdb_dbpath_t *paths[2];

	for (int i = 0; i < 4; i++)
		snprintf(name[i], sizeof name[i], "%s.%s", token, (const char *[]){"Comparator", "MergeOperator", "Prefix", "Family"}[i]);
	snprintf(path[0], sizeof path[0], "%s/wal-%s", dir, token);
	rocksdb_options_set_wal_dir(o, path[0]);
	snprintf(path[0], sizeof path[0], "%s/db-%s", dir, token);
	snprintf(path[1], sizeof path[1], "%s/more-%s", dir, token);
	for (int i = 0; i < 2; i++)
		paths[i] = rocksdb_dbpath_create(path[i], i ? 1ull << 40 : 1 << 20);
	rocksdb_options_set_db_paths(o, paths, 2);
	rocksdb_options_set_create_if_missing(o, 1);
	rocksdb_options_set_create_missing_column_families(o, 1);
	rocksdb_options_set_comparator(o, rocksdb_comparator_create(name[0], nothing, compare, name_of));
	rocksdb_options_set_merge_operator(o, rocksdb_mergeoperator_create(name[1], nothing, full_merge, partial_merge, NULL, name_of));
	rocksdb_options_set_prefix_extractor(o, rocksdb_slicetransform_create(name[2], nothing, prefix, in_domain, in_domain, name_of));
	rocksdb_options_set_write_buffer_size(o, 1 << 20);
	return o;
}

int main(int argc, char **argv)
{
	char path[700], key[200], value[300];
	const char *families[2] = {"default", name[3]};
	rocksdb_column_family_handle_t *cf[2];

	if (argc < 4)
		return 2;
	snprintf(token, sizeof token, "%s", argv[3]);
	rocksdb_options_t *o = options(argv[1]);
	const rocksdb_options_t *both[2] = {o, o};
	snprintf(path, sizeof path, "%s/db-%s", argv[1], token);
	rocksdb_t *db = rocksdb_open_column_families(o, path, 2, families, both, cf, &error);
	must("open");
	rocksdb_writeoptions_t *w = rocksdb_writeoptions_create();
	rocksdb_readoptions_t *r = rocksdb_readoptions_create();
	double end = now() + atof(argv[2]);
	for (unsigned long i = 0; now() < end; i++) {
		size_t len;

		snprintf(key, sizeof key, "%07lu-%s", i * 7919 % 100000, token);
		snprintf(value, sizeof value, "%s=%060lu", token, i);
		if (i % 50 == 0)
			rocksdb_merge_cf(db, w, cf[i / 50 % 2], key, strlen(key), value, strlen(value), &error);
		else if (i < 100000 || i % 4 == 0)
			rocksdb_put_cf(db, w, cf[i % 2], key, strlen(key), value, strlen(value), &error);
		else
			free(rocksdb_get_cf(db, r, cf[i % 2], key, strlen(key), &len, &error));
		must("work");
		if (i > 100000 && i % 10 == 0) { /* some tens of thousands a second are enough */
			struct timespec pause = {0, 200000};
			nanosleep(&pause, NULL);
		}
	}
	for (int i = 0; i < 2; i++)
		rocksdb_column_family_handle_destroy(cf[i]);
	rocksdb_close(db);
	printf("closed\n");
	return 0;
}
