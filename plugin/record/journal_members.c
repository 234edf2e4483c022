/* Members that several kinds of record share: values as JSON. */
#include "record/journal.h"

#include "guard/tunable.h"

static void scope_and_cf(struct lode_json *j, enum lode_scope scope, uint32_t cf)
{
	lode_json_str(j, "scope", lode_scope_name(scope));
	if (scope != LODE_SCOPE_CF)
		return;
	if (cf == LODE_CF_ALL)
		lode_json_str(j, "cf", "all");
	else
		lode_json_u64(j, "cf", cf);
}

static void change(struct lode_json *j, const struct lode_change *c, const char *reason)
{
	lode_json_object(j, NULL);
	if (c->tunable >= 0 && c->tunable < lode_tunable_count) {
		const struct lode_tunable *t = &lode_tunables[c->tunable];
		char shown[LODE_VALUE_MAX];

		lode_json_str(j, "option", t->id);
		scope_and_cf(j, t->scope, c->cf);
		lode_json_i64(j, "value", c->value);
		lode_json_str(j, "means", lode_tunable_show(t, c->value, shown, sizeof shown));
	} else {
		lode_json_str(j, "option", NULL);
		lode_json_i64(j, "value", c->value);
	}
	if (reason[0])
		lode_json_str(j, "reason", reason);
	lode_json_end(j);
}

/* {"speed": 0.2, "stalls": 0.05}: the names of a verdict's metrics, so that the two can be laid side by side. */
static void expects(struct lode_json *j, const struct lode_proposal *p)
{
	if (!p->nexpects)
		return;
	lode_json_object(j, "expects");
	for (size_t i = 0; i < p->nexpects && i < LODE_EXPECT_MAX; i++)
		if ((unsigned)p->expects[i].metric < LODE_METRIC_N)
			lode_json_num(j, lode_metric_name[p->expects[i].metric], p->expects[i].gain);
	lode_json_end(j);
}

void lode_json_proposal(struct lode_json *j, const char *key, const struct lode_proposal *p)
{
	lode_json_object(j, key);
	lode_json_u64(j, "id", p->id);
	lode_json_str(j, "advisor", p->advisor);
	lode_json_str(j, "rule", p->rule);
	lode_json_str(j, "why", p->why);
	lode_json_array(j, "changes");
	for (size_t i = 0; i < p->n && i < LODE_CHANGES_MAX; i++)
		change(j, &p->change[i], p->reason[i]);
	lode_json_end(j);
	lode_json_num(j, "expect", p->expect);
	expects(j, p);
	lode_json_num(j, "confidence", p->confidence);
	lode_json_end(j);
}

void lode_json_writes(struct lode_json *j, const char *key, const struct lode_write *w, size_t n)
{
	lode_json_array(j, key);
	for (size_t i = 0; i < n; i++) {
		lode_json_object(j, NULL);
		lode_json_str(j, "scope", lode_scope_name(w[i].scope));
		if (w[i].scope == LODE_SCOPE_CF)
			lode_json_u64(j, "cf", w[i].cf);
		lode_json_str(j, "key", w[i].key);
		lode_json_str(j, "value", w[i].value);
		lode_json_end(j);
	}
	lode_json_end(j);
}

void lode_json_verdict(struct lode_json *j, const char *key, const struct lode_verdict *v)
{
	lode_json_object(j, key);
	lode_json_str(j, "kind", lode_verdict_name(v->kind));
	lode_json_str(j, "design", lode_design_name(v->design));
	lode_json_str(j, "primary", (unsigned)v->primary < LODE_METRIC_N ? lode_metric_name[v->primary] : NULL);
	lode_json_num(j, "effect", v->effect);
	lode_json_num(j, "lo", v->lo);
	lode_json_num(j, "hi", v->hi);
	if (v->mixture[0] < v->mixture[1]) { /* there may be none */
		lode_json_array(j, "mixture");
		lode_json_num(j, NULL, v->mixture[0]);
		lode_json_num(j, NULL, v->mixture[1]);
		lode_json_end(j);
	}
	lode_json_num(j, "evidence", v->evidence);
	lode_json_num(j, "p", v->p);
	lode_json_u64(j, "pairs", v->pairs);
	lode_json_num(j, "seconds", v->seconds);
	lode_json_str(j, "worst", (unsigned)v->worst < LODE_METRIC_N ? lode_metric_name[v->worst] : NULL);
	lode_json_object(j, "metrics");
	for (int m = 0; m < LODE_METRIC_N; m++)
		lode_json_num(j, lode_metric_name[m], v->metric[m]);
	lode_json_end(j);
	lode_json_str(j, "why", v->why);
	lode_json_end(j);
}

void lode_json_refusal(struct lode_json *j, const char *key, const struct lode_refusal *r)
{
	lode_json_object(j, key);
	lode_json_str(j, "rule", lode_rule_name(r->rule));
	lode_json_i64(j, "change", r->change);
	lode_json_str(j, "why", r->why);
	lode_json_end(j);
}
