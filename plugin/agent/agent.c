/* The agent's threads and its loop: one thread conducts all databases, one serves the control socket; the model's is the advisor's own. */
#include "agent/agent_private.h"

#include "agent/control.h"
#include "agent/rcu.h"
#include "agent/scope.h"
#include "base/cjson.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/thread.h"
#include "host/gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#define STACK (512u << 10)
#define GUARD_NS 200000000u   /* between looks for a write stop while something unproven is live */
#define ARGS_MAX (64u << 10)  /* of the command line, to be matched */
#define EXIT_WAIT_MS 200

/* ---- configuration ---- */

/* Where nobody has kept a copy: as the process got it, if it has not been overwritten. `environ` itself belongs to the host's threads. */
static char **initial_environment(struct lode_buf *text)
{
	size_t n = 0, i = 0;
	char **env;
	if (lode_fs_read("/proc/self/environ", text) || !text->len)
		return calloc(1, sizeof(char *));
	for (size_t at = 0; at < text->len; at++)
		n += text->data[at] == 0;
	env = calloc(n + 2, sizeof(char *));
	for (size_t at = 0; env && at < text->len && i <= n; at += strlen(text->data + at) + 1)
		env[i++] = text->data + at;
	return env;
}

static void load_config(struct lode_agent *a, char *const *env, const struct lode_agent_owner *owner)
{
	struct lode_buf text, notes;
	char **own = NULL;
	lode_buf_init(&text, 4u << 20);
	lode_buf_init(&notes, sizeof(a->notes) - 1);
	if (!env)
		env = own = initial_environment(&text);
	lode_config_load(&a->config, env, owner ? owner->setting : NULL, owner ? owner->nsetting : 0, &notes);
	snprintf(a->notes, sizeof(a->notes), "%s", lode_buf_str(&notes));
	free(own);
	lode_buf_fini(&text);
	lode_buf_fini(&notes);
}

/* Is this one of the processes that the operator means? Without /proc the executable is what the kernel was told to start. */
static bool meant(struct lode_agent *a, struct lode_err *err)
{
	const char *named = (const char *)getauxval(AT_EXECFN), *why;
	ssize_t n = readlink("/proc/self/exe", a->exe, sizeof(a->exe) - 1);
	struct lode_buf args;
	int rc;
	a->exe[n > 0 ? n : 0] = 0;
	if (n <= 0 && named)
		snprintf(a->exe, sizeof(a->exe), "%s", named);
	lode_buf_init(&args, ARGS_MAX);
	rc = lode_fs_read("/proc/self/cmdline", &args);
	if (!lode_scope_meant(&a->config, a->exe, rc && rc != -E2BIG ? NULL : lode_buf_str(&args), args.len, &why))
		lode_log(LODE_LOG_INFO, "not active: %s", why);
	if (why)
		lode_err_set(err, EPERM, "not active: %s", why);
	lode_buf_fini(&args);
	return !why;
}

static bool configure(struct lode_agent *a, char *const *env, const struct lode_agent_owner *owner, struct lode_err *err)
{
	load_config(a, env, owner);
	lode_log_level_set(a->config.log_level);
	if (a->config.disabled) {
		lode_err_set(err, EPERM, "switched off by LODESTONE_DISABLE");
		return false;
	}
	lode_log_open(a->config.log_file);
	if (!meant(a, err))
		return false;
	for (char *p = a->notes, *line; (line = strsep(&p, "\n"));) /* notes keeps its text: the separators are put back */
		if (*line) {
			lode_log(LODE_LOG_WARN, "%s", line);
			if (p)
				p[-1] = '\n';
		}
	return true;
}

/* What everything below stands on. */
static bool open_libraries(struct lode_err *err)
{
	if (lode_rcu_open(err) == 0 && lode_cjson_open(err) == 0)
		return true;
	lode_log(LODE_LOG_ERROR, "not active: %s", err->msg);
	return false;
}

static struct lode_advisor *make_advisor(struct lode_agent *a)
{
	const struct lode_config *c = &a->config;
	uint64_t seed = c->seed ? (uint64_t)c->seed : lode_rng_entropy();
	struct lode_err err = {0};
	struct lode_llm_config llm = {
		.api = strcmp(c->api, "anthropic") ? LODE_API_CHAT : LODE_API_ANTHROPIC, .url = c->url, .model = c->model, .key_file = c->key_file[0] ? c->key_file : NULL, .credentials_dir = c->credentials_dir,
		.key = c->key[0] ? c->key : NULL,
		.ca_file = c->ca_file[0] ? c->ca_file : NULL, .proxy = c->proxy, .timeout_s = c->timeout, .retries = c->retries,
		.calls_per_hour = c->calls_per_hour, .tokens_per_day = c->tokens_per_day,
		.money_per_day = c->money_per_day, .price_in = c->price_in, .price_out = c->price_out, .max_tokens = c->max_tokens, .temperature = c->temperature,
		.prompt_tokens = c->prompt_tokens, .prompt_dir = c->prompt_dir,
		.record = c->record, .replay = c->replay, .replay_loose = c->replay_loose};
	struct lode_advisor *advisor = a->own_advisor;
	if (advisor) {
		a->own_advisor = NULL;
		return advisor;
	}
	if (strcmp(c->advisor, "random") == 0)
		return lode_advisor_random(seed);
	if (strcmp(c->advisor, "adversarial") == 0)
		return lode_advisor_adversarial(seed);
	if (strcmp(c->advisor, "llm") == 0) {
		advisor = lode_advisor_llm(&llm, &err);
		if (!advisor)
			lode_log(LODE_LOG_WARN, "no language model (%s); the built-in expert is used", err.msg);
	}
	return advisor ? advisor : lode_advisor_expert();
}

struct lode_agent *lode_agent_new(char *const *env, const struct lode_agent_owner *owner, struct lode_err *err)
{
	struct lode_agent *a = calloc(1, sizeof(*a));
	if (!a) {
		lode_err_set(err, ENOMEM, "no memory");
		return NULL;
	}
	if (!configure(a, env, owner, err) || !open_libraries(err)) {
		free(a);
		return NULL;
	}
	if (owner) {
		a->own_advisor = owner->advisor;
		a->listener = owner->listener;
		a->meter = owner->meter;
		a->config.objective.falls = owner->meter.falls;
	}
	a->born_ns = lode_clock_mono(&lode_clock_real);
	pthread_mutex_init(&a->askers, NULL);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->turn, NULL);
	return a;
}

const struct lode_config *lode_agent_config(const struct lode_agent *a)
{
	return &a->config;
}

/* ---- the loop ---- */

void lode_agent_wake(struct lode_agent *a)
{
	atomic_store(&a->wake, 1);
	lode_futex_wake(&a->wake);
}

/* The last word of who conducts: the closing thread, or the agent's where the database has gone without a word. */
static void finish(struct lode_db *db)
{
	if (!lode_db_close(db))
		return;
	if (db->conductor)
		lode_conductor_settle(db->conductor);
	lode_host_real_close(db->host);
	atomic_store(&db->settled, true);
}

/* Its memory is freed or another's by now, and was touched by nobody since. It stays in the list until its owner lets go of it. */
static bool lost(struct lode_db *db)
{
	if (db->hopeless || atomic_load(&db->closing) || lode_host_real_alive(db->host))
		return false;
	lode_log(LODE_LOG_ERROR, "a database was closed without lodestone_detach, which must come before rocksdb_close: it is left alone; what was changed in "
				 "its OPTIONS file is put right when it is tuned again (%s)", db->host->ops->info(db->host)->path);
	finish(db);
	return true;
}

static void meet(struct lode_agent *a, struct lode_db *db)
{
	struct lode_conductor_env env = {.config = &a->config, .clock = &lode_clock_real, .asker = &a->asker, .claims = &a->claims, .purse = &a->purse, .listener = a->listener, .meter = a->meter, .root = ""};
	struct lode_err err = {0};
	env.seed = a->config.seed ? (uint64_t)a->config.seed : lode_rng_entropy() >> 11;
	/* It may be the same directory again: nobody else writes its journal from now on. */
	for (struct lode_db *other = lode_registry_next(&a->registry, NULL); other; other = lode_registry_next(&a->registry, other))
		if (other != db)
			lost(other);
	db->conductor = lode_conductor_new(db->host, &env, &err);
	if (!db->conductor) {
		db->hopeless = true;
		lode_log(LODE_LOG_ERROR, "a database is left alone: %s", err.msg);
	}
}

void lode_agent_publish(struct lode_agent *a, struct lode_db *db)
{
	struct lode_buf text;
	struct lode_json j;
	lode_buf_init(&text, STATUS_MAX);
	lode_json_init(&j, &text);
	lode_conductor_status(db->conductor, &j);
	lode_db_publish(&a->registry, db, &text);
	lode_buf_fini(&text);
}

/* One look at every database. Returns whether something unproven is live anywhere. */
static bool round_of(struct lode_agent *a, bool tick)
{
	bool exposed = false;
	for (struct lode_db *db = lode_registry_next(&a->registry, NULL); db && !atomic_load(&a->stop); db = lode_registry_next(&a->registry, db)) {
		if (db->hopeless || lost(db) || !lode_db_claim(db))
			continue;
		atomic_store(&a->working, true);
		if (!atomic_load(&a->stop)) {
			if (!db->conductor)
				meet(a, db);
			if (db->conductor && tick) {
				lode_conductor_tick(db->conductor);
				lode_agent_publish(a, db);
			} else if (db->conductor) {
				lode_conductor_guard(db->conductor);
			}
			exposed |= db->conductor && lode_conductor_exposed(db->conductor);
		}
		atomic_store(&a->working, false);
		lode_db_release(db);
	}
	return exposed;
}

static void wait_for(struct lode_agent *a, uint64_t until_ns, bool exposed)
{
	uint64_t now = lode_clock_mono(&lode_clock_real), ns = until_ns > now ? until_ns - now : 0;
	if (exposed && ns > GUARD_NS)
		ns = GUARD_NS;
	if (ns)
		lode_futex_wait(&a->wake, 0, ns);
	atomic_store(&a->wake, 0); /* before the next look at what there is to do: nothing is missed */
}

static void *agent_main(void *arg)
{
	struct lode_agent *a = arg;
	uint64_t step = (uint64_t)(a->config.interval * 1e9), next = lode_clock_mono(&lode_clock_real);
	bool exposed = false;
	pthread_setname_np(pthread_self(), "lodestone");
	atomic_store(&a->thread, pthread_self());
	a->control = lode_control_start(a->config.runtime_dir, lode_requests_answer, a);
	while (!atomic_load(&a->stop)) {
		uint64_t now = lode_clock_mono(&lode_clock_real);
		bool tick = now >= next;
		if (tick)
			next = now > next + step ? now + step : next + step; /* late: no catching up */
		exposed = round_of(a, tick);
		lode_requests_run(a);
		lode_registry_reap(&a->registry);
		if (!atomic_load(&a->stop))
			wait_for(a, next, exposed);
	}
	return NULL;
}

static bool start_thread(struct lode_agent *a)
{
	int rc = lode_thread_start(agent_main, a, STACK);
	if (rc)
		lode_log(LODE_LOG_ERROR, "no thread for the agent: %s", strerror(-rc));
	return rc == 0;
}

/* ---- host threads ---- */

void lode_agent_inert(struct lode_agent *a, const char *path, const char *why)
{
	unsigned i, n = atomic_load(&a->ninert);
	for (i = 0; i < n; i++) /* some are opened again and again: said once */
		if (strncmp(a->inert[i].path, path, sizeof(a->inert[i].path) - 1) == 0 && strcmp(a->inert[i].why, why) == 0)
			return;
	i = atomic_fetch_add(&a->inert_claimed, 1);
	if (i > INERT_MAX)
		return;
	if (i == INERT_MAX) {
		lode_log(LODE_LOG_NOTICE, "left alone: %s (%s), and others that are not named any more", why, path);
		return;
	}
	lode_log(LODE_LOG_NOTICE, "left alone: %s (%s)", why, path);
	snprintf(a->inert[i].path, sizeof(a->inert[i].path), "%s", path);
	snprintf(a->inert[i].why, sizeof(a->inert[i].why), "%s", why);
	atomic_fetch_add(&a->ninert, 1); /* two at once may show one of them late, never half */
}

uint64_t lode_agent_opened(struct lode_agent *a, void *key, struct lode_host *h, struct lode_injected *statistics)
{
	struct lode_db *db = calloc(1, sizeof(*db));
	const struct lode_host_info *info = h->ops->info(h);
	if (!db || atomic_load(&a->stop)) { /* no memory, or no thread that would ever let go of it */
		lode_host_real_close(h);
		lode_host_real_free(h);
		free(db);
		return 0; /* the statistics leak rather than fall under the database */
	}
	uint64_t number = db->number = atomic_fetch_add(&a->openings, 1) + 1;
	db->key = key;
	db->host = h;
	db->statistics = statistics;
	lode_registry_add(&a->registry, db);
	if (!atomic_exchange(&a->started, true)) {
		a->asker.advisor = make_advisor(a);
		a->asker.since_us = lode_clock_wall(&lode_clock_real);
		lode_log(LODE_LOG_NOTICE, "lodestone %s: RocksDB %s, mode %s%s; `lodestone status` shows more", LODE_VERSION, info->version,
			 lode_mode_name((enum lode_mode)a->config.mode), info->has_statistics ? "" : ", no Statistics");
		if (!a->asker.advisor || !start_thread(a)) {
			atomic_store(&a->stop, true);
			return number;
		}
	}
	lode_agent_wake(a);
	return number;
}

uint64_t lode_agent_number(struct lode_agent *a, const void *key)
{
	struct lode_db *db = lode_registry_find(&a->registry, key);
	return db && !atomic_load(&db->closing) && !lost(db) ? db->number : 0;
}

void lode_agent_let_go(struct lode_agent *a, uint64_t number)
{
	lode_registry_let_go(&a->registry, number);
	lode_agent_wake(a);
}

bool lode_agent_is_own_thread(const struct lode_agent *a)
{
	return pthread_equal(atomic_load(&a->thread), pthread_self());
}

void lode_agent_closing(struct lode_agent *a, void *key)
{
	struct lode_db *db = lode_registry_find(&a->registry, key);
	if (db)
		finish(db);
}

/* No RCU here: its lock may have been held by a thread that the child does not have. Nobody else is in the list. */
void lode_agent_orphaned(struct lode_agent *a, void *key)
{
	struct lode_db *db = lode_registry_next(&a->registry, NULL);
	while (db && (db->key != key || atomic_load(&db->closing) || atomic_load(&db->closed)))
		db = lode_registry_next(&a->registry, db);
	if (db && !atomic_exchange(&db->closing, true))
		lode_host_real_orphan(db->host);
}

void lode_agent_closed(struct lode_agent *a, void *key)
{
	struct lode_db *db = lode_registry_find(&a->registry, key);
	if (!db)
		return;
	atomic_store(&db->closed, true);
	lode_agent_wake(a);
}

void lode_agent_exit(struct lode_agent *a)
{
	atomic_store(&a->stop, true);
	if (a->asker.advisor)
		a->asker.advisor->ops->cancel(a->asker.advisor);
	lode_agent_wake(a);
	for (int i = 0; i < EXIT_WAIT_MS && atomic_load(&a->working); i++)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	if (a->control)
		lode_control_stop(a->control);
}
