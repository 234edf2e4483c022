/* Any wishes at all, sensible, odd and hostile: what comes out is a file that parses, in which every open option has a value of its kind, what was closed
 * is as it was, relations and the memory budget hold, and each fix says what happened. TUNE_CALIBRATE_RUNS sets how many (each of up to 26 wishes). */
#include "base/fs.h"
#include "base/rng.h"
#include "guard/check.h"
#include "host/options.h"
#include "tune/calibrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define REAL LODE_TEST_DATA "/host/OPTIONS-000031"
#define MIB (1ull << 20)

static struct lode_rng rng;

static uint64_t below(uint64_t n)
{
	return lode_rng_below(&rng, n);
}

static const char base[] = "[Version]\n  rocksdb_version=7.8.3\n[DBOptions]\n  max_background_jobs=2\n  manual_wal_flush=false\n[CFOptions \"default\"]\n  write_buffer_size=67108864\n"
			   "  max_write_buffer_number=2\n  arena_block_size=1048576\n  compression_opts={level=32767;enabled=false;}\n[CFOptions \"hot\"]\n  write_buffer_size=33554432\n"
			   "  level0_file_num_compaction_trigger=4\n  table_factory=PlainTable\n[CFOptions \"c\"]\n";

/* Values that models, people and attackers write. */
static void random_value(const struct tune_option *o, char *out, size_t len)
{
	static const char *const odd[] = {"", "true", "false", "-1", "0", "1", "64MB", "1.5 GiB", "64*1024*1024", "1e6", "50%", "18446744073709551615", "9223372036854775807", "nan", "inf",
					  "kZSTD", "zstd", "none", "nullptr", "default", "{a=1;}", "}", "1;b=2", "1\n[DBOptions]", "# x", "\\", "\xff\xfe", "bloomfilter:10:false", "ribbonfilter:7.5:2",
					  "bloom", "kNoCompression:kLZ4Compression", "[zstd, zstd]", "Yes", "off", "0x10", "1,000", "1_000_000", "1e300", "1e18", "99999999999999999999999999999999999999999999",
					  "2147483648", "32767", "kTwoLevelIndexSearch", "kHashSearch", "kDisableCompressionOption", "kCompactionStyleUniversal", "10.0", "0.5", "8", "4096"};
	static const char *const units[] = {"", "", "", "K", "MB", "GiB", " MB", "g", "kb", "bytes", "MBps", "%", "ms"};
	uint64_t v;

	switch (below(4)) {
	case 0:
		snprintf(out, len, "%s", odd[below(sizeof odd / sizeof odd[0])]);
		break;
	case 1: /* near what the option holds */
		v = o && o->max > o->min && o->max < INT64_MAX / 2 ? (uint64_t)(o->min > 0 ? o->min : 0) + below((uint64_t)(o->max - (o->min > 0 ? o->min : 0)) + 2) : below(1000);
		snprintf(out, len, "%llu", (unsigned long long)(below(2) ? v : v >> below(30)));
		break;
	case 2:
		snprintf(out, len, "%llu%s", (unsigned long long)(lode_rng_u64(&rng) >> below(64)), units[below(sizeof units / sizeof units[0])]);
		break;
	default:
		if (o && o->words)
			snprintf(out, len, "%s", o->words[below(2)]);
		else
			snprintf(out, len, "%s", o ? o->def : "7");
	}
}

static void random_wish(const struct tune_space *s, struct tune_wish *w)
{
	static const char *const prefixes[] = {"", "", "", "", "CFOptions.", "rocksdb_", "--", "hot.", "cf2.", "cf9.", "[CFOptions \"c\"] ", "block_based_table_factory."};
	static const char *const favoured[] = {"write_buffer_size", "max_write_buffer_number", "block_cache_size", "min_write_buffer_number_to_merge", "arena_block_size", "level0_file_num_compaction_trigger",
					       "level0_slowdown_writes_trigger", "level0_stop_writes_trigger", "soft_pending_compaction_bytes_limit", "hard_pending_compaction_bytes_limit", "max_background_jobs",
					       "max_background_flushes", "max_background_compactions", "target_file_size_base", "max_bytes_for_level_base", "partition_filters", "index_type", "block_align",
					       "block_size", "compression", "allow_mmap_reads", "use_direct_reads", "max_compaction_bytes", "hard_rate_limit", "nothing_like_it", "bloom_bits", "filter_policy"};
	const char *name = below(3) ? favoured[below(sizeof favoured / sizeof favoured[0])] : tune_space_at(s, below(tune_space_count(s)))->name;
	static const char *const sections[] = {"", "", "DBOptions", "CFOptions", "TableOptions", "CacheOptions", "xxxxxxxxxxxxxxx"};

	memset(w, 0, sizeof *w);
	snprintf(w->section, sizeof w->section, "%s", sections[below(sizeof sections / sizeof sections[0])]);
	snprintf(w->name, sizeof w->name, "%s%s", below(4) ? "" : prefixes[below(sizeof prefixes / sizeof prefixes[0])], name);
	random_value(tune_space_find(s, name), w->value, sizeof w->value);
	if (!below(20)) /* any bytes */
		for (size_t i = 0; i < sizeof w->value - 1; i++)
			w->value[i] = (char)below(256);
	if (!below(50))
		for (size_t i = 0; i < sizeof w->name - 1; i++)
			w->name[i] = (char)(1 + below(255));
}

struct check {
	const struct tune_space *s;
	const struct tune_config *from, *out;
	size_t family;
	uint64_t seed;
	char look[TUNE_NAME_MAX + TUNE_VALUE_MAX]; /* what is looked at, for the message */
};

#define MUST(x)                                                                             \
	do {                                                                                \
		if (!(x))                                                                   \
			fail_msg("seed %llu (%s): %s", (unsigned long long)c->seed, c->look, #x);        \
	} while (0)

static const char *text(const struct tune_config *f, const struct tune_option *o, size_t family, char *buf)
{
	return tune_config_get(f, o->section, family, o->name, buf, TUNE_VALUE_MAX);
}

/* Each option by itself: closed ones as they were, others a value that is written as we would write it. */
static void check_option(struct check *c, const struct tune_option *o)
{
	char before[TUNE_VALUE_MAX], after[TUNE_VALUE_MAX], again[TUNE_VALUE_MAX], why[200];
	const char *b = text(c->from, o, c->family, before), *a = text(c->out, o, c->family, after);
	int64_t v, def;

	if (!a || (b && !strcmp(a, b))) {
		MUST(!b == !a || !a); /* never taken away but by a dropped wish, which had put it there */
		MUST(!b || a);
		return;
	}
	MUST(!o->closed || !strcmp(o->name, "max_background_flushes") || !strcmp(o->name, "max_background_compactions") || !strcmp(a, o->def));
	if (o->closed)
		return;
	snprintf(c->look, sizeof c->look, "%s=%s", o->name, a);
	if (tune_value_number(o, a, &v)) {
		MUST(tune_value_print(o, v, again) == 0);
		MUST(!strcmp(again, a) || tune_config_equal(again, a));
		MUST((v >= o->min && v <= o->max) || o->kind == TUNE_BOOL || o->kind == TUNE_WORD || (tune_value_number(o, o->def, &def) && def == v));
	} else {
		MUST(o->kind == TUNE_FILTER || o->kind == TUNE_WORDS);
		MUST(tune_value_calibrate(o, a, again, why, sizeof why) == 0 && !strcmp(again, a));
	}
}

static int64_t number(struct check *c, const char *name, int64_t otherwise)
{
	const struct tune_option *o = tune_space_find(c->s, name);
	char buf[TUNE_VALUE_MAX];
	const char *t = text(c->out, o, c->family, buf);
	int64_t v;

	return tune_value_number(o, t ? t : o->def, &v) ? v : otherwise;
}

static void check_relations(struct check *c)
{
	struct lode_relation r;
	char buf[TUNE_VALUE_MAX];

	for (size_t i = 0; lode_guard_relation(i, &r); i++) {
		const char *low = lode_tunables[r.low].id, *high = lode_tunables[r.high].id;

		if (!tune_space_find(c->s, low) || !tune_space_find(c->s, high))
			continue;
		int64_t l = number(c, low, 0), h = number(c, high, 0), need;
		MUST(h <= 0 || l <= 0 || (!__builtin_mul_overflow(l, r.factor, &need) && need <= h));
	}
	MUST(number(c, "min_write_buffer_number_to_merge", 1) < number(c, "max_write_buffer_number", 2));
	MUST(number(c, "arena_block_size", 0) * 8 <= number(c, "write_buffer_size", 64 << 20));
	MUST(!(number(c, "allow_mmap_reads", 0) && number(c, "use_direct_reads", 0)));
	MUST(number(c, "compaction_style", 0) != 1 || number(c, "level0_file_num_compaction_trigger", 4) + 2 <= number(c, "level0_slowdown_writes_trigger", 20));
	MUST(!number(c, "partition_filters", 0) || number(c, "index_type", 0) == 2);
	const char *prefix = text(c->out, tune_space_find(c->s, "prefix_extractor"), c->family, buf);
	MUST(number(c, "index_type", 0) != 1 || (prefix && strcmp(prefix, "nullptr") != 0)); /* a hash index needs prefixes */
}

static void check_fixes(struct check *c, const struct tune_wish *w, size_t n, const struct tune_fix *fix, size_t nfix)
{
	size_t looked = n < TUNE_WISHES_MAX ? n : TUNE_WISHES_MAX;
	char a[TUNE_VALUE_MAX], b[TUNE_VALUE_MAX];

	MUST(nfix >= looked && nfix <= TUNE_FIXES_MAX);
	for (size_t i = 0; i < nfix; i++) {
		const struct tune_fix *f = &fix[i];
		const struct tune_option *o = tune_space_find(c->s, tune_fix_option(f->name));

		MUST((f->fate == TUNE_TAKEN) == !f->why[0]);
		MUST((f->fate == TUNE_DROPPED) == !f->to[0]);
		MUST((i < looked) == (f->fate != TUNE_ADDED) || f->fate == TUNE_DROPPED);
		MUST(i >= looked || f->wished[0]);
		MUST(!strpbrk(f->wished, "\n\r") && !strpbrk(f->why, "\n\r") && !strpbrk(f->name, "\n\r"));
		if (f->fate == TUNE_DROPPED)
			continue;
		MUST(o != NULL);
		bool found = false, moved = false; /* the value that is told is in the file, and is another than before */
		for (size_t k = 0; k < tune_config_families(c->out); k++) {
			const char *now = text(c->out, o, k, a), *was = text(c->from, o, k, b);

			found |= now && !strcmp(now, f->to);
			moved |= now && (!was || !tune_config_equal(now, was));
		}
		MUST(found && moved);
	}
	(void)w;
}

/* Written out, and read by the parser that reads RocksDB's own. */
static void check_parses(struct check *c)
{
	char path[] = "/tmp/test_tune_property.XXXXXX";
	struct tune_config *again;
	struct lode_options *o;
	struct lode_buf b;
	struct lode_err err = {0};

	close(mkstemp(path));
	MUST(tune_config_write(c->out, path, NULL, NULL) == 0);
	lode_buf_init(&b, LODE_OPTIONS_MAX);
	MUST(lode_fs_read(path, &b) == 0);
	unlink(path);
	MUST(lode_options_parse(lode_buf_str(&b), b.len, &o, &err) == 0);
	MUST(lode_options_cf_count(o) == tune_config_families(c->from));
	MUST(tune_config_parse(lode_buf_str(&b), b.len, &again, &err) == 0);
	for (size_t i = 0; i < tune_space_count(c->s); i++) {
		const struct tune_option *opt = tune_space_at(c->s, i);
		char x[TUNE_VALUE_MAX], y[TUNE_VALUE_MAX];

		for (size_t f = 0; f < tune_config_families(c->from); f++) {
			const char *p = text(c->out, opt, f, x), *q = text(again, opt, f, y);

			MUST(!p == !q && (!p || !strcmp(p, q)));
		}
	}
	lode_options_free(o);
	tune_config_free(again);
	lode_buf_fini(&b);
}

static void one(const struct tune_space *s, const struct tune_config *from, uint64_t seed)
{
	struct check check = {.s = s, .from = from, .seed = seed}, *c = &check;
	static struct tune_wish wish[TUNE_WISHES_MAX + 2];
	static struct tune_fix fix[TUNE_FIXES_MAX], twice[TUNE_FIXES_MAX];
	struct tune_limits limits;
	struct tune_config *out, *second;
	size_t n, nfix, nsecond;

	lode_rng_seed(&rng, seed);
	limits = (struct tune_limits){.memory = below(4) ? (MIB << below(14)) : 0, .cores = (double)below(40), .codecs = below(3) ? 0 : 1 + below(127), .changes = (unsigned)(below(3) ? 0 : below(12))};
	n = below(4) ? below(8) : below(TUNE_WISHES_MAX + 3);
	for (size_t i = 0; i < n; i++)
		random_wish(s, &wish[i]);
	memset(fix, 0x5a, sizeof fix);
	MUST(tune_calibrate(s, from, &limits, wish, n, &out, fix, &nfix, NULL) == 0);
	check.out = out;
	for (check.family = 0; check.family < tune_config_families(from); check.family++) {
		for (size_t i = 0; i < tune_space_count(s); i++)
			check_option(c, tune_space_at(s, i));
		check_relations(c);
	}
	check_fixes(c, wish, n, fix, nfix);
	uint64_t before = tune_config_memory(from, &limits), after = tune_config_memory(out, &limits);
	MUST(!limits.memory || after <= (limits.memory > before ? limits.memory : before));
	if (!below(16))
		check_parses(c);
	if (!below(16)) { /* the same again */
		memset(twice, 0, sizeof twice);
		MUST(tune_calibrate(s, from, &limits, wish, n, &second, twice, &nsecond, NULL) == 0);
		MUST(nsecond == nfix);
		for (size_t i = 0; i < nfix; i++)
			MUST(fix[i].fate == twice[i].fate && !strcmp(fix[i].to, twice[i].to) && !strcmp(fix[i].why, twice[i].why));
		tune_config_free(second);
	}
	tune_config_free(out);
}

static void any(void **state)
{
	const char *env = getenv("TUNE_CALIBRATE_RUNS");
	uint64_t runs = env ? strtoull(env, NULL, 10) : getenv("LODE_TEST_QUICK") ? 1000 : 6000;
	struct tune_space *s;
	struct tune_config *small, *real;

	(void)state;
	assert_int_equal(tune_space_load(REAL, "", &s, NULL), 0);
	assert_int_equal(tune_config_load(REAL, &real, NULL), 0);
	assert_int_equal(tune_config_parse(base, sizeof base - 1, &small, NULL), 0);
	for (uint64_t i = 0; i < runs; i++)
		one(s, i % 16 ? small : real, i);
	tune_space_free(s);
	tune_config_free(small);
	tune_config_free(real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
