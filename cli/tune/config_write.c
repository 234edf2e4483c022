/* OPTIONS files as RocksDB reads them, with what we have to say in comments. */
#include "base/fs.h"
#include "host/options.h"
#include "tune/config_private.h"

#include <errno.h>
#include <string.h>

/* A comment, one line of it for each of the text's; control characters become spaces. */
static void add_comment(struct lode_buf *out, const char *indent, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		lode_buf_addf(out, "%s# ", indent);
		for (size_t i = 0; i < len; i++)
			lode_buf_add(out, (unsigned char)text[i] < ' ' ? " " : &text[i], 1);
		lode_buf_adds(out, "\n");
		text += len + (text[len] == '\n');
	}
}

/* The notes on an option of a family, or on members of its struct. */
static void add_notes(struct lode_buf *out, const struct tune_layout *layout, const char *name, size_t family)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < layout->nnote; i++) {
		const struct tune_note *n = &layout->note[i];

		if (!strncmp(n->name, name, len) && (!n->name[len] || n->name[len] == '.') && (!n->only || n->only == family + 1))
			add_comment(out, "  ", n->text);
	}
}

static void add_line(const struct tune_config *c, const struct line *l, size_t family, const struct tune_layout *layout, struct lode_buf *out)
{
	const char *name = c->pool + l->name, *value = c->pool + l->value;

	switch (l->kind) {
	case LINE_GONE:
		return;
	case LINE_OPTION:
		add_notes(out, layout, name, family);
		if (!l->raw)
			lode_buf_addf(out, "  %s=%s\n", name, value);
		break;
	case LINE_CACHE:
		add_notes(out, layout, name, family);
		if (!l->raw)
			lode_buf_addf(out, TUNE_CONFIG_MARK "%s=%s\n", name, value);
		break;
	case LINE_WITHHELD:
		if (layout->final) {
			lode_buf_addf(out, "  %s=%s\n", name, value);
			return;
		}
		if (!l->raw)
			lode_buf_addf(out, "  " TUNE_CONFIG_MARK "withheld %s=%s\n", name, value);
		break;
	case LINE_TEXT:
	case LINE_SECTION:
		break;
	}
	if (l->raw)
		lode_buf_addf(out, "%s\n", c->pool + l->raw);
}

/* Whose section begins at a line; SIZE_MAX: no family's. */
static size_t family_at(const struct tune_config *c, size_t line)
{
	for (size_t i = 0; i < c->nsection; i++)
		if (c->section[i].first == line)
			return c->section[i].family;
	return SIZE_MAX;
}

int tune_config_write(const struct tune_config *c, const char *path, const struct tune_layout *layout, struct lode_err *err)
{
	static const struct tune_layout plain;
	size_t family = SIZE_MAX;
	struct lode_buf out;
	int rc;

	layout = layout ? layout : &plain;
	lode_buf_init(&out, 2 * (size_t)LODE_OPTIONS_MAX);
	if (layout->header)
		add_comment(&out, "", layout->header);
	for (size_t i = 0; i < c->n; i++) {
		if (c->line[i].kind == LINE_SECTION)
			family = family_at(c, i);
		add_line(c, &c->line[i], family, layout, &out);
	}
	rc = out.failed ? -ENOMEM : lode_fs_write_atomic(path, out.data, out.len, 0644);
	lode_buf_fini(&out);
	return rc ? lode_err_set(err, -rc, "%s cannot be written: %s", path, strerrordesc_np(-rc)) : 0;
}
