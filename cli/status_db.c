/* lodestone status: what there is to say of one database. */
#include "status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define RECENT_SHOWN 8
#define FAMILIES_SHOWN 8

static void show_kinds(struct cli_page *p, const cJSON *kinds)
{
	const cJSON *k;

	cJSON_ArrayForEach(k, kinds)
	{
		cli_page_label(p, "");
		cli_add_cut(&p->out, k->string ? k->string : "?", 12);
		for (size_t n = k->string ? strlen(k->string) : 1; n < 9; n++)
			lode_buf_adds(&p->out, " ");
		lode_buf_adds(&p->out, " ");
		cli_show_count(&p->out, cli_num(k, "ops"));
		if (!isfinite(cli_num(k, "mean_us"))) {
			lode_buf_adds(&p->out, "/s, not timed now");
			cli_page_end(p);
			continue;
		}
		lode_buf_adds(&p->out, "/s, mean ");
		cli_show_us(&p->out, cli_num(k, "mean_us"));
		lode_buf_adds(&p->out, ", p50 ");
		cli_show_us(&p->out, cli_num(k, "p50_us"));
		lode_buf_adds(&p->out, ", p99 ");
		cli_show_us(&p->out, cli_num(k, "p99_us"));
		cli_page_end(p);
	}
}

static void show_cache(struct cli_page *p, const cJSON *cache, const cJSON *now)
{
	cli_page_label(p, "cache");
	if (cache) {
		cli_add_text(&p->out, cli_str(cache, "kind"));
		lode_buf_adds(&p->out, " ");
		cli_show_bytes(&p->out, cli_num(cache, "usage"));
		lode_buf_adds(&p->out, " of ");
		cli_show_bytes(&p->out, cli_num(cache, "capacity"));
		if (!cli_true(cache, "resizable"))
			lode_buf_adds(&p->out, " (not resized)");
		lode_buf_adds(&p->out, ", ");
	}
	lode_buf_adds(&p->out, "hits ");
	cli_show_share(&p->out, cli_num(now, "cache_hit"));
	lode_buf_adds(&p->out, ", data blocks ");
	cli_show_share(&p->out, cli_num(now, "data_hit"));
	cli_page_end(p);
	if (*cli_str(cache, "why_fixed"))
		cli_page_text(p, "", cli_str(cache, "why_fixed"));
	if (cli_num(cache, "others") > 0) {
		cli_page_label(p, "");
		lode_buf_addf(&p->out, "%.0f column famil%s a block cache of %s own, which %s left alone", cli_num(cache, "others"),
			      cli_num(cache, "others") > 1 ? "ies have" : "y has", cli_num(cache, "others") > 1 ? "their" : "its",
			      cli_num(cache, "others") > 1 ? "are" : "is");
		cli_page_end(p);
	}
}

static void show_now(struct cli_page *p, const cJSON *db)
{
	const cJSON *now = cli_obj(db, "now");
	double rate = cli_num(now, "delayed_write_rate");

	if (!now) {
		cli_page_text(p, "throughput", "nothing measured yet");
		return;
	}
	cli_page_label(p, "throughput");
	cli_show_count(&p->out, cli_num(now, "ops"));
	lode_buf_adds(&p->out, " operations/s");
	cli_page_end(p);
	show_kinds(p, cli_obj(now, "by_kind"));
	cli_page_label(p, "stalls");
	cli_show_share(&p->out, cli_num(now, "stall_share"));
	if (cli_true(now, "write_stopped"))
		lode_buf_adds(&p->out, ", WRITES ARE STOPPED");
	else if (rate > 0) {
		lode_buf_adds(&p->out, ", writes are slowed to ");
		cli_show_bytes(&p->out, rate);
		lode_buf_adds(&p->out, "/s");
	}
	cli_page_end(p);
	show_cache(p, cli_obj(db, "cache"), now);
	cli_page_label(p, "shape");
	lode_buf_adds(&p->out, "level 0: ");
	cli_show_count(&p->out, cli_num(now, "l0_files"));
	lode_buf_adds(&p->out, " files, debt ");
	cli_show_bytes(&p->out, cli_num(now, "debt"));
	lode_buf_adds(&p->out, ", memtables ");
	cli_show_bytes(&p->out, cli_num(now, "mem_bytes"));
	if (isfinite(cli_num(now, "write_amp")))
		lode_buf_addf(&p->out, ", write amplification %.1f", cli_num(now, "write_amp"));
	cli_page_end(p);
}

static void show_wish(struct cli_page *p, const cJSON *w)
{
	cli_page_label(p, "");
	cli_show_changes(&p->out, cli_obj(w, "changes"));
	lode_buf_adds(&p->out, "  [");
	cli_add_text(&p->out, cli_str(w, "advisor"));
	if (*cli_str(w, "rule")) {
		lode_buf_adds(&p->out, ": ");
		cli_add_text(&p->out, cli_str(w, "rule"));
	}
	lode_buf_adds(&p->out, "]");
	cli_page_end(p);
	cli_page_text(p, "", cli_str(w, "why"));
}

static void show_trial(struct cli_page *p, const cJSON *t)
{
	double done = cli_num(t, "done"), max = cli_num(t, "max");
	const char *design = cli_str(t, "design"), *step = !strcmp(design, "start") ? "slot" : !strcmp(design, "volume") ? "chunk" : "pair";

	cli_page_label(p, "trial");
	cli_add_bar(&p->out, &p->term, max > 0 ? done / max : 0, 20);
	if (isfinite(done) && isfinite(max))
		lode_buf_addf(&p->out, " %s %.0f of at most %.0f,", step, done, max);
	lode_buf_adds(&p->out, " ");
	cli_show_time(&p->out, cli_num(t, "seconds_left"));
	lode_buf_adds(&p->out, " left, now: ");
	cli_add_text(&p->out, *cli_str(t, "arm") ? cli_str(t, "arm") : "?");
	cli_page_end(p);
	show_wish(p, t);
	cli_page_label(p, "");
	lode_buf_adds(&p->out, "evidence ");
	if (isfinite(cli_num(t, "evidence")))
		lode_buf_addf(&p->out, "%.3g", cli_num(t, "evidence"));
	else
		lode_buf_adds(&p->out, "-");
	if (isfinite(cli_num(t, "effect"))) {
		lode_buf_adds(&p->out, ", effect so far ");
		cli_show_effect(&p->out, cli_num(t, "effect"), cli_num(t, "lo"), cli_num(t, "hi"));
	}
	cli_page_end(p);
}

/* Which kind of work this is, and what is remembered of it. */
static void show_regime(struct cli_page *p, const cJSON *db)
{
	const cJSON *regimes = cli_obj(db, "regimes"), *r, *m, *c;

	cJSON_ArrayForEach(r, regimes)
	{
		if (!(cli_num(r, "id") == cli_num(db, "regime")))
			continue;
		cli_page_label(p, "");
		lode_buf_addf(&p->out, "kind %.0f of %d seen here, visit %.0f%s", cli_num(r, "id"), cJSON_GetArraySize(regimes), cli_num(r, "visits"),
			      cli_true(db, "regime_unsettled") ? "; other work seems to begin" : "");
		cJSON_ArrayForEach(m, cli_obj(r, "proven")) cJSON_ArrayForEach(c, cli_obj(m, "changes"))
		{
			lode_buf_adds(&p->out, c != cli_obj(m, "changes")->child ? ", " : "; proven: ");
			cli_add_text(&p->out, cli_str(c, "option"));
			lode_buf_adds(&p->out, " ");
			cli_add_text(&p->out, cli_str(c, "value"));
		}
		cJSON_ArrayForEach(m, cli_obj(r, "cooling_down"))
		{
			lode_buf_adds(&p->out, "; not again for ");
			cli_show_time(&p->out, cli_num(m, "seconds"));
			lode_buf_adds(&p->out, ": ");
			cli_add_text(&p->out, cli_str(m, "option"));
			lode_buf_adds(&p->out, " ");
			cli_add_text(&p->out, cli_str(m, "direction"));
		}
		cli_page_end(p);
	}
}

static void show_recent(struct cli_page *p, const cJSON *recent)
{
	int n = cJSON_GetArraySize(recent), first = n > RECENT_SHOWN ? n - RECENT_SHOWN : 0;

	for (int i = first; i < n; i++) {
		const cJSON *r = cJSON_GetArrayItem(recent, i);
		const char *what = cli_str(r, "what");

		cli_page_label(p, i == first ? "lately" : "");
		cli_show_stamp(&p->out, cli_str(r, "ts"));
		lode_buf_adds(&p->out, " ");
		cli_add_colour(&p->out, &p->term, !strcmp(what, "kept") || !strcmp(what, "confirmed") ? CLI_GREEN : !strcmp(what, "tripped") ? CLI_RED : CLI_YELLOW);
		cli_add_cut(&p->out, what, 9);
		cli_add_colour(&p->out, &p->term, CLI_PLAIN);
		for (size_t k = strlen(what); k < 9; k++)
			lode_buf_adds(&p->out, " ");
		cli_add_text(&p->out, cli_str(r, "summary"));
		if (isfinite(cli_num(r, "effect"))) {
			lode_buf_adds(&p->out, "  ");
			cli_show_effect(&p->out, cli_num(r, "effect"), cli_num(r, "lo"), cli_num(r, "hi"));
		} else if (*cli_str(r, "why")) {
			lode_buf_adds(&p->out, "  ");
			cli_add_cut(&p->out, cli_str(r, "why"), 100);
		}
		cli_page_end(p);
	}
}

/* What a change must make better; the usual objective without promises needs no line. */
static void show_objective(struct cli_page *p, const cJSON *o)
{
	const char *kind = cli_str(o, "kind"), *slo = cli_str(o, "slo");

	if (!*kind || (!strcmp(kind, "balanced") && !*slo && !*cli_str(o, "note")))
		return;
	cli_page_label(p, "objective");
	cli_add_text(&p->out, kind);
	lode_buf_adds(&p->out, ": ");
	cli_add_text(&p->out, cli_str(o, "means"));
	if (*slo) {
		lode_buf_adds(&p->out, "; ");
		cli_add_text(&p->out, slo);
	}
	cli_page_end(p);
	if (*cli_str(o, "guards")) {
		cli_page_label(p, "");
		lode_buf_adds(&p->out, "judged by ");
		cli_add_text(&p->out, cli_str(o, "judged_by"));
		lode_buf_adds(&p->out, ", guards: ");
		cli_add_text(&p->out, cli_str(o, "guards"));
		cli_page_end(p);
	}
	if (*cli_str(o, "note"))
		cli_page_text(p, "", cli_str(o, "note"));
}

/* Why nothing happens, if nothing does: the state's own reason, then whatever holds it. A long advice is cut where it is the reason; here it is whole. */
static void show_state(struct cli_page *p, const cJSON *s, const cJSON *db)
{
	const char *state = cli_str(db, "state"), *why = cli_str(db, "why"), *advice = cli_str(cli_obj(db, "advice"), "why");

	if (*why && !strncmp(advice, why, strlen(why)))
		why = advice;
	cli_page_label(p, "state");
	cli_add_colour(&p->out, &p->term, !strcmp(state, "SAFE") ? CLI_RED : CLI_BOLD);
	cli_add_text(&p->out, *state ? state : "?");
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
	if (cli_true(db, "paused"))
		lode_buf_adds(&p->out, ", paused (`lodestone resume` goes on)");
	if (*why) {
		lode_buf_adds(&p->out, ": ");
		cli_add_text(&p->out, why);
	}
	cli_page_end(p);
	if (!strcmp(cli_str(s, "mode"), "observe"))
		cli_page_text(p, "", "mode observe: it watches and changes nothing (agent.mode = auto would)");
	if (*cli_str(db, "limited"))
		cli_page_warning(p, "limited: ", cli_str(db, "limited"));
	if (!strcmp(cli_str(db, "statistics"), "none"))
		cli_page_warning(p, "no Statistics: ", "judged by writes per second and stalls only; reads are not seen");
	if (!strcmp(cli_str(db, "statistics"), "host") && cJSON_IsFalse(cli_obj(db, "timers"))) {
		cli_page_label(p, "");
		lode_buf_adds(&p->out, "the application's Statistics have no timers at their level: judged by ");
		cli_add_text(&p->out, cli_str(db, "judged_by"));
		cli_page_end(p);
	}
	show_objective(p, cli_obj(db, "objective"));
	if (strcmp(advice, why) != 0)
		cli_page_text(p, "advice", advice);
}

static size_t length(const cJSON *array)
{
	return cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0;
}

/* "7.8.3, handled as 6.29 to 8.7: 93 options can be changed, 12 cannot, 7 not safely". */
static void show_capabilities(struct cli_page *p, const cJSON *db)
{
	const cJSON *c = cli_obj(db, "capabilities");

	if (!*cli_str(c, "range"))
		return;
	cli_page_label(p, "rocksdb");
	cli_add_text(&p->out, cli_str(db, "rocksdb"));
	lode_buf_adds(&p->out, cli_true(c, "newer") ? ", newer than any version that was checked, handled as " : ", handled as ");
	cli_add_text(&p->out, cli_str(c, "range"));
	if (cli_true(c, "asked"))
		lode_buf_addf(&p->out, ": %.0f options can be changed, %zu cannot, %zu not safely", cli_num(c, "changeable"),
			      length(cli_obj(c, "not_changeable")), length(cli_obj(c, "unsafe")));
	else
		lode_buf_adds(&p->out, ": what can be changed is assumed by its version");
	cli_page_end(p);
}

/* Only where there are several: "default, __system__, cf_orders and 12 more". */
static void show_families(struct cli_page *p, const cJSON *families)
{
	const cJSON *f;
	size_t n = length(families), i = 0;

	if (n < 2)
		return;
	cli_page_label(p, "families");
	cJSON_ArrayForEach(f, families)
	{
		if (i == FAMILIES_SHOWN)
			break;
		lode_buf_adds(&p->out, i++ ? ", " : "");
		cli_add_cut(&p->out, cli_str(f, "name"), 40);
	}
	if (n > i)
		lode_buf_addf(&p->out, " and %zu more", n - i);
	cli_page_end(p);
}

static void show_counts(struct cli_page *p, const cJSON *c)
{
	static const char *const names[] = {"proposals", "refused", "trials", "kept", "reverted", "invalid", "tripped"};

	if (!c)
		return;
	cli_page_label(p, "so far");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		lode_buf_addf(&p->out, "%s%s ", i ? ", " : "", names[i]);
		cli_show_count(&p->out, cli_num(c, names[i]));
	}
	cli_page_end(p);
}

/* What is not ours to touch, and why. */
static void show_taken(struct cli_page *p, const char *name, const cJSON *options, const char *why)
{
	const cJSON *o;

	if (!length(options))
		return;
	cli_page_label(p, name);
	cJSON_ArrayForEach(o, options)
	{
		lode_buf_adds(&p->out, o != options->child ? ", " : "");
		cli_add_text(&p->out, cJSON_IsString(o) ? o->valuestring : "?");
	}
	lode_buf_adds(&p->out, why);
	cli_page_end(p);
}

/* What trials may have cost within a day, against what they may; nothing where none has cost anything. */
static void show_harm(struct cli_page *p, const cJSON *h)
{
	if (!(cli_num(h, "spent") > 0) && !cli_true(h, "exhausted"))
		return;
	cli_page_label(p, "harm");
	lode_buf_adds(&p->out, "at most ");
	cli_show_time(&p->out, cli_num(h, "spent"));
	lode_buf_adds(&p->out, " of work lost to trials within a day; allowed ");
	cli_show_time(&p->out, cli_num(h, "cap"));
	if (cli_true(h, "exhausted"))
		lode_buf_adds(&p->out, ": no trial until some of it is a day old");
	cli_page_end(p);
}

void cli_status_db(struct cli_page *p, const cJSON *s, const cJSON *db)
{
	const cJSON *kept = cli_obj(db, "kept"), *change;
	bool first = true;

	cli_page_end(p);
	cli_add_colour(&p->out, &p->term, CLI_BOLD);
	cli_add_text(&p->out, *cli_str(db, "path") ? cli_str(db, "path") : "?");
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
	lode_buf_adds(&p->out, "  ");
	cli_add_text(&p->out, cli_str(db, "id"));
	lode_buf_adds(&p->out, "  RocksDB ");
	cli_add_text(&p->out, *cli_str(db, "rocksdb") ? cli_str(db, "rocksdb") : "?");
	cli_page_end(p);
	show_state(p, s, db);
	show_capabilities(p, db);
	show_families(p, cli_obj(db, "column_families"));
	cli_page_text(p, "work", cli_str(db, "workload"));
	show_regime(p, db);
	show_now(p, db);
	if (cli_obj(db, "trial"))
		show_trial(p, cli_obj(db, "trial"));
	if (cli_obj(db, "suggestion")) {
		cli_page_text(p, "suggestion", "waits for `lodestone approve` or `lodestone reject`");
		show_wish(p, cli_obj(db, "suggestion"));
	}
	cJSON_ArrayForEach(change, kept)
	{
		cli_page_label(p, first ? "kept" : "");
		cli_show_change(&p->out, change);
		cli_page_end(p);
		first = false;
	}
	show_taken(p, "pinned", cli_obj(db, "pinned"), "");
	show_taken(p, "theirs", cli_obj(db, "manual"), ": changed by somebody else, left alone (`lodestone unpin` gives back)");
	show_recent(p, cli_obj(db, "recent"));
	show_harm(p, cli_obj(db, "harm"));
	show_counts(p, cli_obj(db, "counts"));
}
