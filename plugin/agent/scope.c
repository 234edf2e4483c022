/* Shell patterns against the executable and the command line. A value: nothing of the process is read here. */
#include "agent/scope.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef bool match_fn(const char *pattern, const void *subject);

/* Does any of the patterns, separated by spaces, match? */
static bool any(const char *patterns, match_fn *match, const void *subject)
{
	char copy[512], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", patterns);
	for (char *p = strtok_r(copy, " \t", &save); p; p = strtok_r(NULL, " \t", &save))
		if (match(p, subject))
			return true;
	return false;
}

static bool match_exe(const char *pattern, const void *subject)
{
	const char *exe = subject, *base = strrchr(exe, '/');

	return fnmatch(pattern, exe, 0) == 0 || (base && fnmatch(pattern, base + 1, 0) == 0);
}

struct line {
	const char *args; /* each ended by a zero byte */
	size_t len;
	char *joined; /* all of them, with spaces between */
};

static bool match_args(const char *pattern, const void *subject)
{
	const struct line *l = subject;

	for (size_t at = 0; at < l->len; at += strlen(l->args + at) + 1)
		if (at && fnmatch(pattern, l->args + at, 0) == 0)
			return true;
	return fnmatch(pattern, l->joined, 0) == 0;
}

/* The last argument may lack its end where the line was cut. */
static bool read_line(const char *args, size_t len, struct line *l)
{
	char *copy = args ? calloc(2, len + 2) : NULL;

	if (!copy)
		return false;
	memcpy(copy, args, len);
	l->args = copy;
	l->len = len;
	l->joined = copy + len + 2;
	memcpy(l->joined, args, len);
	for (size_t i = 0; i + 1 < len; i++)
		if (!l->joined[i])
			l->joined[i] = ' ';
	return true;
}

bool lode_scope_meant(const struct lode_config *c, const char *exe, const char *args, size_t len, const char **why)
{
	struct line l = {0};
	bool line = read_line(args, len, &l);

	*why = NULL;
	if (c->exclude[0] && any(c->exclude, match_exe, exe))
		*why = "agent.exclude names this program";
	else if (c->include[0] && !any(c->include, match_exe, exe))
		*why = "agent.include does not name this program";
	else if ((c->exclude_args[0] || c->include_args[0]) && !line)
		*why = "the command line cannot be read, and agent.include_args or agent.exclude_args asks for it";
	else if (c->exclude_args[0] && any(c->exclude_args, match_args, &l))
		*why = "agent.exclude_args matches its arguments";
	else if (c->include_args[0] && !any(c->include_args, match_args, &l))
		*why = "agent.include_args does not match its arguments";
	free((void *)l.args);
	return !*why;
}
