/* lodestone help config and help tunables, and the parts of the manual pages that come from tables (--man): verbs, keys, those of the offline loop, options
 * of RocksDB. So no page
 * can say what the command does not do. The frames around them, and who puts both together, stand in scripts/packaging. */
#include "manual.h"

#include "agent/config_keys.h"
#include "guard/tunable.h"
#include "tune/spec.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define OUT_MAX (1u << 20)

/* ---- roff ---- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* One character. minus: a hyphen that a person may want to copy is not to be broken or made typographic. */
static void add_char(struct lode_buf *out, char c, bool minus)
{
	static const char special[] = "\\-~^`'";
	static const char *const escapes[] = {"\\e", "\\-", "\\(ti", "\\(ha", "\\(ga", "\\(aq"};
	const char *s = strchr(special, c);

	if (s && (c != '-' || minus))
		lode_buf_adds(out, escapes[s - special]);
	else
		lode_buf_addf(out, "%c", c);
}

static void add_literal(struct lode_buf *out, const char *s)
{
	for (; *s; s++)
		add_char(out, *s, true);
}

/* Something with such a character in it is typed or read, not spoken. */
static bool is_code(const char *s, size_t n)
{
	bool code = *s == '-';

	for (size_t i = 0; i < n; i++)
		code |= strchr("/_=:", s[i]) != NULL;
	return code;
}

/* A sentence; `so` in backquotes comes out bold. A line must not begin with a point: it does not, a sentence begins with a word. */
static void add_prose(struct lode_buf *out, const char *s)
{
	bool bold = false;

	while (*s) {
		size_t n = strcspn(s, " \n");
		bool code = bold || is_code(s, n);

		for (size_t i = 0; i < n; i++) {
			if (s[i] != '`') {
				add_char(out, s[i], code);
				continue;
			}
			bold = !bold;
			lode_buf_adds(out, bold ? "\\fB" : "\\fR");
			code |= bold;
		}
		s += n;
		if (*s) {
			lode_buf_adds(out, " ");
			s += strspn(s, " \n");
		}
	}
	lode_buf_adds(out, bold ? "\\fR" : "");
}

/* A sentence with a capital and a full stop, whatever the table has. */
static void add_sentence(struct lode_buf *out, const char *s, bool capital)
{
	struct lode_buf text;
	size_t n = strlen(s);

	lode_buf_init(&text, 8192);
	lode_buf_addf(&text, "%c%s%s", capital && !memchr(s, '_', strcspn(s, " ")) ? toupper((unsigned char)*s) : *s, n ? s + 1 : "",
		      n && strchr(".:!?", s[n - 1]) ? "" : ".");
	add_prose(out, lode_buf_str(&text));
	lode_buf_fini(&text);
}

/* The arguments of a usage line: what is typed bold, what something is put in place of slanted. Words in small letters are typed where one may choose
 * among them, as in [VERB|config]; in section.key=value they stand for others. */
static void add_usage(struct lode_buf *out, const char *s)
{
	for (char before = ' '; *s;) {
		bool option = *s == '-', word = is_word(*s), place = word && (isupper((unsigned char)*s) || !strchr("|[", before));
		size_t n = 1;

		while ((option || word) && (is_word(s[n]) || (s[n] == '-' && option)))
			n++;
		lode_buf_adds(out, place ? "\\fI" : option || word ? "\\fB" : "");
		for (size_t i = 0; i < n; i++)
			add_char(out, s[i], true);
		lode_buf_adds(out, option || word ? "\\fR" : "");
		before = s[n - 1];
		s += n;
	}
}

/* ---- verbs ---- */

/* One line of a verb's help: "  -x ARG   what it does" is an entry, anything else belongs to a paragraph. */
static void add_help_line(struct lode_buf *out, const char *line, size_t n, bool *paragraph)
{
	char text[1024];

	snprintf(text, sizeof text, "%.*s", (int)n, line);
	char *what = text[0] == ' ' && text[1] == ' ' && text[2] != ' ' ? strstr(text + 2, "  ") : NULL;
	if (what) {
		*what = '\0';
		lode_buf_adds(out, ".TP\n");
		add_usage(out, text + 2);
		lode_buf_adds(out, "\n");
		add_sentence(out, what + 2 + strspn(what + 2, " "), true);
		*paragraph = false;
	} else if (n) {
		if (!*paragraph)
			lode_buf_adds(out, ".PP\n");
		add_prose(out, text + strspn(text, " "));
		*paragraph = true;
	} else {
		*paragraph = false;
		return;
	}
	lode_buf_adds(out, "\n");
}

static void add_verb(struct lode_buf *out, const struct cli_verb *v)
{
	const char *common = strstr(v->help, cli_target_help);
	bool paragraph = false;

	lode_buf_addf(out, ".SS \"lodestone %s\"\n\\fBlodestone %s\\fR ", v->name, v->name);
	add_usage(out, v->args);
	lode_buf_adds(out, "\n.PP\n");
	add_sentence(out, v->brief, true);
	lode_buf_adds(out, "\n");
	for (const char *p = v->help; *p;) {
		if (p == common) { /* said once for all, in the frame */
			p += strlen(cli_target_help);
			continue;
		}
		size_t n = strcspn(p, "\n");
		add_help_line(out, p, n, &paragraph);
		p += n + (p[n] == '\n');
	}
}

/* ---- keys ---- */

static void add_bold(struct lode_buf *out, const char *before, const char *s)
{
	lode_buf_addf(out, "%s\\fB", before);
	add_literal(out, s);
	lode_buf_adds(out, "\\fR");
}

static void add_words(struct lode_buf *out, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		add_bold(out, i ? " | " : "", words[i]);
}

/* What a key does, and its default; behind its name. */
static void add_meaning(struct lode_buf *out, const char *doc, const char *initial)
{
	lode_buf_adds(out, "\n");
	add_sentence(out, doc, false);
	add_bold(out, "\n.br\nDefault: ", *initial ? initial : "");
	lode_buf_adds(out, *initial ? ".\n" : "empty.\n");
}

static void add_key(struct lode_buf *out, const struct lode_config_row *row)
{
	add_bold(out, ".TP\n", row->name);
	lode_buf_adds(out, " = ");
	if (row->words) {
		add_words(out, row->words);
	} else {
		lode_buf_adds(out, "\\fI");
		add_prose(out, row->range);
		lode_buf_adds(out, "\\fR");
	}
	add_meaning(out, row->doc, row->initial);
}

static void add_keys(struct lode_buf *out)
{
	struct lode_config_row row;
	const char *section = "";

	for (size_t i = 0; lode_config_row(i, &row); i++) {
		if (strcmp(section, row.section) != 0) {
			const char *intro = lode_config_intro(row.section);

			lode_buf_addf(out, ".SS [%s]\n", row.section);
			if (intro)
				add_sentence(out, intro, true);
			lode_buf_adds(out, intro ? "\n" : "");
		}
		section = row.section;
		add_key(out, &row);
	}
}

/* Of `lodestone tune`: lines of its file and options of the command line. */
static void add_tune_keys(struct lode_buf *out)
{
	struct tune_spec_key key;
	const char *section = "";

	for (size_t i = 0; tune_spec_key(i, &key); i++) {
		if (strcmp(section, key.section) != 0)
			lode_buf_addf(out, ".SS [%s]\n", key.section);
		section = key.section;
		add_bold(out, ".TP\n", key.name);
		if (key.flag) {
			lode_buf_adds(out, ", \\fB\\-\\-");
			add_literal(out, key.flag);
			lode_buf_adds(out, "\\fR");
		}
		if (key.words) {
			lode_buf_adds(out, ": ");
			add_words(out, key.words);
		}
		add_meaning(out, key.doc, key.initial);
	}
}

/* ---- options of RocksDB ---- */

static const struct part {
	const char *title, *about;
	enum lode_tier tier;
	bool restart;
} parts[] = {
    {"Options that are tuned", "What advisors may propose and what may be tried without another word.", LODE_TIER_DEFAULT, false},
    {"Options that need a word of the operator's", "They are left alone unless guard.allow_optin = true; the reason stands with each.", LODE_TIER_OPTIN, false},
    {"Options that are never touched", "RocksDB could change them while it runs. The tuner does not, whatever an advisor or a setting says.", LODE_TIER_FORBIDDEN, false},
    {"Options that need a restart", "The tuner in a running service never touches them.", LODE_TIER_OPTIN, true},
    {"Options that need a restart and are never touched", "Not changed by anything here.", LODE_TIER_FORBIDDEN, true},
};
#define PARTS (sizeof parts / sizeof parts[0])

static bool belongs(const struct lode_tunable *t, const struct part *p)
{
	return t->tier == p->tier && (t->scope == LODE_SCOPE_RESTART) == p->restart;
}

static const char *scope_of(const struct lode_tunable *t)
{
	return t->scope == LODE_SCOPE_DB      ? "database"
	       : t->scope == LODE_SCOPE_CACHE ? "block cache"
	       : lode_tunable_is_table(t)     ? "column family, table format"
	       : t->scope == LODE_SCOPE_CF    ? "column family"
					      : "at open";
}

static const char *acts(enum lode_lag lag)
{
	static const char *const words[] = {
	    [LODE_LAG_INSTANT] = "acts at once",
	    [LODE_LAG_FLUSH] = "acts from the next memtable or flush",
	    [LODE_LAG_SHAPE] = "acts as compactions reshape the tree",
	    [LODE_LAG_REWRITE] = "acts as files are written anew",
	    [LODE_LAG_CACHE] = "acts as the cache fills",
	};

	return words[lag];
}

static void add_range(struct lode_buf *out, const struct lode_tunable *t)
{
	char lo[64], hi[64];

	for (int i = 0; t->words && t->words[i]; i++)
		lode_buf_addf(out, "%s%s", i ? ", " : "", t->words[i]);
	if (t->words)
		return;
	if (t->kind == LODE_KIND_BOOL)
		lode_buf_adds(out, "true or false");
	else if (t->kind == LODE_KIND_OTHER)
		lode_buf_adds(out, "a structure or text");
	else
		lode_buf_addf(out, "%s to %s", lode_tunable_show(t, t->min, lo, sizeof lo), lode_tunable_show(t, t->max, hi, sizeof hi));
}

static void add_version(struct lode_buf *out, const char *word, unsigned v)
{
	lode_buf_addf(out, "%s RocksDB %u.%u", word, v / 10000, v / 100 % 100);
	if (v % 100)
		lode_buf_addf(out, ".%u", v % 100);
}

/* "column family, 64 KiB to 64 GiB, by a factor of 4 at once at the most; acts from ...; from RocksDB 9.8". */
static void add_facts(struct lode_buf *out, const struct lode_tunable *t)
{
	lode_buf_addf(out, "%s; ", scope_of(t));
	if (t->tier != LODE_TIER_FORBIDDEN) { /* else the bounds are only what the type holds */
		add_range(out, t);
		if (t->kind == LODE_KIND_MILLI)
			lode_buf_adds(out, " (advisors write it in thousandths)");
		if (t->step > 0)
			lode_buf_addf(out, ", by a factor of %g at once at the most", t->step);
		lode_buf_adds(out, "; ");
	}
	lode_buf_adds(out, t->scope == LODE_SCOPE_RESTART ? "acts after a restart" : acts(t->lag));
	if (t->since)
		add_version(out, "; from", t->since);
	if (t->until)
		add_version(out, "; before", t->until);
}

static void add_tunable(struct lode_buf *out, const struct lode_tunable *t, bool man)
{
	struct lode_buf facts;

	lode_buf_init(&facts, 4096);
	add_facts(&facts, t);
	if (man) {
		lode_buf_adds(out, ".TP\n\\fB");
		add_literal(out, t->id);
		lode_buf_adds(out, "\\fR\n");
		add_sentence(out, t->doc, true);
		if (t->why) {
			lode_buf_adds(out, t->tier == LODE_TIER_FORBIDDEN ? "\nNot touched: " : "\nNot by default: ");
			add_sentence(out, t->why, false);
		}
		lode_buf_adds(out, "\n.br\n");
		add_sentence(out, lode_buf_str(&facts), true);
		lode_buf_adds(out, "\n");
	} else {
		lode_buf_addf(out, "%s\n    %s\n    %s\n", t->id, t->doc, lode_buf_str(&facts));
		if (t->why)
			lode_buf_addf(out, "    %s: %s\n", t->tier == LODE_TIER_FORBIDDEN ? "not touched" : "not by default", t->why);
	}
	lode_buf_fini(&facts);
}

static void add_tunables(struct lode_buf *out, bool man)
{
	for (size_t p = 0; p < PARTS; p++) {
		lode_buf_addf(out, man ? ".SS %s\n" : p ? "\n== %s ==\n" : "== %s ==\n", parts[p].title);
		if (man)
			add_prose(out, parts[p].about);
		else
			lode_buf_adds(out, parts[p].about);
		lode_buf_adds(out, man ? "\n" : "\n\n");
		for (int i = 0; i < lode_tunable_count; i++)
			if (belongs(&lode_tunables[i], &parts[p]))
				add_tunable(out, &lode_tunables[i], man);
	}
}

int cli_manual(const char *what, bool man)
{
	struct lode_buf out;
	int status;

	lode_buf_init(&out, OUT_MAX);
	if (!strcmp(what, "config") && man)
		add_keys(&out);
	else if (!strcmp(what, "config"))
		lode_config_document(&out);
	else if (!strcmp(what, "tune"))
		add_tune_keys(&out);
	else if (!strcmp(what, "tunables"))
		add_tunables(&out, man);
	else
		for (int i = 0; i < cli_verb_count; i++)
			add_verb(&out, &cli_verbs[i]);
	status = out.failed ? cli_error(CLI_FAILED, "no memory") : CLI_DONE;
	if (!status)
		fputs(lode_buf_str(&out), stdout);
	lode_buf_fini(&out);
	return status;
}
