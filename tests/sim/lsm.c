/* The simulated RocksDB as a host: properties and statistics by RocksDB's names, writes of options, scripted events, the clock. */
#include "lsm_private.h"

#include "base/fmt.h"
#include "base/fs.h"
#include "host/write.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP 0.05
#define SET_COST_NS 5000000u /* a SetOptions of 7.8.3 on one small family; writers stand still */

static struct lode_lsm *self(struct lode_host *h)
{
	return (struct lode_lsm *)(void *)h;
}

static struct lsm_tree *tree(struct lode_lsm *s, uint32_t cf)
{
	return cf < s->c.ncf ? &s->cf[cf] : NULL;
}

static const struct lode_host_info *sim_info(struct lode_host *h)
{
	return &self(h)->info;
}

static int sim_column_families(struct lode_host *h, struct lode_cf *out, size_t cap, size_t *n)
{
	struct lode_lsm *s = self(h);

	if (s->closed)
		return -ESHUTDOWN;
	for (unsigned i = 0; i < s->c.ncf && i < cap; i++) {
		out[i].id = i;
		if (i)
			lode_fmt(out[i].name, sizeof out[i].name, "cf%u", i);
		else
			lode_fmt(out[i].name, sizeof out[i].name, "default");
	}
	*n = s->c.ncf;
	return 0;
}

static double disk_bytes(const struct lsm_tree *t)
{
	double all = 0;

	for (int l = 0; l < LSM_LEVELS; l++)
		all += t->bytes[l];
	return all;
}

static int sim_int_property(struct lode_host *h, uint32_t cf, const char *name, uint64_t *out)
{
	struct lode_lsm *s = self(h);
	struct lsm_tree *t = tree(s, cf);

	if (s->closed)
		return -ESHUTDOWN;
	if (!t)
		return -ENOENT;
	const struct {
		const char *name;
		double value;
	} table[] = {
		{"rocksdb.is-write-stopped", s->stopped},
		{"rocksdb.actual-delayed-write-rate", s->delayed_rate},
		{"rocksdb.background-errors", (double)s->background_errors},
		{"rocksdb.num-running-flushes", s->flushes_running},
		{"rocksdb.num-running-compactions", s->compactions_running},
		{"rocksdb.num-immutable-mem-table", t->imm},
		{"rocksdb.cur-size-active-mem-table", t->mem},
		{"rocksdb.cur-size-all-mem-tables", t->mem + t->imm_bytes},
		{"rocksdb.size-all-mem-tables", t->mem + t->imm_bytes},
		{"rocksdb.estimate-pending-compaction-bytes", t->debt},
		{"rocksdb.base-level", 1},
		{"rocksdb.current-super-version-number", (double)t->installs},
		{"rocksdb.live-sst-files-size", disk_bytes(t)},
		{"rocksdb.estimate-live-data-size", fmin(disk_bytes(t), s->keys_live / s->c.ncf * (s->c.mix.value_bytes + 24) / 2)},
		{"rocksdb.estimate-num-keys", s->keys_live / s->c.ncf},
		{"rocksdb.block-cache-capacity", s->cache_capacity},
		{"rocksdb.block-cache-usage", s->cached},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strcmp(name, table[i].name)) {
			*out = (uint64_t)fmax(0, table[i].value);
			return 0;
		}
	return -ENOENT;
}

static void give(lode_kv_fn *fn, void *ctx, const char *key, double value, const char *format)
{
	char buf[48];

	lode_fmt(buf, sizeof buf, *format == 'f' ? "%.6f" : "%.0f", *format == 'f' ? value : floor(value));
	fn(ctx, key, buf);
}

static int sim_map_property(struct lode_host *h, uint32_t cf, const char *name, lode_kv_fn *fn, void *ctx)
{
	struct lode_lsm *s = self(h);
	struct lsm_tree *t = tree(s, cf);
	char key[48];

	if (s->closed)
		return -ESHUTDOWN;
	if (t && !strcmp(name, "rocksdb.dbstats")) {
		give(fn, ctx, "db.uptime", (double)(s->now_ns - s->opened_ns) * 1e-9, "f");
		give(fn, ctx, "db.user_bytes_written", s->user_bytes, "i");
		give(fn, ctx, "db.user_keys_written", s->user_keys, "i");
		give(fn, ctx, "db.user_write_stall_micros", s->user_stall_us, "i");
		return 0;
	}
	if (!t || strcmp(name, "rocksdb.cfstats"))
		return -ENOENT;
	if (t->l0_made > 0)
		give(fn, ctx, "compaction.L0.CompCount", t->l0_made, "f");
	for (int l = 0; l < LSM_LEVELS; l++) {
		double file = fmax(1e6, lsm_opt(&t->opt, LSM_FILE_SIZE)), files = l ? ceil(t->bytes[l] / file) : t->l0_files;

		if (files < 1)
			continue;
		lode_fmt(key, sizeof key, "compaction.L%d.NumFiles", l);
		give(fn, ctx, key, files, "f");
		lode_fmt(key, sizeof key, "compaction.L%d.SizeBytes", l);
		give(fn, ctx, key, t->bytes[l], "f");
	}
	return 0;
}

static uint64_t hist_count(const struct lode_lsm *s, int op)
{
	uint64_t n = 0;

	for (int i = 0; i < LSM_BUCKETS; i++)
		n += (uint64_t)s->bucket[op][i];
	return n;
}

static int sim_statistics(struct lode_host *h, lode_stat_fn *fn, void *ctx)
{
	struct lode_lsm *s = self(h);

	if (s->closed)
		return -ESHUTDOWN;
	if (!s->c.statistics)
		return -ENOENT;
	for (int i = 0; i < (int)LODE_TICKER_N; i++)
		fn(ctx, lode_ticker_name[i], (uint64_t)s->ticker[i], 0, false);
	for (int i = 0; i < LODE_OP_N; i++)
		fn(ctx, lode_hist_name[i], hist_count(s, i), (uint64_t)s->hist_sum[i], true);
	return 0;
}

static int sim_histogram(struct lode_host *h, const char *name, struct lode_hist *out)
{
	struct lode_lsm *s = self(h);

	if (s->closed)
		return -ESHUTDOWN;
	for (int op = 0; op < LODE_OP_N && s->c.statistics; op++) {
		if (strcmp(name, lode_hist_name[op]) != 0)
			continue;
		*out = (struct lode_hist){.count = hist_count(s, op), .sum = (uint64_t)s->hist_sum[op]};
		for (int i = 0; i < LSM_BUCKETS; i++) {
			if ((uint64_t)s->bucket[op][i] == 0)
				continue;
			out->limit[out->n] = s->limit[i];
			out->bucket[out->n++] = (uint64_t)s->bucket[op][i];
		}
		return 0;
	}
	return -ENOENT;
}

static int sim_statistics_level(struct lode_host *h, bool timers)
{
	struct lode_lsm *s = self(h);

	if (s->closed)
		return -ESHUTDOWN;
	if (!s->info.statistics_ours)
		return -ENOTSUP;
	s->info.timing += timers != s->info.has_timers;
	s->info.has_timers = timers;
	return 0;
}

/* As RocksDB does: a new file for every change, the two newest are kept. */
static int write_options_file(struct lode_lsm *s)
{
	char path[4200];
	struct lode_buf text;
	int rc;

	if (!s->c.dir)
		return 0;
	lode_buf_init(&text, LODE_OPTIONS_MAX);
	lode_lsm_options_text(s, &text);
	lode_fmt(path, sizeof path, "%s/OPTIONS-%06llu", s->c.dir, (unsigned long long)s->options_number);
	rc = text.failed ? -ENOMEM : lode_fs_write_atomic(path, text.data, text.len, 0600);
	lode_buf_fini(&text);
	lode_fmt(path, sizeof path, "%s/OPTIONS-%06llu", s->c.dir, (unsigned long long)s->options_number - 4);
	remove(path);
	return rc;
}

static int sim_options(struct lode_host *h, uint64_t have, struct lode_options **out, struct lode_err *err)
{
	struct lode_lsm *s = self(h);
	struct lode_buf text;
	int rc;

	if (s->closed)
		return -ESHUTDOWN;
	if (s->c.dir)
		return lode_options_load(s->c.dir, have, out, err);
	if (have && have == s->options_number)
		return -EALREADY;
	lode_buf_init(&text, LODE_OPTIONS_MAX);
	lode_lsm_options_text(s, &text);
	rc = text.failed ? -ENOMEM : lode_options_parse(text.data, text.len, out, err);
	lode_buf_fini(&text);
	return rc;
}

static int sim_cache(struct lode_host *h, struct lode_cache *out)
{
	struct lode_lsm *s = self(h);

	if (s->closed)
		return -ESHUTDOWN;
	*out = (struct lode_cache){.present = true,
				   .resizable = s->c.cache_resizable,
				   .capacity = (uint64_t)s->cache_capacity,
				   .usage = (uint64_t)s->cached,
				   .identity = 0x51,
				   .kind = "LRUCache"};
	return 0;
}

static bool spend(double *n)
{
	if (*n < 1)
		return false;
	--*n;
	return true;
}

static void note_death(struct lode_lsm *s)
{
	for (unsigned i = 0; i < s->c.ncf && !s->report.died; i++)
		s->report.died = lsm_options_fatal(s, &s->cf[i]);
}

/* SetOptions has applied its values and now waits for the write leader: up to 8.7 that one sleeps until the stop is over (and, without a nudge, until the
 * next job has ended, which is not modelled). */
static void hang(struct lode_lsm *s)
{
	double hung = 0;

	for (; s->stopped && hung < 600; hung += STEP) {
		lsm_model_step(s, STEP);
		s->now_ns += (uint64_t)(STEP * 1e9);
	}
	s->report.hung_s = fmax(s->report.hung_s, hung);
}

/* The operator's call of the same moment: both start from the same values, and the later of the two installs them all. The file of the earlier is there
 * for a while. */
static void race(struct lode_lsm *s)
{
	const struct lode_kv kv = {s->race.key, s->race.value};
	struct lsm_values base = s->db;

	lsm_options_set(s, &s->db, LODE_SEC_DB, &kv, 1, true, NULL);
	s->race.key[0] = 0;
	write_options_file(s);
	if (s->c.hazards & LODE_HAZARD_LOST_UPDATES)
		s->db = base;
}

static int set_values(struct lode_lsm *s, struct lsm_values *v, enum lode_section sec, const struct lode_kv *kv, size_t n,
		      struct lode_err *err)
{
	bool was_stopped = s->stopped, fileless;
	uint64_t number = s->options_number;
	int rc;

	if (s->closed)
		return -ESHUTDOWN;
	if (!spend(&s->fine_sets) && spend(&s->fail_sets))
		return lode_err_set(err, EIO, "IO error: no space left on device");
	rc = lsm_options_set(s, v, sec, kv, n, true, err);
	if (rc)
		return rc;
	for (unsigned i = 0; i < s->c.ncf; i++)
		s->cf[i].installs += v == &s->cf[i].opt;
	s->now_ns += SET_COST_NS;
	s->report.sets++;
	s->report.sets_while_stopped += s->stopped;
	s->report.sets_while_delayed += s->delayed_rate > 0;
	note_death(s);
	lsm_model_recalculate(s);
	if (was_stopped && (s->c.hazards & LODE_HAZARD_HANGS_STOPPED))
		hang(s);
	fileless = spend(&s->fileless_sets);
	if (fileless)
		s->options_number = number;
	rc = fileless ? -EIO : write_options_file(s);
	if (fileless && (s->c.hazards & LODE_HAZARD_FILE_ERROR_SILENT))
		return 0;
	if (rc || spend(&s->lying_sets))
		return lode_err_set(err, EIO, "IO error: OPTIONS file");
	return 0;
}

bool lode_lsm_drop_last(struct lode_lsm *s)
{
	if (s->c.ncf <= 1)
		return false;
	s->c.ncf--;
	s->options_number += 2;
	return write_options_file(s) == 0;
}

static int sim_set_cf_options(struct lode_host *h, uint32_t cf, const struct lode_kv *kv, size_t n, struct lode_err *err)
{
	struct lsm_tree *t = tree(self(h), cf);

	return t ? set_values(self(h), &t->opt, LODE_SEC_CF, kv, n, err) : lode_err_set(err, ENOENT, "no such column family");
}

/* As RocksDB does, whatever the call is for: bytes_per_sync=0 becomes 1 MiB, and cannot be had back. */
static int sim_set_db_options(struct lode_host *h, const struct lode_kv *kv, size_t n, struct lode_err *err)
{
	static const struct lode_kv sync = {"bytes_per_sync", "1048576"};
	struct lode_kv all[LODE_WRITE_MAX + 2];
	bool zero = lode_lsm_value(self(h), 0, sync.key) == 0;

	if (self(h)->race.key[0])
		race(self(h));
	for (size_t i = 0; i < n && i <= LODE_WRITE_MAX; i++) {
		all[i] = kv[i];
		if (!strcmp(kv[i].key, sync.key))
			zero = !strcmp(kv[i].value, "0");
	}
	if (zero)
		all[n] = sync;
	return set_values(self(h), &self(h)->db, LODE_SEC_DB, all, n + zero, err);
}

static int sim_set_cache_capacity(struct lode_host *h, uint64_t bytes, struct lode_err *err)
{
	struct lode_lsm *s = self(h);

	if (s->closed)
		return -ESHUTDOWN;
	if (!s->c.cache_resizable)
		return lode_err_set(err, ENOTSUP, "this cache cannot be resized");
	if (spend(&s->fail_sets))
		return lode_err_set(err, EIO, "cache refused");
	s->report.sets++;
	s->cache_capacity = (double)bytes;
	s->cached = fmin(s->cached, s->cache_capacity);
	return spend(&s->lying_sets) ? lode_err_set(err, EIO, "cache says no") : 0;
}

static const struct lode_host_ops sim_ops = {
	.info = sim_info,
	.column_families = sim_column_families,
	.int_property = sim_int_property,
	.map_property = sim_map_property,
	.statistics = sim_statistics,
	.histogram = sim_histogram,
	.statistics_level = sim_statistics_level,
	.options = sim_options,
	.cache = sim_cache,
	.set_cf_options = sim_set_cf_options,
	.set_db_options = sim_set_db_options,
	.set_cache_capacity = sim_set_cache_capacity,
};

static uint64_t sim_mono(void *p)
{
	return ((struct lode_lsm *)p)->now_ns;
}

static uint64_t sim_wall(void *p)
{
	const struct lode_lsm *s = p;

	return s->wall0_us + (s->now_ns - s->start_ns) / 1000;
}

void lode_lsm_config_init(struct lode_lsm_config *c)
{
	*c = (struct lode_lsm_config){
		.seed = 1,
		.mix = {.share = {1, 0, 0, 0}, .value_bytes = 100, .found = 1, .next = 0, .skew = 1},
		.keys = 10e6,
		.filled = 1,
		.ncf = 1,
		.threads = 2,
		.cores = 2,
		.cache_bytes = 8u << 20,
		.cache_resizable = true,
		.statistics = true,
		.noise = 0.03,
		.noise_phi = 0.8,
		.compact_mbps = 100,
		.flush_mbps = 250,
		.version = "7.8.3",
	};
}

struct lode_lsm *lode_lsm_new(const struct lode_lsm_config *c)
{
	struct lode_lsm *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->host.ops = &sim_ops;
	s->c = *c;
	s->c.ncf = c->ncf < 1 ? 1 : c->ncf > LODE_LSM_CF_MAX ? LODE_LSM_CF_MAX : c->ncf;
	s->info.has_statistics = c->statistics;
	s->info.has_timers = c->statistics && !c->untimed;
	s->info.statistics_ours = c->statistics && c->statistics_ours;
	s->info.hazards = c->hazards;
	lode_fmt(s->info.version, sizeof s->info.version, "%s", c->version);
	lode_fmt(s->info.path, sizeof s->info.path, "%s", c->dir ? c->dir : "/nonexistent/simulated");
	s->clock = (struct lode_clock){.mono_ns = sim_mono, .wall_us = sim_wall, .self = s};
	s->start_ns = s->opened_ns = s->now_ns = 1000000000;
	s->wall0_us = 1767225600000000; /* 2026-01-01 */
	lode_rng_seed(&s->rng, c->seed);
	s->cache_capacity = (double)c->cache_bytes;
	for (int i = 0; i < LSM_BUCKETS; i++)
		s->log_limit[i] = log(s->limit[i] = lsm_model_limit(i));
	lsm_options_init(s);
	lsm_model_init(s);
	lsm_model_recalculate(s);
	if (write_options_file(s)) {
		free(s);
		return NULL;
	}
	return s;
}

void lode_lsm_free(struct lode_lsm *s)
{
	free(s);
}

struct lode_host *lode_lsm_host(struct lode_lsm *s)
{
	return &s->host;
}

const struct lode_clock *lode_lsm_clock(struct lode_lsm *s)
{
	return &s->clock;
}

void lode_lsm_report(const struct lode_lsm *s, struct lode_lsm_report *out)
{
	*out = s->report;
}

bool lode_lsm_at(struct lode_lsm *s, const struct lode_lsm_event *e)
{
	if (s->nevent == sizeof s->event / sizeof *s->event)
		return false;
	s->event[s->nevent++] = *e;
	return true;
}

static void forget_statistics(struct lode_lsm *s)
{
	memset(s->ticker, 0, sizeof s->ticker);
	memset(s->bucket, 0, sizeof s->bucket);
	memset(s->hist_sum, 0, sizeof s->hist_sum);
}

static void happen(struct lode_lsm *s, const struct lode_lsm_event *e)
{
	const struct lode_kv kv = {e->key, e->value};

	switch (e->what) {
	case LODE_LSM_MIX:
		s->c.mix = e->mix;
		break;
	case LODE_LSM_SET:
		if (e->db)
			set_values(s, &s->db, LODE_SEC_DB, &kv, 1, NULL);
		else
			set_values(s, &s->cf[0].opt, LODE_SEC_CF, &kv, 1, NULL);
		break;
	case LODE_LSM_CLOSE:
		s->closed = true;
		break;
	case LODE_LSM_BG_ERROR:
		s->background_errors++;
		s->failed = s->stopped = true;
		break;
	case LODE_LSM_SET_FAILS:
		s->fail_sets = e->n;
		s->fine_sets = e->after;
		break;
	case LODE_LSM_SET_LIES:
		s->lying_sets = e->n;
		break;
	case LODE_LSM_FILE_FAILS:
		s->fileless_sets = e->n;
		break;
	case LODE_LSM_RACE:
		s->race = *e;
		break;
	case LODE_LSM_STATS_RESET:
		forget_statistics(s);
		break;
	case LODE_LSM_SUSPEND:
		s->now_ns += (uint64_t)(e->n * 1e9);
		break;
	case LODE_LSM_WALL:
		s->wall0_us += (uint64_t)(int64_t)(e->n * 1e6);
		break;
	case LODE_LSM_FLUSH:
		lsm_model_flush(s);
		break;
	case LODE_LSM_COMPACT:
		lsm_model_compact(s);
		break;
	case LODE_LSM_REOPEN:
		lsm_model_flush(s);
		s->opened_ns = s->now_ns;
		s->user_bytes = s->user_keys = s->user_stall_us = 0;
		forget_statistics(s);
		break;
	}
}

static void events_due(struct lode_lsm *s)
{
	double now = (double)(s->now_ns - s->start_ns) * 1e-9 + 1e-6;

	for (size_t i = 0; i < s->nevent;) {
		if (s->event[i].at_s > now) {
			i++;
			continue;
		}
		struct lode_lsm_event e = s->event[i];
		s->nevent--;
		memmove(&s->event[i], &s->event[i + 1], (s->nevent - i) * sizeof s->event[0]);
		happen(s, &e);
	}
}

void lode_lsm_advance(struct lode_lsm *s, double seconds)
{
	while (seconds > 1e-9) {
		double dt = fmin(STEP, seconds);

		events_due(s);
		lsm_model_step(s, dt);
		s->now_ns += (uint64_t)llround(dt * 1e9);
		seconds -= dt;
	}
	events_due(s);
}
