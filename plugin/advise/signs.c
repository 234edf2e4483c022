/* What the numbers say: shares and rates derived from a question. */
#include "advise/signs.h"

#include <math.h>
#include <string.h>

static double ratio(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

static bool is_read(int op)
{
	return op != LODE_H_WRITE; /* get, seek, multiget */
}

static void shares(const struct lode_interval *w, struct lode_signs *s)
{
	double time[2] = {0}, n[2] = {0};

	for (int op = 0; op < LODE_OP_N; op++) {
		time[is_read(op)] += (double)w->op[op].sum_us;
		n[is_read(op)] += lode_interval_count(w, op);
	}
	s->reads = n[1];
	s->writes = n[0];
	s->timed = w->has_timers && time[0] + time[1] > 0;
	const double *weight = s->timed ? time : n;
	s->read_share = ratio(weight[1], weight[0] + weight[1]);
	s->write_share = 1 - s->read_share;
	double block_us = (double)w->hist_sum[LODE_H_SST_READ];
	s->miss_share = w->has_timers && time[1] > 0 ? fmin(block_us / time[1], 1) : NAN;
}

static void cache(const struct lode_question *q, struct lode_signs *s)
{
	const struct lode_interval *w = q->window;
	const struct lode_cache *c = &q->now.sample->cache;
	double miss = (double)w->ticker[LODE_T_CACHE_DATA_MISS];

	s->data_hit = lode_interval_data_hit(w);
	if (!isfinite(s->data_hit)) {
		s->data_hit = lode_interval_cache_hit(w);
		miss = (double)w->ticker[LODE_T_CACHE_MISS];
	}
	s->misses = w->has_stats ? ratio(miss, s->reads) : NAN;
	s->cache_full = c->present ? ratio((double)c->usage, (double)c->capacity) : NAN;
}

/* Which family hurts most, by three measures. */
static void families(const struct lode_sample *now, struct lode_signs *s)
{
	for (size_t i = 0; i < now->ncf; i++) {
		const struct lode_cf_sample *c = &now->cf[i];

		s->sst_bytes += (double)c->sst_bytes;
		if (c->files[0] > now->cf[s->l0].files[0])
			s->l0 = i;
		if (c->immutable > now->cf[s->immutable].immutable)
			s->immutable = i;
		if (c->mem_all > now->cf[s->busiest].mem_all)
			s->busiest = i;
	}
}

static double hit(const struct lode_interval *w, enum lode_ticker h, enum lode_ticker m)
{
	return ratio((double)w->ticker[h], (double)(w->ticker[h] + w->ticker[m]));
}

/* What one job, block or sync costs: the machine, as this database sees it. */
static void speeds(const struct lode_interval *w, struct lode_signs *s)
{
	const uint64_t *t = w->ticker, *sum = w->hist_sum, *n = w->hist_count;
	bool timed = w->has_timers;

	s->flush_speed = timed ? ratio((double)t[LODE_T_FLUSH_WRITE_BYTES] * 1e6, (double)sum[LODE_H_FLUSH]) : NAN;
	s->compact_speed = timed ? ratio((double)(t[LODE_T_COMPACT_READ_BYTES] + t[LODE_T_COMPACT_WRITE_BYTES]) * 1e6, (double)sum[LODE_H_COMPACTION]) : NAN;
	s->block_us = timed ? ratio((double)sum[LODE_H_SST_READ], (double)n[LODE_H_SST_READ]) : NAN;
	s->syncs = (double)t[LODE_T_WAL_SYNCED] / w->seconds;
	s->sync_us = timed ? ratio((double)sum[LODE_H_WAL_SYNC], (double)n[LODE_H_WAL_SYNC]) : NAN;
	s->sync_share = timed ? fmin(1, ratio((double)sum[LODE_H_WAL_SYNC], (double)w->op[LODE_H_WRITE].sum_us)) : NAN;
	s->group = ratio((double)(t[LODE_T_WRITE_SELF] + t[LODE_T_WRITE_OTHER]), (double)t[LODE_T_WRITE_SELF]);
}

static void filters(const struct lode_interval *w, struct lode_signs *s)
{
	const uint64_t *t = w->ticker;
	double useful = (double)t[LODE_T_BLOOM_USEFUL], passed = (double)t[LODE_T_BLOOM_POSITIVE], right = (double)t[LODE_T_BLOOM_TRUE_POSITIVE];

	s->index_hit = hit(w, LODE_T_CACHE_INDEX_HIT, LODE_T_CACHE_INDEX_MISS);
	s->filter_hit = hit(w, LODE_T_CACHE_FILTER_HIT, LODE_T_CACHE_FILTER_MISS);
	s->bloom_useful = ratio(useful, useful + passed);
	s->bloom_false = ratio(fmax(0, passed - right), useful + fmax(0, passed - right));
}

void lode_signs_of(const struct lode_question *q, struct lode_signs *s)
{
	const struct lode_interval *w = q->window;

	*s = (struct lode_signs){.why_not = "there is no valid window of statistics yet"};
	if (!w || w->invalid != LODE_VALID || !(w->seconds > 0) || !q->now.sample || q->now.sample->ncf == 0)
		return;
	s->why_not = "too little work was seen to know what kind it is";
	s->usable = q->workload && q->workload->known;
	s->seconds = w->seconds;
	shares(w, s);
	cache(q, s);
	families(q->now.sample, s);
	speeds(w, s);
	filters(w, s);
	s->read_amp = w->has_stats ? lode_interval_read_amp(w) : NAN;
	s->space_amp = lode_sample_space_amp(q->now.sample);
	s->cache_part = q->now.sample->cache.present ? ratio((double)q->now.sample->cache.capacity, s->sst_bytes) : NAN;
	s->stall_share = lode_interval_stall_share(w);
	s->stopped_share = w->stopped_s / w->seconds;
	s->delayed_share = w->delayed_s / w->seconds;
	s->cpu_share = ratio((double)w->cpu_ns / 1e9 / w->seconds, q->now.machine->cores);
	s->debt = (double)w->debt;
	s->debt_rate = ((double)w->debt - (double)w->debt_start) / w->seconds;
	s->ingest = (double)w->bytes_written / w->seconds;
	s->write_amp = lode_interval_write_amp(w);
	double flushes = (double)(w->has_timers ? w->hist_count[LODE_H_FLUSH] : w->flushes);
	s->flush_rate = flushes / w->seconds;
	s->flush_bytes = ratio((double)w->ticker[LODE_T_FLUSH_WRITE_BYTES], flushes);
	s->reseeks = ratio((double)w->ticker[LODE_T_ITER_RESEEKS],
			   (double)(w->ticker[LODE_T_SEEK] + w->ticker[LODE_T_NEXT] + w->ticker[LODE_T_PREV]));
}
