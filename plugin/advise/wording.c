/* The fixed texts of the prompt and what is filled into them. What an operator's file may hold is checked when it is read, never while a prompt is built. */
#include "advise/wording.h"
#include "advise/extra.h"
#include "advise/tokens.h"
#include "base/fmt.h"
#include "base/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (64u << 10) /* bytes: beyond any number of tokens that is allowed */

static const char *const names[LODE_WORDING_N] = {
#define X(id, name) name,
	LODE_WORDINGS(X)
#undef X
};

/* ---- placeholders ---- */

static void put_changes_max(const struct lode_question *q, struct lode_buf *out)
{
	(void)q;
	lode_buf_addf(out, "%d", LODE_CHANGES_MAX);
}

static int kind_of(const struct lode_question *q)
{
	return q && q->objective ? q->objective->kind : LODE_BALANCED;
}

static void put_objective(const struct lode_question *q, struct lode_buf *out)
{
	lode_buf_adds(out, lode_objective_name[kind_of(q)]);
}

static void put_gain(const struct lode_question *q, struct lode_buf *out)
{
	lode_buf_addf(out, "it brings %s and nothing else gets worse by more than a small margin", lode_objective_doc(q->objective));
}

static void put_metrics(const struct lode_question *q, struct lode_buf *out)
{
	for (int m = 0; m < LODE_METRIC_N; m++)
		if (kind_of(q) == LODE_CUSTOM || !lode_metric_own((enum lode_metric)m))
			lode_buf_addf(out, "%s%s", m ? ", " : "", lode_metric_name[m]);
}

static void put_statistics(const struct lode_question *q, struct lode_buf *out)
{
	(void)q;
	for (int e = 0; e < LODE_EXTRA_N; e++)
		lode_buf_addf(out, "%s%s", e ? ", " : "", lode_extra_name((enum lode_extra)e));
}

static const struct placeholder {
	const char *name;
	void (*put)(const struct lode_question *q, struct lode_buf *out);
} placeholders[] = {
    {"changes_max", put_changes_max}, /* changes in one answer, at the most */
    {"objective", put_objective},     /* its name */
    {"gain", put_gain},		      /* what a change is kept for, in words */
    {"metrics", put_metrics},	      /* names that an expectation may have */
    {"statistics", put_statistics},   /* names that may be asked for */
};

static const struct placeholder *find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++)
		if (strlen(placeholders[i].name) == len && !memcmp(placeholders[i].name, name, len))
			return &placeholders[i];
	return NULL;
}

/* The next placeholder from p on: *name and *len are what stands between the braces; of one that is not closed, nothing. NULL: none. */
static const char *next_placeholder(const char *p, const char **name, size_t *len)
{
	const char *open = strstr(p, "{{"), *close;

	if (!open)
		return NULL;
	close = strstr(open, "}}");
	*name = close ? open + 2 : "";
	*len = close ? (size_t)(close - *name) : 0;
	return open;
}

/* ---- a file ---- */

static const char first[] = "version: ";

/* The version's word and its length; 0 if the first line is not of that form. */
static size_t version_of(const char *text, const char **word)
{
	size_t n;

	if (strncmp(text, first, sizeof first - 1) != 0)
		return 0;
	*word = text + sizeof first - 1;
	n = strspn(*word, "abcdefghijklmnopqrstuvwxyz0123456789.-");
	return n < LODE_WORDING_VERSION_MAX && (*word)[n] == '\n' ? n : 0;
}

static const char *body_of(const char *text)
{
	const char *end = strchr(text, '\n');

	return end ? end + 1 : text + strlen(text);
}

/* Printable ASCII and line ends: what every server and every log takes. */
static bool is_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] != '\n' && s[i] != '\t' && ((unsigned char)s[i] < 0x20 || (unsigned char)s[i] >= 0x7f))
			return false;
	return true;
}

static bool placeholders_known(const char *text, char *bad, size_t size)
{
	const char *name = NULL;
	size_t len = 0;

	for (const char *p = text; (p = next_placeholder(p, &name, &len)); p = name)
		if (!find(name, len)) {
			lode_fmt(bad, size, "%.*s", (int)(len < 30 ? len : 30), name);
			return false;
		}
	return true;
}

/* NULL, or what is wrong with it. room: tokens. */
static const char *fault(const char *text, size_t len, size_t room, char *why, size_t size)
{
	const char *word;
	char bad[32];

	if (!is_text(text, len)) {
		lode_fmt(why, size, "it holds bytes that are not plain text (ASCII)");
		return why;
	}
	if (!version_of(text, &word)) {
		lode_fmt(why, size, "its first line is not \"version: WORD\" (lower case letters, digits, '.' and '-', at most %d)", LODE_WORDING_VERSION_MAX - 1);
		return why;
	}
	if (!placeholders_known(text, bad, sizeof bad)) {
		lode_fmt(why, size, "there is no placeholder {{%s}}", bad);
		return why;
	}
	if (lode_tokens(text, len) > room) {
		lode_fmt(why, size, "it is about %zu tokens, and %zu are left for it: the fixed texts may take half of llm.prompt_tokens", lode_tokens(text, len), room);
		return why;
	}
	return NULL;
}

static const char *read_fault(int rc, const char *text, size_t len, size_t room, char *why, size_t size)
{
	if (rc == -E2BIG) {
		lode_fmt(why, size, "it is larger than %u bytes", FILE_MAX);
		return why;
	}
	if (rc) {
		lode_fmt(why, size, "%s", strerror(-rc));
		return why;
	}
	return fault(text, len, room, why, size);
}

static int load(struct lode_wording *w, int from, int to, const char *dir, unsigned tokens, struct lode_buf *notes)
{
	size_t room = tokens / 2;
	int unused = 0;

	memset(w, 0, sizeof *w);
	if (!dir || !*dir)
		return 0;
	for (int i = from; i < to; i++) {
		struct lode_buf text;
		char path[1024], reason[200];

		lode_fmt(path, sizeof path, "%s/%s.txt", dir, names[i]);
		lode_buf_init(&text, FILE_MAX);
		int rc = lode_fs_read(path, &text);
		const char *why = read_fault(rc, lode_buf_str(&text), text.len, room, reason, sizeof reason);
		if (!why && !(w->own[i] = strdup(lode_buf_str(&text))))
			why = "no memory";
		if (why) {
			lode_buf_addf(notes, "llm.prompt_dir: %s is not used, but the built-in text: %s\n", path, why);
			unused++;
		} else {
			room -= lode_tokens(w->own[i], strlen(w->own[i]));
		}
		lode_buf_fini(&text);
	}
	return unused;
}

int lode_wording_load(struct lode_wording *w, const char *dir, unsigned tokens, struct lode_buf *notes)
{
	return load(w, 0, LODE_WORDING_LIVE, dir, tokens, notes);
}

int lode_wording_load_offline(struct lode_wording *w, const char *dir, unsigned tokens, struct lode_buf *notes)
{
	return load(w, LODE_WORDING_OFFLINE, LODE_WORDING_N, dir, tokens, notes);
}

void lode_wording_free(struct lode_wording *w)
{
	for (int i = 0; i < LODE_WORDING_N; i++) {
		free(w->own[i]);
		w->own[i] = NULL;
	}
}

/* ---- use ---- */

static const char *text_of(const struct lode_wording *w, enum lode_wording_part part)
{
	return w && w->own[part] ? w->own[part] : lode_wording_builtin[part];
}

void lode_wording_print(const struct lode_wording *w, enum lode_wording_part part, const struct lode_question *q, struct lode_buf *out)
{
	const char *p = body_of(text_of(w, part)), *name = NULL, *open;
	size_t len = 0;

	while ((open = next_placeholder(p, &name, &len))) {
		const struct placeholder *ph = find(name, len);

		lode_buf_add(out, p, (size_t)(open - p));
		if (ph)
			ph->put(q, out);
		p = name + len;
		if (!strncmp(p, "}}", 2))
			p += 2;
	}
	lode_buf_adds(out, p);
}

static const char *versions(const struct lode_wording *w, int from, int to, char *buf, size_t len)
{
	size_t at = 0;

	buf[0] = '\0';
	for (int i = from; i < to && at < len; i++) {
		const char *word = "";
		size_t n = version_of(text_of(w, (enum lode_wording_part)i), &word);

		at += (size_t)lode_fmt(buf + at, len - at, "%s%.*s", i > from ? " " : "", (int)n, word);
	}
	return buf;
}

const char *lode_wording_versions(const struct lode_wording *w, char *buf, size_t len)
{
	return versions(w, 0, LODE_WORDING_LIVE, buf, len);
}

const char *lode_wording_version_offline(const struct lode_wording *w, char *buf, size_t len)
{
	return versions(w, LODE_WORDING_OFFLINE, LODE_WORDING_N, buf, len);
}
