/* The simulated RocksDB's options: the table, the carelessness of its parser, and the OPTIONS file. */
#include "lsm_private.h"

#include "base/fmt.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct row {
	enum lode_section section;
	const char *name, *value;
	char kind;    /* i, d, b as modelled; s text */
	bool fixed;   /* "Option not changeable" */
};

/* Defaults of 7.8.3 as db_bench leaves them. The modelled ones come first: enum lsm_option is their index. */
static const struct row rows[] = {
#define X(id, sec, name, value, kind) {sec, name, value, kind, false},
	LSM_MODELLED(X)
#undef X
	{LODE_SEC_DB, "max_background_compactions", "-1", 'i', false},
	{LODE_SEC_DB, "max_background_flushes", "-1", 'i', false},
	{LODE_SEC_DB, "max_subcompactions", "1", 'i', false},
	{LODE_SEC_DB, "max_open_files", "-1", 'i', false},
	{LODE_SEC_DB, "max_total_wal_size", "0", 'i', false},
	{LODE_SEC_DB, "bytes_per_sync", "0", 'i', false},
	{LODE_SEC_DB, "wal_bytes_per_sync", "0", 'i', false},
	{LODE_SEC_DB, "strict_bytes_per_sync", "false", 'b', false},
	{LODE_SEC_DB, "compaction_readahead_size", "0", 'i', false},
	{LODE_SEC_DB, "writable_file_max_buffer_size", "1048576", 'i', false},
	{LODE_SEC_DB, "avoid_flush_during_shutdown", "false", 'b', false},
	{LODE_SEC_DB, "delete_obsolete_files_period_micros", "21600000000", 'i', false},
	{LODE_SEC_DB, "stats_dump_period_sec", "600", 'i', false},
	{LODE_SEC_DB, "stats_persist_period_sec", "600", 'i', false},
	{LODE_SEC_DB, "stats_history_buffer_size", "1048576", 'i', false},
	{LODE_SEC_DB, "db_write_buffer_size", "0", 'i', true},
	{LODE_SEC_DB, "use_direct_reads", "false", 'b', true},
	{LODE_SEC_DB, "enable_pipelined_write", "false", 'b', true},
	{LODE_SEC_CF, "max_compaction_bytes", "1677721600", 'i', false},
	{LODE_SEC_CF, "target_file_size_multiplier", "1", 'i', false},
	{LODE_SEC_CF, "max_bytes_for_level_multiplier_additional", "1:1:1:1:1:1:1", 's', false},
	{LODE_SEC_CF, "max_sequential_skip_in_iterations", "8", 'i', false},
	{LODE_SEC_CF, "max_successive_merges", "0", 'i', false},
	{LODE_SEC_CF, "inplace_update_num_locks", "10000", 'i', false},
	{LODE_SEC_CF, "memtable_prefix_bloom_size_ratio", "0.000000", 'd', false},
	{LODE_SEC_CF, "memtable_whole_key_filtering", "false", 'b', false},
	{LODE_SEC_CF, "memtable_huge_page_size", "0", 'i', false},
	{LODE_SEC_CF, "memtable_protection_bytes_per_key", "0", 'i', false},
	{LODE_SEC_CF, "experimental_mempurge_threshold", "0.000000", 'd', false},
	{LODE_SEC_CF, "compression", "kSnappyCompression", 's', false},
	{LODE_SEC_CF, "bottommost_compression", "kDisableCompressionOption", 's', false},
	{LODE_SEC_CF, "compression_opts", "{level=32767;window_bits=-14;parallel_threads=1;enabled=false;}", 's', false},
	{LODE_SEC_CF, "report_bg_io_stats", "false", 'b', false},
	{LODE_SEC_CF, "paranoid_file_checks", "false", 'b', false},
	{LODE_SEC_CF, "check_flush_compaction_key_order", "true", 'b', false},
	{LODE_SEC_CF, "ignore_max_compaction_bytes_for_input", "true", 'b', false},
	{LODE_SEC_CF, "ttl", "2592000", 'i', false},
	{LODE_SEC_CF, "periodic_compaction_seconds", "0", 'i', false},
	{LODE_SEC_CF, "sample_for_compression", "0", 'i', false},
	{LODE_SEC_CF, "last_level_temperature", "kUnknown", 's', false},
	{LODE_SEC_CF, "prefix_extractor", "nullptr", 's', false},
	{LODE_SEC_CF, "enable_blob_files", "false", 'b', false},
	{LODE_SEC_CF, "min_blob_size", "0", 'i', false},
	{LODE_SEC_CF, "blob_file_size", "268435456", 'i', false},
	{LODE_SEC_CF, "blob_compression_type", "kNoCompression", 's', false},
	{LODE_SEC_CF, "blob_compaction_readahead_size", "0", 'i', false},
	{LODE_SEC_CF, "blob_file_starting_level", "0", 'i', false},
	{LODE_SEC_CF, "prepopulate_blob_cache", "kDisable", 's', false},
	{LODE_SEC_CF, "enable_blob_garbage_collection", "false", 'b', false},
	{LODE_SEC_CF, "blob_garbage_collection_age_cutoff", "0.250000", 'd', false},
	{LODE_SEC_CF, "blob_garbage_collection_force_threshold", "1.000000", 'd', false},
	{LODE_SEC_CF, "compaction_options_fifo", "{allow_compaction=false;age_for_warm=0;max_table_files_size=1073741824;}", 's', false},
	{LODE_SEC_CF, "compaction_options_universal", "{max_size_amplification_percent=200;max_merge_width=4294967295;min_merge_width=2;size_ratio=1;}", 's', false},
	{LODE_SEC_CF, "num_levels", "7", 'i', true},
	{LODE_SEC_CF, "min_write_buffer_number_to_merge", "1", 'i', true},
	{LODE_SEC_CF, "compaction_style", "kCompactionStyleLevel", 's', true},
	{LODE_SEC_CF, "compaction_pri", "kMinOverlappingRatio", 's', true},
	{LODE_SEC_CF, "level_compaction_dynamic_level_bytes", "false", 'b', true},
	{LODE_SEC_CF, "comparator", "leveldb.BytewiseComparator", 's', true},
	{LODE_SEC_CF, "merge_operator", "nullptr", 's', true},
	{LODE_SEC_CF, "table_factory", "BlockBasedTable", 's', true},
	{LODE_SEC_TABLE, "block_size", "4096", 'i', false},
	{LODE_SEC_TABLE, "block_restart_interval", "16", 'i', false},
	{LODE_SEC_TABLE, "max_auto_readahead_size", "262144", 'i', false},
	{LODE_SEC_TABLE, "initial_auto_readahead_size", "8192", 'i', false},
	{LODE_SEC_TABLE, "num_file_reads_for_auto_readahead", "2", 'i', false},
	{LODE_SEC_TABLE, "prepopulate_block_cache", "kDisable", 's', false},
	{LODE_SEC_TABLE, "filter_policy", "nullptr", 's', true},
	{LODE_SEC_TABLE, "cache_index_and_filter_blocks", "false", 'b', true},
	{LODE_SEC_TABLE, "no_block_cache", "false", 'b', true},
	{LODE_SEC_TABLE, "format_version", "5", 'i', true},
};
#define ROWS ((int)(sizeof rows / sizeof *rows))
_Static_assert(sizeof rows / sizeof *rows <= LSM_OPTIONS_MAX, "room for every option");

double lsm_opt(const struct lsm_values *v, enum lsm_option o)
{
	return v->live[o];
}

static double number_of(const char *text)
{
	return !strcmp(text, "true") ? 1 : !strcmp(text, "false") ? 0 : strtod(text, NULL);
}

void lsm_options_obey(struct lsm_values *v, enum lode_section sec)
{
	for (int i = 0; i < (int)LSM_MODELLED_N; i++)
		if (rows[i].section == sec)
			v->live[i] = number_of(v->text[i]);
}

bool lsm_options_obeyed(const struct lsm_values *v, enum lode_section sec)
{
	for (int i = 0; i < (int)LSM_MODELLED_N; i++)
		if (rows[i].section == sec && v->live[i] != number_of(v->text[i]))
			return false;
	return true;
}

static void defaults(struct lsm_values *v)
{
	for (int i = 0; i < ROWS; i++)
		lode_fmt(v->text[i], sizeof v->text[i], "%s", rows[i].value);
	lsm_options_obey(v, LODE_SEC_DB);
	lsm_options_obey(v, LODE_SEC_CF);
}

void lsm_options_init(struct lode_lsm *s)
{
	defaults(&s->db);
	for (unsigned i = 0; i < s->c.ncf; i++)
		defaults(&s->cf[i].opt);
	s->options_number = 7;
}

/* RocksDB's own reading of an integer: digits, perhaps one suffix, and whatever follows is ignored: "64MB" is 64 MiB, "1e6" is 1. */
static bool read_integer(const char *s, char *out, size_t len)
{
	char *end;
	long long v;

	if (!*s || strchr(" \t", *s))
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (end == s || errno)
		return false;
	switch (*end) {
	case 'k':
	case 'K':
		v *= 1LL << 10;
		break;
	case 'm':
	case 'M':
		v *= 1LL << 20;
		break;
	case 'g':
	case 'G':
		v *= 1LL << 30;
		break;
	case 't':
	case 'T':
		v = (long long)((unsigned long long)v << 40);
		break;
	default:
		break;
	}
	return lode_fmt(out, len, "%lld", v) > 0;
}

static bool read_value(char kind, const char *s, char *out, size_t len)
{
	char *end;
	double d;

	switch (kind) {
	case 'i':
		return read_integer(s, out, len);
	case 'd':
		d = strtod(s, &end);
		return end != s && lode_fmt(out, len, "%f", d) > 0;
	case 'b':
		if (strcmp(s, "true") && strcmp(s, "false") && strcmp(s, "1") && strcmp(s, "0"))
			return false;
		return lode_fmt(out, len, "%s", *s == 't' || *s == '1' ? "true" : "false") > 0;
	default: /* enum words, and structs as they come */
		return *s && (size_t)lode_fmt(out, len, "%s", s) < len;
	}
}

/* "block_based_table_factory.block_size" and "table_factory.block_size" reach the table's options from a column family. */
static int find(enum lode_section sec, const char *key)
{
	static const char *const table[] = {"block_based_table_factory.", "table_factory."};

	for (size_t i = 0; sec == LODE_SEC_CF && i < sizeof table / sizeof *table; i++)
		if (!strncmp(key, table[i], strlen(table[i]))) {
			key += strlen(table[i]);
			sec = LODE_SEC_TABLE;
			break;
		}
	for (int i = 0; i < ROWS; i++)
		if (rows[i].section == sec && !strcmp(rows[i].name, key))
			return i;
	return -1;
}

int lsm_options_set(struct lode_lsm *s, struct lsm_values *v, enum lode_section sec, const struct lode_kv *kv, size_t n,
		    bool apply, struct lode_err *err)
{
	char (*next)[160] = malloc(sizeof v->text);
	int rc = 0;

	if (!next)
		return lode_err_set(err, ENOMEM, "no memory");
	memcpy(next, v->text, sizeof v->text);
	if (!n)
		rc = lode_err_set(err, EINVAL, "Invalid argument: empty input");
	for (size_t i = 0; i < n && !rc; i++) {
		int at = find(sec, kv[i].key);

		if (at < 0)
			rc = lode_err_set(err, EINVAL, sec == LODE_SEC_DB ? "Unrecognized option: %s" : "Could not find option: : %s",
					  kv[i].key);
		else if (rows[at].fixed)
			rc = lode_err_set(err, EINVAL, "Option not changeable: %s", kv[i].key);
		else if (!read_value(rows[at].kind, kv[i].value, next[at], sizeof *next))
			rc = lode_err_set(err, EINVAL, "Error parsing: %s", kv[i].key);
	}
	if (!rc) {
		memcpy(v->text, next, sizeof v->text);
		s->options_number += 2;
		if (apply)
			lsm_options_obey(v, sec);
	}
	free(next);
	return rc;
}

const char *lsm_options_fatal(const struct lode_lsm *s, const struct lsm_tree *t)
{
	const struct lsm_values *v = &t->opt;

	if (lsm_opt(v, LSM_L0_SLOW) < lsm_opt(v, LSM_L0_TRIGGER))
		return "assertion: level0_slowdown_writes_trigger >= level0_file_num_compaction_trigger";
	if (lsm_opt(v, LSM_WBS) < lsm_opt(v, LSM_ARENA))
		return "assertion: write_buffer_size >= arena_block_size";
	if (!strcmp(v->text[find(LODE_SEC_CF, "compression")], "kDisableCompressionOption"))
		return "assertion: compression is a compression";
	if (lsm_opt(&s->db, LSM_JOBS) > 10000)
		return "std::system_error: threads";
	return NULL;
}

static void print_section(enum lode_section sec, const struct lsm_values *v, struct lode_buf *out)
{
	for (int i = 0; i < ROWS; i++)
		if (rows[i].section == sec)
			lode_buf_addf(out, "  %s=%s\n", rows[i].name, v->text[i]);
	lode_buf_adds(out, "  \n");
}

void lode_lsm_options_text(const struct lode_lsm *s, struct lode_buf *out)
{
	lode_buf_adds(out, "# This is a RocksDB option file.\n\n[Version]\n");
	lode_buf_addf(out, "  rocksdb_version=%s\n  options_file_version=1.1\n\n[DBOptions]\n", s->info.version);
	print_section(LODE_SEC_DB, &s->db, out);
	for (unsigned i = 0; i < s->c.ncf; i++) {
		char name[16];

		lode_fmt(name, sizeof name, i ? "cf%u" : "default", i);
		lode_buf_addf(out, "\n[CFOptions \"%s\"]\n", name);
		print_section(LODE_SEC_CF, &s->cf[i].opt, out);
		lode_buf_addf(out, "\n[TableOptions/BlockBasedTable \"%s\"]\n", name);
		print_section(LODE_SEC_TABLE, &s->cf[i].opt, out);
	}
}

double lode_lsm_value(const struct lode_lsm *s, uint32_t cf, const char *key)
{
	int at = find(LODE_SEC_DB, key);

	if (at >= 0)
		return at < (int)LSM_MODELLED_N ? s->db.live[at] : number_of(s->db.text[at]);
	at = find(LODE_SEC_CF, key);
	if (at < 0 || cf >= s->c.ncf)
		return -1;
	return at < (int)LSM_MODELLED_N ? s->cf[cf].opt.live[at] : number_of(s->cf[cf].opt.text[at]);
}
