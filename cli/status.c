/* lodestone status: one page on a process; what it says of each database is in status_db.c. */
#include "status.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define OUT_MAX (64u << 20)

void cli_page_label(struct cli_page *p, const char *name)
{
	lode_buf_adds(&p->out, "  ");
	cli_add_colour(&p->out, &p->term, CLI_DIM);
	lode_buf_addf(&p->out, "%-12s", name);
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
}

void cli_page_end(struct cli_page *p)
{
	lode_buf_adds(&p->out, "\n");
}

void cli_page_text(struct cli_page *p, const char *name, const char *text)
{
	if (!*text)
		return;
	cli_page_label(p, name);
	cli_add_text(&p->out, text);
	cli_page_end(p);
}

void cli_page_warning(struct cli_page *p, const char *before, const char *text)
{
	lode_buf_adds(&p->out, "  ");
	cli_add_colour(&p->out, &p->term, CLI_YELLOW);
	lode_buf_adds(&p->out, before);
	cli_add_text(&p->out, text);
	cli_add_colour(&p->out, &p->term, CLI_PLAIN);
	cli_page_end(p);
}

static void show_machine(struct cli_page *p, const cJSON *m)
{
	if (!m)
		return;
	cli_page_label(p, "machine");
	if (isfinite(cli_num(m, "cores")))
		lode_buf_addf(&p->out, "%.4g cores, ", cli_num(m, "cores"));
	lode_buf_adds(&p->out, "memory ");
	cli_show_bytes(&p->out, cli_num(m, "mem_limit"));
	lode_buf_adds(&p->out, " (");
	cli_show_bytes(&p->out, cli_num(m, "mem_available"));
	lode_buf_adds(&p->out, " available), this process ");
	cli_show_bytes(&p->out, cli_num(m, "rss"));
	cli_page_end(p);
}

static void show_left(struct cli_page *p, const cJSON *m, const char *left, const char *max, const char *what)
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
static void show_model(struct cli_page *p, const cJSON *m)
{
	const char *state = cli_str(m, "state");
	const cJSON *o;

	if (!*state)
		return;
	cli_page_label(p, "model");
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
	cli_page_end(p);
	if (*cli_str(m, "why"))
		cli_page_text(p, "", cli_str(m, "why"));
	if (*cli_str(m, "mend"))
		cli_page_warning(p, "to do: ", cli_str(m, "mend"));
}

static void show_process(struct cli_page *p, const cJSON *s)
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
	cli_page_end(p);
	cli_page_label(p, "lodestone");
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
	cli_page_end(p);
	show_machine(p, cli_obj(s, "machine"));
	show_model(p, cli_obj(s, "model"));
	cJSON_ArrayForEach(item, cli_obj(s, "warnings")) if (cJSON_IsString(item)) cli_page_warning(p, "warning: ", item->valuestring);
	cJSON_ArrayForEach(item, cli_obj(s, "inert"))
	{
		cli_page_warning(p, "not tuned: ", cli_str(item, "path"));
		cli_page_warning(p, "           ", cli_str(item, "why"));
	}
}

int cli_status(const struct cli_verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {"json", no_argument, NULL, 'j'}, {0}};
	struct cli_target t = {0};
	struct cli_page p = {0};
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
	cJSON_ArrayForEach(db, cli_obj(s, "databases")) if (cli_target_wants(&t, db) && ++shown && !t.json) cli_status_db(&p, s, db);
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
