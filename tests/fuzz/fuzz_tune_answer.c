/* Any bytes as a model's answer about an OPTIONS file: what is read are whole strings within their bounds, a refusal leaves no wish, and whatever was read can be
 * shown to the calibration. */
#include "base/cjson.h"
#include "tune/propose_model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fuzz_words[] = {"{\"changes\":[", "{\"option\":\"write_buffer_size\",\"value\":\"64MB\"}", "\"reason\":\"", "\"diagnosis\":", "\"expected_gain_percent\":1e400",
					 "\"no_change_reason\":\"x\"", "]}", ",", "null", "true", "-1e308", "\\u0000", "\\ud800", "\n", "\xff", "{", "}"};
#include "mutate.h"

#define MUST(x) ((x) ? (void)0 : __builtin_trap())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tune_proposal p;
	static struct lode_reply r;
	struct tune_form form;
	enum lode_call call;

	lode_cjson_open(NULL);
	memset(&p, 0x7f, sizeof p);
	memset(&r, 0, sizeof r);
	tune_form_init(&form, &p);
	char *text = malloc(size + 1);
	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	call = form.base.read(&form.base, text, size, &r);
	free(text);
	MUST(call == r.call);
	MUST(p.n <= TUNE_WISHES_MAX && (p.n > 0) == (call == LODE_CALL_OK));
	MUST(call == LODE_CALL_OK || r.why[0]);
	for (size_t i = 0; i < p.n; i++) {
		const struct tune_wish *w = &p.wish[i];

		MUST(memchr(w->name, 0, sizeof w->name) && w->name[0]);
		MUST(memchr(w->value, 0, sizeof w->value) && w->value[0]);
		MUST(memchr(w->reason, 0, sizeof w->reason) && memchr(w->section, 0, sizeof w->section));
	}
	MUST(memchr(p.why, 0, sizeof p.why));
	return 0;
}
