/* The terminal: size, colours, and text from elsewhere made safe for it. */
#include "cli.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (int i = 0; i < 3; i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return false;
}

void cli_term_size(struct cli_term *t)
{
	struct winsize w;

	t->columns = 80;
	t->rows = 24;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_col && w.ws_row) {
		t->columns = w.ws_col;
		t->rows = w.ws_row;
	}
}

void cli_term_init(struct cli_term *t)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	t->tty = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
	t->colour = t->tty && !(no_colour && *no_colour);
	t->utf8 = utf8_locale();
	cli_term_size(t);
}

void cli_add_cut(struct lode_buf *out, const char *s, int columns)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t keep = out->len; /* where the mark goes if it does not fit */
	int n = 0;

	for (; *p; n++) {
		int len = lode_text_shown(p);

		if (n == columns) {
			if (!out->failed && columns > 1) {
				out->len = keep;
				lode_buf_adds(out, "~");
			}
			return;
		}
		if (n == columns - 1)
			keep = out->len;
		if (len)
			lode_buf_add(out, p, (size_t)len);
		else
			lode_buf_adds(out, *p == '\n' || *p == '\t' ? " " : "?");
		p += len ? len : 1;
	}
}

void cli_add_text(struct lode_buf *out, const char *s)
{
	cli_add_cut(out, s, -1);
}

void cli_add_colour(struct lode_buf *out, const struct cli_term *t, enum cli_colour c)
{
	static const char *const codes[] = {"0", "1", "2", "32", "33", "31", "36"};

	if (t->colour)
		lode_buf_addf(out, "\x1b[%sm", codes[c]);
}

void cli_add_spark(struct lode_buf *out, const struct cli_term *t, const double *v, int n)
{
	static const char *const fine[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const plain[] = {"_", "_", ".", ".", "-", "-", "^", "^"};
	double top = 0;

	for (int i = 0; i < n; i++)
		if (v[i] > top) /* false for a NaN */
			top = v[i];
	for (int i = 0; i < n; i++) {
		if (!(v[i] >= 0)) {
			lode_buf_adds(out, " ");
			continue;
		}
		int level = top > 0 ? (int)(v[i] / top * 7.999) : 0;
		lode_buf_adds(out, (t->utf8 ? fine : plain)[level]);
	}
}

void cli_add_bar(struct lode_buf *out, const struct cli_term *t, double share, int width)
{
	int full = share > 0 ? (int)(share < 1 ? share * width : width) : 0;

	for (int i = 0; i < width; i++)
		lode_buf_adds(out, i < full ? (t->utf8 ? "█" : "#") : t->utf8 ? "░" : ".");
}

int cli_write_out(const struct lode_buf *out)
{
	fwrite(lode_buf_str(out), 1, out->len, stdout);
	if (out->failed)
		return cli_error(CLI_FAILED, "there was more to say than there is room for");
	return CLI_DONE;
}
