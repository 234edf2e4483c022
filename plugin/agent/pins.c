/* What the operator keeps for themselves: options pinned by `lodestone pin`, and those that somebody else has changed. Both lists stand in the journal and
 * outlive a restart. */
#include "agent/conductor_private.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OPTIONS_MAX 4096 /* no request is longer */

static bool bit(const uint64_t *set, int i)
{
	return set[i / 64] >> (i % 64) & 1;
}

static void set_bit(uint64_t *set, int i, bool on)
{
	set[i / 64] = on ? set[i / 64] | 1ull << (i % 64) : set[i / 64] & ~(1ull << (i % 64));
}

static void json_list(struct lode_json *j, const char *name, const uint64_t *set)
{
	lode_json_array(j, name);
	for (int t = 0; t < lode_tunable_count; t++)
		if (bit(set, t))
			lode_json_str(j, NULL, lode_tunables[t].id);
	lode_json_end(j);
}

void lode_pins_json(const struct lode_conductor *c, struct lode_json *j)
{
	json_list(j, "pinned", c->policy.locked);
	json_list(j, "manual", c->policy.manual);
}

void lode_pins_journal(struct lode_conductor *c)
{
	struct lode_json *j = lode_journal_begin(c->journal, "pins");
	json_list(j, "pinned", c->pinned);
	json_list(j, "manual", c->policy.manual);
	lode_journal_end(c->journal, true);
}

static bool planned(const struct lode_conductor *c, int tunable)
{
	for (size_t i = 0; i < c->plan.n; i++)
		if (c->plan.tunable[i] == tunable)
			return true;
	return false;
}

/* Says where we had changed it: the value stays, and is the operator's. */
static void tell_kept(const struct lode_conductor *c, int tunable, struct lode_buf *out)
{
	for (size_t i = 0; i < c->nkept; i++) {
		const struct kept *k = &c->kept[i];
		bool family = k->now.scope == LODE_SCOPE_CF;
		if (k->tunable == tunable)
			lode_buf_addf(out, "; what was kept stays and is yours now%s%s: %s, before it %s", family ? ", in " : "",
				      family ? lode_report_cf_name(c, k->now.cf) : "", k->now.value, k->original.value);
	}
}

/* A trial of it ends and is undone first; whatever stands after that is the operator's. */
static void pin(struct lode_conductor *c, int tunable, struct lode_buf *out)
{
	if (c->trial && planned(c, tunable))
		lode_experiment_stop(c, LODE_VERDICT_INVALID, "pinned by the operator", NULL);
	else if ((c->suggested || c->phase == LODE_QUALIFY) && planned(c, tunable)) {
		c->suggested = false;
		lode_experiment_give_up(c, "an option of the plan was pinned by the operator");
	}
	lode_buf_addf(out, "%s: pinned", lode_tunables[tunable].id);
	tell_kept(c, tunable, out);
	if (!c->trial) /* else it could not be undone yet, and the next tick tries again */
		lode_overrides_release(c, tunable);
	set_bit(c->policy.locked, tunable, true);
	set_bit(c->pinned, tunable, true);
}

static int unpin(struct lode_conductor *c, int tunable, struct lode_buf *out)
{
	const char *id = lode_tunables[tunable].id;
	bool pinned = bit(c->pinned, tunable), manual = bit(c->policy.manual, tunable);
	if (bit(c->policy.locked, tunable) && !pinned) {
		lode_buf_addf(out, "%s: pinned by guard.pin in the configuration: take it out there", id);
		return -EPERM;
	}
	set_bit(c->policy.locked, tunable, false);
	set_bit(c->pinned, tunable, false);
	set_bit(c->policy.manual, tunable, false);
	lode_buf_addf(out, "%s: %s", id, manual ? "given back" : pinned ? "no longer pinned" : "was not pinned");
	return 0;
}

/* The next word, or NULL; *at goes on behind it. */
static char *next(char **at)
{
	return strtok_r(NULL, " ,\t", at);
}

static int check(char *words, struct lode_buf *out)
{
	char *at = words;
	int n = 0;
	for (char *id = next(&at); id; id = next(&at), n++) {
		const char *near = lode_tunable_nearest(id);
		if (lode_tunable_find(id) >= 0)
			continue;
		lode_buf_addf(out, "there is no option %.80s%s%s%s\n", id, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
		return -EINVAL;
	}
	if (!n)
		lode_buf_adds(out, "which option? `lodestone status` and `lodestone prompt` name them\n");
	return n ? 0 : -EINVAL;
}

int lode_conductor_pin(struct lode_conductor *c, const char *options, bool on, struct lode_buf *out)
{
	char words[OPTIONS_MAX], *at = words;
	int rc;
	snprintf(words, sizeof(words), "%s", options ? options : "");
	rc = check(words, out);
	if (rc)
		return rc;
	snprintf(words, sizeof(words), "%s", options);
	at = words;
	for (char *id = next(&at); id; id = next(&at)) {
		int t = lode_tunable_find(id), one = 0;
		lode_buf_addf(out, "%s: ", c->id);
		if (on)
			pin(c, t, out);
		else
			one = unpin(c, t, out);
		lode_buf_adds(out, "\n");
		rc = one ? one : rc;
		if (!one)
			lode_log(LODE_LOG_NOTICE, "%s: %s %s by the operator", c->id, lode_tunables[t].id, on ? "pinned" : "unpinned");
	}
	lode_pins_journal(c);
	return rc;
}
