/* Bytes of a server, read as an envelope and as a model's own words: never a crash, never a proposal outside of the offer. Seeds: the corpus of replies
 * (tests/data/replies/make.py --seeds). The first byte chooses how the rest is read. */
#include "advise/extra.h"
#include "advise/reply.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const char *const fuzz_words[] = {
    "\"changes\"", "\"option\"", "\"cf\"", "\"value\"", "\"reason\"", "\"expect\"", "\"metric\"", "\"gain_percent\"", "\"confidence\"", "\"ask_for\"",
    "\"diagnosis\"", "\"no_change_reason\"", "\"block_cache_size\"", "\"write_buffer_size\"", "\"compression\"", "\"kZSTD\"", "\"disable_auto_compactions\"",
    "\"all\"", "\"cf0\"", "\"cf7\"", "\"cf9\"", "\"67108864\"", "\"-1\"", "\"9223372036854775807\"", "\"64MB\"", "\"speed\"", "\"levels\"", "\"choices\"",
    "\"message\"", "\"content\"", "\"finish_reason\"", "\"stop\"", "\"length\"", "\"refusal\"", "\"error\"", "\"code\"", "\"type\"", "\"text\"", "\"thinking\"",
    "\"tool_use\"", "\"stop_reason\"", "\"end_turn\"", "\"usage\"", "\"prompt_tokens\"", "\"input_tokens\"", "\"model\"", "<think>", "</think>", "```json\n",
    "data: ", "null", "true", "[]", "{}", "[", "{", "]", "}", ",", ":", "1e999", "-0", "1e308", "\\u0000", "\\ud800", "\\\"", "\x01"};
#define FUZZ_HEAD 1
#include "mutate.h"

static void check(const struct lode_offer *offer, const struct lode_reply *r, enum lode_call call)
{
	const struct lode_proposal *p = &r->proposal;

	if (r->call != call || (call == LODE_CALL_OK) != (p->n > 0) || p->n > LODE_CHANGES_MAX || p->nexpects > LODE_EXPECT_MAX)
		abort();
	if (r->wants >> LODE_EXTRA_N || (r->wants && call != LODE_CALL_OK && call != LODE_CALL_WANTS) || (call == LODE_CALL_WANTS && !r->wants))
		abort();
	for (size_t i = 0; i < p->n; i++) {
		const struct lode_change *c = &p->change[i];

		if (c->tunable < 0 || c->tunable >= lode_tunable_count || !offer->option[c->tunable])
			abort();
		if (c->cf != LODE_CF_ALL && c->cf != 0 && c->cf != 7)
			abort();
	}
	for (const char *s = r->why; *s; s++)
		if (*s < 0x20 || *s > 0x7e)
			abort();
}

/* bit 0: content alone; 1: extract; 2: messages; from 3 on: the status */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const long statuses[] = {200, 400, 401, 429, 502};
	struct lode_offer offer = {.ncf = 2, .cf = {0, 7}};
	struct lode_reply r = {0};

	if (size < 1)
		return 0;
	struct lode_dialect dialect = {.api = data[0] & 4 ? LODE_API_ANTHROPIC : LODE_API_CHAT, .extract = data[0] & 2};
	offer.option[lode_tunable_find("block_cache_size")] = true;
	offer.option[lode_tunable_find("write_buffer_size")] = true;
	offer.option[lode_tunable_find("compression")] = true;
	/* As from http.c, a NUL stands behind the text. */
	char *text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] & 1)
		check(&offer, &r, lode_reply_content(text, size - 1, &offer, &r));
	else
		check(&offer, &r, lode_reply_read(statuses[(data[0] >> 3) % 5], text, size - 1, &offer, &dialect, &r));
	free(r.raw);
	free(text);
	return 0;
}
