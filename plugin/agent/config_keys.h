/* The rows of the configuration table by number, for the environment and for listings. */
#ifndef LODE_AGENT_CONFIG_KEYS_H
#define LODE_AGENT_CONFIG_KEYS_H

#include "agent/config.h"

/* "LODESTONE_AGENT_MODE" for row i, NULL past the last. */
const char *lode_config_env_name(size_t i, char *buf, size_t len);
int lode_config_set_at(struct lode_config *c, size_t i, const char *value, struct lode_err *err);

/* A row as people are told of it (config_doc.c, the manual). Strings are static. */
struct lode_config_row {
	const char *section, *name, *initial, *doc;
	const char *const *words; /* NULL-terminated, or NULL where any text or number will do */
	char range[96];		  /* "a whole number, 0 to 5" */
};
bool lode_config_row(size_t i, struct lode_config_row *row); /* false past the last */
/* What a section is about, a sentence or two; NULL if nobody has said so. */
const char *lode_config_intro(const char *section);

#endif
