/* A command line and an environment that grow. */
#include "tune/adapter.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

void tune_call_fini(struct tune_call *c)
{
	tune_words_free(c->argv);
	tune_words_free(c->env);
	memset(c, 0, sizeof(*c));
}

/* Takes word, which may be NULL: no memory. */
static void append(struct tune_call *c, char ***list, size_t *n, char *word)
{
	char **more = word ? realloc(*list, (*n + 2) * sizeof(**list)) : NULL;

	if (!more) {
		free(word);
		c->failed = true;
		return;
	}
	*list = more;
	more[(*n)++] = word;
	more[*n] = NULL;
}

static char *print(const char *fmt, va_list ap)
{
	char *out = NULL;

	return vasprintf(&out, fmt, ap) < 0 ? NULL : out;
}

void tune_call_word(struct tune_call *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(c, &c->argv, &c->argc, print(fmt, ap));
	va_end(ap);
}

void tune_call_env(struct tune_call *c, const char *name, const char *fmt, ...)
{
	size_t n = strlen(name);
	char *value, *both = NULL;
	va_list ap;

	va_start(ap, fmt);
	value = print(fmt, ap);
	va_end(ap);
	if (!value || asprintf(&both, "%s=%s", name, value) < 0)
		both = NULL;
	free(value);
	for (size_t i = 0; both && i < c->nenv; i++)
		if (strncmp(c->env[i], name, n) == 0 && c->env[i][n] == '=') {
			free(c->env[i]);
			c->env[i] = both;
			return;
		}
	append(c, &c->env, &c->nenv, both);
}

void tune_call_environment(struct tune_call *c)
{
	for (char **e = environ; e && *e; e++) {
		bool preload = strncmp(*e, "LD_PRELOAD=", 11) == 0 && strstr(*e, "liblodestone");

		if (!preload && strncmp(*e, "LODESTONE_", 10) != 0)
			append(c, &c->env, &c->nenv, strdup(*e));
	}
}
