/* Writing against a fake RocksDB that lies in every way the real one does: refusals, failures that are live, successes that are not, half
 * of a batch, values that come back in another form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTIONS_MAX 16
#define CALLS_MAX 16

struct held {
	const char *section; /* "db", "cf0", "cf3", "table0" */
	char key[64];
	char value[LODE_VALUE_MAX];
};

struct fake {
	struct lode_host host;
	struct held at[OPTIONS_MAX];
	size_t n;
	struct lode_cache cache;
	char log[CALLS_MAX][160];
	size_t calls;
	size_t fail_call; /* 1-based: that call fails with fail_rc; 0: none */
	int fail_rc;
	bool fail_applies;	/* it fails, yet the values are live */
	const char *ignore_key; /* accepted and dropped */
	const char *alter_key;	/* becomes alter_value */
	const char *alter_value;
	int options_rc;
	bool close_at_call;
	uint64_t stopped, delayed; /* properties */
	size_t stops_at_call;	   /* 1-based: writes are stopped after that call; 0: never */
	char dir[64];		   /* OPTIONS files are written there, one a call; "": none, the text is handed over */
	unsigned number;
	size_t fileless; /* so many calls leave no file */
};

static struct fake *of(struct lode_host *h)
{
	return (struct fake *)h;
}

static void hold(struct fake *f, const char *section, const char *key, const char *value)
{
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->at[i].section, section) == 0 && strcmp(f->at[i].key, key) == 0) {
			snprintf(f->at[i].value, LODE_VALUE_MAX, "%s", value);
			return;
		}
	}
	assert_true(f->n < OPTIONS_MAX);
	f->at[f->n].section = section;
	snprintf(f->at[f->n].key, sizeof(f->at[f->n].key), "%s", key);
	snprintf(f->at[f->n++].value, LODE_VALUE_MAX, "%s", value);
}

static void print_section(const struct fake *f, const char *section, const char *title, char *out, size_t size)
{
	size_t len = strlen(out);

	len += (size_t)snprintf(out + len, size - len, "%s\n", title);
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->at[i].section, section) == 0)
			len += (size_t)snprintf(out + len, size - len, "%s=%s\n", f->at[i].key, f->at[i].value);
	}
}

static void print(struct fake *f, char *text, size_t size)
{
	text[0] = '\0';
	print_section(f, "db", "[DBOptions]", text, size);
	print_section(f, "cf0", "[CFOptions \"default\"]", text, size);
	print_section(f, "table0", "[TableOptions/BlockBasedTable \"default\"]", text, size);
	print_section(f, "cf3", "[CFOptions \"three\"]", text, size);
}

static int fake_options(struct lode_host *h, uint64_t have, struct lode_options **out, struct lode_err *err)
{
	char text[4096];

	if (of(h)->options_rc)
		return of(h)->options_rc;
	if (of(h)->dir[0])
		return lode_options_load(of(h)->dir, have, out, err);
	print(of(h), text, sizeof(text));
	return lode_options_parse(text, strlen(text), out, err);
}

static void write_file(struct fake *f)
{
	char path[128], text[4096];
	FILE *out;

	if (!f->dir[0])
		return;
	if (f->fileless) {
		f->fileless--;
		return;
	}
	snprintf(path, sizeof(path), "%s/OPTIONS-%06u", f->dir, f->number += 2);
	out = fopen(path, "w");
	assert_non_null(out);
	print(f, text, sizeof(text));
	assert_true(fputs(text, out) >= 0 && fclose(out) == 0);
}

static void use_files(struct fake *f)
{
	snprintf(f->dir, sizeof(f->dir), "/tmp/lode-write-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	write_file(f);
}

static int fake_int_property(struct lode_host *h, uint32_t cf, const char *name, uint64_t *out)
{
	struct fake *f = of(h);

	(void)cf;
	if (strcmp(name, "rocksdb.is-write-stopped") == 0)
		*out = f->stopped || (f->stops_at_call && f->calls >= f->stops_at_call);
	else if (strcmp(name, "rocksdb.actual-delayed-write-rate") == 0)
		*out = f->delayed;
	else
		return -ENOENT;
	return 0;
}

static int fake_families(struct lode_host *h, struct lode_cf *out, size_t cap, size_t *n)
{
	(void)h;
	assert_true(cap >= 2);
	out[0] = (struct lode_cf){0, "default"};
	out[1] = (struct lode_cf){3, "three"};
	*n = 2;
	return 0;
}

/* What every setter does: log, perhaps fail, perhaps apply. */
static int set(struct fake *f, const char *section, const struct lode_kv *kv, size_t n, struct lode_err *err)
{
	char *log = f->log[f->calls++];
	bool failing = f->fail_call && f->calls == f->fail_call;

	snprintf(log, 160, "%s:", section);
	for (size_t i = 0; i < n; i++) {
		snprintf(log + strlen(log), 160 - strlen(log), " %s=%s", kv[i].key, kv[i].value);
		if (failing && !f->fail_applies)
			continue;
		if (f->ignore_key && strcmp(kv[i].key, f->ignore_key) == 0)
			continue;
		if (strncmp(kv[i].key, "block_based_table_factory.", 26) == 0)
			hold(f, "table0", kv[i].key + 26, kv[i].value);
		else
			hold(f, section, kv[i].key, f->alter_key && strcmp(kv[i].key, f->alter_key) == 0 ? f->alter_value : kv[i].value);
	}
	if (!failing || f->fail_applies)
		write_file(f);
	return failing ? lode_err_set(err, -f->fail_rc, "the fake fails") : 0;
}

static int fake_set_cf(struct lode_host *h, uint32_t cf, const struct lode_kv *kv, size_t n, struct lode_err *err)
{
	return set(of(h), cf == 0 ? "cf0" : "cf3", kv, n, err);
}

static int fake_set_db(struct lode_host *h, const struct lode_kv *kv, size_t n, struct lode_err *err)
{
	return set(of(h), "db", kv, n, err);
}

static int fake_cache(struct lode_host *h, struct lode_cache *out)
{
	*out = of(h)->cache;
	return of(h)->cache.present ? 0 : -ENOENT;
}

static int fake_set_cache(struct lode_host *h, uint64_t bytes, struct lode_err *err)
{
	struct fake *f = of(h);

	(void)err;
	snprintf(f->log[f->calls++], 160, "cache: %" PRIu64, bytes);
	f->cache.capacity = bytes;
	return 0;
}

static const struct lode_host_ops fake_ops = {
    .int_property = fake_int_property,
    .column_families = fake_families,
    .options = fake_options,
    .cache = fake_cache,
    .set_cf_options = fake_set_cf,
    .set_db_options = fake_set_db,
    .set_cache_capacity = fake_set_cache,
};

static int setup(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->host.ops = &fake_ops;
	f->cache.present = f->cache.resizable = true;
	f->cache.capacity = 8 << 20;
	hold(f, "db", "max_background_jobs", "2");
	hold(f, "cf0", "write_buffer_size", "67108864");
	hold(f, "cf0", "max_bytes_for_level_multiplier", "10.000000");
	hold(f, "cf0", "disable_auto_compactions", "false");
	hold(f, "cf0", "compaction_options_universal", "{size_ratio=1;stop_style=kCompactionStopStyleTotalSize;}");
	hold(f, "cf3", "write_buffer_size", "33554432");
	hold(f, "table0", "block_size", "4096");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fake *f = *state;
	char path[128];

	for (unsigned i = 2; f->dir[0] && i <= f->number; i += 2) {
		snprintf(path, sizeof(path), "%s/OPTIONS-%06u", f->dir, i);
		remove(path);
	}
	if (f->dir[0])
		rmdir(f->dir);
	free(*state);
	return 0;
}

static struct lode_write w_(enum lode_scope scope, uint32_t cf, const char *key, const char *value)
{
	struct lode_write w = {.scope = scope, .cf = cf};

	snprintf(w.key, sizeof(w.key), "%s", key);
	snprintf(w.value, sizeof(w.value), "%s", value);
	return w;
}

static void one_call_for_each_target(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {
	    w_(LODE_SCOPE_CACHE, 0, "", "16777216"),
	    w_(LODE_SCOPE_CF, 3, "write_buffer_size", "1048576"),
	    w_(LODE_SCOPE_CF, 0, "write_buffer_size", "2097152"),
	    w_(LODE_SCOPE_DB, 0, "max_background_jobs", "4"),
	    w_(LODE_SCOPE_CF, 0, "block_based_table_factory.block_size", "8192"),
	};
	struct lode_write_report rep;
	struct lode_err err = {0};

	assert_int_equal(lode_host_write(&f->host, w, 5, &rep, &err), 0);
	assert_int_equal(f->calls, 4);
	assert_string_equal(f->log[0], "db: max_background_jobs=4");
	assert_string_equal(f->log[1], "cf3: write_buffer_size=1048576");
	assert_string_equal(f->log[2], "cf0: write_buffer_size=2097152 block_based_table_factory.block_size=8192");
	assert_string_equal(f->log[3], "cache: 16777216");
	assert_true(rep.calls == 4 && rep.written == 5 && rep.skipped == 0 && rep.failed == -1);
}

static void equal_values_are_skipped(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {
	    w_(LODE_SCOPE_CF, 0, "max_bytes_for_level_multiplier", "10"),
	    w_(LODE_SCOPE_CF, 0, "disable_auto_compactions", "0"),
	    w_(LODE_SCOPE_CACHE, 0, "", "8388608"),
	    w_(LODE_SCOPE_CF, 0, "write_buffer_size", "67108864"),
	};
	struct lode_write_report rep;

	assert_int_equal(lode_host_write(&f->host, w, 4, &rep, NULL), 0);
	assert_true(f->calls == 0 && rep.calls == 0 && rep.skipped == 4 && rep.written == 0);
	strcpy(w[3].value, "67108865");
	assert_int_equal(lode_host_write(&f->host, w, 4, &rep, NULL), 0);
	assert_true(rep.calls == 1 && rep.skipped == 3 && rep.written == 1);
	assert_string_equal(f->log[0], "cf0: write_buffer_size=67108865");
}

static void doubles_come_back_longer(void **state)
{
	struct fake *f = *state;
	struct lode_write w = w_(LODE_SCOPE_CF, 0, "max_bytes_for_level_multiplier", "8");
	struct lode_write_report rep;

	f->alter_key = "max_bytes_for_level_multiplier";
	f->alter_value = "8.000000";
	assert_int_equal(lode_host_write(&f->host, &w, 1, &rep, NULL), 0);
	assert_int_equal(rep.written, 1);
}

static void accepted_but_not_live(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {w_(LODE_SCOPE_DB, 0, "max_background_jobs", "4"), w_(LODE_SCOPE_CF, 0, "write_buffer_size", "1048576")};
	struct lode_write_report rep;
	struct lode_err err = {0};

	f->ignore_key = "write_buffer_size";
	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), -EIO);
	assert_true(rep.failed == 1 && rep.written == 1);
	assert_string_equal(rep.got, "67108864");
	assert_non_null(strstr(err.msg, "write_buffer_size"));
}

static void another_value_is_live(void **state)
{
	struct fake *f = *state;
	struct lode_write w = w_(LODE_SCOPE_DB, 0, "max_background_jobs", "8");
	struct lode_write_report rep;

	f->alter_key = "max_background_jobs";
	f->alter_value = "80";
	assert_int_equal(lode_host_write(&f->host, &w, 1, &rep, NULL), -EIO);
	assert_string_equal(rep.got, "80");
}

static void failed_but_live(void **state)
{
	struct fake *f = *state;
	struct lode_write w = w_(LODE_SCOPE_CF, 0, "write_buffer_size", "1048576");
	struct lode_write_report rep;

	f->fail_call = 1;
	f->fail_rc = -EIO;
	f->fail_applies = true;
	assert_int_equal(lode_host_write(&f->host, &w, 1, &rep, NULL), 0);
	assert_int_equal(rep.written, 1);
}

static void partial_failure_stops(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {
	    w_(LODE_SCOPE_CF, 3, "write_buffer_size", "1"),
	    w_(LODE_SCOPE_CF, 0, "write_buffer_size", "2"),
	    w_(LODE_SCOPE_DB, 0, "max_background_jobs", "4"),
	    w_(LODE_SCOPE_CACHE, 0, "", "1"),
	};
	struct lode_write_report rep;
	struct lode_err err = {0};

	f->fail_call = 2;
	f->fail_rc = -EINVAL;
	assert_int_equal(lode_host_write(&f->host, w, 4, &rep, &err), -EIO);
	assert_int_equal(f->calls, 2); /* the database, then family 3; nothing after the failure */
	assert_true(rep.failed == 0 && rep.written == 1);
	assert_string_equal(rep.got, "33554432");
	assert_non_null(strstr(err.msg, "the fake fails"));
}

static void closing(void **state)
{
	struct fake *f = *state;
	struct lode_write w = w_(LODE_SCOPE_DB, 0, "max_background_jobs", "4");
	struct lode_write_report rep;
	struct lode_err err = {0};

	f->fail_call = 1;
	f->fail_rc = -ESHUTDOWN;
	assert_int_equal(lode_host_write(&f->host, &w, 1, &rep, &err), -ESHUTDOWN);
	f->options_rc = -ESHUTDOWN;
	assert_int_equal(lode_host_write(&f->host, &w, 1, &rep, &err), -ESHUTDOWN);
	assert_int_equal(f->calls, 1);
}

static void what_does_not_exist(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {w_(LODE_SCOPE_DB, 0, "max_background_jobs", "4"), w_(LODE_SCOPE_CF, 0, "nothing", "1")};
	struct lode_write_report rep;
	struct lode_err err = {0};

	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "nothing"));
	assert_int_equal(f->calls, 0);
	w[1] = w_(LODE_SCOPE_CF, 7, "write_buffer_size", "1");
	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), -ENOENT);
	w[1] = w_(LODE_SCOPE_RESTART, 0, "num_levels", "1");
	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), -EINVAL);
	w[1] = w_(LODE_SCOPE_CACHE, 0, "", "1");
	f->cache.present = false;
	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), -ENOENT);
	w[1] = w_(LODE_SCOPE_CACHE, 0, "", "much");
	f->cache.present = true;
	assert_int_equal(lode_host_write(&f->host, w + 1, 1, &rep, &err), -EIO);
	strcpy(w[1].value, "-1");
	assert_int_equal(lode_host_write(&f->host, w + 1, 1, &rep, &err), -EIO);
	assert_int_equal(f->calls, 0);
}

static void undo_goes_back_in_the_opposite_order(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {
	    w_(LODE_SCOPE_CF, 3, "write_buffer_size", "1048576"),
	    w_(LODE_SCOPE_CF, 0, "write_buffer_size", "2097152"),
	    w_(LODE_SCOPE_DB, 0, "max_background_jobs", "4"),
	    w_(LODE_SCOPE_CACHE, 0, "", "16777216"),
	};
	struct lode_write_report rep;
	struct lode_err err = {0};

	f->stopped = f->delayed = 1; /* at any time */
	f->fail_call = 2;
	f->fail_rc = -EIO;
	assert_int_equal(lode_host_undo(&f->host, w, 4, false, &rep, &err), -EIO);
	assert_int_equal(f->calls, 4); /* and on after a failure */
	assert_string_equal(f->log[0], "cache: 16777216");
	assert_string_equal(f->log[1], "cf0: write_buffer_size=2097152");
	assert_string_equal(f->log[2], "cf3: write_buffer_size=1048576");
	assert_string_equal(f->log[3], "db: max_background_jobs=4");
	assert_true(rep.failed == 1 && rep.written == 3 && rep.doubt);
	f->fail_call = 0;
	assert_int_equal(lode_host_undo(&f->host, w, 4, false, &rep, &err), 0);
	assert_true(f->calls == 5 && !rep.doubt);
	assert_int_equal(lode_host_undo(&f->host, w, 4, true, &rep, &err), 0);
	assert_int_equal(f->calls, 9); /* all of it, though it shows as asked */
}

static void not_while_writes_are_stopped_or_slowed(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {
	    w_(LODE_SCOPE_DB, 0, "max_background_jobs", "4"),
	    w_(LODE_SCOPE_CF, 0, "write_buffer_size", "2097152"),
	    w_(LODE_SCOPE_CACHE, 0, "", "16777216"),
	};
	struct lode_write_report rep;
	struct lode_err err = {0};

	f->stopped = 1;
	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), -EAGAIN);
	assert_non_null(strstr(err.msg, "stopped"));
	f->stopped = 0;
	f->delayed = 1000000;
	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), -EAGAIN);
	assert_non_null(strstr(err.msg, "slow"));
	assert_int_equal(f->calls, 0);
	assert_int_equal(lode_host_write(&f->host, w + 2, 1, &rep, &err), 0); /* a cache does not care */
	assert_int_equal(lode_host_renew(&f->host, w + 2, 1, false, &rep, &err), 0);
	f->delayed = 0;
	f->calls = 0;
	f->stops_at_call = 1; /* in the middle */
	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), -EAGAIN);
	assert_true(f->calls == 1 && rep.calls == 1 && rep.written == 1);
}

static void written_again(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {w_(LODE_SCOPE_CF, 0, "write_buffer_size", "67108864"), w_(LODE_SCOPE_CF, 3, "write_buffer_size", "7")};
	struct lode_write_report rep;

	assert_int_equal(lode_host_renew(&f->host, w, 2, false, &rep, NULL), -EIO); /* the second is somebody else's by now */
	assert_true(f->calls == 1 && !rep.doubt);
	assert_string_equal(f->log[0], "cf0: write_buffer_size=67108864");
	f->stopped = 1;
	assert_int_equal(lode_host_renew(&f->host, w, 1, false, &rep, NULL), -EAGAIN);
	assert_int_equal(lode_host_renew(&f->host, w, 1, true, &rep, NULL), 0);
	f->delayed = 1;
	assert_int_equal(lode_host_renew(&f->host, w, 1, true, &rep, NULL), -EAGAIN);
}

/* The file that is not there proves nothing, whatever the call said. */
static void no_file_no_proof(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {w_(LODE_SCOPE_CF, 0, "write_buffer_size", "1048576"), w_(LODE_SCOPE_CF, 3, "write_buffer_size", "1048576")};
	struct lode_write undo[] = {w_(LODE_SCOPE_CF, 0, "write_buffer_size", "67108864"), w_(LODE_SCOPE_CF, 3, "write_buffer_size", "33554432")};
	struct lode_write_report rep;
	struct lode_err err = {0};

	use_files(f);
	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), 0);
	assert_false(rep.doubt);
	assert_int_equal(lode_host_undo(&f->host, undo, 2, false, &rep, &err), 0);
	f->fileless = 1; /* that of the first family; the second's shows both */
	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), 0);
	assert_int_equal(lode_host_undo(&f->host, undo, 2, false, &rep, &err), 0);
	f->fileless = 2;
	assert_int_equal(lode_host_write(&f->host, w, 2, &rep, &err), -EIO);
	assert_true(rep.doubt && rep.written == 0);
	assert_non_null(strstr(err.msg, "cannot be read back"));
	assert_int_equal(lode_host_undo(&f->host, undo, 2, true, &rep, &err), 0);
	assert_true(!rep.doubt && rep.calls == 2);
	/* refused outright: nothing is live, and no file is missed */
	f->fail_call = f->calls + 1;
	f->fail_rc = -EINVAL;
	assert_int_equal(lode_host_write(&f->host, w, 1, &rep, &err), -EIO);
	assert_false(rep.doubt);
}

static void bytes_per_sync_goes_along(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {w_(LODE_SCOPE_DB, 0, "max_background_jobs", "4"), w_(LODE_SCOPE_DB, 0, "bytes_per_sync", "1048576")};

	hold(f, "db", "bytes_per_sync", "0");
	assert_int_equal(lode_host_write(&f->host, w, 1, NULL, NULL), 0);
	assert_string_equal(f->log[0], "db: max_background_jobs=4 bytes_per_sync=" LODE_NO_SYNC);
	strcpy(w[0].value, "2");
	assert_int_equal(lode_host_undo(&f->host, w, 1, false, NULL, NULL), 0);
	assert_string_equal(f->log[1], "db: max_background_jobs=2");
	hold(f, "db", "bytes_per_sync", "0");
	assert_int_equal(lode_host_write(&f->host, w, 2, NULL, NULL), 0);
	assert_string_equal(f->log[2], "db: bytes_per_sync=1048576"); /* meant so */
}

static void read_back(void **state)
{
	struct fake *f = *state;
	struct lode_write w[] = {
	    w_(LODE_SCOPE_CF, 3, "write_buffer_size", ""),
	    w_(LODE_SCOPE_CF, 0, "compaction_options_universal.stop_style", ""),
	    w_(LODE_SCOPE_CF, 0, "table_factory.block_size", ""),
	    w_(LODE_SCOPE_CACHE, 0, "", ""),
	};
	struct lode_err err = {0};

	assert_int_equal(lode_host_read_back(&f->host, w, 4, &err), 0);
	assert_string_equal(w[0].value, "33554432");
	assert_string_equal(w[1].value, "kCompactionStopStyleTotalSize");
	assert_string_equal(w[2].value, "4096");
	assert_string_equal(w[3].value, "8388608");
	strcpy(w[1].key, "compaction_options_universal.none");
	assert_int_equal(lode_host_read_back(&f->host, w, 4, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "compaction_options_universal.none"));
	assert_int_equal(lode_host_read_back(&f->host, w, 0, &err), 0);
}

static void equality(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
	    {"10", "10.000000", true},
	    {"0.1", "0.100000", true},
	    {"10", "10,000000", true},
	    {"-0", "0", true},
	    {"007", "7", true},
	    {"0.5", ".5", false},
	    {"1", "true", true},
	    {"false", "0", true},
	    {"true", "false", false},
	    {"10", "100", false},
	    {"1.5", "1.50001", false},
	    {"-1", "1", false},
	    {"18446744073709551615", "18446744073709551615.0", true},
	    {"18446744073709551615", "18446744073709551614", false},
	    {"1e6", "1000000", false},
	    {"0x10", "16", false},
	    {"kZSTD", "kZSTD", true},
	    {"kZSTD", "kLZ4Compression", false},
	    {"", "0", false},
	    {"64M", "67108864", false},
	    {"1.", "1", true},
	    {"-", "-0", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (lode_value_equal(cases[i].a, cases[i].b) != cases[i].equal ||
		    lode_value_equal(cases[i].b, cases[i].a) != cases[i].equal)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_call_for_each_target), TEST(equal_values_are_skipped),
	    TEST(doubles_come_back_longer), TEST(accepted_but_not_live),
	    TEST(another_value_is_live),    TEST(failed_but_live),
	    TEST(partial_failure_stops),    TEST(closing),
	    TEST(what_does_not_exist),	    TEST(read_back),
	    TEST(undo_goes_back_in_the_opposite_order),
	    TEST(not_while_writes_are_stopped_or_slowed),
	    TEST(written_again),	    TEST(no_file_no_proof),
	    TEST(bytes_per_sync_goes_along),
	    cmocka_unit_test(equality),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
