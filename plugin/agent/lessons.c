/* The rules of memory: one lesson for each regime, bans that double, proofs that replace each other. */
#include "agent/memory.h"

#include <math.h>
#include <string.h>

void lode_memory_init(struct lode_memory *m)
{
	memset(m, 0, sizeof(*m));
	lode_regimes_init(&m->book);
}

struct lode_lesson *lode_memory_lesson(struct lode_memory *m, uint32_t regime)
{
	struct lode_lesson *free_one = NULL;

	if (regime == LODE_EVERYWHERE)
		return &m->lesson[0];
	if (!lode_regimes_find(&m->book, regime))
		return NULL;
	for (size_t i = 1; i <= LODE_REGIMES_MAX; i++) {
		if (m->lesson[i].regime == regime)
			return &m->lesson[i];
		if (!m->lesson[i].regime || !lode_regimes_find(&m->book, m->lesson[i].regime))
			free_one = free_one ? free_one : &m->lesson[i];
	}
	if (free_one) { /* there always is: as many places as regimes */
		memset(free_one, 0, sizeof(*free_one));
		free_one->regime = regime;
	}
	return free_one;
}

static struct lode_failed *find_failed(struct lode_lesson *l, int tunable, bool up)
{
	for (size_t i = 0; l && i < l->nfailed; i++)
		if (l->failed[i].tunable == tunable && l->failed[i].up == up)
			return &l->failed[i];
	return NULL;
}

static struct lode_failed *place_for_failed(struct lode_lesson *l)
{
	struct lode_failed *soonest = &l->failed[0];

	if (l->nfailed < LODE_FAILED_MAX)
		return &l->failed[l->nfailed++];
	for (size_t i = 1; i < l->nfailed; i++)
		if (l->failed[i].until_ns < soonest->until_ns)
			soonest = &l->failed[i];
	return soonest;
}

void lode_lesson_fail(struct lode_lesson *l, int tunable, bool up, uint64_t now_ns, double cooldown_s)
{
	struct lode_failed *f = find_failed(l, tunable, up);

	if (!f) {
		f = place_for_failed(l);
		*f = (struct lode_failed){.tunable = tunable, .up = up};
	}
	f->times += f->times < LODE_TIMES_MAX;
	f->until_ns = now_ns + (uint64_t)(cooldown_s * exp2(f->times - 1) * 1e9);
}

void lode_lesson_forgive(struct lode_lesson *l, int tunable, bool up)
{
	struct lode_failed *f = find_failed(l, tunable, up);

	if (f)
		*f = l->failed[--l->nfailed];
}

const struct lode_failed *lode_memory_banned(struct lode_memory *m, uint32_t regime, int tunable, bool up, uint64_t now_ns)
{
	const struct lode_failed *here = regime ? find_failed(lode_memory_lesson(m, regime), tunable, up) : NULL;
	const struct lode_failed *everywhere = find_failed(&m->lesson[0], tunable, up);
	const struct lode_failed *f = !here || (everywhere && everywhere->until_ns > here->until_ns) ? everywhere : here;

	return f && f->until_ns > now_ns ? f : NULL;
}

static bool same_place(const struct lode_change *a, const struct lode_change *b)
{
	return a->tunable == b->tunable && (a->cf == b->cf || lode_tunables[a->tunable].scope != LODE_SCOPE_CF);
}

static bool same_options(const struct lode_proven *p, const struct lode_change *change, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < p->n; k++)
			if (same_place(&p->change[k], &change[i])) {
				found++;
				break;
			}
	return p->n == n && found == n;
}

struct lode_proven *lode_lesson_find(struct lode_lesson *l, const struct lode_change *change, size_t n)
{
	for (size_t i = 0; i < l->nproven; i++)
		if (same_options(&l->proven[i], change, n))
			return &l->proven[i];
	return NULL;
}

void lode_lesson_drop(struct lode_lesson *l, struct lode_proven *p)
{
	size_t i = (size_t)(p - l->proven);

	memmove(p, p + 1, (l->nproven - i - 1) * sizeof(*p));
	l->nproven--;
}

void lode_lesson_withdraw(struct lode_lesson *l, int tunable)
{
	for (size_t i = l->nproven; i-- > 0;) {
		bool has = false;
		for (size_t k = 0; k < l->proven[i].n; k++)
			has |= l->proven[i].change[k].tunable == tunable;
		if (has)
			lode_lesson_drop(l, &l->proven[i]);
	}
}

static bool same_values(const struct lode_proven *a, const struct lode_proven *b)
{
	for (size_t i = 0; i < a->n; i++) {
		bool same = false;
		for (size_t k = 0; k < b->n; k++)
			same |= same_place(&a->change[i], &b->change[k]) && a->change[i].value == b->change[k].value;
		if (!same)
			return false;
	}
	return true;
}

void lode_lesson_prove(struct lode_lesson *l, const struct lode_proven *p)
{
	struct lode_proven *was = lode_lesson_find(l, p->change, p->n);
	unsigned times = was && same_values(was, p) ? was->times : 0;

	if (!p->n)
		return;
	if (was || l->nproven == LODE_PROVEN_MAX)
		lode_lesson_drop(l, was ? was : &l->proven[0]);
	l->proven[l->nproven] = *p;
	l->proven[l->nproven].times = times + 1;
	l->proven[l->nproven++].doubts = 0;
}

bool lode_lesson_holds(const struct lode_lesson *l, int tunable, uint32_t cf, int64_t value)
{
	for (size_t i = 0; l && i < l->nproven; i++)
		for (size_t k = 0; k < l->proven[i].n; k++) {
			const struct lode_change *c = &l->proven[i].change[k];
			bool family = lode_tunables[tunable].scope == LODE_SCOPE_CF;
			if (c->tunable == tunable && c->value == value && (!family || c->cf == LODE_CF_ALL || c->cf == cf))
				return true;
		}
	return false;
}
