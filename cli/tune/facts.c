/* Figures of a run, as shares and ratios. */
#include "tune/facts.h"
#include "tune/figures.h"

#include <math.h>
#include <string.h>

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

static double known(double v)
{
	return isfinite(v) ? v : 0;
}

static bool is_read(const char *op)
{
	return !strcmp(op, "get") || !strcmp(op, "multiget");
}

/* Who of the operations takes how much. A script's own words count as reads of no known kind: they are left out. */
static void weigh(const struct tune_result *r, struct tune_facts *f)
{
	double reads = 0, writes = 0, seeks = 0, all;
	bool timed = true;

	for (size_t i = 0; i < r->nop; i++)
		timed &= isfinite(r->op[i].mean_us);
	for (size_t i = 0; i < r->nop; i++) {
		const struct tune_op *o = &r->op[i];
		double w = known(o->count) * (timed ? o->mean_us : 1);

		if (is_read(o->name)) {
			f->reads += known(o->count);
			reads += w;
		} else if (!strcmp(o->name, "write")) {
			f->writes += known(o->count);
			writes += w;
		} else if (!strcmp(o->name, "seek")) {
			f->seeks += known(o->count);
			seeks += w;
		}
	}
	all = reads + writes + seeks;
	f->read_share = all > 0 ? reads / all : 0;
	f->write_share = all > 0 ? writes / all : 0;
	f->seek_share = all > 0 ? seeks / all : 0;
}

static void count(const char *s, struct tune_facts *f)
{
#define N(name) known(tune_figures_count(s, "rocksdb." name))
	double gets = N("number.keys.read") + N("number.multiget.keys.read"), found = N("memtable.hit") + N("l0.hit") + N("l1.hit") + N("l2andup.hit");
	double hits = N("block.cache.hit"), misses = N("block.cache.miss"), seeks = N("number.db.seek"), writes = N("number.keys.written");

	if (!f->reads && !f->writes && !f->seeks) { /* nobody has counted them elsewhere */
		double all = gets + seeks + writes;

		f->reads = gets;
		f->seeks = seeks;
		f->writes = writes;
		f->read_share = known(share(gets, all));
		f->seek_share = known(share(seeks, all));
		f->write_share = known(share(writes, all));
	}
	f->absent = gets > 0 ? fmax(0, 1 - found / gets) : NAN;
	f->memtable_hit = share(N("memtable.hit"), gets);
	f->hit = share(hits, hits + misses);
	f->misses = share(misses, gets + seeks);
	f->index_misses = share(N("block.cache.index.miss") + N("block.cache.filter.miss"), misses);
	f->bloom_useful = gets > 0 ? N("bloom.filter.useful") / gets : NAN;
	f->flushed = N("flush.write.bytes");
	f->compacted = N("compact.write.bytes");
	f->ingest = N("bytes.written");
	f->syncs = share(N("wal.synced"), writes);
#undef N
}

void tune_facts_of(const struct tune_result *r, struct tune_facts *f)
{
	*f = (struct tune_facts){.absent = NAN, .memtable_hit = NAN, .hit = r->cache_hit, .misses = NAN, .index_misses = NAN, .bloom_useful = NAN,
				 .flushed = NAN, .compacted = NAN, .ingest = NAN, .stall_share = r->stall_share, .write_amp = r->write_amp,
				 .space_amp = r->space_amp, .syncs = NAN, .db_bytes = r->db_bytes, .cpu = share(r->cpu_s, r->seconds)};
	weigh(r, f);
	f->counted = r->statistics && *r->statistics;
	if (f->counted)
		count(r->statistics, f);
}
