/* The prompt: sections in a fixed order, and within a limit of tokens however much there is to say. What has no room is cut in this order, until the rest
 * fits: rounds before the last ones are condensed by option and direction; other kinds of work; the trend; the levels; what limits each range; the counsel of
 * our own rules; what is withheld; what options mean; what memory holds; statistics that were asked for; all families but two; and in the end options
 * themselves, from the end of the table, which then are not offered. The texts, the machine, the workload, what is measured and the first options are
 * never cut. */
#include "advise/prompt.h"
#include "advise/catalogue.h"
#include "advise/extra.h"
#include "advise/prompt_private.h"
#include "advise/tokens.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define SECTION_MAX (256u << 10) /* bytes: far beyond any limit of tokens */
#define PAST_SHARE 4		 /* one in so many tokens is kept for earlier proposals, if there are as many */

static void catalogue(struct lode_page *p)
{
	lode_catalogue_print(p->b, &p->q->now, (enum lode_terse)p->terse, p->room, p->offer);
}

static void relations(struct lode_page *p)
{
	lode_catalogue_relations(p->b, &p->q->now, p->offer);
}

static void withheld(struct lode_page *p)
{
	lode_catalogue_withheld(p->b, &p->q->now, p->offer);
}

static void wanted(struct lode_page *p)
{
	if (!p->q->wants)
		return;
	lode_buf_adds(p->b, "\n# Statistics that you asked for\n");
	lode_extra_print(p->b, p->q);
}

static void task(struct lode_page *p)
{
	lode_buf_adds(p->b, "\n");
	lode_wording_print(p->o->wording, LODE_WORDING_TASK, p->q, p->b);
}

enum section {
	SYSTEM, OBJECTIVE, WORKLOAD, MEASURED, RECKONING, TREND, LEVELS, WANTED, CATALOGUE, RELATIONS, WITHHELD, COUNSEL, REMEMBERED, ELSEWHERE, PAST, LEFT, TASK, SECTIONS
};

static void (*const print[SECTIONS])(struct lode_page *p) = {
    [SYSTEM] = lode_page_system,   [OBJECTIVE] = lode_page_objective,	  [WORKLOAD] = lode_page_workload,   [MEASURED] = lode_page_measured,
    [RECKONING] = lode_page_reckoning, [TREND] = lode_page_trend,	   [LEVELS] = lode_page_levels,		  [CATALOGUE] = catalogue,	     [RELATIONS] = relations,
    [WANTED] = wanted,		   [WITHHELD] = withheld,	   [COUNSEL] = lode_page_counsel,	  [REMEMBERED] = lode_page_remembered,
    [ELSEWHERE] = lode_page_elsewhere, [PAST] = lode_page_past,	   [LEFT] = lode_page_left,		  [TASK] = task,
};

/* The first goes first. CATALOGUE: one step terser each time. */
static const enum section cuts[] = {ELSEWHERE, TREND, LEVELS, CATALOGUE, COUNSEL, WITHHELD, CATALOGUE, REMEMBERED, WANTED, CATALOGUE};

struct book {
	struct lode_page page;
	struct lode_buf section[SECTIONS];
	size_t limit; /* of the user text, tokens */
};

static size_t tokens_of(const struct lode_buf *b)
{
	return lode_tokens(lode_buf_str(b), b->len);
}

static size_t total(const struct book *k)
{
	size_t sum = 0;

	for (int i = 0; i < SECTIONS; i++)
		sum += tokens_of(&k->section[i]);
	return sum;
}

static void write_section(struct book *k, enum section i, size_t room)
{
	lode_buf_clear(&k->section[i]);
	k->page.b = &k->section[i];
	k->page.room = room;
	print[i](&k->page);
}

static void cut(struct book *k, enum section i)
{
	if (i != CATALOGUE) {
		lode_buf_clear(&k->section[i]);
		return;
	}
	k->page.terse++;
	write_section(k, CATALOGUE, SIZE_MAX);
}

/* As long as what there is besides the past takes more than is left to it. */
static void fit(struct book *k)
{
	size_t past = tokens_of(&k->section[PAST]), least = past < k->limit / PAST_SHARE ? past : k->limit / PAST_SHARE, rest;

	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0] && total(k) - past + least > k->limit; i++)
		cut(k, cuts[i]);
	rest = total(k) - past;
	if (rest + least > k->limit) {
		size_t lines = tokens_of(&k->section[CATALOGUE]), others = rest - lines + least;

		write_section(k, CATALOGUE, k->limit > others ? k->limit - others : 0);
		write_section(k, RELATIONS, 0);
		rest = total(k) - past;
	}
	if (rest + past > k->limit)
		write_section(k, PAST, k->limit > rest ? k->limit - rest : 0);
}

static void put_together(struct book *k, struct lode_prompt *out)
{
	for (int i = 0; i < SECTIONS; i++) {
		lode_buf_add(&out->user, lode_buf_str(&k->section[i]), k->section[i].len);
		out->user.failed |= k->section[i].failed;
		lode_buf_fini(&k->section[i]);
	}
	out->tokens = tokens_of(&out->system) + tokens_of(&out->user);
}

int lode_prompt_build(const struct lode_question *q, const struct lode_prompt_options *o, struct lode_prompt *out)
{
	static const struct lode_prompt_options none = {.tokens = 0};
	struct book k = {.page = {.q = q, .o = o ? o : &none, .offer = &out->offer}};
	size_t limit = k.page.o->tokens ? k.page.o->tokens : LODE_PROMPT_TOKENS, texts;

	memset(&out->offer, 0, sizeof out->offer);
	out->offer.own = q->objective && q->objective->kind == LODE_CUSTOM;
	lode_buf_init(&out->system, SECTION_MAX);
	lode_buf_init(&out->user, SECTION_MAX * 2);
	k.page.versions = lode_wording_versions(k.page.o->wording, out->wording, sizeof out->wording);
	lode_signs_of(q, &k.page.s);
	lode_wording_print(k.page.o->wording, LODE_WORDING_SYSTEM, q, &out->system);
	lode_wording_print(k.page.o->wording, LODE_WORDING_ANSWER, q, &out->system);
	texts = tokens_of(&out->system);
	if (limit < LODE_PROMPT_LEAST)
		limit = LODE_PROMPT_LEAST;
	k.limit = limit > texts ? limit - texts : 0;
	for (int i = 0; i < SECTIONS; i++) {
		lode_buf_init(&k.section[i], SECTION_MAX);
		write_section(&k, (enum section)i, SIZE_MAX / 2);
	}
	fit(&k);
	put_together(&k, out);
	return out->system.failed || out->user.failed ? -ENOMEM : 0;
}

void lode_prompt_fini(struct lode_prompt *p)
{
	lode_buf_fini(&p->system);
	lode_buf_fini(&p->user);
}
