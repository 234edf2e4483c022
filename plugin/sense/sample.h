/* One instant of one database: cumulative counters and present levels, as plain numbers. Taken by the agent thread through host. */
#ifndef LODE_SENSE_SAMPLE_H
#define LODE_SENSE_SAMPLE_H

#include "base/clock.h"
#include "host/host.h"

/* Tickers, read by name because their numbers move between versions. X(id, RocksDB's name). */
#define LODE_TICKERS(X) \
	X(CACHE_MISS, "rocksdb.block.cache.miss") \
	X(CACHE_HIT, "rocksdb.block.cache.hit") \
	X(CACHE_DATA_MISS, "rocksdb.block.cache.data.miss") \
	X(CACHE_DATA_HIT, "rocksdb.block.cache.data.hit") \
	X(CACHE_INDEX_MISS, "rocksdb.block.cache.index.miss") \
	X(CACHE_INDEX_HIT, "rocksdb.block.cache.index.hit") \
	X(CACHE_FILTER_MISS, "rocksdb.block.cache.filter.miss") \
	X(CACHE_FILTER_HIT, "rocksdb.block.cache.filter.hit") \
	X(CACHE_BYTES_READ, "rocksdb.block.cache.bytes.read") \
	X(CACHE_BYTES_WRITE, "rocksdb.block.cache.bytes.write") \
	X(BLOOM_USEFUL, "rocksdb.bloom.filter.useful") \
	X(BLOOM_POSITIVE, "rocksdb.bloom.filter.full.positive") \
	X(BLOOM_TRUE_POSITIVE, "rocksdb.bloom.filter.full.true.positive") \
	X(MEMTABLE_HIT, "rocksdb.memtable.hit") \
	X(MEMTABLE_MISS, "rocksdb.memtable.miss") \
	X(L0_HIT, "rocksdb.l0.hit") \
	X(L1_HIT, "rocksdb.l1.hit") \
	X(L2_HIT, "rocksdb.l2andup.hit") \
	X(KEYS_READ, "rocksdb.number.keys.read") \
	X(KEYS_WRITTEN, "rocksdb.number.keys.written") \
	X(BYTES_READ, "rocksdb.bytes.read") \
	X(BYTES_WRITTEN, "rocksdb.bytes.written") \
	X(SEEK, "rocksdb.number.db.seek") \
	X(SEEK_FOUND, "rocksdb.number.db.seek.found") \
	X(NEXT, "rocksdb.number.db.next") \
	X(PREV, "rocksdb.number.db.prev") \
	X(ITER_BYTES_READ, "rocksdb.db.iter.bytes.read") \
	X(ITER_SKIP, "rocksdb.number.iter.skip") \
	X(ITER_RESEEKS, "rocksdb.number.reseeks.iteration") \
	X(MULTIGET_CALLS, "rocksdb.number.multiget.get") \
	X(MULTIGET_KEYS, "rocksdb.number.multiget.keys.read") \
	X(MULTIGET_FOUND, "rocksdb.number.multiget.keys.found") \
	X(WAL_SYNCED, "rocksdb.wal.synced") \
	X(WAL_BYTES, "rocksdb.wal.bytes") \
	X(WRITE_SELF, "rocksdb.write.self") \
	X(WRITE_OTHER, "rocksdb.write.other") \
	X(STALL_MICROS, "rocksdb.stall.micros") \
	X(COMPACT_READ_BYTES, "rocksdb.compact.read.bytes") \
	X(COMPACT_WRITE_BYTES, "rocksdb.compact.write.bytes") \
	X(FLUSH_WRITE_BYTES, "rocksdb.flush.write.bytes") \
	X(FILE_OPENS, "rocksdb.no.file.opens")

enum lode_ticker {
#define X(id, name) LODE_T_##id,
	LODE_TICKERS(X)
#undef X
	LODE_TICKER_N
};
extern const char *const lode_ticker_name[LODE_TICKER_N];

/* Histograms. The first LODE_OP_N are operations of the application with their service time in microseconds. */
#define LODE_HISTS(X) \
	X(GET, "rocksdb.db.get.micros") \
	X(WRITE, "rocksdb.db.write.micros") \
	X(SEEK, "rocksdb.db.seek.micros") \
	X(MULTIGET, "rocksdb.db.multiget.micros") \
	X(WRITE_STALL, "rocksdb.db.write.stall") \
	X(SST_READ, "rocksdb.sst.read.micros") \
	X(WAL_SYNC, "rocksdb.wal.file.sync.micros") \
	X(FLUSH, "rocksdb.db.flush.micros") \
	X(COMPACTION, "rocksdb.compaction.times.micros")

enum lode_histogram {
#define X(id, name) LODE_H_##id,
	LODE_HISTS(X)
#undef X
	LODE_HIST_N
};
#define LODE_OP_N 4
extern const char *const lode_hist_name[LODE_HIST_N];
extern const char *const lode_op_name[LODE_OP_N]; /* "get", "write", "seek", "multiget" */

/* Why writers were slowed or stopped: how often that condition was entered. RocksDB counts it without Statistics, under one name up to 7.x and another after.
 * X(id, as people say it, names). */
#define LODE_STALLS(X) \
	X(MEMTABLE_DELAY, "memtables nearly all full", "io_stalls.memtable_slowdown", "memtable-limit-delays") \
	X(MEMTABLE_STOP, "all memtables full", "io_stalls.memtable_compaction", "memtable-limit-stops") \
	X(L0_DELAY, "L0 files at the slowdown line", "io_stalls.level0_slowdown", "l0-file-count-limit-delays") \
	X(L0_STOP, "L0 files at the stop line", "io_stalls.level0_numfiles", "l0-file-count-limit-stops") \
	X(DEBT_DELAY, "compaction debt at the soft limit", "io_stalls.slowdown_for_pending_compaction_bytes", "pending-compaction-bytes-delays") \
	X(DEBT_STOP, "compaction debt at the hard limit", "io_stalls.stop_for_pending_compaction_bytes", "pending-compaction-bytes-stops")

enum lode_stall {
#define X(id, name, old, new) LODE_STALL_##id,
	LODE_STALLS(X)
#undef X
	LODE_STALL_N
};
extern const char *const lode_stall_name[LODE_STALL_N];

#define LODE_LEVEL_MAX 12
#define LODE_UNCOUNTED 50 /* keys written that no ticker has counted: nothing else is counted either */

struct lode_cf_sample {
	uint32_t id;
	uint64_t mem_active;  /* bytes in the active memtable */
	uint64_t mem_all;     /* active + unflushed immutable + pinned */
	uint64_t immutable;   /* unflushed immutable memtables */
	uint64_t debt;        /* estimate-pending-compaction-bytes */
	uint64_t base_level;
	uint64_t levels;      /* levels in use by the table below */
	uint64_t files[LODE_LEVEL_MAX];
	uint64_t bytes[LODE_LEVEL_MAX];
	uint64_t sst_bytes;   /* live SST files */
	uint64_t live_bytes;  /* estimate-live-data-size */
	uint64_t keys;        /* estimate-num-keys */
	uint64_t flushes;     /* files written to L0, cumulative: flushes, and compactions within L0 */
	uint64_t stalls[LODE_STALL_N]; /* cumulative */
};

/* A metric of the program's own: two counters that only grow, whose differences make a ratio (work per second, waiting per request). */
struct lode_own {
	bool known;
	double done, over;
};

struct lode_sample {
	uint64_t mono_ns;
	uint64_t wall_us;
	uint64_t took_ns;          /* what taking it cost */
	uint64_t epoch;            /* grows with every (re)open of the database: samples of different epochs cannot be compared */
	bool has_stats;            /* ticker[] and hist[] are filled, and count */
	bool has_timers;           /* hist[] are filled now */
	uint32_t timing;           /* info's: samples that differ in it have no service times between them */
	uint64_t ticker[LODE_TICKER_N];
	struct lode_hist hist[LODE_HIST_N]; /* count and sum always; buckets for the operations (< LODE_OP_N) */
	struct lode_cache cache;
	bool write_stopped;
	uint64_t delayed_write_rate; /* bytes/s, 0 = not delayed */
	uint64_t background_errors;
	uint64_t running_flushes;
	uint64_t running_compactions;
	uint64_t user_stall_us;    /* InternalStats: time writers were stalled, all causes, cumulative */
	uint64_t user_bytes_written; /* InternalStats: works without Statistics */
	uint64_t user_keys_written;
	uint64_t process_cpu_ns;   /* user + system of the whole process */
	uint64_t process_rss;      /* bytes */
	struct lode_own own;       /* not from the database: filled in by the agent, where the program has such a metric */
	size_t ncf;                /* filled below */
	size_t ncf_total;          /* exist, may be more than LODE_CF_MAX */
	struct lode_cf_sample cf[LODE_CF_MAX];
};

/* Takes one. shape: also the slower level shape (levelstats, sizes); false copies it from *prev (may be NULL). 0, -ESHUTDOWN, or another errno if
 * even the basic properties could not be read (then *out is not to be used). A family that *prev does not have gets its shape in any case.
 * prev and out must not be the same. epoch is carried on from *prev (1 without): pass the last sample of the same database, also over a reopening. */
int lode_sample_take(struct lode_host *h, const struct lode_clock *clock, bool shape, const struct lode_sample *prev, struct lode_sample *out);
/* Bytes on disk per byte of live data, as far as RocksDB can estimate it; NAN if it cannot. */
double lode_sample_space_amp(const struct lode_sample *s);

#endif
