/* The agent's log: one line an event, to standard error or a file. Never blocks for long, never fails loudly, safe from any thread. */
#ifndef LODE_BASE_LOG_H
#define LODE_BASE_LOG_H

#include <stdarg.h>

enum lode_log_level { LODE_LOG_ERROR, LODE_LOG_WARN, LODE_LOG_NOTICE, LODE_LOG_INFO, LODE_LOG_DEBUG, LODE_LOG_OFF = -1 };

/* Both may be called at any time. path NULL or "stderr" = standard error; "%p" in it becomes the process id. Opened O_APPEND|O_CLOEXEC, mode 0600. */
void lode_log_level_set(int level);
int lode_log_open(const char *path);
void lode_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* one write(2) a line; keeps errno */
int lode_log_level_parse(const char *word, int *level);

#endif
