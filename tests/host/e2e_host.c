/* Applications with habits of their own, each a few lines on RocksDB's C API: how they end, how they fork, how they use signals.
 *
 *     e2e_host HABIT DIR SECONDS [TOKEN]
 *
 * Each opens a database, works for so many seconds with puts and gets, and leaves as its habit says. With a token: it is in every key, in
 * every value and in the name of a second column family. Nothing here knows of the tuner. */
#include "service.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

#define CHILDREN 6
#define BROKEN_WRITES 50

static atomic_uint alarms, pipes, foreign;

/* ---- habits ---- */

static void habit_close(double seconds)
{
	work(seconds);
	say_leaving();
	close_db();
}

static void habit_exit(double seconds)
{
	work(seconds);
	say_leaving();
	exit(7);
}

/* As the destructor of a static object in C++ whose constructor opened the database. */
static void at_the_end(void)
{
	close_db();
}

static void habit_destructor(double seconds)
{
	work(seconds);
	say_leaving();
	exit(7);
}

static void await_child(pid_t child, double begin)
{
	int status;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 5)
		die("child", "did not end as it should");
	if (now() - begin > 5)
		die("child", "took its time");
}

/* Children without exec, while the database is open. They end without exit handlers: RocksDB's own would wait for threads that a child
 * does not have. */
static void habit_fork(double seconds)
{
	for (int i = 0; i < CHILDREN; i++) {
		double begin;
		pid_t child;

		work(seconds / CHILDREN);
		begin = now();
		child = fork();
		if (child < 0)
			die("fork", strerror(errno));
		if (child == 0) {
			if (i & 1)
				_exit(5);
			quick_exit(5);
		}
		await_child(child, begin);
	}
	say_leaving();
	close_db();
}

/* One more that was there before the database, and leaves by exit() while it is open. */
static pid_t early_child(void)
{
	pid_t child = fork();

	if (child == 0) {
		sleep(1);
		exit(5);
	}
	return child;
}

/* A handler runs in one of the application's threads, or the signal was stolen. The threads of RocksDB and our own have other names. */
static void count_signal(int signal)
{
	char thread[16] = "";

	prctl(PR_GET_NAME, thread, 0, 0, 0);
	if (!strncmp(thread, "lode", 4))
		atomic_fetch_add(&foreign, 1);
	atomic_fetch_add(signal == SIGPIPE ? &pipes : &alarms, 1);
}

static void habit_signals(double seconds)
{
	struct sigaction act = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
	struct itimerval every = {{0, 5000}, {0, 5000}};
	int ends[2];

	if (pipe(ends))
		die("pipe", strerror(errno));
	close(ends[0]);
	sigaction(SIGPIPE, &act, NULL);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	for (int i = 0; i < BROKEN_WRITES; i++) {
		work(seconds / BROKEN_WRITES);
		if (write(ends[1], "x", 1) != -1 || errno != EPIPE)
			die("pipe", "was not broken");
	}
	memset(&every, 0, sizeof(every));
	setitimer(ITIMER_REAL, &every, NULL);
	close_db();
	printf("pipes %u of %d, alarms %u, foreign %u\n", atomic_load(&pipes), BROKEN_WRITES, atomic_load(&alarms), atomic_load(&foreign));
	say_leaving();
}

/* Says whether this process runs with the rights of another, and whether the preload is in it. */
static void habit_secure(double seconds)
{
	char line[1024];
	FILE *maps = fopen("/proc/self/maps", "re");
	int found = 0;

	work(seconds);
	while (maps && fgets(line, sizeof(line), maps))
		found |= strstr(line, "lodestone") != NULL;
	printf("secure %lu, lodestone %d\n", getauxval(AT_SECURE), found);
	close_db();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(double seconds);
	} habits[] = {{"close", habit_close},	    {"exit", habit_exit},	{"destructor", habit_destructor},
		      {"fork", habit_fork}, {"signals", habit_signals}, {"secure", habit_secure}};

	pid_t child = 0;

	if (argc < 4)
		die("usage", "e2e_host HABIT DIR SECONDS [TOKEN]");
	if (argc > 4)
		token = argv[4];
	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
		if (strcmp(habits[i].name, argv[1]) != 0)
			continue;
		if (habits[i].run == habit_fork)
			child = early_child();
		open_db(argv[2]);
		if (habits[i].run == habit_destructor)
			atexit(at_the_end);
		habits[i].run(atof(argv[3]));
		if (child > 0)
			await_child(child, now());
		return 0;
	}
	die("no such habit", argv[1]);
}
