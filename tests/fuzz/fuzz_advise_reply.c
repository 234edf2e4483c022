/* Bytes of a server, read as an envelope and as a model's own words: never a crash, never a proposal outside of the offer. */
#include "advise/reply.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(const struct lode_offer *offer, const struct lode_reply *r, enum lode_call call)
{
	if (r->call != call || (call == LODE_CALL_OK) != (r->proposal.n > 0) || r->proposal.n > LODE_CHANGES_MAX)
		abort();
	for (size_t i = 0; i < r->proposal.n; i++) {
		const struct lode_change *c = &r->proposal.change[i];

		if (c->tunable < 0 || c->tunable >= lode_tunable_count || !offer->option[c->tunable])
			abort();
		if (c->cf != LODE_CF_ALL && c->cf != 0 && c->cf != 7)
			abort();
	}
	for (const char *p = r->why; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const long statuses[] = {200, 400, 401, 429, 502};
	struct lode_offer offer = {.ncf = 2, .cf = {0, 7}};
	struct lode_reply r = {0};

	if (size < 1)
		return 0;
	offer.option[lode_tunable_find("block_cache_size")] = true;
	offer.option[lode_tunable_find("write_buffer_size")] = true;
	offer.option[lode_tunable_find("compression")] = true;
	/* The first byte chooses how it is read. As from http.c, a NUL stands behind the text. */
	char *text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] & 1)
		check(&offer, &r, lode_reply_content(text, size - 1, &offer, &r));
	else
		check(&offer, &r, lode_reply_read(statuses[(data[0] >> 2) % 5], text, size - 1, &offer, data[0] & 2, &r));
	free(r.raw);
	free(text);
	return 0;
}
