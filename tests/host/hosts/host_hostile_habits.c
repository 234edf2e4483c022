/* Services that use signals, children, the environment and their own end in ways of their own, with a megabyte of thread-local storage.
 *
 *     host_hostile_habits HABIT DIR SECONDS
 *
 * Each prints what it saw of itself; what it should have seen is for the script to say. */
#include "service.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

#define WAITED 200

extern char **environ;
static __thread char big[1 << 20]; /* a stack that is only as large as we need has no room for this */
static const char *dir;
static double seconds;

static void begin(void)
{
	memset(big, 1, sizeof(big));
	open_db(dir);
}

/* ---- signals ---- */

static const int caught[] = {SIGALRM, SIGPROF, SIGUSR1, SIGPIPE, SIGSEGV, SIGHUP};
#define CAUGHT (sizeof(caught) / sizeof(caught[0]))
static atomic_uint seen[64], foreign;

static void on_signal(int signal)
{
	char thread[16] = "";

	prctl(PR_GET_NAME, thread, 0, 0, 0);
	if (!strncmp(thread, "lode", 4))
		atomic_fetch_add(&foreign, 1);
	atomic_fetch_add(&seen[signal], 1);
}

/* The classic of daemons: one signal is blocked everywhere and fetched by a thread of its own. Whoever has it open dies of it. */
static void *fetch(void *arg)
{
	sigset_t set;
	int signal;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGABRT);
	for (unsigned i = 0; i < WAITED; i++)
		if (sigwait(&set, &signal) == 0)
			atomic_fetch_add(&seen[signal], 1);
	return NULL;
}

static void send_and_wait(int signal)
{
	unsigned before = atomic_load(&seen[signal]);

	kill(getpid(), signal);
	while (atomic_load(&seen[signal]) == before)
		usleep(200);
}

static unsigned unlike(const struct sigaction *was, const sigset_t *mask)
{
	unsigned n = 0;

	for (size_t i = 0; i < CAUGHT; i++) {
		struct sigaction is;

		sigaction(caught[i], NULL, &is);
		n += is.sa_handler != was[i].sa_handler || is.sa_flags != was[i].sa_flags || memcmp(&is.sa_mask, &was[i].sa_mask, 8) != 0;
	}
	sigset_t now_mask;
	pthread_sigmask(SIG_BLOCK, NULL, &now_mask);
	return n + (memcmp(mask, &now_mask, 8) != 0);
}

static void habit_signals(void)
{
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, was[CAUGHT];
	struct itimerval every = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};
	pthread_t thread;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigaddset(&mask, SIGABRT);
	sigaddset(&mask, SIGWINCH);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	for (size_t i = 0; i < CAUGHT; i++) {
		sigaction(caught[i], &act, NULL);
		sigaction(caught[i], NULL, &was[i]);
	}
	begin();
	pthread_create(&thread, NULL, fetch, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	setitimer(ITIMER_PROF, &every, NULL);
	for (unsigned i = 0; i < WAITED; i++) {
		work(seconds / WAITED);
		send_and_wait(i & 1 ? SIGUSR2 : SIGABRT);
		send_and_wait(SIGUSR1);
		raise(SIGPIPE);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	setitimer(ITIMER_PROF, &never, NULL);
	pthread_join(thread, NULL);
	close_db();
	printf("fetched %u %u of %u, usr1 %u, pipe %u, foreign %u, changed %u\n", seen[SIGUSR2], seen[SIGABRT], WAITED, seen[SIGUSR1],
	       seen[SIGPIPE], foreign, unlike(was, &mask));
}

/* ---- children ---- */

/* A child that tidies up: it closes the database, and leaves. Not by exit(): RocksDB's own handlers would wait there for threads that a child
 * does not have. */
static void habit_fork(void)
{
	int status, good = 0;

	begin();
	for (int i = 0; i < 4; i++) {
		work(seconds / 4);
		pid_t child = fork();
		if (child == 0) {
			close_db();
			if (i & 1)
				_exit(5);
			quick_exit(5);
		}
		good += waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 5;
	}
	close_db();
	printf("children %d of 4\n", good);
}

/* The children are there first, and each opens a database of its own. */
static void habit_prefork(void)
{
	char own[4096];
	int status, good = 0;

	for (int i = 0; i < 3; i++) {
		pid_t child = fork();
		if (child == 0) {
			snprintf(own, sizeof(own), "%s.%d", dir, i);
			open_db(own);
			work(seconds);
			close_db();
			exit(5);
		}
	}
	begin();
	work(seconds);
	for (int i = 0; i < 3; i++)
		good += wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 5;
	close_db();
	printf("children %d of 3\n", good);
}

/* Lists what a program started by us inherits, again and again, in three ways. */
static void habit_exec(void)
{
	char *const list[] = {"ls", "-l", "/proc/self/fd", NULL};
	double end = now() + seconds;
	volatile unsigned n = 0; /* vfork */
	int status;

	begin();
	for (; now() < end; n++) {
		pid_t child = 0;

		work(0.01);
		fflush(stdout);
		if (n % 3 == 0) {
			if (system("ls -l /proc/self/fd"))
				die("system", strerror(errno));
			continue;
		}
		if (n % 3 == 1 && posix_spawnp(&child, "ls", NULL, NULL, list, environ))
			die("posix_spawn", strerror(errno));
		if (n % 3 == 2 && (child = vfork()) == 0) {
			execvp("ls", list);
			_exit(127);
		}
		if (waitpid(child, &status, 0) != child || status)
			die("child", "did not end as it should");
	}
	close_db();
	printf("executed %u\n", n);
}

/* What a child gets to see of us. */
static void habit_preload(void)
{
	begin();
	fflush(stdout);
	if (system("echo \"preload $LD_PRELOAD\"; grep -c liblodestone-preload /proc/self/maps | sed 's/^/mapped /'"))
		printf("not mapped\n");
	work(seconds);
	close_db();
}

/* ---- the environment ---- */

static atomic_bool enough;

static void *change_environment(void *arg)
{
	static char text[64][32];
	char name[32];

	(void)arg;
	for (unsigned i = 0; !atomic_load(&enough); i++) {
		snprintf(name, sizeof(name), "NOISE_%u", i % 200);
		setenv(name, i & 64 ? "a value that is much longer than the one before it" : "short", 1);
		snprintf(text[i % 64], sizeof(text[0]), "PUT_%u=%u", i % 64, i);
		putenv(text[i % 64]);
		snprintf(name, sizeof(name), "NOISE_%u", (i + 100) % 200);
		unsetenv(name);
		if (i % 1000 == 999) {
			usleep(100);
			setenv("LODESTONE_AGENT_MODE", "auto", 1); /* too late to mean anything */
			setenv("https_proxy", "http://127.0.0.1:1", 1);
			setenv("http_proxy", "http://127.0.0.1:1", 1);
			setenv("SSLKEYLOGFILE", "/nonexistent/keys", 1);
		}
	}
	return NULL;
}

static void habit_environment(void)
{
	pthread_t thread;

	/* Not while libraries are loaded, some of which look at the environment at once: no program may change it beside an opening of libraries. */
	begin();
	pthread_create(&thread, NULL, change_environment, NULL);
	work(seconds);
	close_db();
	atomic_store(&enough, true);
	pthread_join(thread, NULL);
	printf("done\n");
}

/* ---- ends ---- */

static void habit_quick_exit(void)
{
	begin();
	work(seconds);
	say_leaving();
	quick_exit(7);
}

static void habit__exit(void)
{
	begin();
	work(seconds);
	say_leaving();
	_exit(7);
}

static void habit_abort(void)
{
	begin();
	work(seconds);
	say_leaving();
	abort();
}

static void *work_and_exit(void *arg)
{
	work(seconds);
	say_leaving();
	exit(7);
	return arg;
}

/* main() is over long before; RocksDB's threads would keep the process alive if nobody ended it. */
static void habit_pthread_exit(void)
{
	pthread_t thread;

	begin();
	pthread_create(&thread, NULL, work_and_exit, NULL);
	pthread_detach(thread);
	pthread_exit(NULL);
}

static void habit_thread_exit(void)
{
	pthread_t thread;

	begin();
	pthread_create(&thread, NULL, work_and_exit, NULL);
	pthread_join(thread, NULL);
}

static void habit_replaced(void)
{
	begin();
	work(seconds);
	say_leaving();
	execlp("sh", "sh", "-c", "ls -l /proc/self/fd | grep -v ' -> /proc' | wc -l; exit 7", (char *)NULL);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} habits[] = {{"signals", habit_signals},
		      {"fork", habit_fork},
		      {"prefork", habit_prefork},
		      {"exec", habit_exec},
		      {"preload", habit_preload},
		      {"environment", habit_environment},
		      {"quick_exit", habit_quick_exit},
		      {"_exit", habit__exit},
		      {"abort", habit_abort},
		      {"pthread_exit", habit_pthread_exit},
		      {"thread_exit", habit_thread_exit},
		      {"replaced", habit_replaced}};

	if (argc < 4)
		die("usage", "host_hostile_habits HABIT DIR SECONDS");
	dir = argv[2];
	seconds = atof(argv[3]);
	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
		if (strcmp(habits[i].name, argv[1]) == 0) {
			habits[i].run();
			return 0;
		}
	}
	die("no such habit", argv[1]);
}
