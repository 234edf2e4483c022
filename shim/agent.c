/* Loads the agent when the first database opens, and keeps the list of open databases. A process that never opens one pays for a look
 * at its environment and nothing else: no thread, no memory, no output. */
#include "agent.h"
#include "heap.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#define AGENT_NAME "liblodestone.so"
#define DB_MAX 1024

/* Written by the constructor alone: */
static bool disabled;
static char early_path[PATH_MAX]; /* of this library, if it was named relative to a directory that the host may leave */
static char **environment;	  /* a copy of what the agent may want to know; NULL: no memory */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(pid_t) home; /* of the process that began to load the agent */
static _Atomic(bool) left;  /* this is a child of it */
static _Atomic(const struct lode_entry *) agent; /* set inside `once` */

/* The host may change its environment at any time from any of its threads, and programs that rename themselves overwrite what /proc shows of
 * it: so what the agent will read is copied while there is one thread. */
static char **copy_environment(char **env)
{
	static const char *const wanted[] = {"LODESTONE_", "HOME=", "XDG_STATE_HOME=", "XDG_RUNTIME_DIR=", "CREDENTIALS_DIRECTORY="};
	size_t n = 0, room = 0;
	char **copy;

	while (env && env[room])
		room++;
	copy = calloc(room + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < room; i++) {
		for (size_t w = 0; w < sizeof(wanted) / sizeof(wanted[0]); w++) {
			if (strncmp(env[i], wanted[w], strlen(wanted[w])) == 0 && (copy[n] = strdup(env[i])) != NULL)
				n++;
		}
	}
	return copy;
}

/* Is this word of LD_PRELOAD this library? By its file name: the path may be written in several ways. */
static bool is_own_name(const char *word, size_t len, const char *self)
{
	const char *slash = memrchr(word, '/', len), *name = slash ? slash + 1 : word, *own = strrchr(self, '/');

	own = own ? own + 1 : self;
	len -= (size_t)(name - word);
	return strlen(own) == len && strncmp(name, own, len) == 0;
}

/* agent.children = strip: the programs that this one starts get LD_PRELOAD without us, and everybody else's words as they were. */
static void leave_children_alone(const char *self)
{
	const char *children = getenv("LODESTONE_AGENT_CHILDREN"), *list = getenv("LD_PRELOAD");
	size_t len = 0;
	char *rest;

	if (!children || strcmp(children, "strip") != 0 || !list || !(rest = malloc(strlen(list) + 1)))
		return;
	while (*list) {
		size_t word = strcspn(list, ": "), next = word + (list[word] != '\0');

		if (word && !is_own_name(list, word, self)) {
			memcpy(rest + len, list, next);
			len += next;
		}
		list += next;
	}
	while (len && strchr(": ", rest[len - 1]))
		len--;
	rest[len] = '\0';
	if (len)
		setenv("LD_PRELOAD", rest, 1);
	else
		unsetenv("LD_PRELOAD");
	free(rest);
}

/* Secure processes are left alone; ld.so normally drops LD_PRELOAD there by itself. */
__attribute__((constructor)) static void look_at_environment(int argc, char **argv, char **env)
{
	const char *off = secure_getenv("LODESTONE_DISABLE");
	Dl_info info;

	(void)argc;
	(void)argv;
	disabled = getauxval(AT_SECURE) != 0 || (off && *off && strcmp(off, "0") != 0);
	if (disabled || !dladdr((const void *)&once, &info))
		return;
	if (info.dli_fname[0] != '/' && !realpath(info.dli_fname, early_path))
		early_path[0] = '\0';
	environment = copy_environment(env);
	leave_children_alone(info.dli_fname);
}

/* The agent's threads are not in a child, and its locks may be held there for ever. One that was made past the C library knows itself by its
 * number; one that shares our memory until it becomes another program is told apart, and changes nothing. */
static bool in_child(void)
{
	return left || getpid() != home;
}

static const struct lode_entry *here(void)
{
	const struct lode_entry *a = agent;

	return a && !in_child() ? a : NULL;
}

static void at_exit(void)
{
	const struct lode_entry *a = here();

	if (a)
		a->process_exit();
}

static void in_fork_child(void)
{
	const struct lode_entry *a = agent;

	left = true; /* also where the agent was only being loaded: its turn does not come again here */
	if (a)
		a->fork_child();
}

static void complain(const char *what, const char *detail)
{
	dprintf(STDERR_FILENO, "lodestone: not active: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
}

/* The agent stands beside this very library; it is never looked for anywhere else. */
static bool agent_path(char *out, size_t len)
{
	char real[PATH_MAX];
	Dl_info info;
	char *slash;

	if (!dladdr((const void *)&once, &info) || !realpath(early_path[0] ? early_path : info.dli_fname, real))
		return false;
	slash = strrchr(real, '/');
	if (!slash)
		return false;
	slash[1] = '\0';
	return (size_t)snprintf(out, len, "%s%s", real, AGENT_NAME) < len;
}

/* RTLD_DEEPBIND keeps the agent's own libraries from being replaced by symbols of the host. Where the process brings its own heap it would do
 * harm: the agent would give back to the C library what RocksDB took from the host's allocator. */
static int isolation(void)
{
	return shim_heap_of_libc() ? RTLD_DEEPBIND : 0;
}

static void load(void)
{
	const struct lode_entry *(*entry)(uint32_t, char *const *);
	char path[PATH_MAX + sizeof(AGENT_NAME)];
	const struct lode_entry *table;
	void *lib;

	if (left) /* by a fork in the middle of this function */
		return;
	home = getpid();
	if (pthread_atfork(NULL, NULL, in_fork_child)) {
		complain("cannot register for fork", NULL);
		return;
	}
	if (!agent_path(path, sizeof(path))) {
		complain("cannot tell where " AGENT_NAME " is", NULL);
		return;
	}
	lib = dlopen(path, RTLD_NOW | RTLD_LOCAL | isolation());
	if (!lib) {
		complain("cannot load the agent", dlerror());
		return;
	}
	entry = (const struct lode_entry *(*)(uint32_t, char *const *))(uintptr_t)dlsym(lib, "lodestone_entry");
	if (!entry) {
		complain(path, "not an agent library");
		return;
	}
	table = entry(LODE_ENTRY_ABI, environment);
	if (!table) /* switched off by its configuration: it has said so itself if there was anything to say */
		return;
	if (table->abi != LODE_ENTRY_ABI) {
		complain(path, "built for another version of the preload");
		return;
	}
	if (atexit(at_exit)) {
		complain("cannot register for exit", NULL);
		return;
	}
	agent = table;
}

const struct lode_entry *shim_agent(void)
{
	if (disabled || left)
		return NULL;
	pthread_once(&once, load);
	return here();
}

/* DBImpl pointers are aligned, which leaves two bits for how far the closing is. */
#define CLOSING ((uintptr_t)1)
#define SETTLED ((uintptr_t)2)

static _Atomic(uintptr_t) open_db[DB_MAX];

static _Atomic(uintptr_t) *db_find(uintptr_t word)
{
	for (size_t i = 0; i < DB_MAX; i++) {
		if (atomic_load_explicit(&open_db[i], memory_order_acquire) == word)
			return &open_db[i];
	}
	return NULL;
}

/* One entry in state `from` gets the word `to`; false if there is none. */
static bool db_move(uintptr_t from, uintptr_t to)
{
	_Atomic(uintptr_t) *slot;

	while ((slot = db_find(from)) != NULL) {
		if (atomic_compare_exchange_strong(slot, &(uintptr_t){from}, to))
			return true;
	}
	return false;
}

bool shim_db_add(void *db)
{
	return db_move(0, (uintptr_t)db);
}

void shim_db_closing(void *db)
{
	const struct timespec pause = {0, 200 * 1000};
	const struct lode_entry *a = agent;
	uintptr_t word = (uintptr_t)db;
	bool child = in_child();

	if (!a)
		return;
	if (child)
		a->fork_child();
	if (db_move(word, word | CLOSING)) {
		a->db_closing(db);
		db_move(word | CLOSING, word | SETTLED);
	}
	while (!child && db_find(word | CLOSING)) /* another thread was first and is not through */
		nanosleep(&pause, NULL);
}

void shim_db_closed(void *db)
{
	const struct lode_entry *a = here();

	if (a && db_move((uintptr_t)db | SETTLED, 0))
		a->db_closed(db);
}
