/* Any bytes as an OPTIONS file: parsed or refused, and what was parsed can be looked at from all sides. */
#include "host/options.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fuzz_words[] = {
    "[Version]", "[DBOptions]", "[CFOptions \"default\"]", "[TableOptions/BlockBasedTable \"default\"]", "[CFOptions \"", "\"]", "rocksdb_version=",
    "7.8.3", "options_file_version", "=", "{", "}", ";", "\\", "\\\\", "\\#", "\\n", "#", "\n", "\n\n", "[", "]", "/", "write_buffer_size", "block_size",
    "a={b={c=1;};}", "18446744073709551615", "-1", "true", "nullptr", "\r", "\t"};
#include "mutate.h"

struct look {
	const struct lode_options *o;
	enum lode_section section;
	const char *cf;
};

static void see(void *ctx, const char *key, const char *value)
{
	const struct look *l = ctx;

	/* a key may be written twice: then the first counts */
	if (!value || !lode_options_get(l->o, l->section, l->cf, key))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lode_options *o;
	struct lode_err err = {0};
	int rc = lode_options_parse((const char *)data, size, &o, &err);

	if (rc) {
		if (o || !err.msg[0])
			__builtin_trap();
		return 0;
	}
	for (size_t i = 0; i < lode_options_cf_count(o); i++) {
		for (int s = LODE_SEC_VERSION; s <= LODE_SEC_TABLE; s++) {
			struct look l = {o, (enum lode_section)s, lode_options_cf_name(o, i)};

			lode_options_each(o, l.section, l.cf, see, &l);
			lode_options_get(o, l.section, l.cf, "a.b");
		}
	}
	lode_options_free(o);
	return 0;
}
