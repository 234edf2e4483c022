/* The registry under load: host threads open and close, a reader reads, the agent thread ticks, publishes and reaps. For the sanitizers above all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/rcu.h"
#include "agent/registry.h"

#define OPENERS 3
#define ROUNDS 400

static struct lode_registry registry;
static atomic_bool stop;
static atomic_uint ticks, settles, overlaps, mixed;
static char keys[OPENERS * ROUNDS]; /* an address for each database */
static atomic_int inside[OPENERS * ROUNDS];

/* Whoever owns a database is alone in it. */
static void alone_in(const void *key)
{
	size_t i = (size_t)((const char *)key - keys);
	if (atomic_fetch_add(&inside[i], 1))
		atomic_fetch_add(&overlaps, 1);
	nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
	atomic_fetch_sub(&inside[i], 1);
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
}

static void *opener(void *arg)
{
	char *key = arg;
	for (int i = 0; i < ROUNDS; i++, key++) {
		struct lode_db *db = calloc(1, sizeof(*db));
		db->key = key;
		lode_registry_add(&registry, db);
		nap();
		db = lode_registry_find(&registry, key);
		if (!db || !lode_db_close(db))
			atomic_fetch_add(&mixed, 1);
		if (!db)
			continue;
		alone_in(key);
		atomic_fetch_add(&settles, 1);
		atomic_store(&db->settled, true);
		if (lode_db_close(db)) /* a second closer is turned away */
			atomic_fetch_add(&mixed, 1);
		atomic_store(&db->closed, true);
	}
	return NULL;
}

static void *reader(void *arg)
{
	struct lode_buf out;
	(void)arg;
	lode_buf_init(&out, 1 << 20);
	while (!atomic_load(&stop)) {
		lode_buf_clear(&out);
		lode_registry_read(&registry, &out);
		for (size_t i = 0; i + 1 < out.len; i += 4) /* "db!," and so on: whole texts, never a freed one */
			if (memcmp(out.data + i, "db!", 3) != 0)
				atomic_fetch_add(&mixed, 1);
	}
	lode_buf_fini(&out);
	return NULL;
}

static void *agent(void *arg)
{
	struct lode_buf text;
	(void)arg;
	lode_buf_init(&text, 64);
	lode_buf_adds(&text, "db!");
	while (!atomic_load(&stop)) {
		for (struct lode_db *db = lode_registry_next(&registry, NULL); db; db = lode_registry_next(&registry, db)) {
			if (!lode_db_claim(db))
				continue;
			alone_in(db->key);
			atomic_fetch_add(&ticks, 1);
			lode_db_publish(&registry, db, &text);
			lode_db_release(db);
		}
		lode_registry_reap(&registry);
		nap();
	}
	for (int i = 0; i < 200; i++)
		lode_registry_reap(&registry);
	lode_buf_fini(&text);
	return NULL;
}

static void test_many_threads(void **state)
{
	pthread_t openers[OPENERS], r, a;
	(void)state;
	pthread_create(&a, NULL, agent, NULL);
	pthread_create(&r, NULL, reader, NULL);
	for (int i = 0; i < OPENERS; i++)
		pthread_create(&openers[i], NULL, opener, keys + i * ROUNDS);
	for (int i = 0; i < OPENERS; i++)
		pthread_join(openers[i], NULL);
	atomic_store(&stop, true);
	pthread_join(a, NULL);
	pthread_join(r, NULL);
	assert_int_equal(settles, OPENERS * ROUNDS);
	assert_int_equal(overlaps, 0);
	assert_int_equal(mixed, 0);
	assert_true(ticks > 0);
	assert_null(registry.head);
}

static int open_rcu(void **state)
{
	(void)state;
	return lode_rcu_open(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_threads)};
	return cmocka_run_group_tests(tests, open_rcu, NULL);
}
