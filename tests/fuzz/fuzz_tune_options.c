/* Any bytes as an OPTIONS file that is edited: what is read can be written and read again with the same values, what is set is there, and nobody else's
 * value moves. And any bytes as a value that an advisor wrote. */
#include "host/options.h"
#include "tune/calibrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fuzz_words[] = {"[Version]", "[DBOptions]", "[CFOptions \"default\"]", "[TableOptions/BlockBasedTable \"default\"]", "[CFOptions \"a\"]", "[TableOptions/PlainTable \"a\"]",
					 "rocksdb_version=7.8.3", "=", "{", "}", ";", "\\", "\\#", "#", "\n", "[", "]", "write_buffer_size", "block_size", "a={b={c=1;};}", "18446744073709551615",
					 "# lodestone: block_cache_size=64M", "# lodestone: withheld wal_dir=/x", "wal_dir", "64MB", "1e6", "64*1024", "nullptr", "bloomfilter:10:false", "\r", "\t"};
#include "mutate.h"

#define MUST(x) ((x) ? (void)0 : __builtin_trap())

static void same(const struct tune_config *a, const struct tune_config *b, enum tune_section s, size_t family, const char *name)
{
	char x[512], y[512];
	const char *p = tune_config_get(a, s, family, name, x, sizeof x), *q = tune_config_get(b, s, family, name, y, sizeof y);

	MUST(!p == !q && (!p || !strcmp(p, q)));
}

struct look {
	const struct tune_config *a, *b;
	enum tune_section s;
	size_t family;
};

static void see(void *ctx, const char *name, const char *value)
{
	const struct look *l = ctx;

	(void)value;
	same(l->a, l->b, l->s, l->family, name);
}

static struct tune_config *again(const struct tune_config *c, const struct tune_layout *layout)
{
	static char path[64];
	struct tune_config *out;
	struct lode_err err = {0};

	snprintf(path, sizeof path, "/dev/shm/fuzz_tune_options.%d", (int)getpid());
	MUST(tune_config_write(c, path, layout, NULL) == 0);
	MUST(tune_config_load(path, &out, &err) == 0);
	unlink(path);
	return out;
}

static void edit(struct tune_config *c)
{
	struct tune_config *before = tune_config_clone(c), *read;
	char buf[512];

	MUST(before != NULL);
	for (size_t f = 0; f < tune_config_families(c) && f < 4; f++) {
		if (!tune_config_set(c, TUNE_SEC_CF, f, "new.member", "7"))
			MUST(tune_config_get(c, TUNE_SEC_CF, f, "new.member", buf, sizeof buf) && !strcmp(buf, "7"));
		MUST(tune_config_set(c, TUNE_SEC_TABLE, f, "block_size", "8192") == 0);
		MUST(tune_config_get(c, TUNE_SEC_TABLE, f, "block_size", buf, sizeof buf) && !strcmp(buf, "8192"));
		same(c, before, TUNE_SEC_CF, f, "write_buffer_size");
	}
	MUST(tune_config_set(c, TUNE_SEC_CACHE, 0, "block_cache_size", "1") == 0);
	tune_config_withhold(c, TUNE_SEC_DB, 0, "wal_dir");
	MUST(!tune_config_has(c, TUNE_SEC_DB, 0, "wal_dir"));
	same(c, before, TUNE_SEC_DB, 0, "max_background_jobs");
	read = again(c, NULL);
	same(c, read, TUNE_SEC_TABLE, 0, "block_size");
	same(c, read, TUNE_SEC_CACHE, 0, "block_cache_size");
	same(c, read, TUNE_SEC_DB, 0, "wal_dir");
	tune_config_free(read);
	tune_config_free(before);
}

static void as_value(const uint8_t *data, size_t size)
{
	static const char *const words[] = {"kOne", "kTwoCompression", NULL};
	char text[TUNE_VALUE_MAX], to[TUNE_VALUE_MAX], twice[TUNE_VALUE_MAX], why[200];
	size_t n = size < sizeof text - 1 ? size : sizeof text - 1;

	memcpy(text, data, n);
	text[n] = '\0';
	for (int k = TUNE_INT; k <= TUNE_OTHER; k++) {
		struct tune_option o = {.kind = (enum tune_kind)k, .words = words, .min = 1, .max = 1 << 30};

		if (tune_value_calibrate(&o, text, to, why, sizeof why)) {
			MUST(why[0]);
			continue;
		}
		MUST(to[0] && !strpbrk(to, "\n\r#;{}\\ "));
		MUST(tune_value_calibrate(&o, to, twice, why, sizeof why) == 0 && !strcmp(to, twice)); /* it stays */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tune_layout last = {.header = "a\nb", .final = true};
	struct tune_config *c, *read;
	struct lode_err err = {0};
	struct lode_options *o;

	as_value(data, size);
	if (tune_config_parse((const char *)data, size, &c, &err)) {
		MUST(!c && err.msg[0]);
		return 0;
	}
	/* The parser of the live tuner, which is as strict as RocksDB, reads it, too. */
	if (!lode_options_parse((const char *)data, size, &o, &err)) {
		MUST(lode_options_cf_count(o) >= tune_config_families(c)); /* it takes "CFOptions/x" for one, too */
		lode_options_free(o);
	}
	read = again(c, NULL);
	MUST(tune_config_families(read) == tune_config_families(c) && tune_config_version(read) == tune_config_version(c));
	for (size_t f = 0; f < tune_config_families(c); f++)
		for (int s = TUNE_SEC_VERSION; s <= TUNE_SEC_TABLE; s++)
			tune_config_each(c, (enum tune_section)s, f, see, &(struct look){c, read, (enum tune_section)s, f});
	tune_config_free(read);
	tune_config_free(again(c, &last));
	edit(c);
	tune_config_free(c);
	return 0;
}
