/* Taking a sample: every number of one instant, asked of the host in the cheapest way that RocksDB offers.
 *
 * Only integer and map properties are read: the text forms of the statistics reset the "interval" that RocksDB's own log shares with
 * every reader. Instance-wide values are kept by the default column family, so they are read there, once. */
#include "sense/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_CF 0u /* RocksDB's id of the default column family, always */

const char *const lode_ticker_name[LODE_TICKER_N] = {
#define X(id, name) name,
	LODE_TICKERS(X)
#undef X
};

const char *const lode_hist_name[LODE_HIST_N] = {
#define X(id, name) name,
	LODE_HISTS(X)
#undef X
};

const char *const lode_op_name[LODE_OP_N] = {"get", "write", "seek", "multiget"};

const char *const lode_stall_name[LODE_STALL_N] = {
#define X(id, name, old, new) name,
	LODE_STALLS(X)
#undef X
};

/* The whole part of a number that RocksDB printed: "2905372.000000" is 2905372. The rest depends on the host's locale and is left. */
static uint64_t whole(const char *s)
{
	uint64_t v = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		if (v > (UINT64_MAX - 9) / 10)
			return UINT64_MAX;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	return v;
}

/* A property that this RocksDB does not have stays 0; any other failure is the caller's. */
static int read_int(struct lode_host *h, uint32_t cf, const char *name, uint64_t *out)
{
	uint64_t v = 0;
	int rc = h->ops->int_property(h, cf, name, &v);

	if (!rc)
		*out = v;
	return rc == -ENOENT ? 0 : rc;
}

struct int_row {
	const char *name;
	size_t offset;
};

static int read_ints(struct lode_host *h, uint32_t cf, const struct int_row *row, size_t n, void *base)
{
	for (size_t i = 0; i < n; i++) {
		int rc = read_int(h, cf, row[i].name, (uint64_t *)(void *)((char *)base + row[i].offset));
		if (rc)
			return rc;
	}
	return 0;
}

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define INSTANCE(prop, field) {"rocksdb." prop, offsetof(struct lode_sample, field)}
#define FAMILY(prop, field) {"rocksdb." prop, offsetof(struct lode_cf_sample, field)}

static const struct int_row instance_ints[] = {
	INSTANCE("actual-delayed-write-rate", delayed_write_rate),
	INSTANCE("background-errors", background_errors),
	INSTANCE("num-running-flushes", running_flushes),
	INSTANCE("num-running-compactions", running_compactions),
};

static const struct int_row family_ints[] = { /* counters RocksDB keeps anyway: a microsecond each */
	FAMILY("cur-size-active-mem-table", mem_active),
	FAMILY("size-all-mem-tables", mem_all),
	FAMILY("num-immutable-mem-table", immutable),
	FAMILY("estimate-pending-compaction-bytes", debt),
};

static const struct int_row shape_ints[] = { /* these walk over the files of the family */
	FAMILY("base-level", base_level),
	FAMILY("live-sst-files-size", sst_bytes),
	FAMILY("estimate-live-data-size", live_bytes),
	FAMILY("estimate-num-keys", keys),
};

/* Beside the levels, the map has how often which line was reached. */
static void on_stall(struct lode_cf_sample *cf, const char *key, const char *value)
{
	static const char *const names[LODE_STALL_N][2] = {
#define X(id, name, old, new) {old, new},
		LODE_STALLS(X)
#undef X
	};

	for (int i = 0; i < (int)LODE_STALL_N; i++)
		if (!strcmp(key, names[i][0]) || !strcmp(key, names[i][1]))
			cf->stalls[i] = whole(value);
}

/* "compaction.L3.NumFiles" and "compaction.L3.SizeBytes" of the map "rocksdb.cfstats". (num-files-at-levelN exists only as text.) */
static void on_level(void *ctx, const char *key, const char *value)
{
	static const char prefix[] = "compaction.L";
	struct lode_cf_sample *cf = ctx;
	unsigned level = 0;

	if (strncmp(key, prefix, sizeof prefix - 1) != 0) {
		if (*key != 'c')
			on_stall(cf, key, value);
		return;
	}
	key += sizeof prefix - 1;
	if (*key < '0' || *key > '9')
		return;
	for (; *key >= '0' && *key <= '9' && level < 100; key++)
		level = level * 10 + (unsigned)(*key - '0');
	if (level >= LODE_LEVEL_MAX)
		return;
	if (!level && !strcmp(key, ".CompCount")) {
		cf->flushes = whole(value);
		return;
	}
	if (!strcmp(key, ".NumFiles"))
		cf->files[level] = whole(value);
	else if (!strcmp(key, ".SizeBytes"))
		cf->bytes[level] = whole(value);
	else
		return;
	if (level + 1 > cf->levels)
		cf->levels = level + 1;
}

static int read_shape(struct lode_host *h, struct lode_cf_sample *cf)
{
	int rc = read_ints(h, cf->id, shape_ints, COUNT(shape_ints), cf);

	if (!rc)
		rc = h->ops->map_property(h, cf->id, "rocksdb.cfstats", on_level, cf);
	return rc == -ENOENT ? 0 : rc;
}

static void copy_shape(struct lode_cf_sample *to, const struct lode_cf_sample *from)
{
	to->base_level = from->base_level;
	to->levels = from->levels;
	memcpy(to->files, from->files, sizeof to->files);
	memcpy(to->bytes, from->bytes, sizeof to->bytes);
	to->sst_bytes = from->sst_bytes;
	to->live_bytes = from->live_bytes;
	to->keys = from->keys;
	to->flushes = from->flushes;
	memcpy(to->stalls, from->stalls, sizeof to->stalls);
}

static const struct lode_cf_sample *find_cf(const struct lode_sample *s, uint32_t id)
{
	for (size_t i = 0; s && i < s->ncf; i++)
		if (s->cf[i].id == id)
			return &s->cf[i];
	return NULL;
}

static int read_families(struct lode_host *h, bool shape, const struct lode_sample *prev, struct lode_sample *out)
{
	struct lode_cf cfs[LODE_CF_MAX];
	int rc = h->ops->column_families(h, cfs, LODE_CF_MAX, &out->ncf_total);

	if (rc)
		return rc;
	size_t n = out->ncf_total < LODE_CF_MAX ? out->ncf_total : LODE_CF_MAX;
	for (size_t i = 0; i < n; i++) {
		struct lode_cf_sample *cf = &out->cf[out->ncf];
		const struct lode_cf_sample *before = find_cf(prev, cfs[i].id);

		*cf = (struct lode_cf_sample){.id = cfs[i].id};
		rc = read_ints(h, cf->id, family_ints, COUNT(family_ints), cf);
		if (!rc && before && !shape)
			copy_shape(cf, before);
		else if (!rc) /* also for a family not seen before: a shape of zeros would be a lie */
			rc = read_shape(h, cf);
		if (rc == -ESHUTDOWN)
			return rc;
		if (!rc) /* else it was dropped while we looked: the others still count */
			out->ncf++;
	}
	return 0;
}

struct dbstats {
	struct lode_sample *out;
	double uptime_s; /* < 0: not told */
};

static void on_dbstats(void *ctx, const char *key, const char *value)
{
	struct dbstats *d = ctx;

	if (!strcmp(key, "db.user_write_stall_micros"))
		d->out->user_stall_us = whole(value);
	else if (!strcmp(key, "db.user_bytes_written"))
		d->out->user_bytes_written = whole(value);
	else if (!strcmp(key, "db.user_keys_written"))
		d->out->user_keys_written = whole(value);
	else if (!strcmp(key, "db.uptime") && *value != '-') /* RocksDB asks the wall clock, which may step back */
		d->uptime_s = (double)whole(value);
}

static int read_dbstats(struct lode_host *h, const struct lode_sample *prev, struct lode_sample *out)
{
	struct dbstats d = {.out = out, .uptime_s = -1};
	int rc = h->ops->map_property(h, DEFAULT_CF, "rocksdb.dbstats", on_dbstats, &d);

	out->epoch = prev ? prev->epoch : 1;
	/* Younger than our last look at it: somebody reopened it, and its counters began anew. */
	if (prev && d.uptime_s >= 0 && out->mono_ns > prev->mono_ns && d.uptime_s + 1 < (double)(out->mono_ns - prev->mono_ns) * 1e-9)
		out->epoch++;
	return rc == -ENOENT ? 0 : rc;
}

/* All names begin alike, so the comparison starts behind "rocksdb.". */
static void on_statistic(void *ctx, const char *name, uint64_t count, uint64_t sum, bool is_hist)
{
	enum { PREFIX = sizeof "rocksdb." - 1 };
	struct lode_sample *out = ctx;

	if (strncmp(name, "rocksdb.", PREFIX) != 0)
		return;
	const char *const *table = is_hist ? lode_hist_name : lode_ticker_name;
	int n = is_hist ? (int)LODE_HIST_N : (int)LODE_TICKER_N;
	for (int i = 0; i < n; i++) {
		if (strcmp(name + PREFIX, table[i] + PREFIX) != 0)
			continue;
		if (is_hist) {
			out->hist[i].count = count;
			out->hist[i].sum = sum;
		} else {
			out->ticker[i] = count;
		}
		return;
	}
}

static bool counts(const struct lode_sample *s)
{
	for (int i = 0; i < (int)LODE_TICKER_N; i++)
		if (s->ticker[i])
			return true;
	return false;
}

static int read_statistics(struct lode_host *h, struct lode_sample *out)
{
	const struct lode_host_info *info = h->ops->info(h);
	int rc;

	if (!info->has_statistics)
		return 0;
	rc = h->ops->statistics(h, on_statistic, out);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	/* The host may have switched its Statistics off altogether: what RocksDB counts anyway tells. */
	if (out->user_keys_written >= LODE_UNCOUNTED && !counts(out))
		return 0;
	out->has_stats = true;
	out->has_timers = info->has_timers;
	out->timing = info->timing;
	for (int i = 0; i < LODE_OP_N && out->has_timers; i++) {
		struct lode_hist *hist = &out->hist[i];
		/* Count and sum stay those of one instant; the buckets come a moment later and may hold a few more. */
		uint64_t count = hist->count, sum = hist->sum;

		if (!count)
			continue;
		rc = h->ops->histogram(h, lode_hist_name[i], hist);
		if (rc)
			hist->n = 0;
		if (rc && rc != -ENOENT)
			return rc;
		hist->count = count;
		hist->sum = sum;
	}
	return 0;
}

/* Cheap enough for every sample: two system calls and one small file. */
static void read_process(struct lode_sample *out)
{
	struct timespec ts;
	char buf[128];
	ssize_t n;
	int fd;

	if (!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts))
		out->process_cpu_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, buf, sizeof buf - 1);
	close(fd);
	if (n <= 0)
		return;
	buf[n] = '\0';
	const char *resident = strchr(buf, ' ');
	if (resident)
		out->process_rss = whole(resident + 1) * (uint64_t)sysconf(_SC_PAGESIZE);
}

int lode_sample_take(struct lode_host *h, const struct lode_clock *clock, bool shape, const struct lode_sample *prev,
		     struct lode_sample *out)
{
	uint64_t stopped = 0;
	int rc;

	memset(out, 0, sizeof *out);
	out->mono_ns = lode_clock_mono(clock);
	out->wall_us = lode_clock_wall(clock);
	rc = h->ops->int_property(h, DEFAULT_CF, "rocksdb.is-write-stopped", &stopped);
	if (rc)
		return rc;
	out->write_stopped = stopped != 0;
	rc = read_ints(h, DEFAULT_CF, instance_ints, COUNT(instance_ints), out);
	if (!rc)
		rc = read_dbstats(h, prev, out);
	if (!rc)
		rc = read_statistics(h, out);
	if (!rc)
		rc = read_families(h, shape, prev, out);
	if (!rc) {
		rc = h->ops->cache(h, &out->cache);
		if (rc == -ENOENT || rc == -ENOTSUP) {
			out->cache = (struct lode_cache){0};
			rc = 0;
		}
	}
	if (!clock->made_up)
		read_process(out);
	out->took_ns = lode_clock_mono(clock) - out->mono_ns;
	return rc;
}

double lode_sample_space_amp(const struct lode_sample *s)
{
	uint64_t sst = 0, live = 0;

	for (size_t i = 0; i < s->ncf; i++) {
		sst += s->cf[i].sst_bytes;
		live += s->cf[i].live_bytes;
	}
	return live ? (double)sst / (double)live : NAN;
}
