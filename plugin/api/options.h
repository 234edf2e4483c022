/* The options object of the C API, and the advisor that a program brings. */
#ifndef LODE_API_OPTIONS_H
#define LODE_API_OPTIONS_H

#include "agent/agent.h"
#include "lodestone.h"

struct lodestone_options_t {
	struct lode_setting *setting; /* both strings ours */
	size_t nsetting;
	lodestone_event_fn *event;
	void *event_ctx;
	lodestone_advisor_fn *advise;
	void *advise_ctx;
	char advisor[24];
	lodestone_objective_fn *measure;
	void *measure_ctx;
	char metric[48];
	bool falls;
};

/* *errptr, as rocksdb/c.h has it: what was there is freed. */
void lode_api_fail(char **errptr, const char *message);

/* NULL: no memory. The name is copied. */
struct lode_advisor *lode_advisor_own(const char *name, lodestone_advisor_fn *fn, void *ctx);

#endif
