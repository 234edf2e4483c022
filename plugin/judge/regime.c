/* See regime.h. */
#include "judge/regime.h"

#include <math.h>
#include <string.h>

#define MEMORY 10.0    /* a centre's time constant, in times of `need` */
#define RATE_OCTAVES 3 /* an open loop with eight times the arrivals is other work: distance 1 */

void lode_regimes_init(struct lode_regimes *g)
{
	memset(g, 0, sizeof(*g));
	g->at = -1;
}

static double apart(const struct lode_workload *a, const struct lode_workload *b)
{
	double d = lode_workload_distance(a, b);

	if (!(a->rate > 0) || !(b->rate > 0))
		return d;
	return hypot(d, log2(a->rate / b->rate) / RATE_OCTAVES);
}

static double distance(const struct lode_regime *r, const struct lode_workload *w)
{
	double d = INFINITY;

	for (int i = 0; i < 2; i++)
		if (r->has[i])
			d = fmin(d, apart(&r->face[i], w));
	return d;
}

static int nearest(const struct lode_regimes *g, const struct lode_workload *w)
{
	double best = LODE_REGIME_RADIUS;
	int at = -1;

	for (size_t i = 0; i < g->n; i++) {
		double d = distance(&g->r[i], w);

		if (d < best) {
			best = d;
			at = (int)i;
		}
	}
	return at;
}

/* A place for a new one: that of the one left longest ago, if all are taken. */
static int vacate(struct lode_regimes *g)
{
	int oldest = -1;

	if (g->n < LODE_REGIMES_MAX)
		return (int)g->n++;
	for (int i = 0; i < LODE_REGIMES_MAX; i++)
		if (i != g->at && (oldest < 0 || g->r[i].turn < g->r[oldest].turn))
			oldest = i;
	return oldest;
}

static int found(struct lode_regimes *g, const struct lode_workload *w, bool ours)
{
	int i = vacate(g);

	g->r[i] = (struct lode_regime){.id = ++g->last_id};
	g->r[i].has[ours] = true;
	g->r[i].face[ours] = *w;
	return i;
}

static enum lode_regime_step enter(struct lode_regimes *g, const struct lode_workload *w, double seconds, bool ours)
{
	int i = nearest(g, w);

	g->strange = false;
	if (i >= 0 && i == g->at)
		return LODE_REGIME_SAME; /* each part of it was a little off, the whole is not */
	if (i < 0)
		i = found(g, w, ours);
	if (g->at >= 0)
		g->r[g->at].turn = ++g->turn;
	g->at = i;
	g->r[i].turn = ++g->turn;
	g->r[i].visits++;
	g->r[i].seconds += seconds;
	return LODE_REGIME_ENTERED;
}

static void follow(struct lode_regime *r, const struct lode_workload *w, double seconds, double need, bool ours)
{
	double memory = fmin(fmax(need, r->age[ours]), MEMORY * need);

	if (!r->has[ours])
		r->face[ours] = *w;
	r->has[ours] = true;
	lode_workload_blend(&r->face[ours], w, memory > 0 ? -expm1(-seconds / memory) : 1);
	r->age[ours] += seconds;
	r->seconds += seconds;
}

/* A change was kept or put back since the last look: the same work may have another mix now, unless it looks like work that is known. */
static bool moved_by_us(const struct lode_regime *r, const struct lode_workload *w, bool ours)
{
	double mix, sizes;

	lode_workload_distances(lode_regime_work(r, ours), w, &mix, &sizes);
	return sizes < LODE_REGIME_RADIUS && mix < LODE_REGIME_MIX_OURS;
}

static enum lode_regime_step stranger(struct lode_regimes *g, const struct lode_workload *w, double seconds, double need, bool ours)
{
	if (!g->strange || apart(&g->stranger, w) >= LODE_REGIME_RADIUS) {
		g->strange = true;
		g->strange_s = 0;
		g->stranger = *w;
		return LODE_REGIME_STRANGE;
	}
	g->strange_s += seconds;
	lode_workload_blend(&g->stranger, w, seconds / fmax(g->strange_s, seconds));
	if (g->strange_s < need)
		return LODE_REGIME_WAITING;
	return enter(g, &g->stranger, g->strange_s, ours);
}

enum lode_regime_step lode_regimes_feed(struct lode_regimes *g, const struct lode_workload *w, double seconds, double need, bool ours)
{
	bool moved = g->moved || ours != g->ours;
	struct lode_regime *r;

	if (!w->known)
		return LODE_REGIME_SAME;
	g->ours = ours;
	g->moved = false;
	if (g->at < 0)
		return enter(g, w, seconds, ours);
	r = &g->r[g->at];
	if (distance(r, w) >= LODE_REGIME_RADIUS) {
		if (!moved || nearest(g, w) >= 0 || !moved_by_us(r, w, ours))
			return stranger(g, w, seconds, need, ours);
		r->has[ours] = true;
		r->face[ours] = *w;
		r->age[ours] = 0;
	}
	g->strange = false;
	follow(r, w, seconds, need, ours);
	return LODE_REGIME_SAME;
}

void lode_regimes_moved(struct lode_regimes *g)
{
	g->moved = true;
}

const struct lode_regime *lode_regimes_now(const struct lode_regimes *g)
{
	return g->at >= 0 ? &g->r[g->at] : NULL;
}

const struct lode_regime *lode_regimes_find(const struct lode_regimes *g, uint32_t id)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->r[i].id == id)
			return &g->r[i];
	return NULL;
}

const struct lode_workload *lode_regime_work(const struct lode_regime *r, bool ours)
{
	return &r->face[r->has[ours] ? ours : !ours];
}

void lode_regimes_restore(struct lode_regimes *g, const struct lode_regime *r)
{
	int i = 0;

	while (i < (int)g->n && g->r[i].id != r->id)
		i++;
	if (!r->id || (!r->has[0] && !r->has[1]) || i == g->at)
		return;
	if (i == (int)g->n)
		i = vacate(g);
	g->r[i] = *r;
	g->r[i].age[0] = g->r[i].age[1] = r->seconds;
	g->r[i].turn = ++g->turn;
	if (r->id > g->last_id)
		g->last_id = r->id;
}
