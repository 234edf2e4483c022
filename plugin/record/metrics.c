/* Prometheus text exposition format 0.0.4 from plain values. */
#include "record/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_MAX (1u << 20) /* all samples of a family together; more is a mistake of ours */
#define FAMILIES_MAX 512

struct family {
	char *name;
	char *help;
	enum lode_metric_type type;
	struct lode_buf samples; /* finished lines */
};

struct lode_expo {
	struct family *family;
	size_t n;
};

struct lode_expo *lode_expo_new(void)
{
	return calloc(1, sizeof(struct lode_expo));
}

void lode_expo_free(struct lode_expo *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n; i++) {
		free(e->family[i].name);
		free(e->family[i].help);
		lode_buf_fini(&e->family[i].samples);
	}
	free(e->family);
	free(e);
}

/* [a-zA-Z_:][a-zA-Z0-9_:]* */
static bool name_ok(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";

	return *s && !(*s >= '0' && *s <= '9') && strspn(s, letters) == strlen(s);
}

static struct family *find(struct lode_expo *e, const char *name, enum lode_metric_type type, const char *help)
{
	for (size_t i = 0; i < e->n; i++)
		if (!strcmp(e->family[i].name, name))
			return &e->family[i];
	if (e->n == FAMILIES_MAX || !name_ok(name))
		return NULL;
	struct family *grown = realloc(e->family, (e->n + 1) * sizeof *grown);
	if (!grown)
		return NULL;
	e->family = grown;
	struct family *f = &grown[e->n];
	*f = (struct family){.name = strdup(name), .help = strdup(help ? help : ""), .type = type};
	if (!f->name || !f->help) {
		free(f->name);
		free(f->help);
		return NULL;
	}
	lode_buf_init(&f->samples, LABELS_MAX);
	e->n++;
	return f;
}

static void add_value(struct lode_buf *out, double v)
{
	if (isnan(v))
		lode_buf_adds(out, "NaN");
	else if (isinf(v))
		lode_buf_adds(out, v > 0 ? "+Inf" : "-Inf");
	else if (v == floor(v) && fabs(v) < 0x1p53)
		lode_buf_addf(out, "%.0f", v); /* counters and bytes stay exact */
	else
		lode_buf_addf(out, "%.9g", v);
}

void lode_expo_add(struct lode_expo *e, const char *family, enum lode_metric_type type, const char *help, const char *labels, double value)
{
	struct family *f = e ? find(e, family, type, help) : NULL;

	if (!f)
		return;
	size_t before = f->samples.len;
	lode_buf_adds(&f->samples, family);
	if (labels && *labels) {
		lode_buf_adds(&f->samples, "{");
		lode_buf_adds(&f->samples, labels);
		lode_buf_adds(&f->samples, "}");
	}
	lode_buf_adds(&f->samples, " ");
	add_value(&f->samples, value);
	lode_buf_adds(&f->samples, "\n");
	if (f->samples.failed && f->samples.data) {
		/* Half a line would spoil the whole page for the scraper. */
		f->samples.len = before;
		f->samples.data[before] = '\0';
	}
}

/* Backslash and newline always, the quote in label values only. */
static void add_escaped(struct lode_buf *out, const char *s, bool quote)
{
	for (; *s; s++) {
		if (*s == '\n')
			lode_buf_adds(out, "\\n");
		else if (*s == '\\' || (quote && *s == '"'))
			lode_buf_addf(out, "\\%c", *s);
		else
			lode_buf_add(out, s, 1);
	}
}

void lode_expo_label(struct lode_buf *labels, const char *name, const char *value)
{
	if (labels->len)
		lode_buf_adds(labels, ",");
	lode_buf_adds(labels, name);
	lode_buf_adds(labels, "=\"");
	add_escaped(labels, value ? value : "", true);
	lode_buf_adds(labels, "\"");
}

void lode_expo_render(const struct lode_expo *e, struct lode_buf *out)
{
	for (size_t i = 0; e && i < e->n; i++) {
		const struct family *f = &e->family[i];

		lode_buf_addf(out, "# HELP %s ", f->name);
		add_escaped(out, f->help, false);
		lode_buf_addf(out, "\n# TYPE %s %s\n", f->name, f->type == LODE_COUNTER ? "counter" : "gauge");
		lode_buf_adds(out, lode_buf_str(&f->samples));
	}
}
