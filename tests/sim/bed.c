/* See bed.h. */
#include "bed.h"

#include "base/fs.h"
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST(x)                                                              \
	do {                                                                 \
		if (!(x)) {                                                  \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
			exit(99);                                            \
		}                                                            \
	} while (0)

void bed_init(struct bed *b, uint64_t seed)
{
	memset(b, 0, sizeof(*b));
	lode_log_level_set(getenv("BED_LOG") ? LODE_LOG_DEBUG : LODE_LOG_OFF);
	lode_lsm_config_init(&b->lsm);
	b->lsm.seed = b->seed = seed;
	lode_config_defaults(&b->config);
	b->config.mode = LODE_MODE_AUTO;
	snprintf(b->config.pace, sizeof(b->config.pace), "bench");
	snprintf(b->dir, sizeof(b->dir), "%s/lode-bed-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	MUST(mkdtemp(b->dir));
	snprintf(b->config.state_dir, sizeof(b->config.state_dir), "%s/state", b->dir);
}

void bed_attach(struct bed *b)
{
	struct lode_err err = {0};
	b->clock = *lode_lsm_clock(b->sim);
	b->clock.made_up = b->root != NULL;
	struct lode_conductor_env env = {.config = &b->config, .clock = &b->clock, .asker = &b->asker, .listener = b->listener, .meter = b->meter, .root = b->root ? b->root : "", .seed = b->seed};
	b->c = lode_conductor_new(lode_lsm_host(b->sim), &env, &err);
	if (!b->c)
		fprintf(stderr, "%s\n", err.msg);
	MUST(b->c);
}

void bed_start(struct bed *b)
{
	struct lode_cache cache = {0};
	b->lsm.dir = b->dir;
	MUST(b->sim = lode_lsm_new(&b->lsm));
	if (!b->asker.advisor)
		b->asker.advisor = lode_advisor_expert();
	lode_buf_init(&b->before, 1 << 20);
	lode_lsm_options_text(b->sim, &b->before);
	lode_lsm_host(b->sim)->ops->cache(lode_lsm_host(b->sim), &cache);
	b->cache_before = cache.capacity;
	bed_attach(b);
}

static bool stopped(struct bed *b)
{
	struct lode_host *h = lode_lsm_host(b->sim);
	uint64_t v = 0;
	h->ops->int_property(h, 0, "rocksdb.is-write-stopped", &v);
	return v;
}

void bed_run(struct bed *b, double seconds)
{
	double now = 0, stop = 0;
	for (int i = 0; now < seconds - 1e-9; i++, now += 0.2) {
		lode_lsm_advance(b->sim, 0.2);
		stop = stopped(b) ? stop + 0.2 : 0;
		b->stopped_longest = fmax(b->stopped_longest, stop);
		if (i % 5 == 4)
			lode_conductor_tick(b->c);
		else
			lode_conductor_guard(b->c);
	}
}

void bed_crash(struct bed *b)
{
	lode_conductor_free(b->c);
	b->c = NULL;
	b->asker.busy = NULL;
}

void bed_free(struct bed *b)
{
	char cmd[100];
	lode_conductor_free(b->c);
	lode_lsm_free(b->sim);
	b->asker.advisor->ops->free(b->asker.advisor);
	lode_buf_fini(&b->before);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", b->dir);
	MUST(system(cmd) == 0);
}

const char *bed_status(struct bed *b)
{
	static struct lode_buf text;
	struct lode_json j;
	if (!text.max)
		lode_buf_init(&text, 1 << 20);
	lode_buf_clear(&text);
	lode_json_init(&j, &text);
	lode_conductor_status(b->c, &j);
	return lode_buf_str(&text);
}

bool bed_until(struct bed *b, const char *needle, double seconds)
{
	for (double s = 0; s < seconds; s++) {
		bed_run(b, 1);
		if (strstr(bed_status(b), needle))
			return true;
	}
	return false;
}

bool bed_as_before(struct bed *b)
{
	struct lode_cache cache = {0};
	struct lode_buf now;
	bool same;
	lode_buf_init(&now, 1 << 20);
	lode_lsm_options_text(b->sim, &now);
	lode_lsm_host(b->sim)->ops->cache(lode_lsm_host(b->sim), &cache);
	same = strcmp(lode_buf_str(&now), lode_buf_str(&b->before)) == 0 && cache.capacity == b->cache_before;
	if (!same)
		fprintf(stderr, "cache %llu -> %llu\n--- before\n%s\n--- now\n%s\n", (unsigned long long)b->cache_before,
			(unsigned long long)cache.capacity, lode_buf_str(&b->before), lode_buf_str(&now));
	lode_buf_fini(&now);
	return same;
}

size_t bed_journal(struct bed *b, struct lode_buf *out)
{
	char path[700];
	size_t lines = 0;
	snprintf(path, sizeof(path), "%s/%s/journal.jsonl", b->config.state_dir, lode_conductor_id(b->c));
	MUST(lode_fs_read(path, out) == 0);
	for (size_t i = 0; i < out->len; i++)
		lines += out->data[i] == '\n';
	return lines;
}

unsigned bed_count(struct bed *b, const char *needle)
{
	struct lode_buf text;
	unsigned n = 0;

	lode_buf_init(&text, 64 << 20);
	bed_journal(b, &text);
	for (const char *p = lode_buf_str(&text); (p = strstr(p, needle)); p++)
		n++;
	lode_buf_fini(&text);
	return n;
}

/* ---- the scripted advisor ---- */

struct scripted {
	struct lode_advisor base;
	struct bed_wish wish[8];
	size_t n, at;
};

static void scripted_ask(struct lode_advisor *a, const struct lode_question *q, struct lode_reply *out)
{
	struct scripted *s = (struct scripted *)a;
	(void)q;
	if (s->at == s->n) {
		out->answer = LODE_ANSWER_NOTHING;
		snprintf(out->why, sizeof(out->why), "said everything");
		return;
	}
	out->answer = LODE_ANSWER_PROPOSAL;
	snprintf(out->proposal.advisor, sizeof(out->proposal.advisor), "scripted");
	out->proposal.change[0] = (struct lode_change){.tunable = lode_tunable_find(s->wish[s->at].id), .cf = LODE_CF_ALL, .value = s->wish[s->at].value};
	out->proposal.n = 1;
	out->proposal.expect = out->proposal.confidence = NAN;
	s->at++;
}

static int scripted_prompt(struct lode_advisor *a, const struct lode_question *q, struct lode_buf *out)
{
	(void)a;
	(void)q;
	lode_buf_adds(out, "scripted");
	return 0;
}

static void scripted_cancel(struct lode_advisor *a)
{
	(void)a;
}

static void scripted_free(struct lode_advisor *a)
{
	free(a);
}

struct lode_advisor *bed_advisor(const struct bed_wish *wishes, size_t n)
{
	static const struct lode_advisor_ops ops = {
		.name = "scripted", .ask = scripted_ask, .poll = NULL, .prompt = scripted_prompt, .cancel = scripted_cancel, .free = scripted_free};
	struct scripted *s = calloc(1, sizeof(*s));
	MUST(s && n <= 8);
	s->base.ops = &ops;
	for (size_t i = 0; i < n; i++)
		s->wish[i] = wishes[i];
	s->n = n;
	return &s->base;
}
