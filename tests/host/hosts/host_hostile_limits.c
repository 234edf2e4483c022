/* Services in a corner: system calls are filtered, descriptors or threads are used up, databases come and go or are many.
 *
 *     host_hostile_limits LIMIT DIR SECONDS
 */
#include "service.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define REOPENED 1000
#define SETTLED 100
#define DATABASES 32
#define FAMILIES 20

static const char *dir;
static double seconds;

static void serve(void)
{
	open_db(dir);
	work(seconds);
	close_db();
	printf("done\n");
}

/* ---- filters ---- */

/* Refuses the given calls with an error; with only >= 0: the first of them only with this first argument. */
static void refuse(const int *calls, size_t n, int only, int error)
{
	struct sock_filter f[64];
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		f[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
		f[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, only >= 0 && i == 0 ? 3 : 1);
		if (only >= 0 && i == 0) {
			f[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]));
			f[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)only, 0, 1);
		}
		f[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error);
	}
	f[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {(unsigned short)at, f};
	/* TSYNC: the threads of others, too. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		die("seccomp", strerror(errno));
}

static const int wanted[] = {SYS_membarrier, SYS_process_vm_readv, SYS_eventfd2, SYS_close_range, SYS_unshare, SYS_getrandom, SYS_sched_setscheduler};
#define WANTED (sizeof(wanted) / sizeof(wanted[0]))

static void limit_filter_eperm(void)
{
	refuse(wanted, WANTED, -1, EPERM);
	serve();
}

static void limit_filter_enosys(void)
{
	refuse(wanted, WANTED, -1, ENOSYS);
	serve();
}

/* Asking is allowed, using is not: the worst for a library that trusts the answer. */
static void limit_filter_register(void)
{
	refuse(wanted, 1, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, EPERM);
	serve();
}

/* As sandboxes do it: open everything, then lock the door. Databases are closed and opened behind it. */
static void limit_filter_late(void)
{
	open_db(dir);
	work(seconds / 2);
	refuse(wanted, WANTED, -1, EPERM);
	work(seconds / 2);
	for (int i = 0; i < 3; i++) {
		close_db();
		open_db(dir);
		work(0.2);
	}
	close_db();
	printf("done\n");
}

/* ---- used up ---- */

static void use_up_descriptors(void)
{
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
}

/* Not one descriptor is left after the database is open; RocksDB has its files open and its threads made. */
static void limit_descriptors(void)
{
	struct rlimit few = {256, 256};

	setrlimit(RLIMIT_NOFILE, &few);
	open_db(dir);
	use_up_descriptors();
	work(seconds);
	for (int fd = 3; fd < 256; fd++) {
		char path[64], target[PATH_MAX];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		if (n == 9 && !memcmp(target, "/dev/null", 9))
			close(fd);
	}
	close_db();
	printf("done\n");
}

/* No thread can be made any more when the database is opened. RocksDB needs one itself, and has it from a database in memory, which is not
 * the agent's. Root knows no such limit. */
static void limit_threads(void)
{
	struct rlimit none = {0, 0};
	rocksdb_options_t *o = rocksdb_options_create();
	char *err = NULL;

	rocksdb_options_set_create_if_missing(o, 1);
	rocksdb_options_set_env(o, rocksdb_create_mem_env());
	if (!rocksdb_open(o, "/in/memory", &err))
		die("open", err);
	if (setgid(65534) || setuid(65534) || setrlimit(RLIMIT_NPROC, &none))
		die("setuid", strerror(errno));
	serve();
	fflush(stdout);
	_exit(0); /* with the one in memory left open */
}

/* As daemons do: everything is loaded, and then there is no other root than this. */
static void limit_jail(void)
{
	if (mkdir(dir, 0700) || chroot(dir) || chdir("/"))
		die("chroot", strerror(errno));
	dir = "/db";
	serve();
}

/* ---- many ---- */

static long in_file(const char *path, const char *format)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(path, "re");

	while (f && value < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, format, &value) != 1)
			value = -1;
	if (f)
		fclose(f);
	return value;
}

static int descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void report(const char *when)
{
	printf("%s rss %ld live %zu threads %ld fds %d\n", when, in_file("/proc/self/status", "VmRSS: %ld"), mallinfo2().uordblks,
	       in_file("/proc/self/status", "Threads: %ld"), descriptors());
}

static void limit_reopen(void)
{
	for (int i = 0; i <= REOPENED; i++) {
		rocksdb_options_t *o = rocksdb_options_create();
		char *err = NULL;

		rocksdb_options_set_create_if_missing(o, 1);
		rocksdb_options_set_keep_log_file_num(o, 2);
		rocksdb_t *one = rocksdb_open(o, dir, &err);
		if (err)
			die("open", err);
		if (i % 4 == 0)
			usleep(2000); /* some are seen by the agent, some are gone before */
		rocksdb_close(one);
		rocksdb_options_destroy(o);
		if (i == SETTLED || i == REOPENED) {
			usleep(1500000);
			report(i == SETTLED ? "settled" : "finished");
		}
	}
}

static long cpu_ms(const char *thread)
{
	char path[64], name[32];
	long ticks = 0;

	for (long id = getpid(); id < getpid() + 4000; id++) {
		unsigned long user, system;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", id);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%*d (%31[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", name, &user, &system) == 3 && !strcmp(name, thread))
			ticks += (long)(user + system);
		fclose(f);
	}
	return ticks * 1000 / sysconf(_SC_CLK_TCK);
}

static void limit_many(void)
{
	static char name[FAMILIES][16];
	static rocksdb_t *one[DATABASES];
	static rocksdb_column_family_handle_t *handle[DATABASES][FAMILIES];
	const rocksdb_options_t *each[FAMILIES];
	const char *names[FAMILIES];
	rocksdb_options_t *o = rocksdb_options_create();
	rocksdb_writeoptions_t *w = rocksdb_writeoptions_create();

	rocksdb_options_set_create_if_missing(o, 1);
	rocksdb_options_set_create_missing_column_families(o, 1);
	rocksdb_options_set_max_open_files(o, 16);
	for (int i = 0; i < FAMILIES; i++) {
		snprintf(name[i], sizeof(name[i]), i ? "family%d" : "default", i);
		names[i] = name[i];
		each[i] = o;
	}
	for (int i = 0; i < DATABASES; i++) {
		char path[4096], *err = NULL;

		snprintf(path, sizeof(path), "%s.%d", dir, i);
		one[i] = rocksdb_open_column_families(o, path, FAMILIES, names, each, handle[i], &err);
		if (err)
			die("open", err);
	}
	long before = cpu_ms("lodestone");
	double begin = now();
	while (now() < begin + seconds) {
		for (int i = 0; i < DATABASES; i++) {
			char *err = NULL;

			rocksdb_put_cf(one[i], w, handle[i][(int)(now() * 10) % FAMILIES], "key", 3, "value", 5, &err);
			if (err)
				die("put", err);
		}
		usleep(10000);
	}
	printf("agent %ld ms of cpu in %.1f s\n", cpu_ms("lodestone") - before, now() - begin);
	report("open");
	for (int i = 0; i < DATABASES; i++) {
		for (int f = 0; f < FAMILIES; f++)
			rocksdb_column_family_handle_destroy(handle[i][f]);
		rocksdb_close(one[i]);
	}
	printf("done\n");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} limits[] = {{"filter_eperm", limit_filter_eperm}, {"filter_enosys", limit_filter_enosys}, {"filter_register", limit_filter_register},
		      {"filter_late", limit_filter_late},   {"descriptors", limit_descriptors},	    {"threads", limit_threads}, {"jail", limit_jail},
		      {"reopen", limit_reopen},		    {"many", limit_many},		    {"plain", serve}};

	if (argc < 4)
		die("usage", "host_hostile_limits LIMIT DIR SECONDS");
	dir = argv[2];
	seconds = atof(argv[3]);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (strcmp(limits[i].name, argv[1]) == 0) {
			limits[i].run();
			return 0;
		}
	}
	die("no such limit", argv[1]);
}
