/* The only state that is global: the agent itself. */
#include "api/process.h"

#include "base/library.h"
#include "host/image.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* held while the agent is made */
static struct lode_agent *_Atomic agent;
static bool tried;
static struct lode_err why; /* there is none */
static atomic_bool left;

/* A copy of us inside the program stays out where the preload has brought another: the process has one agent. */
static int alone(struct lode_err *err)
{
	if (!lode_linked || !dlopen("liblodestone.so.0", RTLD_LAZY | RTLD_NOLOAD))
		return 0;
	return lode_err_set(err, EEXIST, "not by this copy of the tuner, for the preload has brought another one into the process, which sees to its databases");
}

static struct lode_agent *make(char *const *env, const struct lode_agent_owner *owner)
{
	return lode_library_possible(&why) || alone(&why) ? NULL : lode_agent_new(env, owner, &why);
}

struct lode_agent *lode_process_agent(char *const *env, const struct lode_agent_owner *owner, bool *made, struct lode_err *err)
{
	*made = false;
	if (atomic_load(&left)) {
		lode_err_set(err, ECHILD, "this process is the child of a fork: there is no agent here");
		return NULL;
	}
	pthread_mutex_lock(&lock);
	if (!tried) {
		tried = true;
		agent = make(env, owner);
		*made = agent != NULL;
	}
	if (!agent)
		lode_err_set(err, why.code, "%s", why.msg);
	pthread_mutex_unlock(&lock);
	return agent;
}

struct lode_agent *lode_process_there(void)
{
	return atomic_load(&agent);
}

bool lode_process_left(void)
{
	return atomic_load(&left);
}

void lode_process_leave(void)
{
	atomic_store(&left, true);
}
