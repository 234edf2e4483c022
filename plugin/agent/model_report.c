/* What is told of the model as a whole, for all databases: may it be asked, what is left to spend, what calls have cost and how they ended. */
#include "agent/model_report.h"

#include <math.h>

/* False: an advisor that costs nothing. */
static bool known(struct lode_advisor *a, struct lode_standing *s, struct lode_traffic *t)
{
	if (!a || !a->ops->standing || !a->ops->traffic)
		return false;
	a->ops->standing(a, s);
	a->ops->traffic(a, t);
	return true;
}

static void json_left(struct lode_json *j, const char *left_name, const char *max_name, uint64_t left, uint64_t max, double unit)
{
	lode_json_num(j, left_name, left == LODE_UNLIMITED ? NAN : (double)left / unit);
	lode_json_num(j, max_name, max ? (double)max / unit : NAN);
}

void lode_model_json(struct lode_advisor *a, struct lode_json *j)
{
	struct lode_standing s;
	struct lode_traffic t;

	if (!known(a, &s, &t))
		return;
	lode_json_object(j, "model");
	lode_json_str(j, "state", lode_may_name(s.may));
	lode_json_str(j, "why", s.why);
	lode_json_str(j, "mend", s.mend);
	lode_json_str(j, "last", s.call == LODE_CALL_OK ? NULL : lode_call_name(s.call));
	lode_json_num(j, "asked_again_in_s", s.wait_s); /* null: not by itself */
	json_left(j, "calls_left", "calls_per_hour", s.left.calls, s.max.calls, 1);
	json_left(j, "tokens_left", "tokens_per_day", s.left.tokens, s.max.tokens, 1);
	json_left(j, "money_left", "money_per_day", s.left.nano, s.max.nano, 1e9);
	lode_json_u64(j, "calls", t.calls);
	lode_json_u64(j, "tokens_in", t.tokens_in);
	lode_json_u64(j, "tokens_out", t.tokens_out);
	lode_json_num(j, "money", (double)t.nano / 1e9);
	lode_json_num(j, "seconds", t.seconds);
	lode_json_object(j, "outcomes");
	for (int i = 0; i < LODE_CALL_N; i++)
		if (t.outcome[i])
			lode_json_u64(j, lode_call_name((enum lode_call)i), t.outcome[i]);
	lode_json_end(j);
	lode_json_end(j);
}

static void labelled(struct lode_expo *e, const char *family, enum lode_metric_type type, const char *help, const char *name, const char *label, double value)
{
	struct lode_buf labels;

	lode_buf_init(&labels, 256);
	lode_expo_label(&labels, name, label);
	lode_expo_add(e, family, type, help, lode_buf_str(&labels), value);
	lode_buf_fini(&labels);
}

static void left(struct lode_expo *e, const char *of, uint64_t value, double unit)
{
	if (value != LODE_UNLIMITED)
		labelled(e, "lodestone_llm_budget_left", LODE_GAUGE, "What may still be spent: calls of the hour, tokens and money of the day.", "of", of,
			 (double)value / unit);
}

void lode_model_metrics(struct lode_advisor *a, struct lode_expo *e)
{
	struct lode_standing s;
	struct lode_traffic t;

	if (!known(a, &s, &t))
		return;
	for (int i = 0; i < LODE_CALL_N; i++)
		if (t.outcome[i])
			labelled(e, "lodestone_llm_requests_total", LODE_COUNTER, "Requests to the language model by what became of each.", "outcome",
				 lode_call_name((enum lode_call)i), (double)t.outcome[i]);
	lode_expo_add(e, "lodestone_llm_request_duration_seconds_sum", LODE_COUNTER, "Time that those took.", NULL, t.seconds);
	lode_expo_add(e, "lodestone_llm_request_duration_seconds_count", LODE_COUNTER, "Their number.", NULL, (double)t.calls);
	labelled(e, "lodestone_llm_tokens_total", LODE_COUNTER, "Tokens as the server counts them.", "type", "prompt", (double)t.tokens_in);
	labelled(e, "lodestone_llm_tokens_total", LODE_COUNTER, "Tokens as the server counts them.", "type", "completion", (double)t.tokens_out);
	lode_expo_add(e, "lodestone_llm_cost_total", LODE_COUNTER, "What they cost by llm.price_in and llm.price_out.", NULL, (double)t.nano / 1e9);
	for (int m = 0; m < LODE_MAY_N; m++)
		labelled(e, "lodestone_llm_state", LODE_GAUGE, "1 for what holds: ready, paused (circuit open), spent (budget), stopped (must be mended).", "state",
			 lode_may_name((enum lode_may)m), (int)s.may == m);
	lode_expo_add(e, "lodestone_llm_wait_seconds", LODE_GAUGE, "Until the model may be asked again; +Inf: not by itself.", NULL, s.wait_s);
	left(e, "calls", s.left.calls, 1);
	left(e, "tokens", s.left.tokens, 1);
	left(e, "money", s.left.nano, 1e9);
}
