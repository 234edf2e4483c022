/* The other process of a proof: RocksDB's C functions, looked up in the very library of the benchmark. It may abort, hang or exit at any point; whoever
 * started it knows by then what it was at. */
#include "tune/prove_private.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAMILIES 32 /* that are written to; more are opened only */
#define ROUNDS 3    /* of writing and flushing: files for a compaction */
#define KEYS 200
#define VALUE 200

#define FUNCTIONS(X)                                                                                                                           \
	X(void *, create_default_env, (void))                                                                                                  \
	X(void *, cache_create_lru, (size_t))                                                                                                  \
	X(void, load_latest_options, (const char *, void *, bool, void *, void **, size_t *, char ***, void ***, char **))                     \
	X(void, options_set_create_if_missing, (void *, unsigned char))                                                                        \
	X(void, options_set_create_missing_column_families, (void *, unsigned char))                                                           \
	X(void, options_set_error_if_exists, (void *, unsigned char))                                                                          \
	X(void *, open_column_families, (const void *, const char *, int, const char *const *, const void *const *, void **, char **))         \
	X(void *, writeoptions_create, (void))                                                                                                 \
	X(void *, readoptions_create, (void))                                                                                                  \
	X(void *, flushoptions_create, (void))                                                                                                 \
	X(void, put_cf, (void *, const void *, void *, const char *, size_t, const char *, size_t, char **))                                   \
	X(char *, get_cf, (void *, const void *, void *, const char *, size_t, size_t *, char **))                                             \
	X(void, flush_cf, (void *, const void *, void *, char **))                                                                             \
	X(void, compact_range_cf, (void *, void *, const char *, size_t, const char *, size_t))                                                \
	X(void *, create_iterator_cf, (void *, const void *, void *))                                                                          \
	X(void, iter_seek_to_first, (void *))                                                                                                  \
	X(void, iter_next, (void *))                                                                                                           \
	X(unsigned char, iter_valid, (const void *))                                                                                           \
	X(void, iter_destroy, (void *))                                                                                                        \
	X(void, column_family_handle_destroy, (void *))                                                                                        \
	X(void, close, (void *))

struct api {
#define MEMBER(result, name, arguments) result(*name) arguments;
	FUNCTIONS(MEMBER)
};

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	n = n < (int)sizeof line - 1 ? n : (int)sizeof line - 2;
	for (int i = 0; i < n; i++)
		line[i] = line[i] == '\n' ? ' ' : line[i];
	line[n] = '\n';
	if (write(PROVE_SAYS, line, (size_t)n + 1) < 0)
		_exit(PROVE_ALONE);
}

static bool failed(const char *error)
{
	if (error)
		say(PROVE_ERROR "%s", error);
	return error != NULL;
}

static bool look_up(void *lib, struct api *a)
{
#define LOOK_UP(result, name, arguments)                                                       \
	*(void **)&a->name = dlsym(lib, "rocksdb_" #name);                                     \
	if (!a->name) {                                                                        \
		say(PROVE_CANNOT "it has no rocksdb_" #name);                                  \
		return false;                                                                  \
	}
	FUNCTIONS(LOOK_UP)
	return true;
}

/* std::vector<CompressionType> GetSupportedCompressions(): the result's place is the first argument; its elements are bytes. */
static void say_codecs(void *lib)
{
#if defined(__x86_64__)
	struct vector {
		unsigned char *begin, *end, *cap;
	} v = {0};
	/* RocksDB's numbers, in the order of tune_codecs. */
	static const unsigned char numbers[] = {0, 1, 2, 3, 4, 5, 7};
	void *(*supported)(struct vector *);
	uint64_t bits = 0;

	*(void **)&supported = dlsym(lib, "_ZN7rocksdb24GetSupportedCompressionsEv");
	if (!supported)
		return;
	supported(&v);
	if (!v.begin || v.end < v.begin || v.end - v.begin > 64)
		return;
	for (const unsigned char *c = v.begin; c < v.end; c++)
		for (size_t i = 0; i < sizeof numbers; i++)
			bits |= numbers[i] == *c ? UINT64_C(1) << i : 0;
	say(PROVE_CODECS "%llx", (unsigned long long)bits);
#else
	(void)lib;
#endif
}

struct base {
	void *options, **family, **handle, *db;
	char **name;
	size_t n;
	void *writing, *reading, *flushing;
};

static bool open_base(const struct api *a, struct base *b, const char *path)
{
	char *error = NULL;

	b->db = a->open_column_families(b->options, path, (int)b->n, (const char *const *)b->name, (const void *const *)b->family, b->handle, &error);
	return !failed(error) && b->db;
}

static void close_base(const struct api *a, struct base *b)
{
	for (size_t i = 0; i < b->n; i++)
		a->column_family_handle_destroy(b->handle[i]);
	a->close(b->db);
}

static size_t used(const struct base *b)
{
	return b->n < FAMILIES ? b->n : FAMILIES;
}

static bool fill(const struct api *a, struct base *b)
{
	char key[32], value[VALUE], *error = NULL;

	memset(value, 'v', sizeof value);
	for (int round = 0; round < ROUNDS; round++)
		for (size_t f = 0; f < used(b); f++) {
			say(PROVE_AT "writing");
			for (int k = 0; k < KEYS; k++) {
				snprintf(key, sizeof key, "key%08d", (k * 7919 + round) % 1000);
				a->put_cf(b->db, b->writing, b->handle[f], key, strlen(key), value, sizeof value, &error);
				if (failed(error))
					return false;
			}
			say(PROVE_AT "flushing a memtable");
			a->flush_cf(b->db, b->flushing, b->handle[f], &error);
			if (failed(error))
				return false;
		}
	return true;
}

static bool read_back(const struct api *a, struct base *b)
{
	char *error = NULL, *value;
	size_t len, seen;
	void *it;

	say(PROVE_AT "reading what was written");
	for (size_t f = 0; f < used(b); f++) {
		value = a->get_cf(b->db, b->reading, b->handle[f], "key00000000", 11, &len, &error);
		if (failed(error))
			return false;
		if (!value || len != VALUE) {
			say(PROVE_ERROR "a key that was written is not there");
			return false;
		}
		free(value);
		it = a->create_iterator_cf(b->db, b->reading, b->handle[f]);
		a->iter_seek_to_first(it);
		for (seen = 0; a->iter_valid(it) && seen < 1000; seen++)
			a->iter_next(it);
		a->iter_destroy(it);
		if (seen < KEYS) {
			say(PROVE_ERROR "keys that were written are not there");
			return false;
		}
	}
	return true;
}

static bool work(const struct api *a, struct base *b, const char *path)
{
	say(PROVE_AT "opening a database");
	if (!open_base(a, b, path) || !fill(a, b))
		return false;
	say(PROVE_AT "compacting");
	for (size_t f = 0; f < used(b); f++)
		a->compact_range_cf(b->db, b->handle[f], NULL, 0, NULL, 0);
	if (!read_back(a, b))
		return false;
	say(PROVE_AT "closing the database");
	close_base(a, b);
	say(PROVE_AT "opening the database again");
	if (!open_base(a, b, path) || !read_back(a, b))
		return false;
	say(PROVE_AT "closing the database");
	close_base(a, b);
	return true;
}

/* "--prove" LIBRARY FOLDER: options stand in FOLDER/options as a database would have them, the database is FOLDER/db. FOLDER "-": codecs only. */
int tune_prove_main(int argc, char **argv)
{
	struct api a;
	struct base b = {0};
	char options[4096], path[4096], *error = NULL;
	void *lib;

	if (argc != 3)
		return PROVE_ALONE;
	say(PROVE_AT "loading the library");
	lib = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		say(PROVE_CANNOT "%s", dlerror());
		return PROVE_ALONE;
	}
	say_codecs(lib);
	if (!strcmp(argv[2], "-"))
		_exit(0);
	if (!look_up(lib, &a))
		return PROVE_ALONE;
	snprintf(options, sizeof options, "%s/options", argv[2]);
	snprintf(path, sizeof path, "%s/db", argv[2]);
	say(PROVE_AT "reading the file");
	a.load_latest_options(options, a.create_default_env(), false, a.cache_create_lru(8 << 20), &b.options, &b.n, &b.name, &b.family, &error);
	if (failed(error) || !b.options)
		return PROVE_ALONE;
	a.options_set_create_if_missing(b.options, 1);
	a.options_set_create_missing_column_families(b.options, 1);
	a.options_set_error_if_exists(b.options, 0);
	b.handle = calloc(b.n + 1, sizeof *b.handle);
	b.writing = a.writeoptions_create();
	b.reading = a.readoptions_create();
	b.flushing = a.flushoptions_create();
	if (b.handle && work(&a, &b, path))
		say(PROVE_DONE);
	_exit(0); /* no destructors: what they would say is not about the options */
}
