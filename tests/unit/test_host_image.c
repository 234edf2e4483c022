/* The gate, the careful reading of memory, and what an image that is no RocksDB is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/gate.h"
#include "host/image.h"
#include "host/probe.h"
#include "host/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void versions(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		unsigned major, minor;
	} cases[] = {
	    {"7.8.3", true, 7, 8}, {"10.10.1", true, 10, 10}, {"6.29.", true, 6, 29}, {"", false, 0, 0},
	    {"7", false, 0, 0},	   {"7.8", false, 0, 0},      {"x.1.2", false, 0, 0}, {"7.x.1", false, 0, 0},
	};
	unsigned major, minor;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(lode_image_parse_version(cases[i].text, &major, &minor), cases[i].ok);
		assert_true(major == cases[i].major && minor == cases[i].minor);
	}
}

static void not_a_rocksdb(void **state)
{
	struct lode_open open = {.image = dlopen("libc.so.6", RTLD_LAZY), .db = &open, .path = "/"};
	struct lode_host *h = (void *)1;
	struct lode_injected *keep = (void *)1;
	const char *why = NULL;
	struct lode_err err = {0};

	(void)state;
	assert_int_equal(lode_host_real_new(&open, &h, &err), -ENOTSUP);
	assert_null(h);
	assert_true(strlen(err.msg) > 20);
	assert_null(lode_statistics_inject(open.image, &open, &keep, &why));
	assert_true(keep == NULL && why);
	lode_statistics_view_done(NULL);
	lode_statistics_release(NULL);
	lode_host_real_free(NULL);
	dlclose(open.image);
}

static void wild_addresses(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *object = (void *)0x1234, *words[3] = {NULL, (void *)8, NULL}, *word;
	char out[64];

	(void)state;
	assert_true(two != MAP_FAILED && munmap(two + page, page) == 0);
	memset(two, 'x', page);
	assert_true(lode_probe_read(two, out, sizeof(out)));
	assert_false(lode_probe_read(two + page - 8, out, sizeof(out)));
	assert_false(lode_probe_read(NULL, out, 1));
	assert_int_equal(lode_probe_read_some(two + page - 8, out, sizeof(out)), 8);
	assert_int_equal(lode_probe_read_some(two + page, out, sizeof(out)), 0);
	assert_false(lode_probe_is_a((void *)8, object));
	assert_false(lode_probe_is_a((void *)(uintptr_t)-16, object));
	assert_false(lode_probe_is_a((char *)&object + 1, object));
	assert_false(lode_probe_is_a(&object, NULL));
	assert_true(lode_probe_is_a(&object, (void *)0x1234));
	assert_null(lode_probe_find((const void *const *)words, 3, (void *)0x1234));
	words[2] = &object;
	word = lode_probe_find((const void *const *)words, 3, (void *)0x1234);
	assert_ptr_equal(word, &object);
	munmap(two, page);
}

struct worker {
	struct lode_gate *gate;
	atomic_int *inside;
	atomic_ullong passed;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	while (lode_gate_enter(w->gate)) {
		atomic_fetch_add(w->inside, 1);
		atomic_fetch_add(&w->passed, 1);
		atomic_fetch_sub(w->inside, 1);
		lode_gate_leave(w->gate);
	}
	return NULL;
}

static void gate_waits_for_everybody(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct lode_gate gate = {0};
		atomic_int inside = 0;
		struct worker w = {&gate, &inside, 0};

		for (int i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, work, &w), 0);
		while (!atomic_load(&w.passed))
			sched_yield();
		lode_gate_shut(&gate);
		assert_int_equal(atomic_load(&inside), 0);
		unsigned long long passed = atomic_load(&w.passed);
		assert_false(lode_gate_enter(&gate));
		assert_true(lode_gate_is_shut(&gate));
		lode_gate_shut(&gate); /* again: returns at once */
		for (int i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(atomic_load(&w.passed), passed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(versions),
	    cmocka_unit_test(not_a_rocksdb),
	    cmocka_unit_test(wild_addresses),
	    cmocka_unit_test(gate_waits_for_everybody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
