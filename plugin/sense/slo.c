/* Reading promises, and counting what broke them. */
#include "sense/slo.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *spaces(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* A plain decimal number, whatever the locale. NULL: there is none. */
static const char *number(const char *p, double *out)
{
	double v = 0, scale = 1;
	int digits = 0;

	for (; *p >= '0' && *p <= '9' && digits < 12; p++, digits++)
		v = v * 10 + (*p - '0');
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9' && digits < 12; p++, digits++)
			v += (*p - '0') * (scale /= 10);
	*out = v;
	return digits ? p : NULL;
}

static const char *unit(const char *p, double *us)
{
	static const struct {
		const char *name;
		double us;
	} units[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6}};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (!strncmp(p, units[i].name, strlen(units[i].name))) {
			*us = units[i].us;
			return p + strlen(units[i].name);
		}
	return NULL;
}

#define FORM "write it as p99.9 < 2ms"

int lode_slo_parse(const char *text, struct lode_slo *out, struct lode_err *err)
{
	const char *p = spaces(text);
	double percent = 0, time = 0, us = 0;

	if (!*p || !strcmp(p, "none")) {
		memset(out, 0, sizeof *out);
		return 0;
	}
	if (*p != 'p' || !(p = number(p + 1, &percent)))
		return lode_err_set(err, EINVAL, "it begins with a percentile: " FORM);
	if (!(percent >= 50 && percent < 100))
		return lode_err_set(err, EINVAL, "a percentile lies between p50 and p99.99: " FORM);
	p = spaces(p);
	if (*p != '<')
		return lode_err_set(err, EINVAL, "after the percentile comes '<': " FORM);
	if (!(p = number(spaces(p + 1), &time)) || !(p = unit(spaces(p), &us)) || *spaces(p))
		return lode_err_set(err, EINVAL, "it ends with a time in us, ms or s: " FORM);
	if (!(time * us >= 1 && time * us <= 60e6))
		return lode_err_set(err, EINVAL, "the time lies between 1us and 60s: " FORM);
	*out = (struct lode_slo){.limit_us = time * us, .share = percent / 100, .bucket_us = lode_hist_limit_near(time * us)};
	return 0;
}

const char *lode_slo_show(const struct lode_slo *s, char *buf, size_t len)
{
	double v = s->limit_us;

	if (!(v > 0))
		snprintf(buf, len, "none");
	else
		snprintf(buf, len, "p%.6g < %.6g %s", 100 * s->share, v >= 1e6 ? v / 1e6 : v >= 1e3 ? v / 1e3 : v, v >= 1e6 ? "s" : v >= 1e3 ? "ms" : "us");
	return buf;
}

int lode_slo_op(const struct lode_interval *iv, int kind)
{
	return kind == LODE_H_GET && !iv->op[LODE_H_GET].count && iv->op[LODE_H_MULTIGET].count ? LODE_H_MULTIGET : kind;
}

bool lode_slo_count(const struct lode_slo *s, const struct lode_interval *iv, int kind, double *n, double *missed)
{
	const struct lode_op *op = &iv->op[lode_slo_op(iv, kind)];

	if (!(s->limit_us > 0) || iv->invalid || !iv->has_timers || !op->count)
		return false;
	*n = (double)op->count;
	*missed = *n * lode_hist_exceed(&op->hist, s->bucket_us);
	return true;
}
