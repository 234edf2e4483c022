/* See recall.h. */
#include "record/recall.h"
#include "record/record_json.h"

#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct pass {
	struct lode_recall *out;
	uint64_t now_s, seq; /* seq: of the last whole record */
	bool damaged;	     /* a line between it and the next */
	bool any;	     /* a whole record was seen */
	double reserved;     /* by a trial that has not been closed */
	uint64_t reserved_s, trial;
};

static uint64_t when(const struct pass *p, const struct lode_record *r)
{
	uint64_t us;

	/* What seems to lie ahead was written under another clock: it counts as of now, which is the longest. */
	return lode_clock_parse(r->ts, &us) || us / 1000000 > p->now_s ? p->now_s : us / 1000000;
}

static double number(const cJSON *record, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(record, name);

	return cJSON_IsNumber(v) ? v->valuedouble : -1;
}

static const char *text(const cJSON *record, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, name));

	return s ? s : "";
}

static void close_reserved(struct pass *p)
{
	lode_ledger_charge(&p->out->ledger, p->reserved_s, p->reserved);
	p->reserved = 0;
}

static void recall_harm(struct pass *p, const struct lode_record *r, const cJSON *record)
{
	uint64_t trial = number(record, "trial") >= 0 ? (uint64_t)number(record, "trial") : 0;
	double seconds = number(record, "seconds");

	if (seconds < 0) /* whole, and yet not as we write it */
		seconds = lode_ledger_allowance(&p->out->ledger);
	if (strcmp(text(record, "what"), "reserve") == 0) {
		close_reserved(p);
		p->reserved = seconds;
		p->reserved_s = when(p, r);
		p->trial = trial;
		return;
	}
	if (p->trial == trial)
		p->reserved = 0;
	lode_ledger_charge(&p->out->ledger, when(p, r), seconds);
}

static void recall_step(struct pass *p, const cJSON *record)
{
	lode_steps_set(&p->out->steps, lode_tunable_find(text(record, "option")),
		       cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(record, "up")), number(record, "scale"));
}

static void mark(uint64_t *set, const char *id)
{
	int t = lode_tunable_find(id);

	if (t >= 0)
		set[t / 64] |= 1ull << (t % 64);
}

static void recall_list(const cJSON *record, const char *name, uint64_t *set)
{
	const cJSON *item;

	memset(set, 0, LODE_TUNABLE_WORDS * sizeof *set);
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(record, name)) if (cJSON_IsString(item)) mark(set, item->valuestring);
}

static void understand(struct pass *p, const struct lode_record *r)
{
	static const char *const kinds[] = {"harm", "step", "pins", "override"};
	bool ours = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		ours |= strcmp(r->kind, kinds[i]) == 0;
	cJSON *record = ours ? lode_record_json(r) : NULL;
	if (!record)
		return;
	if (r->kind[0] == 'h')
		recall_harm(p, r, record);
	else if (r->kind[0] == 's')
		recall_step(p, record);
	else if (r->kind[0] == 'o')
		mark(p->out->manual, text(record, "option"));
	else {
		recall_list(record, "pinned", p->out->pinned);
		recall_list(record, "manual", p->out->manual);
	}
	cJSON_Delete(record);
}

/* What is lost may have been the harm of a trial, and no more than that was allowed. */
static void gap(struct pass *p, uint64_t at_s)
{
	if (at_s + LODE_LEDGER_HOURS * 3600u < p->now_s)
		return;
	p->out->gaps++;
	lode_ledger_charge(&p->out->ledger, at_s, lode_ledger_allowance(&p->out->ledger));
}

static void consider(struct pass *p, const struct lode_record *r)
{
	if (!r->whole) {
		p->damaged = true;
		return;
	}
	if (p->damaged || r->seq != p->seq + 1)
		gap(p, when(p, r));
	p->damaged = false;
	p->any = true;
	p->seq = r->seq;
	understand(p, r);
}

static int pass_over(struct pass *p, const char *path)
{
	struct lode_journal_reader *reader = lode_journal_reader_open(path, 0);
	struct lode_record r = {0};
	int rc;

	if (!reader)
		return errno == ENOENT ? 0 : -errno;
	while ((rc = lode_journal_reader_next(reader, &r)) > 0)
		consider(p, &r);
	if (!rc && lode_journal_reader_rest(reader, &r))
		consider(p, &r);
	lode_journal_reader_close(reader);
	return rc;
}

int lode_journal_recall(const char *path, uint64_t now_s, struct lode_recall *out)
{
	struct pass p = {.out = out, .now_s = now_s};
	char old[PATH_MAX];
	int rc = 0;

	if (!path[0])
		return 0;
	if (snprintf(old, sizeof old, "%s.1", path) < (int)sizeof old)
		rc = pass_over(&p, old);
	if (!rc)
		rc = pass_over(&p, path);
	close_reserved(&p);
	if (p.damaged)
		gap(&p, now_s);
	if (rc)
		lode_ledger_charge(&out->ledger, now_s, out->ledger.cap);
	return rc;
}
