/* Any bytes as a configuration file: what is wrong is noted with its line, and what is in force afterwards is a configuration as good as the defaults. */
#include "agent/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const char *const fuzz_words[] = {
    "[agent]", "[log]", "[advisor]", "[llm]", "[objective]", "[guard]", "[judge]", "[experiment]", "[", "]", "\n", "=", " = ", "#", ";", "mode", "interval",
    "state_dir", "include", "kind", "url", "api", "model", "key_file", "timeout", "temperature", "retries", "calls_per_hour", "tokens_per_day", "max_tokens",
    "memory_max", "memory_fraction", "harm_per_day", "pin", "pace", "alpha", "shape", "recheck", "max_pairs", "seed", "auto", "never", "suggest", "observe", "llm",
    "expert", "chat", "anthropic", "volume", "production", "bench", "true", "false", "1s", "250ms", "1d", "64M", "1TiB", "0", "-1", "0.5", "1e308", "nan", "inf",
    "99999999999999999999", "18446744073709551615", "block_cache_size", "p99.9 < 2ms", "p50 < 0", "/", "%p", "\r\n", "\""};
#include "mutate.h"

static void check(const struct lode_config *c)
{
	if (c->mode < LODE_MODE_OBSERVE || c->mode > LODE_MODE_AUTO || !(c->interval >= 0.05 && c->interval <= 3600))
		abort();
	if (!isfinite(c->timeout) || !isfinite(c->temperature) || !isfinite(c->memory_fraction) || !isfinite(c->harm_per_day) || !isfinite(c->alpha))
		abort();
	if (!memchr(c->url, 0, sizeof c->url) || !memchr(c->model, 0, sizeof c->model) || !memchr(c->pin, 0, sizeof c->pin) || !memchr(c->api, 0, sizeof c->api))
		abort();
	if (strcmp(c->api, "chat") != 0 && strcmp(c->api, "anthropic") != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct lode_config *c = calloc(1, sizeof *c);
	char *text = malloc(size + 1);
	struct lode_buf notes;

	if (!c || !text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	lode_buf_init(&notes, 16 << 20);
	lode_config_defaults(c);
	int problems = lode_config_read_text(c, text, "fuzz.conf", &notes);
	if (problems < 0 || (problems > 0) != (notes.len > 0))
		abort();
	check(c);
	lode_buf_fini(&notes);
	free(text);
	free(c);
	return 0;
}
