/* The list of databases and its grace periods. Pointers are C11 atomics; liburcu gives readers their sections and the reaper its grace periods. */
#include "agent/registry.h"
#include "agent/rcu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void lode_registry_add(struct lode_registry *r, struct lode_db *db)
{
	struct lode_db *head = atomic_load(&r->head);
	do
		atomic_store(&db->next, head);
	while (!atomic_compare_exchange_weak(&r->head, &head, db));
}

struct lode_db *lode_registry_find(struct lode_registry *r, const void *key)
{
	struct lode_db *db;
	lode_rcu_read_lock();
	for (db = atomic_load(&r->head); db; db = atomic_load(&db->next))
		if (db->key == key && !atomic_load(&db->closed))
			break;
	lode_rcu_read_unlock(); /* it cannot be reaped before it is marked closed, which only the caller's thread will do */
	return db;
}

void lode_registry_let_go(struct lode_registry *r, uint64_t number)
{
	lode_rcu_read_lock();
	for (struct lode_db *db = atomic_load(&r->head); db; db = atomic_load(&db->next))
		if (db->number == number && atomic_load(&db->settled))
			atomic_store(&db->closed, true);
	lode_rcu_read_unlock();
}

struct lode_db *lode_registry_next(struct lode_registry *r, struct lode_db *after)
{
	return atomic_load(after ? &after->next : &r->head);
}

bool lode_db_claim(struct lode_db *db)
{
	int expected = LODE_FREE;
	return !atomic_load(&db->closing) && atomic_compare_exchange_strong(&db->owner, &expected, LODE_AGENT);
}

void lode_db_release(struct lode_db *db)
{
	lode_host_real_rest(db->host);
	atomic_store(&db->owner, LODE_FREE);
}

bool lode_db_close(struct lode_db *db)
{
	int expected = LODE_FREE;
	if (atomic_exchange(&db->closing, true))
		return false;
	while (!atomic_compare_exchange_strong(&db->owner, &expected, LODE_CLOSER)) {
		nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL); /* a tick is a millisecond, or one SetOptions */
		expected = LODE_FREE;
	}
	return true;
}

/* ---- published texts ---- */

static void retire(struct lode_registry *r, struct lode_text *old)
{
	if (!old)
		return;
	if (r->nretired == sizeof(r->retired) / sizeof(r->retired[0])) {
		lode_rcu_wait();
		for (size_t i = 0; i < r->nretired; i++)
			free(r->retired[i]);
		r->nretired = 0;
	}
	r->retired[r->nretired++] = old;
}

void lode_db_publish(struct lode_registry *r, struct lode_db *db, struct lode_buf *text)
{
	struct lode_text *t = text->failed ? NULL : malloc(sizeof(*t) + text->len + 1);
	if (!t)
		return; /* the one before stays */
	t->len = text->len;
	memcpy(t->data, lode_buf_str(text), text->len + 1);
	retire(r, atomic_exchange(&db->status, t));
}

void lode_registry_read(struct lode_registry *r, struct lode_buf *out)
{
	bool more = false;
	lode_rcu_read_lock();
	for (struct lode_db *db = atomic_load(&r->head); db; db = atomic_load(&db->next)) {
		const struct lode_text *t = atomic_load(&db->status);
		if (!t || atomic_load(&db->closing))
			continue;
		if (more)
			lode_buf_add(out, ",", 1);
		lode_buf_add(out, t->data, t->len);
		more = true;
	}
	lode_rcu_read_unlock();
}

bool lode_registry_read_one(struct lode_registry *r, uint64_t number, struct lode_buf *out)
{
	const struct lode_text *t = NULL;
	lode_rcu_read_lock();
	for (struct lode_db *db = atomic_load(&r->head); db && !t; db = atomic_load(&db->next))
		if (db->number == number && !atomic_load(&db->closing))
			t = atomic_load(&db->status);
	if (t)
		lode_buf_add(out, t->data, t->len);
	lode_rcu_read_unlock();
	return t;
}

/* ---- reaping ---- */

/* The head changes under our hands when a database opens; everything behind it is ours alone to unlink. */
static void unlink_db(struct lode_registry *r, struct lode_db *db)
{
	struct lode_db *p = db, *next = atomic_load(&db->next);
	if (atomic_compare_exchange_strong(&r->head, &p, next))
		return;
	for (p = atomic_load(&r->head); atomic_load(&p->next) != db; p = atomic_load(&p->next))
		;
	atomic_store(&p->next, next);
}

static void free_db(struct lode_db *db)
{
	lode_conductor_free(db->conductor);
	lode_host_real_free(db->host);
	if (db->statistics)
		lode_statistics_release(db->statistics);
	free(atomic_load(&db->status));
	free(db);
}

void lode_registry_reap(struct lode_registry *r)
{
	struct lode_db *dead[16];
	size_t n = 0;
	for (struct lode_db *db = atomic_load(&r->head), *next; db && n < 16; db = next) {
		next = atomic_load(&db->next);
		if (atomic_load(&db->closed) && atomic_load(&db->settled)) {
			unlink_db(r, db);
			dead[n++] = db;
		}
	}
	if (!n && !r->nretired)
		return;
	lode_rcu_wait();
	for (size_t i = 0; i < n; i++)
		free_db(dead[i]);
	for (size_t i = 0; i < r->nretired; i++)
		free(r->retired[i]);
	r->nretired = 0;
}
