/* lodestone journal: one record in words. */
#include "journal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void say_attach(struct lode_buf *o, const cJSON *r)
{
	lode_buf_adds(o, "RocksDB ");
	cli_add_text(o, cli_str(r, "rocksdb"));
	if (*cli_str(r, "path")) { /* log.names */
		lode_buf_adds(o, " at ");
		cli_add_text(o, cli_str(r, "path"));
	}
	lode_buf_adds(o, ", mode ");
	cli_add_text(o, cli_str(r, "mode"));
	lode_buf_adds(o, ", advisor ");
	cli_add_text(o, cli_str(r, "advisor"));
	lode_buf_adds(o, ", pace ");
	cli_add_text(o, cli_str(r, "pace"));
	if (isfinite(cli_num(r, "pid")))
		lode_buf_addf(o, ", pid %.0f", cli_num(r, "pid"));
}

static void say_advice(struct lode_buf *o, const cJSON *r)
{
	double tokens = cli_num(r, "prompt_tokens") + cli_num(r, "completion_tokens");

	cli_add_text(o, cli_str(r, "advisor"));
	lode_buf_adds(o, " ");
	cli_add_text(o, cli_str(r, "outcome"));
	if (*cli_str(r, "model")) {
		lode_buf_adds(o, " from ");
		cli_add_text(o, cli_str(r, "model"));
	}
	if (tokens > 0)
		lode_buf_addf(o, ", %.0f tokens", tokens);
	if (cli_num(r, "seconds") > 0) {
		lode_buf_adds(o, ", ");
		cli_show_time(o, cli_num(r, "seconds"));
	}
	if (*cli_str(r, "why")) {
		lode_buf_adds(o, ": ");
		cli_add_text(o, cli_str(r, "why"));
	}
}

static void say_asked(struct lode_buf *o, const cJSON *r)
{
	cli_add_text(o, cli_str(r, "advisor"));
}

/* By metric where that was said, else the one number. */
static void say_expected(struct lode_buf *o, const cJSON *p)
{
	const cJSON *metric, *all = cli_obj(p, "expects");

	if (all) {
		lode_buf_adds(o, " expects");
		cJSON_ArrayForEach(metric, all)
		{
			lode_buf_adds(o, metric == all->child ? " " : ", ");
			cli_add_text(o, metric->string);
			lode_buf_adds(o, " ");
			cli_show_effect(o, cli_num(all, metric->string), NAN, NAN);
		}
	} else if (isfinite(cli_num(p, "expect"))) {
		lode_buf_adds(o, " expects ");
		cli_show_effect(o, cli_num(p, "expect"), NAN, NAN);
	}
}

static void say_proposal(struct lode_buf *o, const cJSON *r)
{
	const cJSON *p = cli_obj(r, "proposal"), *c;
	bool first = true;

	cJSON_ArrayForEach(c, cli_obj(p, "changes"))
	{
		lode_buf_adds(o, first ? "" : ", ");
		cli_add_text(o, *cli_str(c, "option") ? cli_str(c, "option") : "?");
		lode_buf_adds(o, " = ");
		cli_add_text(o, cli_str(c, "means"));
		if (*cli_str(c, "reason")) {
			lode_buf_adds(o, " (");
			cli_add_text(o, cli_str(c, "reason"));
			lode_buf_adds(o, ")");
		}
		first = false;
	}
	lode_buf_adds(o, " [");
	cli_add_text(o, cli_str(p, "advisor"));
	lode_buf_adds(o, ": ");
	cli_add_text(o, cli_str(p, "rule"));
	lode_buf_adds(o, "]");
	say_expected(o, p);
	if (*cli_str(p, "why")) {
		lode_buf_adds(o, ": ");
		cli_add_text(o, cli_str(p, "why"));
	}
}

static void say_refused(struct lode_buf *o, const cJSON *r)
{
	const cJSON *f = cli_obj(r, "refusal");

	cli_add_text(o, cli_str(f, "rule"));
	lode_buf_adds(o, ": ");
	cli_add_text(o, cli_str(f, "why"));
}

/* todo against undo, or a plain list of writes. */
static void say_writes(struct lode_buf *o, const cJSON *todo, const cJSON *undo)
{
	const cJSON *w;
	int i = 0;

	cJSON_ArrayForEach(w, todo)
	{
		const char *key = *cli_str(w, "key") ? cli_str(w, "key") : !strcmp(cli_str(w, "scope"), "cache") ? "block_cache_size" : "?";
		const cJSON *old = cJSON_GetArrayItem(undo, i);

		lode_buf_adds(o, i++ ? ", " : "");
		cli_add_text(o, key);
		if (cli_num(w, "cf") > 0)
			lode_buf_addf(o, "[cf%.0f]", cli_num(w, "cf"));
		lode_buf_adds(o, " ");
		if (old) {
			cli_show_value(o, key, cli_str(old, "value"));
			lode_buf_adds(o, " ");
		}
		lode_buf_adds(o, "-> ");
		cli_show_value(o, key, cli_str(w, "value"));
	}
}

static void say_intent(struct lode_buf *o, const cJSON *r)
{
	say_writes(o, cli_obj(r, "todo"), cli_obj(r, "undo"));
	lode_buf_adds(o, ", tried by ");
	cli_add_text(o, *cli_str(r, "design") ? cli_str(r, "design") : "?");
}

static void say_verdict(struct lode_buf *o, const cJSON *r)
{
	const cJSON *v = cli_obj(r, "verdict");

	cli_add_text(o, cli_str(v, "kind"));
	lode_buf_adds(o, ": ");
	cli_add_text(o, cli_str(r, "changes"));
	if (isfinite(cli_num(v, "effect"))) {
		lode_buf_adds(o, "  ");
		cli_show_effect(o, cli_num(v, "effect"), cli_num(v, "lo"), cli_num(v, "hi"));
	}
	if (isfinite(cli_num(v, "evidence")))
		lode_buf_addf(o, ", evidence %.3g", cli_num(v, "evidence"));
	if (isfinite(cli_num(v, "pairs"))) {
		bool slots = !strcmp(cli_str(v, "design"), "start") || !strcmp(cli_str(v, "design"), "volume");

		lode_buf_addf(o, ", %.0f %s in ", cli_num(v, "pairs"), slots ? "slots" : "pairs");
		cli_show_time(o, cli_num(v, "seconds"));
	}
	if (*cli_str(v, "why")) {
		lode_buf_adds(o, ": ");
		cli_add_text(o, cli_str(v, "why"));
	}
}

static void say_override(struct lode_buf *o, const cJSON *r)
{
	cli_show_change(o, r);
	lode_buf_adds(o, " by someone else: theirs from now on");
}

static void say_restore(struct lode_buf *o, const cJSON *r)
{
	say_writes(o, cli_obj(r, "writes"), NULL);
	lode_buf_adds(o, "  ");
	cli_add_text(o, cli_str(r, "why"));
}

static void say_trip(struct lode_buf *o, const cJSON *r)
{
	cli_add_text(o, cli_str(r, "trip"));
	lode_buf_adds(o, ": ");
	cli_add_text(o, cli_str(r, "why"));
}

static void say_settled(struct lode_buf *o, const cJSON *r)
{
	cli_add_text(o, cli_str(r, "how"));
}

static void say_kept(struct lode_buf *o, const cJSON *r)
{
	if (!cJSON_GetArraySize(cli_obj(r, "todo")))
		lode_buf_adds(o, "nothing");
	say_writes(o, cli_obj(r, "todo"), cli_obj(r, "undo"));
}

static void say_regime(struct lode_buf *o, const cJSON *r)
{
	lode_buf_addf(o, "%.0f -> %.0f, visit %.0f: ", cli_num(r, "from"), cli_num(r, "to"), cli_num(r, "visits"));
	cli_add_text(o, cli_str(r, "workload"));
}

/* What it holds stands in the verdicts; here it is enough how much. */
static void say_memory(struct lode_buf *o, const cJSON *r)
{
	lode_buf_addf(o, "of regime %.0f: %d proven, %d cooling down", cli_num(r, "regime"), cJSON_GetArraySize(cli_obj(r, "proven")),
		      cJSON_GetArraySize(cli_obj(r, "failed")));
}

static void say_other(struct lode_buf *o, const cJSON *r)
{
	const cJSON *m;
	bool first = true;

	cJSON_ArrayForEach(m, r)
	{
		if (!m->string || !strcmp(m->string, "ts") || !strcmp(m->string, "seq") || !strcmp(m->string, "kind") ||
		    !strcmp(m->string, "crc") || !strcmp(m->string, "trial"))
			continue;
		char *text = cJSON_IsString(m) ? NULL : cJSON_PrintUnformatted(m);
		lode_buf_adds(o, first ? "" : ", ");
		cli_add_text(o, m->string);
		lode_buf_adds(o, " ");
		cli_add_text(o, text ? text : cli_str(r, m->string));
		first = false;
		free(text);
	}
}

static const struct {
	const char *kind;
	void (*say)(struct lode_buf *o, const cJSON *r);
	enum cli_colour colour;
} sayings[] = {
    {"attach", say_attach, CLI_BOLD},	    {"asked", say_asked, CLI_PLAIN},	    {"advice", say_advice, CLI_PLAIN},	 {"proposal", say_proposal, CLI_PLAIN},
    {"refused", say_refused, CLI_YELLOW},   {"intent", say_intent, CLI_CYAN},	 {"verdict", say_verdict, CLI_GREEN},
    {"override", say_override, CLI_YELLOW}, {"restore", say_restore, CLI_PLAIN}, {"trip", say_trip, CLI_RED},
    {"settled", say_settled, CLI_PLAIN},    {"kept", say_kept, CLI_PLAIN},	 {"safe", say_other, CLI_RED},
    {"regime", say_regime, CLI_BOLD},	    {"memory", say_memory, CLI_PLAIN},	 {NULL, say_other, CLI_PLAIN},
};

void cli_journal_tell(const struct cli_term *term, const struct lode_record *rec, struct lode_buf *o)
{
	cJSON *r = cJSON_ParseWithLengthOpts(rec->text, rec->len, NULL, 0);
	size_t i = 0;

	while (sayings[i].kind && strcmp(sayings[i].kind, rec->kind) != 0)
		i++;
	cli_show_stamp(o, rec->ts);
	lode_buf_adds(o, "  ");
	cli_add_colour(o, term, sayings[i].colour);
	cli_add_text(o, rec->kind);
	for (size_t n = strlen(rec->kind); n < 9; n++)
		lode_buf_adds(o, " ");
	cli_add_colour(o, term, CLI_PLAIN);
	if (isfinite(cli_num(r, "trial")))
		lode_buf_addf(o, "#%.0f ", cli_num(r, "trial"));
	sayings[i].say(o, r);
	lode_buf_adds(o, "\n");
	cJSON_Delete(r);
}
