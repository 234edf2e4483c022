/* Which processes are meant: include and exclude, by executable and by arguments. */
#ifndef LODE_AGENT_SCOPE_H
#define LODE_AGENT_SCOPE_H

#include "agent/config.h"

/* exe: path of the executable. args: its command line as in /proc/PID/cmdline, each argument (the program's name first) ended by a zero byte;
 * NULL where it cannot be read: then a configuration that asks for arguments keeps us out. *why (NULL when meant) names the setting. */
bool lode_scope_meant(const struct lode_config *c, const char *exe, const char *args, size_t len, const char **why);

#endif
