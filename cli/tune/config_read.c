/* Reading an OPTIONS file (config.h): what RocksDB would take, and what it would refuse with the line. */
#include "tune/config_private.h"
#include "base/fs.h"
#include "host/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WITHHELD "withheld "

struct reader {
	struct tune_config *c;
	struct lode_err *err;
	unsigned line;
};

static int bad(struct reader *r, const char *what)
{
	return lode_err_set(r->err, EINVAL, "OPTIONS file, line %u: %s", r->line, what);
}

static int no_memory(struct reader *r)
{
	return lode_err_set(r->err, ENOMEM, "OPTIONS file: too large, or out of memory");
}

static bool add_option(struct reader *r, enum line_kind kind, uint32_t raw, const char *from, const char *eq, const char *to)
{
	struct line l = {.kind = kind, .raw = raw};
	const char *name_end = eq, *value = eq + 1;

	lode_options_trim(&from, &name_end);
	lode_options_trim(&value, &to);
	l.name = tune_config_keep(r->c, from, (size_t)(name_end - from));
	l.name_len = (uint32_t)(name_end - from);
	l.value = tune_config_keep(r->c, value, (size_t)(to - value));
	return l.name && l.value && tune_config_push(r->c, l);
}

/* Of an option, or of a member. name need not end where it ends. */
bool tune_config_name_good(const char *name, size_t n)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");

	if (!n || n >= TUNE_NAME_MAX || len < n || name[0] == '.' || name[n - 1] == '.')
		return false;
	for (size_t i = 1; i < n; i++)
		if (name[i] == '.' && name[i - 1] == '.')
			return false;
	return true;
}

/* Our own comments; any other is kept as text. */
static int read_comment(struct reader *r, uint32_t raw, const char *from, const char *to)
{
	static const char mark[] = TUNE_CONFIG_MARK;
	const char *eq, *word = from + sizeof mark - 1;

	if ((size_t)(to - from) >= sizeof mark - 1 && !memcmp(from, mark, sizeof mark - 1)) {
		bool withheld = (size_t)(to - word) > strlen(WITHHELD) && !memcmp(word, WITHHELD, strlen(WITHHELD));
		enum line_kind kind = withheld ? LINE_WITHHELD : LINE_CACHE;

		word += withheld ? strlen(WITHHELD) : 0;
		eq = memchr(word, '=', (size_t)(to - word));
		if (eq && (withheld ? r->c->nsection > 0 && tune_config_name_good(word, (size_t)(eq - word)) : (size_t)(eq - word) == strlen(CACHE_NAME) && !memcmp(word, CACHE_NAME, strlen(CACHE_NAME))))
			return add_option(r, kind, raw, word, eq, to) ? 0 : no_memory(r);
	}
	return tune_config_push(r->c, (struct line){.kind = LINE_TEXT, .raw = raw}) ? 0 : no_memory(r);
}

static int read_option(struct reader *r, uint32_t raw, const char *from, const char *to)
{
	const char *eq = memchr(from, '=', (size_t)(to - from));

	if (!r->c->nsection)
		return bad(r, "an option before the first section");
	if (!eq)
		return bad(r, "neither a section nor name=value");
	if (eq == from)
		return bad(r, "an option without a name");
	return add_option(r, LINE_OPTION, raw, from, eq, to) ? 0 : no_memory(r);
}

static size_t family_find(const struct tune_config *c, const char *name)
{
	for (size_t i = 0; i < c->nfamily; i++)
		if (!strcmp(c->pool + c->family[i], name))
			return i;
	return SIZE_MAX;
}

/* Of which kind is "[TableOptions/BlockBasedTable "default"]"; -1: one that we only keep. */
static int section_kind(const char *word, size_t len)
{
	static const struct {
		const char *word;
		enum tune_section kind;
	} words[] = {{"Version", TUNE_SEC_VERSION}, {"DBOptions", TUNE_SEC_DB}, {"CFOptions", TUNE_SEC_CF}, {"TableOptions/BlockBasedTable", TUNE_SEC_TABLE}};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i].word) == len && !memcmp(words[i].word, word, len))
			return (int)words[i].kind;
	return -1;
}

static int family_add(struct reader *r, const char *name)
{
	struct tune_config *c = r->c;

	if (!c->nfamily && strcmp(name, "default") != 0)
		return bad(r, "the first column family has to be \"default\"");
	if (family_find(c, name) != SIZE_MAX)
		return bad(r, "two sections of one column family");
	if (c->nfamily == TUNE_FAMILIES_MAX)
		return bad(r, "too many column families");
	c->family[c->nfamily] = tune_config_keep(c, name, strlen(name));
	return c->family[c->nfamily++] ? 0 : no_memory(r);
}

static int read_section(struct reader *r, uint32_t raw, const char *from, const char *to)
{
	struct tune_config *c = r->c;
	const char *open = memchr(from, '"', (size_t)(to - from)), *close = open ? memrchr(from, '"', (size_t)(to - from)) : NULL;
	const char *word = from + 1, *word_end = open ? open : to - 1;
	struct section s = {.family = SIZE_MAX};
	uint32_t name;
	int rc;

	if (to[-1] != ']')
		return bad(r, "a section without its closing bracket");
	if (open && close == open)
		return bad(r, "a section name without its closing quote");
	lode_options_trim(&word, &word_end);
	s.kind = section_kind(word, (size_t)(word_end - word));
	name = open ? tune_config_keep(c, open + 1, (size_t)(close - open - 1)) : tune_config_keep(c, "", 0);
	if (!name)
		return no_memory(r);
	lode_options_unescape(c->pool + name);
	for (size_t i = 0; i < c->nsection; i++)
		if (c->section[i].kind == s.kind && (s.kind == TUNE_SEC_VERSION || s.kind == TUNE_SEC_DB))
			return bad(r, "a second section of the same name");
	if (s.kind == TUNE_SEC_CF) {
		rc = open ? family_add(r, c->pool + name) : bad(r, "a column family's section without its name");
		if (rc)
			return rc;
	}
	if (s.kind == TUNE_SEC_CF || s.kind == TUNE_SEC_TABLE)
		s.family = family_find(c, c->pool + name);
	if (s.kind == TUNE_SEC_TABLE && s.family == SIZE_MAX)
		return bad(r, "table options of a column family that does not stand above them");
	if (!tune_config_room((void **)&c->section, &c->section_cap, c->nsection + 1, sizeof *c->section) ||
	    !tune_config_push(c, (struct line){.kind = LINE_SECTION, .raw = raw}))
		return no_memory(r);
	s.first = s.end = c->n - 1;
	c->section[c->nsection++] = s;
	return 0;
}

static int read_line(struct reader *r, const char *from, const char *to)
{
	uint32_t raw = tune_config_keep(r->c, from, (size_t)(to - from));
	const char *end = lode_options_comment(from, to);
	int rc;

	if (!raw)
		return no_memory(r);
	lode_options_trim(&from, &end);
	if (from == end) {
		lode_options_trim(&from, &to);
		return read_comment(r, raw, from, to);
	}
	rc = *from == '[' ? read_section(r, raw, from, end) : read_option(r, raw, from, end);
	if (!rc) /* comments and blank lines before the next section are of none */
		r->c->section[r->c->nsection - 1].end = r->c->n;
	return rc;
}

static int read_all(struct reader *r, const char *text, size_t len)
{
	const char *at = text, *end = text + len, *nl;
	int rc = 0;

	if (len > LODE_OPTIONS_MAX)
		return lode_err_set(r->err, EINVAL, "OPTIONS file: larger than %u bytes", LODE_OPTIONS_MAX);
	if (len && memchr(text, '\0', len))
		return lode_err_set(r->err, EINVAL, "OPTIONS file: not a text");
	for (; !rc && at < end; at = nl + 1) {
		nl = memchr(at, '\n', (size_t)(end - at));
		nl = nl ? nl : end;
		r->line++;
		rc = read_line(r, at, nl);
	}
	if (!rc && !r->c->nfamily)
		rc = bad(r, "it ends without any column family");
	for (size_t i = 0; !rc && i < r->c->nsection; i++)
		if (r->c->section[i].kind == TUNE_SEC_DB)
			return 0;
	return rc ? rc : bad(r, "it ends without a section DBOptions");
}

int tune_config_parse(const char *text, size_t len, struct tune_config **out, struct lode_err *err)
{
	struct reader r = {calloc(1, sizeof(struct tune_config)), err, 0};
	int rc;

	*out = NULL;
	if (!r.c)
		return lode_err_set(err, ENOMEM, "out of memory");
	rc = read_all(&r, text, len);
	if (rc) {
		tune_config_free(r.c);
		return rc;
	}
	*out = r.c;
	return 0;
}

int tune_config_load(const char *path, struct tune_config **out, struct lode_err *err)
{
	struct lode_buf text;
	struct lode_err why = {0};
	int rc;

	*out = NULL;
	lode_buf_init(&text, LODE_OPTIONS_MAX);
	rc = lode_fs_read(path, &text);
	if (rc)
		lode_err_set(err, -rc, "%s cannot be read: %s", path, strerrordesc_np(-rc));
	else if ((rc = tune_config_parse(lode_buf_str(&text), text.len, out, &why)))
		lode_err_set(err, -rc, "%s: %s", path, why.msg);
	lode_buf_fini(&text);
	return rc;
}
