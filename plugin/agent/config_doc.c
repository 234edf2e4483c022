/* The configuration as a file that one reads: every section with a word about it, every key commented out at its default. */
#include "agent/config_keys.h"

#include <string.h>

#define WIDTH 100

static const struct {
	const char *section, *intro;
} intros[] = {
    {"agent", "What the tuner may do in this process, and where it keeps its files. The one key that most people set is mode: without it nothing is ever changed."},
    {"log", "What is said while it runs, and where. The journal, which has everything that was done and why, is always written; see state_dir."},
    {"advisor", "Who proposes changes. Whoever it is, the guard checks and the judge decides."},
    {"llm", "The language model, where advisor.kind = llm. A model needs url, model and mostly a key; prices and limits keep what it costs in bounds."},
    {"relay", "Read by `lodestone relay` only: one process that holds the key and calls the model for services that may not."},
    {"objective", "What better means, and what is promised to users whatever else gets better."},
    {"guard", "How far the tuner may go: memory, options that need a word of yours, the harm that trials may do in a day, and what a change may cost beside its gain."},
    {"judge", "How sure it must be before a change is kept, and how long it may take."},
};

const char *lode_config_intro(const char *section)
{
	for (size_t i = 0; i < sizeof(intros) / sizeof(intros[0]); i++)
		if (strcmp(intros[i].section, section) == 0)
			return intros[i].intro;
	return NULL;
}

/* As comment lines that are not too long to read. */
static void add_comment(struct lode_buf *out, const char *text)
{
	size_t column = 1;

	lode_buf_adds(out, "#");
	for (size_t n; *text; text += n) {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		if (column > 1 && column + 1 + n > WIDTH) {
			lode_buf_adds(out, "\n#");
			column = 1;
		}
		lode_buf_addf(out, " %.*s", (int)n, text);
		column += 1 + n;
	}
	lode_buf_adds(out, "\n");
}

void lode_config_document(struct lode_buf *out)
{
	struct lode_config_row row;
	const char *section = "";

	for (size_t i = 0; lode_config_row(i, &row); i++) {
		if (strcmp(section, row.section) != 0) {
			const char *intro = lode_config_intro(row.section);

			lode_buf_addf(out, "%s[%s]\n", *section ? "\n\n" : "", row.section);
			if (intro)
				add_comment(out, intro);
		}
		section = row.section;
		lode_buf_adds(out, "\n");
		add_comment(out, row.doc);
		for (int w = 0; row.words && row.words[w]; w++)
			lode_buf_addf(out, "%s%s%s", w ? ", " : "# One of: ", row.words[w], row.words[w + 1] ? "" : ".\n");
		lode_buf_addf(out, "#%s = %s\n", row.name, row.initial);
	}
}
