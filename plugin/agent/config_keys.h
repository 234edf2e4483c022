/* The rows of the configuration table by number, for the environment and for listings. */
#ifndef LODE_AGENT_CONFIG_KEYS_H
#define LODE_AGENT_CONFIG_KEYS_H

#include "agent/config.h"

/* "LODESTONE_AGENT_MODE" for row i, NULL past the last. */
const char *lode_config_env_name(size_t i, char *buf, size_t len);
int lode_config_set_at(struct lode_config *c, size_t i, const char *value, struct lode_err *err);

#endif
