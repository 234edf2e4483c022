/* A stand-in for the agent: the preload loads it as liblodestone.so, it keeps a real host for every open database, and test programs reach
 * it through one exported table. With LODE_TEST_BACKGROUND=1 it also runs a thread per database that reads and writes without pause. */
#ifndef LODE_TEST_STANDIN_H
#define LODE_TEST_STANDIN_H

#ifdef __cplusplus
extern "C" {
#endif

#include "host/host.h"
#include "host/write.h"

struct standin_counts {
	unsigned opening, opened, failed, refused, read_only, closing, closed, unknown, rounds, errors;
};

struct standin_api {
	/* The host of a DBImpl*, or NULL. Valid until the database is destroyed. */
	struct lode_host *(*host)(void *db);
	void (*counts)(struct standin_counts *out);
	/* Why the last open was refused; "" if none was. */
	const char *(*reason)(void);
	int (*write)(struct lode_host *h, const struct lode_write *w, size_t n, struct lode_write_report *rep, struct lode_err *err);
	int (*read_back)(struct lode_host *h, struct lode_write *w, size_t n, struct lode_err *err);
	const char *(*option)(const struct lode_options *o, enum lode_section sec, const char *cf, const char *key);
	void (*options_free)(struct lode_options *o);
	/* Adds Statistics to databases that have none, from the next open on. */
	void (*set_inject)(bool on);
	int (*undo)(struct lode_host *h, const struct lode_write *w, size_t n, bool force, struct lode_write_report *rep, struct lode_err *err);
	int (*renew)(struct lode_host *h, const struct lode_write *w, size_t n, bool stopped, struct lode_write_report *rep, struct lode_err *err);
};

__attribute__((visibility("default"))) const struct standin_api *lodestone_test(void);

#ifdef __cplusplus
}
#endif

#endif
