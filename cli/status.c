/* lodestone status: one page on a process. */
#include "cli.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define OUT_MAX (64u << 20)
#define RECENT_SHOWN 8
#define FAMILIES_SHOWN 8

struct page {
	struct lode_buf out;
	struct cli_term term;
};

static void label(struct page *p, const char *name)
{
	lode_buf_adds(&p->out, "  ");
	cli_add_colour(&p->out, &p->term, CLI_DIM);
	lode_buf_addf(&p->out, "%-12s", name);
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
}

static void end_line(struct page *p)
{
	lode_buf_adds(&p->out, "\n");
}

static void text_line(struct page *p, const char *name, const char *text)
{
	if (!*text)
		return;
	label(p, name);
	cli_add_text(&p->out, text);
	end_line(p);
}

static void warning(struct page *p, const char *before, const char *text)
{
	lode_buf_adds(&p->out, "  ");
	cli_add_colour(&p->out, &p->term, CLI_YELLOW);
	lode_buf_adds(&p->out, before);
	cli_add_text(&p->out, text);
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
	end_line(p);
}

static void show_machine(struct page *p, const cJSON *m)
{
	if (!m)
		return;
	label(p, "machine");
	if (isfinite(cli_num(m, "cores")))
		lode_buf_addf(&p->out, "%.4g cores, ", cli_num(m, "cores"));
	lode_buf_adds(&p->out, "memory ");
	cli_show_bytes(&p->out, cli_num(m, "mem_limit"));
	lode_buf_adds(&p->out, " (");
	cli_show_bytes(&p->out, cli_num(m, "mem_available"));
	lode_buf_adds(&p->out, " available), this process ");
	cli_show_bytes(&p->out, cli_num(m, "rss"));
	end_line(p);
}

static void show_left(struct page *p, const cJSON *m, const char *left, const char *max, const char *what)
{
	if (!isfinite(cli_num(m, max)))
		return;
	lode_buf_adds(&p->out, ", ");
	cli_show_count(&p->out, cli_num(m, left));
	lode_buf_adds(&p->out, " of ");
	cli_show_count(&p->out, cli_num(m, max));
	lode_buf_adds(&p->out, what);
}

/* "ready, 27 of 30 calls left this hour, 0.93 of 1.00 left today; 12 calls so far: ok 9, timeout 3". */
static void show_model(struct page *p, const cJSON *m)
{
	const char *state = cli_str(m, "state");
	const cJSON *o;

	if (!*state)
		return;
	label(p, "model");
	cli_add_colour(&p->out, &p->term, !strcmp(state, "ready") ? CLI_PLAIN : !strcmp(state, "stopped") ? CLI_RED : CLI_YELLOW);
	cli_add_text(&p->out, state);
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
	show_left(p, m, "calls_left", "calls_per_hour", " calls left this hour");
	show_left(p, m, "tokens_left", "tokens_per_day", " tokens left today");
	if (isfinite(cli_num(m, "money_per_day")))
		lode_buf_addf(&p->out, ", %.4g of %.4g of money left today", cli_num(m, "money_left"), cli_num(m, "money_per_day"));
	if (cli_num(m, "calls") > 0) {
		lode_buf_addf(&p->out, "; %.0f calls so far", cli_num(m, "calls"));
		cJSON_ArrayForEach(o, cli_obj(m, "outcomes"))
		{
			lode_buf_adds(&p->out, o == cli_obj(m, "outcomes")->child ? ": " : ", ");
			cli_add_text(&p->out, o->string);
			lode_buf_addf(&p->out, " %.0f", cJSON_IsNumber(o) ? o->valuedouble : 0);
		}
	}
	end_line(p);
	if (*cli_str(m, "why"))
		text_line(p, "", cli_str(m, "why"));
	if (*cli_str(m, "mend"))
		warning(p, "to do: ", cli_str(m, "mend"));
}

static void show_process(struct page *p, const cJSON *s)
{
	const char *exe = cli_str(s, "exe"), *slash = strrchr(exe, '/');
	const cJSON *item;

	cli_add_colour(&p->out, &p->term, CLI_BOLD);
	cli_add_text(&p->out, slash ? slash + 1 : *exe ? exe : "?");
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
	if (isfinite(cli_num(s, "pid")))
		lode_buf_addf(&p->out, "  pid %.0f", cli_num(s, "pid"));
	lode_buf_adds(&p->out, ", watched for ");
	cli_show_time(&p->out, cli_num(s, "uptime_s"));
	end_line(p);
	label(p, "lodestone");
	cli_add_text(&p->out, *cli_str(s, "version") ? cli_str(s, "version") : "?");
	lode_buf_adds(&p->out, ", mode ");
	cli_add_colour(&p->out, &p->term, CLI_BOLD);
	cli_add_text(&p->out, *cli_str(s, "mode") ? cli_str(s, "mode") : "?");
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
	lode_buf_adds(&p->out, ", advisor ");
	cli_add_text(&p->out, *cli_str(s, "advisor") ? cli_str(s, "advisor") : "?");
	lode_buf_adds(&p->out, ", pace ");
	cli_add_text(&p->out, *cli_str(s, "pace") ? cli_str(s, "pace") : "?");
	if (*cli_str(s, "config")) {
		lode_buf_adds(&p->out, ", ");
		cli_add_text(&p->out, cli_str(s, "config"));
	}
	end_line(p);
	show_machine(p, cli_obj(s, "machine"));
	show_model(p, cli_obj(s, "model"));
	cJSON_ArrayForEach(item, cli_obj(s, "warnings")) if (cJSON_IsString(item)) warning(p, "warning: ", item->valuestring);
	cJSON_ArrayForEach(item, cli_obj(s, "inert"))
	{
		warning(p, "not tuned: ", cli_str(item, "path"));
		warning(p, "           ", cli_str(item, "why"));
	}
}

static void show_kinds(struct page *p, const cJSON *kinds)
{
	const cJSON *k;

	cJSON_ArrayForEach(k, kinds)
	{
		label(p, "");
		cli_add_cut(&p->out, k->string ? k->string : "?", 12);
		for (size_t n = k->string ? strlen(k->string) : 1; n < 9; n++)
			lode_buf_adds(&p->out, " ");
		lode_buf_adds(&p->out, " ");
		cli_show_count(&p->out, cli_num(k, "ops"));
		if (!isfinite(cli_num(k, "mean_us"))) {
			lode_buf_adds(&p->out, "/s, not timed now");
			end_line(p);
			continue;
		}
		lode_buf_adds(&p->out, "/s, mean ");
		cli_show_us(&p->out, cli_num(k, "mean_us"));
		lode_buf_adds(&p->out, ", p50 ");
		cli_show_us(&p->out, cli_num(k, "p50_us"));
		lode_buf_adds(&p->out, ", p99 ");
		cli_show_us(&p->out, cli_num(k, "p99_us"));
		end_line(p);
	}
}

static void show_cache(struct page *p, const cJSON *cache, const cJSON *now)
{
	label(p, "cache");
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
	end_line(p);
	if (*cli_str(cache, "why_fixed"))
		text_line(p, "", cli_str(cache, "why_fixed"));
	if (cli_num(cache, "others") > 0) {
		label(p, "");
		lode_buf_addf(&p->out, "%.0f column famil%s a block cache of %s own, which %s left alone", cli_num(cache, "others"),
			      cli_num(cache, "others") > 1 ? "ies have" : "y has", cli_num(cache, "others") > 1 ? "their" : "its",
			      cli_num(cache, "others") > 1 ? "are" : "is");
		end_line(p);
	}
}

static void show_now(struct page *p, const cJSON *db)
{
	const cJSON *now = cli_obj(db, "now");
	double rate = cli_num(now, "delayed_write_rate");

	if (!now) {
		text_line(p, "throughput", "nothing measured yet");
		return;
	}
	label(p, "throughput");
	cli_show_count(&p->out, cli_num(now, "ops"));
	lode_buf_adds(&p->out, " operations/s");
	end_line(p);
	show_kinds(p, cli_obj(now, "by_kind"));
	label(p, "stalls");
	cli_show_share(&p->out, cli_num(now, "stall_share"));
	if (cli_true(now, "write_stopped"))
		lode_buf_adds(&p->out, ", WRITES ARE STOPPED");
	else if (rate > 0) {
		lode_buf_adds(&p->out, ", writes are slowed to ");
		cli_show_bytes(&p->out, rate);
		lode_buf_adds(&p->out, "/s");
	}
	end_line(p);
	show_cache(p, cli_obj(db, "cache"), now);
	label(p, "shape");
	lode_buf_adds(&p->out, "level 0: ");
	cli_show_count(&p->out, cli_num(now, "l0_files"));
	lode_buf_adds(&p->out, " files, debt ");
	cli_show_bytes(&p->out, cli_num(now, "debt"));
	lode_buf_adds(&p->out, ", memtables ");
	cli_show_bytes(&p->out, cli_num(now, "mem_bytes"));
	if (isfinite(cli_num(now, "write_amp")))
		lode_buf_addf(&p->out, ", write amplification %.1f", cli_num(now, "write_amp"));
	end_line(p);
}

static void show_wish(struct page *p, const cJSON *w)
{
	label(p, "");
	cli_show_changes(&p->out, cli_obj(w, "changes"));
	lode_buf_adds(&p->out, "  [");
	cli_add_text(&p->out, cli_str(w, "advisor"));
	if (*cli_str(w, "rule")) {
		lode_buf_adds(&p->out, ": ");
		cli_add_text(&p->out, cli_str(w, "rule"));
	}
	lode_buf_adds(&p->out, "]");
	end_line(p);
	text_line(p, "", cli_str(w, "why"));
}

static void show_trial(struct page *p, const cJSON *t)
{
	double done = cli_num(t, "done"), max = cli_num(t, "max");
	const char *design = cli_str(t, "design"), *step = !strcmp(design, "start") ? "slot" : !strcmp(design, "volume") ? "chunk" : "pair";

	label(p, "trial");
	cli_add_bar(&p->out, &p->term, max > 0 ? done / max : 0, 20);
	if (isfinite(done) && isfinite(max))
		lode_buf_addf(&p->out, " %s %.0f of at most %.0f,", step, done, max);
	lode_buf_adds(&p->out, " ");
	cli_show_time(&p->out, cli_num(t, "seconds_left"));
	lode_buf_adds(&p->out, " left, now: ");
	cli_add_text(&p->out, *cli_str(t, "arm") ? cli_str(t, "arm") : "?");
	end_line(p);
	show_wish(p, t);
	label(p, "");
	lode_buf_adds(&p->out, "evidence ");
	if (isfinite(cli_num(t, "evidence")))
		lode_buf_addf(&p->out, "%.3g", cli_num(t, "evidence"));
	else
		lode_buf_adds(&p->out, "-");
	if (isfinite(cli_num(t, "effect"))) {
		lode_buf_adds(&p->out, ", effect so far ");
		cli_show_effect(&p->out, cli_num(t, "effect"), cli_num(t, "lo"), cli_num(t, "hi"));
	}
	end_line(p);
}

/* Which kind of work this is, and what is remembered of it. */
static void show_regime(struct page *p, const cJSON *db)
{
	const cJSON *regimes = cli_obj(db, "regimes"), *r, *m, *c;

	cJSON_ArrayForEach(r, regimes)
	{
		if (!(cli_num(r, "id") == cli_num(db, "regime")))
			continue;
		label(p, "");
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
		end_line(p);
	}
}

static void show_recent(struct page *p, const cJSON *recent)
{
	int n = cJSON_GetArraySize(recent), first = n > RECENT_SHOWN ? n - RECENT_SHOWN : 0;

	for (int i = first; i < n; i++) {
		const cJSON *r = cJSON_GetArrayItem(recent, i);
		const char *what = cli_str(r, "what");

		label(p, i == first ? "lately" : "");
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
		end_line(p);
	}
}

/* What a change must make better; the usual objective without promises needs no line. */
static void show_objective(struct page *p, const cJSON *o)
{
	const char *kind = cli_str(o, "kind"), *slo = cli_str(o, "slo");

	if (!*kind || (!strcmp(kind, "balanced") && !*slo && !*cli_str(o, "note")))
		return;
	label(p, "objective");
	cli_add_text(&p->out, kind);
	lode_buf_adds(&p->out, ": ");
	cli_add_text(&p->out, cli_str(o, "means"));
	if (*slo) {
		lode_buf_adds(&p->out, "; ");
		cli_add_text(&p->out, slo);
	}
	end_line(p);
	if (*cli_str(o, "guards")) {
		label(p, "");
		lode_buf_adds(&p->out, "judged by ");
		cli_add_text(&p->out, cli_str(o, "judged_by"));
		lode_buf_adds(&p->out, ", guards: ");
		cli_add_text(&p->out, cli_str(o, "guards"));
		end_line(p);
	}
	if (*cli_str(o, "note"))
		text_line(p, "", cli_str(o, "note"));
}

/* Why nothing happens, if nothing does: the state's own reason, then whatever holds it. A long advice is cut where it is the reason; here it is whole. */
static void show_state(struct page *p, const cJSON *s, const cJSON *db)
{
	const char *state = cli_str(db, "state"), *why = cli_str(db, "why"), *advice = cli_str(cli_obj(db, "advice"), "why");

	if (*why && !strncmp(advice, why, strlen(why)))
		why = advice;
	label(p, "state");
	cli_add_colour(&p->out, &p->term, !strcmp(state, "SAFE") ? CLI_RED : CLI_BOLD);
	cli_add_text(&p->out, *state ? state : "?");
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
	if (cli_true(db, "paused"))
		lode_buf_adds(&p->out, ", paused (`lodestone resume` goes on)");
	if (*why) {
		lode_buf_adds(&p->out, ": ");
		cli_add_text(&p->out, why);
	}
	end_line(p);
	if (!strcmp(cli_str(s, "mode"), "observe"))
		text_line(p, "", "mode observe: it watches and changes nothing (agent.mode = auto would)");
	if (*cli_str(db, "limited"))
		warning(p, "limited: ", cli_str(db, "limited"));
	if (!strcmp(cli_str(db, "statistics"), "none"))
		warning(p, "no Statistics: ", "judged by writes per second and stalls only; reads are not seen");
	if (!strcmp(cli_str(db, "statistics"), "host") && cJSON_IsFalse(cli_obj(db, "timers"))) {
		label(p, "");
		lode_buf_adds(&p->out, "the application's Statistics have no timers at their level: judged by ");
		cli_add_text(&p->out, cli_str(db, "judged_by"));
		end_line(p);
	}
	show_objective(p, cli_obj(db, "objective"));
	if (strcmp(advice, why) != 0)
		text_line(p, "advice", advice);
}

static size_t length(const cJSON *array)
{
	return cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0;
}

/* "7.8.3, handled as 6.29 to 8.7: 93 options can be changed, 12 cannot, 7 not safely". */
static void show_capabilities(struct page *p, const cJSON *db)
{
	const cJSON *c = cli_obj(db, "capabilities");

	if (!*cli_str(c, "range"))
		return;
	label(p, "rocksdb");
	cli_add_text(&p->out, cli_str(db, "rocksdb"));
	lode_buf_adds(&p->out, cli_true(c, "newer") ? ", newer than any version that was checked, handled as " : ", handled as ");
	cli_add_text(&p->out, cli_str(c, "range"));
	if (cli_true(c, "asked"))
		lode_buf_addf(&p->out, ": %.0f options can be changed, %zu cannot, %zu not safely", cli_num(c, "changeable"),
			      length(cli_obj(c, "not_changeable")), length(cli_obj(c, "unsafe")));
	else
		lode_buf_adds(&p->out, ": what can be changed is assumed by its version");
	end_line(p);
}

/* Only where there are several: "default, __system__, cf_orders and 12 more". */
static void show_families(struct page *p, const cJSON *families)
{
	const cJSON *f;
	size_t n = length(families), i = 0;

	if (n < 2)
		return;
	label(p, "families");
	cJSON_ArrayForEach(f, families)
	{
		if (i == FAMILIES_SHOWN)
			break;
		lode_buf_adds(&p->out, i++ ? ", " : "");
		cli_add_cut(&p->out, cli_str(f, "name"), 40);
	}
	if (n > i)
		lode_buf_addf(&p->out, " and %zu more", n - i);
	end_line(p);
}

static void show_counts(struct page *p, const cJSON *c)
{
	static const char *const names[] = {"proposals", "refused", "trials", "kept", "reverted", "invalid", "tripped"};

	if (!c)
		return;
	label(p, "so far");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		lode_buf_addf(&p->out, "%s%s ", i ? ", " : "", names[i]);
		cli_show_count(&p->out, cli_num(c, names[i]));
	}
	end_line(p);
}

/* What is not ours to touch, and why. */
static void show_taken(struct page *p, const char *name, const cJSON *options, const char *why)
{
	const cJSON *o;

	if (!length(options))
		return;
	label(p, name);
	cJSON_ArrayForEach(o, options)
	{
		lode_buf_adds(&p->out, o != options->child ? ", " : "");
		cli_add_text(&p->out, cJSON_IsString(o) ? o->valuestring : "?");
	}
	lode_buf_adds(&p->out, why);
	end_line(p);
}

/* What trials may have cost within a day, against what they may; nothing where none has cost anything. */
static void show_harm(struct page *p, const cJSON *h)
{
	if (!(cli_num(h, "spent") > 0) && !cli_true(h, "exhausted"))
		return;
	label(p, "harm");
	lode_buf_adds(&p->out, "at most ");
	cli_show_time(&p->out, cli_num(h, "spent"));
	lode_buf_adds(&p->out, " of work lost to trials within a day; allowed ");
	cli_show_time(&p->out, cli_num(h, "cap"));
	if (cli_true(h, "exhausted"))
		lode_buf_adds(&p->out, ": no trial until some of it is a day old");
	end_line(p);
}

static void show_db(struct page *p, const cJSON *s, const cJSON *db)
{
	const cJSON *kept = cli_obj(db, "kept"), *change;
	bool first = true;

	end_line(p);
	cli_add_colour(&p->out, &p->term, CLI_BOLD);
	cli_add_text(&p->out, *cli_str(db, "path") ? cli_str(db, "path") : "?");
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
	lode_buf_adds(&p->out, "  ");
	cli_add_text(&p->out, cli_str(db, "id"));
	lode_buf_adds(&p->out, "  RocksDB ");
	cli_add_text(&p->out, *cli_str(db, "rocksdb") ? cli_str(db, "rocksdb") : "?");
	end_line(p);
	show_state(p, s, db);
	show_capabilities(p, db);
	show_families(p, cli_obj(db, "column_families"));
	text_line(p, "work", cli_str(db, "workload"));
	show_regime(p, db);
	show_now(p, db);
	if (cli_obj(db, "trial"))
		show_trial(p, cli_obj(db, "trial"));
	if (cli_obj(db, "suggestion")) {
		text_line(p, "suggestion", "waits for `lodestone approve` or `lodestone reject`");
		show_wish(p, cli_obj(db, "suggestion"));
	}
	cJSON_ArrayForEach(change, kept)
	{
		label(p, first ? "kept" : "");
		cli_show_change(&p->out, change);
		end_line(p);
		first = false;
	}
	show_taken(p, "pinned", cli_obj(db, "pinned"), "");
	show_taken(p, "theirs", cli_obj(db, "manual"), ": changed by somebody else, left alone (`lodestone unpin` gives back)");
	show_recent(p, cli_obj(db, "recent"));
	show_harm(p, cli_obj(db, "harm"));
	show_counts(p, cli_obj(db, "counts"));
}

int cli_status(const struct cli_verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {"json", no_argument, NULL, 'j'}, {0}};
	struct cli_target t = {0};
	struct page p = {0};
	struct lode_buf raw;
	const cJSON *db;
	int option, status, shown = 0;

	while ((option = getopt_long(argc, argv, CLI_TARGET_OPTIONS, longs, NULL)) != -1)
		if (cli_target_option(v, &t, option, optarg, &status))
			return status;
	status = cli_target_find(&t, argc - optind, argv + optind);
	if (status != CLI_DONE)
		return status;
	lode_buf_init(&raw, 16 << 20);
	cJSON *s = cli_target_status(&t, &raw, NULL);
	if (!s) {
		lode_buf_fini(&raw);
		return CLI_FAILED;
	}
	lode_buf_init(&p.out, OUT_MAX);
	cli_term_init(&p.term);
	if (!t.json)
		show_process(&p, s);
	cJSON_ArrayForEach(db, cli_obj(s, "databases")) if (cli_target_wants(&t, db) && ++shown && !t.json) show_db(&p, s, db);
	if (t.json)
		lode_buf_addf(&p.out, "%s%s", lode_buf_str(&raw), raw.len && raw.data[raw.len - 1] == '\n' ? "" : "\n");
	else if (!shown && !t.db[0])
		lode_buf_adds(&p.out, "\nNo database is open.\n");
	status = cli_write_out(&p.out);
	if (!shown && t.db[0])
		status = cli_error(CLI_FAILED, "no open database is called %s", t.db);
	cJSON_Delete(s);
	lode_buf_fini(&raw);
	lode_buf_fini(&p.out);
	return status;
}
