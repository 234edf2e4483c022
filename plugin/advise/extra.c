/* Statistics that a model asked for: one function each, all from values that are there already or were read for this (sense/detail.h). */
#include "advise/extra.h"
#include "advise/text.h"
#include "base/num.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define NUM(v) lode_text_num(v, 3).s
#define PCT(v) lode_text_percent(v).s
#define BYTES(v) lode_text_bytes(lode_num_round(v, 3)).s
#define GB 1e9

/* What a family's part of the detail is; NULL: it was not read. */
static const struct lode_detail_cf *detail_of(const struct lode_question *q, uint32_t id)
{
	for (size_t i = 0; q->detail && i < q->detail->ncf; i++)
		if (q->detail->cf[i].id == id)
			return &q->detail->cf[i];
	return NULL;
}

static size_t families(const struct lode_question *q)
{
	return q->now.sample->ncf < LODE_DETAIL_FAMILIES ? q->now.sample->ncf : LODE_DETAIL_FAMILIES;
}

static void levels(struct lode_buf *b, const struct lode_question *q)
{
	for (size_t i = 0; i < families(q); i++) {
		const struct lode_cf_sample *c = &q->now.sample->cf[i];
		const struct lode_detail_cf *d = detail_of(q, c->id);

		lode_buf_addf(b, "cf%" PRIu32 " (files/bytes/score):", c->id);
		for (size_t l = 0; l < LODE_LEVEL_MAX && l < c->levels; l++)
			lode_buf_addf(b, " L%zu %s/%s/%s", l, NUM((double)c->files[l]), BYTES((double)c->bytes[l]), NUM(d ? d->level[l].score : NAN));
		lode_buf_addf(b, "; base level %s; live data %s of %s\n", NUM((double)c->base_level), BYTES((double)c->live_bytes), BYTES((double)c->sst_bytes));
	}
}

static void compactions(struct lode_buf *b, const struct lode_question *q)
{
	lode_buf_adds(b, "family and level | jobs | seconds | read | written | moved | write amplification | keys in | keys dropped\n");
	for (size_t i = 0; i < families(q); i++) {
		const struct lode_detail_cf *d = detail_of(q, q->now.sample->cf[i].id);

		for (size_t l = 0; d && l < d->levels; l++) {
			const struct lode_detail_level *v = &d->level[l];

			if (v->count > 0)
				lode_buf_addf(b, "cf%" PRIu32 " L%zu | %s | %s | %s | %s | %s | %s | %s | %s\n", d->id, l, NUM(v->count), NUM(v->seconds),
					      BYTES(v->read_gb * GB), BYTES(v->write_gb * GB), BYTES(v->moved_gb * GB), NUM(v->write_amp),
					      NUM(v->keys_in), NUM(v->keys_dropped));
		}
	}
}

static void stalls(struct lode_buf *b, const struct lode_question *q)
{
	for (size_t i = 0; i < families(q); i++) {
		const struct lode_cf_sample *c = &q->now.sample->cf[i];

		lode_buf_addf(b, "cf%" PRIu32 ":", c->id);
		for (int k = 0; k < LODE_STALL_N; k++)
			lode_buf_addf(b, "%s %s %s", k ? "," : "", lode_stall_name[k], NUM((double)c->stalls[k]));
		lode_buf_adds(b, "\n");
	}
}

static void memtables(struct lode_buf *b, const struct lode_question *q)
{
	for (size_t i = 0; i < families(q); i++) {
		const struct lode_cf_sample *c = &q->now.sample->cf[i];
		const struct lode_detail_cf *d = detail_of(q, c->id);

		lode_buf_addf(b, "cf%" PRIu32 ": active %s, all %s, immutable and unflushed %s, entries of the active %s, deletions among them %s\n", c->id,
			      BYTES((double)c->mem_active), BYTES((double)c->mem_all), NUM((double)c->immutable), NUM(d ? (double)d->entries : NAN),
			      NUM(d ? (double)d->deletes : NAN));
	}
}

static void files(struct lode_buf *b, const struct lode_question *q)
{
	for (size_t i = 0; i < families(q); i++) {
		const struct lode_cf_sample *c = &q->now.sample->cf[i];
		const struct lode_detail_cf *d = detail_of(q, c->id);

		lode_buf_addf(b, "cf%" PRIu32 ": mean file", c->id);
		for (size_t l = 0; l < LODE_LEVEL_MAX && l < c->levels; l++)
			if (c->files[l])
				lode_buf_addf(b, " L%zu %s", l, BYTES((double)c->bytes[l] / (double)c->files[l]));
		lode_buf_addf(b, "; table readers outside of the cache %s\n", d ? BYTES((double)d->readers) : "unknown");
	}
}

static void times(struct lode_buf *b, const struct lode_question *q, int op)
{
	static const double at[] = {0.1, 0.5, 0.9, 0.99, 0.999, 0.9999};
	const struct lode_op *o = &q->window->op[op];

	lode_buf_addf(b, "%s: ", lode_op_name[op]);
	if (!o->count) {
		lode_buf_adds(b, "none timed\n");
		return;
	}
	lode_buf_addf(b, "count %s, mean %s us", NUM((double)o->count), NUM(lode_interval_mean_us(q->window, op)));
	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
		lode_buf_addf(b, ", p%g %s", at[i] * 100, NUM(lode_hist_percentile(&o->hist, at[i])));
	lode_buf_adds(b, "\n");
}

static double tick(const struct lode_question *q, enum lode_ticker t)
{
	return (double)q->window->ticker[t];
}

static double share(double a, double of)
{
	return of > 0 ? a / of : NAN;
}

static void gets(struct lode_buf *b, const struct lode_question *q)
{
	times(b, q, LODE_H_GET);
	times(b, q, LODE_H_MULTIGET);
	lode_buf_addf(b, "keys per multiget %s\n", NUM(share(tick(q, LODE_T_MULTIGET_KEYS), tick(q, LODE_T_MULTIGET_CALLS))));
}

static void writes(struct lode_buf *b, const struct lode_question *q)
{
	double self = tick(q, LODE_T_WRITE_SELF), other = tick(q, LODE_T_WRITE_OTHER), synced = tick(q, LODE_T_WAL_SYNCED);

	times(b, q, LODE_H_WRITE);
	lode_buf_addf(b, "WAL: %s per second, syncs per second %s, writes per sync %s; written by another writer's group %s\n",
		      BYTES(tick(q, LODE_T_WAL_BYTES) / q->window->seconds), NUM(synced / q->window->seconds), NUM(share(self + other, synced)),
		      PCT(share(other, self + other)));
}

static void seeks(struct lode_buf *b, const struct lode_question *q)
{
	double n = tick(q, LODE_T_SEEK), steps = tick(q, LODE_T_NEXT) + tick(q, LODE_T_PREV);

	times(b, q, LODE_H_SEEK);
	lode_buf_addf(b, "seeks that find a key %s, steps per seek %s, bytes read per seek %s, entries skipped per step %s, reseeks per step %s\n",
		      PCT(share(tick(q, LODE_T_SEEK_FOUND), n)), NUM(share(steps, n)), NUM(share(tick(q, LODE_T_ITER_BYTES_READ), n)),
		      NUM(share(tick(q, LODE_T_ITER_SKIP), n + steps)), NUM(share(tick(q, LODE_T_ITER_RESEEKS), n + steps)));
}

static void background(struct lode_buf *b, const struct lode_question *q)
{
	static const struct {
		int hist;
		const char *words;
	} rows[] = {{LODE_H_FLUSH, "flush"}, {LODE_H_COMPACTION, "compaction"}, {LODE_H_SST_READ, "read of a file"}, {LODE_H_WAL_SYNC, "WAL sync"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		double n = (double)q->window->hist_count[rows[i].hist];

		lode_buf_addf(b, "%s: %s per second, mean %s us\n", rows[i].words, NUM(n / q->window->seconds),
			      NUM(share((double)q->window->hist_sum[rows[i].hist], n)));
	}
	lode_buf_addf(b, "running now: flushes %s, compactions %s; files opened per second %s\n", NUM((double)q->now.sample->running_flushes),
		      NUM((double)q->now.sample->running_compactions), NUM(tick(q, LODE_T_FILE_OPENS) / q->window->seconds));
}

static void cache_kinds(struct lode_buf *b, const struct lode_question *q)
{
	static const struct {
		const char *words;
		enum lode_ticker hit, miss;
	} rows[] = {{"data", LODE_T_CACHE_DATA_HIT, LODE_T_CACHE_DATA_MISS},
		    {"index", LODE_T_CACHE_INDEX_HIT, LODE_T_CACHE_INDEX_MISS},
		    {"filter", LODE_T_CACHE_FILTER_HIT, LODE_T_CACHE_FILTER_MISS}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		double hit = tick(q, rows[i].hit), miss = tick(q, rows[i].miss);

		lode_buf_addf(b, "%s blocks: hits per second %s, misses %s, hit rate %s\n", rows[i].words, NUM(hit / q->window->seconds),
			      NUM(miss / q->window->seconds), PCT(share(hit, hit + miss)));
	}
	lode_buf_addf(b, "read from the cache %s per second, put into it %s\n", BYTES(tick(q, LODE_T_CACHE_BYTES_READ) / q->window->seconds),
		      BYTES(tick(q, LODE_T_CACHE_BYTES_WRITE) / q->window->seconds));
}

static void cache_entries(struct lode_buf *b, const struct lode_question *q)
{
	static const char *const words[] = {
#define X(id, words, name) words,
	    LODE_ROLES(X)
#undef X
	};
	const struct lode_cache *c = &q->now.sample->cache;

	lode_buf_addf(b, "capacity %s, in use %s, pinned %s\n", BYTES((double)c->capacity), BYTES((double)c->usage), BYTES((double)c->pinned));
	if (!q->detail || !q->detail->cache_known) {
		lode_buf_adds(b, c->usage > LODE_DETAIL_CACHE_MAX ? "too large to be walked over in a running database\n" : "its entries are not known\n");
		return;
	}
	for (int r = 0; r < LODE_ROLE_N; r++)
		if (q->detail->role_count[r] || q->detail->role_bytes[r])
			lode_buf_addf(b, "%s: %s in %s entries\n", words[r], BYTES((double)q->detail->role_bytes[r]), NUM((double)q->detail->role_count[r]));
}

static void filters(struct lode_buf *b, const struct lode_question *q)
{
	double useful = tick(q, LODE_T_BLOOM_USEFUL), passed = tick(q, LODE_T_BLOOM_POSITIVE), rightly = tick(q, LODE_T_BLOOM_TRUE_POSITIVE);
	double memtable = tick(q, LODE_T_MEMTABLE_HIT), l0 = tick(q, LODE_T_L0_HIT), l1 = tick(q, LODE_T_L1_HIT), l2 = tick(q, LODE_T_L2_HIT);
	double found = memtable + l0 + l1 + l2;

	lode_buf_addf(b, "files that filters kept from being read per second %s, let through %s; let through in vain %s of those without the key\n",
		      NUM(useful / q->window->seconds), NUM(passed / q->window->seconds), PCT(share(passed - rightly, passed - rightly + useful)));
	lode_buf_addf(b, "keys found: in memtables %s, L0 %s, L1 %s, below %s\n", PCT(share(memtable, found)), PCT(share(l0, found)), PCT(share(l1, found)),
		      PCT(share(l2, found)));
}

static void option_numbers(struct lode_buf *b, const struct lode_value *v, bool families_own)
{
	unsigned n = 0;

	for (int t = 0; t < lode_tunable_count && t < LODE_TUNABLE_MAX; t++) {
		const struct lode_tunable *row = &lode_tunables[t];

		if ((row->scope == LODE_SCOPE_CF) != families_own || !v[t].exists || !v[t].numeric || row->kind == LODE_KIND_OTHER)
			continue;
		if (row->kind == LODE_KIND_ENUM && (v[t].value < 0 || !row->words[v[t].value]))
			continue;
		if (row->kind == LODE_KIND_ENUM)
			lode_buf_addf(b, "%s%s=%s", n++ ? ", " : "", row->id, row->words[v[t].value]);
		else
			lode_buf_addf(b, "%s%s=%" PRId64, n++ ? ", " : "", row->id, v[t].value);
	}
	lode_buf_adds(b, n ? "\n" : "none is known\n");
}

static void db_options(struct lode_buf *b, const struct lode_question *q)
{
	option_numbers(b, q->now.state->db, false);
}

static void cf_options(struct lode_buf *b, const struct lode_question *q)
{
	const struct lode_state *st = q->now.state;
	size_t largest = 0;
	uint64_t most = 0;

	for (size_t i = 0; i < st->ncf; i++)
		for (size_t k = 0; k < q->now.sample->ncf; k++)
			if (q->now.sample->cf[k].id == st->cf[i].cf.id && q->now.sample->cf[k].sst_bytes > most) {
				most = q->now.sample->cf[k].sst_bytes;
				largest = i;
			}
	if (!st->ncf)
		return;
	lode_buf_addf(b, "cf%" PRIu32 ": ", st->cf[largest].cf.id);
	option_numbers(b, st->cf[largest].v, true);
}

static const struct {
	void (*print)(struct lode_buf *b, const struct lode_question *q);
	unsigned parts; /* that it needs of the detail */
	bool window;	/* it needs a valid window */
} rows[LODE_EXTRA_N] = {
    [LODE_EXTRA_LEVELS] = {levels, LODE_DETAIL_LEVELS, false},
    [LODE_EXTRA_COMPACTIONS] = {compactions, LODE_DETAIL_LEVELS, false},
    [LODE_EXTRA_STALLS] = {stalls, 0, false},
    [LODE_EXTRA_MEMTABLES] = {memtables, LODE_DETAIL_ENTRIES, false},
    [LODE_EXTRA_FILES] = {files, LODE_DETAIL_ENTRIES, false},
    [LODE_EXTRA_GETS] = {gets, 0, true},
    [LODE_EXTRA_WRITES] = {writes, 0, true},
    [LODE_EXTRA_SEEKS] = {seeks, 0, true},
    [LODE_EXTRA_BACKGROUND] = {background, 0, true},
    [LODE_EXTRA_CACHE_KINDS] = {cache_kinds, 0, true},
    [LODE_EXTRA_CACHE_ENTRIES] = {cache_entries, LODE_DETAIL_CACHE, false},
    [LODE_EXTRA_FILTERS] = {filters, 0, true},
    [LODE_EXTRA_DB_OPTIONS] = {db_options, 0, false},
    [LODE_EXTRA_CF_OPTIONS] = {cf_options, 0, false},
};

static const char *const names[] = {
#define X(id, name, doc) name,
    LODE_EXTRAS(X)
#undef X
};
static const char *const docs[] = {
#define X(id, name, doc) doc,
    LODE_EXTRAS(X)
#undef X
};

const char *lode_extra_name(enum lode_extra e)
{
	return (unsigned)e < LODE_EXTRA_N ? names[e] : "unknown";
}

const char *lode_extra_doc(enum lode_extra e)
{
	return (unsigned)e < LODE_EXTRA_N ? docs[e] : "";
}

int lode_extra_find(const char *name)
{
	for (int e = 0; e < LODE_EXTRA_N; e++)
		if (!strcmp(names[e], name))
			return e;
	return -1;
}

unsigned lode_extra_parts(uint32_t set)
{
	unsigned parts = 0;

	for (int e = 0; e < LODE_EXTRA_N; e++)
		if (set >> e & 1)
			parts |= rows[e].parts;
	return parts;
}

void lode_extra_catalogue(struct lode_buf *b)
{
	for (int e = 0; e < LODE_EXTRA_N; e++)
		lode_buf_addf(b, "%s: %s\n", names[e], docs[e]);
}

void lode_extra_print(struct lode_buf *b, const struct lode_question *q)
{
	bool window = q->window && q->window->invalid == LODE_VALID && q->window->seconds > 0;

	for (int e = 0; e < LODE_EXTRA_N; e++) {
		if (!(q->wants >> e & 1) || !q->now.sample || !q->now.state)
			continue;
		lode_buf_addf(b, "## %s: %s\n", names[e], docs[e]);
		if (rows[e].window && !window)
			lode_buf_adds(b, "not known at this moment\n");
		else
			rows[e].print(b, q);
	}
}
