/* The model's endpoint: is what is configured sensible, and, where that is asked for, does one small real call come back as it should? The
 * call takes the advisor's own way: its libcurl, its key, its dialects, its schema. */
#include "doctor.h"

#include "advise/carrier.h"
#include "advise/key.h"
#include "advise/relay.h"
#include "advise/round.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_TIMEOUT_S 30
#define PROMPT_BYTES_A_TOKEN 3 /* of a whole prompt, as advise/tokens.h counts it: more than it ever has */

static const char system_text[] =
    "You are asked whether the connection works. Answer with one JSON object and nothing else: {\"diagnosis\": \"ready\", "
    "\"changes\": [], \"expect\": [], \"confidence\": 1, \"no_change_reason\": \"ready\", \"ask_for\": []}.";
static const char user_text[] = "Is the connection ready? Propose no change.";

struct lode_llm_config cli_llm_of(const struct lode_config *c)
{
	return (struct lode_llm_config){.api = strcmp(c->api, "anthropic") ? LODE_API_CHAT : LODE_API_ANTHROPIC,
					.url = c->url,
					.model = c->model,
					.key_file = c->key_file[0] ? c->key_file : NULL,
					.credentials_dir = c->credentials_dir,
					.key = c->key[0] ? c->key : NULL,
					.ca_file = c->ca_file[0] ? c->ca_file : NULL,
					.proxy = c->proxy,
					.timeout_s = c->timeout > 0 && c->timeout < ASK_TIMEOUT_S ? c->timeout : ASK_TIMEOUT_S,
					.money_per_day = c->money_per_day,
					.price_in = c->price_in,
					.price_out = c->price_out,
					.tokens_per_day = c->tokens_per_day,
					.max_tokens = c->max_tokens,
					.temperature = c->temperature,
					.prompt_tokens = c->prompt_tokens,
					.prompt_dir = c->prompt_dir};
}

/* Without a packet: the address, the name of the model, the key's file. */
static bool look_at_settings(struct cli_report *r, const struct lode_llm_config *llm, bool *loopback)
{
	char key[LODE_KEY_MAX];
	struct lode_err err = {0};
	int rc;

	if (!*llm->url || !*llm->model) {
		cli_find(r, CLI_F_MODEL_BAD, "model", "set llm.url and llm.model");
		return false;
	}
	if (lode_http_url_check(llm->url, loopback, &err)) {
		cli_find(r, CLI_F_MODEL_BAD, "llm.url", "%s", err.msg);
		return false;
	}
	rc = lode_relay_path(llm->url) ? -ENOKEY : lode_key_load(llm, key, &err);
	explicit_bzero(key, sizeof key);
	if (rc && !(rc == -ENOKEY && *loopback)) {
		cli_find(r, CLI_F_MODEL_BAD, "key", "%s", err.msg);
		return false;
	}
	return true;
}

/* Limits that no call ever fits into, so that nothing would be asked. */
static bool look_at_limits(struct cli_report *r, const struct lode_llm_config *llm)
{
	char why[300];
	struct lode_budget b;
	struct lode_cost most;

	lode_budget_init(&b, 0, llm->tokens_per_day);
	lode_budget_price(&b, llm->price_in, llm->price_out, llm->money_per_day);
	most = lode_budget_most(&b, (uint64_t)llm->prompt_tokens * PROMPT_BYTES_A_TOKEN, (uint64_t)llm->max_tokens);
	if (lode_budget_ask(&b, 0, &most, why, sizeof why) == LODE_MAY_CALL)
		return true;
	cli_find(r, CLI_F_MODEL_BAD, "limits", "%s", why);
	return false;
}

/* Texts of the operator's that cannot be used, file by file. */
static void look_at_texts(struct cli_report *r, const struct lode_llm_config *llm)
{
	struct lode_wording w;
	struct lode_buf notes;
	char *text;

	lode_buf_init(&notes, 8192);
	lode_wording_load(&w, llm->prompt_dir, llm->prompt_tokens, &notes);
	text = notes.data;
	for (char *line; text && (line = strsep(&text, "\n"));)
		if (*line)
			cli_find(r, CLI_F_MODEL_BAD, "prompt", "%s", line);
	lode_wording_free(&w);
	lode_buf_fini(&notes);
}

/* What is wrong is named by the call's outcome: connect-failed, tls-failed, unauthorized, schema-violation, ... */
static void ask_model(struct cli_report *r, const struct lode_llm_config *llm, bool loopback)
{
	struct lode_err err = {0};
	struct lode_prompt prompt = {.offer = {.option = {true}, .ncf = 1}};
	struct lode_round round = {.config = llm, .loopback = loopback, .http = lode_carry(llm, &err)};
	struct lode_reply reply;
	char *url = lode_dialect_url(llm->api, llm->url);

	if (!round.http || !url) {
		cli_find(r, CLI_F_MODEL_FAILED, "model", "%s", round.http ? "no memory" : err.msg);
		if (round.http)
			lode_http_close(round.http);
		free(url);
		return;
	}
	round.url = url;
	round.dialect.api = llm->api;
	lode_budget_init(&round.budget, 0, 0);
	lode_buf_init(&prompt.system, sizeof system_text);
	lode_buf_init(&prompt.user, sizeof user_text);
	lode_buf_adds(&prompt.system, system_text);
	lode_buf_adds(&prompt.user, user_text);
	lode_round_run(&round, &prompt, NULL, &reply);
	if (reply.answer == LODE_ANSWER_FAILED)
		cli_find(r, CLI_F_MODEL_FAILED, url, "%s: %s", lode_call_name(reply.call), reply.why);
	else
		cli_find(r, CLI_F_MODEL, url, "%s answered by the schema in %.1f s, %llu tokens", *reply.model ? reply.model : llm->model,
			 reply.seconds, (unsigned long long)(reply.prompt_tokens + reply.completion_tokens));
	free(reply.raw);
	lode_prompt_fini(&prompt);
	lode_http_close(round.http);
	free(url);
}

void cli_doctor_model(struct cli_report *r, const struct lode_config *c, bool ask)
{
	struct lode_llm_config llm = cli_llm_of(c);
	bool loopback = false;

	if (strcmp(c->advisor, "llm") != 0 && !ask)
		return;
	look_at_texts(r, &llm);
	if (!look_at_settings(r, &llm, &loopback) || !look_at_limits(r, &llm))
		return;
	if (ask)
		ask_model(r, &llm, loopback);
	else
		cli_find(r, CLI_F_MODEL_UNASKED, c->url, NULL);
}
