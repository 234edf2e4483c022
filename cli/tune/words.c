/* Words of a command, as a shell splits them, and back again. Nothing is expanded: no variable, no pattern, no pipe. */
#include "tune/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 512

void tune_words_free(char **words)
{
	for (char **w = words; w && *w; w++)
		free(*w);
	free(words);
}

/* One word from *p into out; returns 0 past the last, 1, or -EINVAL: a quote that is not closed. */
static int next_word(const char **p, struct lode_buf *out)
{
	const char *s = *p + strspn(*p, " \t\n");
	char quote = 0;

	if (!*s)
		return 0;
	for (; *s && (quote || !strchr(" \t\n", *s)); s++) {
		if (quote ? *s == quote : *s == '\'' || *s == '"') {
			quote = quote ? 0 : *s;
			continue;
		}
		if (*s == '\\' && quote != '\'' && s[1])
			s++;
		lode_buf_add(out, s, 1);
	}
	*p = s;
	return quote ? -EINVAL : 1;
}

int tune_words_split(const char *text, char ***out, struct lode_err *err)
{
	char **words = calloc(WORDS_MAX + 1, sizeof(*words));
	struct lode_buf word;
	size_t n = 0;
	int rc = words ? 1 : lode_err_set(err, ENOMEM, "no memory");

	lode_buf_init(&word, 1 << 16);
	while (rc > 0) {
		lode_buf_clear(&word);
		rc = next_word(&text, &word);
		if (rc < 0)
			lode_err_set(err, EINVAL, "a quote in the command is not closed");
		else if (rc > 0 && (n == WORDS_MAX || word.failed))
			rc = lode_err_set(err, E2BIG, "the command is too long");
		else if (rc > 0 && !(words[n++] = strdup(lode_buf_str(&word))))
			rc = lode_err_set(err, ENOMEM, "no memory");
	}
	lode_buf_fini(&word);
	if (rc < 0) {
		tune_words_free(words);
		return rc;
	}
	*out = words;
	return 0;
}

static void add_quoted(struct lode_buf *out, const char *word)
{
	if (*word && !strpbrk(word, " \t\n'\"\\$`&|;<>()*?[]#~!{}")) {
		lode_buf_adds(out, word);
		return;
	}
	lode_buf_adds(out, "'");
	for (; *word; word++)
		if (*word == '\'')
			lode_buf_adds(out, "'\\''");
		else
			lode_buf_add(out, word, 1);
	lode_buf_adds(out, "'");
}

void tune_spec_show_command(const struct tune_spec *s, struct lode_buf *out)
{
	for (char **w = s->argv; w && *w; w++) {
		if (w != s->argv)
			lode_buf_adds(out, " ");
		add_quoted(out, *w);
	}
}

int tune_spec_command(struct tune_spec *s, int argc, char *const *argv, struct lode_err *err)
{
	char **words = calloc((size_t)argc + 1, sizeof(*words));

	for (int i = 0; words && i < argc; i++)
		if (!(words[i] = strdup(argv[i]))) {
			tune_words_free(words);
			words = NULL;
		}
	if (!words)
		return lode_err_set(err, ENOMEM, "no memory");
	tune_words_free(s->argv);
	s->argv = words;
	return 0;
}
