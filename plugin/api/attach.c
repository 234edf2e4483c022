/* The program's door: a database of its own, attached and detached by name. */
#include "api/attach.h"
#include "api/listener.h"
#include "api/options.h"
#include "api/process.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define RETIRED 256

struct lodestone_t {
	atomic_bool detached;
	struct lode_attached at;
};

/* Of the agent that was made for a program, for good. */
struct owner {
	lodestone_event_fn *event;
	void *event_ctx;
	lodestone_objective_fn *measure;
	void *measure_ctx;
};

static _Atomic(struct lode_agent *) ours; /* for the end of the process; NULL: the preload sees to it */

static void at_exit(void)
{
	if (atomic_load(&ours) && !lode_process_left())
		lode_agent_exit(atomic_load(&ours));
}

static void hear(void *ctx, const struct lode_event *e)
{
	static const int kinds[] = {[LODE_EVENT_APPLIED] = LODESTONE_APPLIED, [LODE_EVENT_REVERTED] = LODESTONE_REVERTED, [LODE_EVENT_VERDICT] = LODESTONE_VERDICT,
				    [LODE_EVENT_OVERRIDDEN] = LODESTONE_OVERRIDDEN};
	struct owner *o = ctx;
	o->event(o->event_ctx, &(lodestone_event_t){.kind = kinds[e->kind], .database = e->db, .trial = e->trial, .option = e->option, .family = e->cf, .value = e->value,
					   .what = e->what, .why = e->why});
}

static bool measure(void *ctx, const char *database, double *done, double *over)
{
	const struct owner *o = ctx;
	return o->measure(o->measure_ctx, database, done, over) != 0;
}

static struct owner *take_owner(const lodestone_options_t *o, struct lode_agent_owner *out)
{
	struct owner *who = malloc(sizeof(*who));
	if (!who)
		return NULL;
	*who = (struct owner){o->event, o->event_ctx, o->measure, o->measure_ctx};
	if (o->event)
		out->listener = (struct lode_listener){hear, who};
	if (o->measure) {
		out->meter = (struct lode_own_metric){.read = measure, .ctx = who, .falls = o->falls};
		memcpy(out->meter.name, o->metric, sizeof(out->meter.name));
	}
	return who;
}

/* Makes the agent if there is none. The preload registers for exit and fork itself; here nobody else does. */
static struct lode_agent *agent_for(const lodestone_options_t *o, struct lode_err *err)
{
	struct lode_agent_owner owner = {0};
	struct lode_agent *agent = NULL;
	struct owner *who = NULL;
	bool made;
	if (o) {
		owner.setting = o->setting;
		owner.nsetting = o->nsetting;
		owner.advisor = o->advise ? lode_advisor_own(o->advisor, o->advise, o->advise_ctx) : NULL;
		who = o->event || o->measure ? take_owner(o, &owner) : NULL;
		if ((o->advise && !owner.advisor) || ((o->event || o->measure) && !who)) {
			lode_err_set(err, ENOMEM, "no memory");
			goto unused;
		}
	}
	agent = lode_process_agent(NULL, &owner, &made, err);
	if (made) {
		atomic_store(&ours, agent);
		if (pthread_atfork(NULL, NULL, lode_process_leave) || atexit(at_exit))
			lode_log(LODE_LOG_WARN, "cannot register for fork and exit: call lodestone_detach before either");
		return agent;
	}
	if (agent && o && (o->nsetting || who || owner.advisor))
		lode_log(LODE_LOG_NOTICE, "the agent of this process is there already: the options of this attach are not taken");
unused:
	if (owner.advisor)
		owner.advisor->ops->free(owner.advisor);
	free(who);
	return agent;
}

static uint64_t number_of(struct lode_agent *agent, void *db, void **root, struct lode_err *err)
{
	struct lode_host *host;
	uint64_t number;
	if (lode_host_real_root(db, root, err))
		return 0;
	number = lode_agent_number(agent, *root);
	if (number) /* known already, by the preload or by an earlier attach */
		return number;
	if (lode_host_real_late(*root, &host, err))
		return 0;
	number = lode_agent_opened(agent, *root, host, NULL);
	if (!number)
		lode_err_set(err, ENOMEM, "no memory, or the process is about to end");
	return number;
}

int lode_api_attach(void *db, const lodestone_options_t *options, struct lode_attached *out, struct lode_err *err)
{
	out->agent = agent_for(options, err);
	out->number = out->agent ? number_of(out->agent, db, &out->root, err) : 0;
	return out->number ? 0 : -err->code;
}

lodestone_t *lodestone_attach_cpp(void *db, const lodestone_options_t *options, char **errptr)
{
	struct lode_err err = {0};
	lodestone_t *t = calloc(1, sizeof(*t));
	if (!t) {
		lode_api_fail(errptr, "no memory");
		return NULL;
	}
	if (lode_api_attach(db, options, &t->at, &err) == 0)
		return t;
	lode_api_fail(errptr, err.msg);
	free(t);
	return NULL;
}

/* struct rocksdb_t { DB *rep; }, and so the others, in every version. */
static lodestone_t *attach_rep(const void *wrapper, const lodestone_options_t *options, char **errptr)
{
	if (wrapper)
		return lodestone_attach_cpp(*(void *const *)wrapper, options, errptr);
	lode_api_fail(errptr, "there is no database: the open before has failed");
	return NULL;
}

lodestone_t *lodestone_attach(struct rocksdb_t *db, const lodestone_options_t *options, char **errptr)
{
	return attach_rep(db, options, errptr);
}

lodestone_t *lodestone_attach_transactiondb(struct rocksdb_transactiondb_t *db, const lodestone_options_t *options, char **errptr)
{
	return attach_rep(db, options, errptr);
}

lodestone_t *lodestone_attach_optimistictransactiondb(struct rocksdb_optimistictransactiondb_t *db, const lodestone_options_t *options, char **errptr)
{
	return attach_rep(db, options, errptr);
}

void lode_api_leave(struct lode_agent *agent, void *root)
{
	if (lode_process_left()) {
		lode_agent_orphaned(agent, root);
		return;
	}
	lode_agent_closing(agent, root);
	lode_agent_closed(agent, root);
}

/* Who uses a lodestone_t after lodestone_detach, which is forbidden, gets an error as a rule: the memory of the last ones is kept. */
static void retire(lodestone_t *t)
{
	static _Atomic(lodestone_t *) last[RETIRED];
	static atomic_uint next;
	free(atomic_exchange(&last[atomic_fetch_add(&next, 1) % RETIRED], t));
}

void lodestone_detach(lodestone_t *t)
{
	if (!t || atomic_exchange(&t->detached, true))
		return;
	if (lode_process_left() || lode_agent_number(t->at.agent, t->at.root) == t->at.number) { /* not closed by another door meanwhile */
		lode_api_leave(t->at.agent, t->at.root);
		if (!lode_process_left())
			lode_listener_forget(t->at.root);
	} else {
		lode_agent_let_go(t->at.agent, t->at.number);
	}
	retire(t);
}

/* True with the answer in *body; false, and *errptr says why. */
static bool ask(const lodestone_t *t, const char *verb, struct lode_buf *body, char **errptr)
{
	int code;
	if (!t || atomic_load(&t->detached)) {
		lode_api_fail(errptr, t ? "this tuner was detached: it must not be used any more" : "there is no tuner: the attach before has failed");
		return false;
	}
	if (lode_process_left()) {
		lode_api_fail(errptr, "this process is the child of a fork: there is no agent here");
		return false;
	}
	if (lode_agent_is_own_thread(t->at.agent)) {
		lode_api_fail(errptr, "not from a callback: the agent waits for it");
		return false;
	}
	code = lode_agent_ask(t->at.agent, t->at.number, verb, NULL, body);
	if (code == 200 && !body->failed)
		return true;
	lode_api_fail(errptr, body->len ? lode_buf_str(body) : "the database has not been looked at yet, or is closed");
	return false;
}

char *lodestone_status_json(const lodestone_t *t, char **errptr)
{
	struct lode_buf body;
	char *json = NULL;
	lode_buf_init(&body, 4u << 20);
	if (ask(t, "status", &body, errptr) && !(json = strdup(lode_buf_str(&body))))
		lode_api_fail(errptr, "no memory");
	lode_buf_fini(&body);
	return json;
}

static void command(lodestone_t *t, const char *verb, char **errptr)
{
	struct lode_buf body;
	lode_buf_init(&body, 1u << 20);
	ask(t, verb, &body, errptr);
	lode_buf_fini(&body);
}

void lodestone_pause(lodestone_t *t, char **errptr)
{
	command(t, "pause", errptr);
}

void lodestone_resume(lodestone_t *t, char **errptr)
{
	command(t, "resume", errptr);
}

void lodestone_rollback(lodestone_t *t, char **errptr)
{
	command(t, "rollback", errptr);
}
