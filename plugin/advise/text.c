/* Numbers and foreign words as they may stand in a sentence or a prompt. */
#include "advise/text.h"
#include "base/fmt.h"
#include "base/num.h"

#include <math.h>

struct lode_text lode_text_num(double v, int digits)
{
	struct lode_text t;
	double r = lode_num_round(v, digits);

	if (!isfinite(v) || fabs(v) >= 1e18) {
		lode_fmt(t.s, sizeof t.s, "unknown");
		return t;
	}
	int decimals = r == 0 ? 0 : digits - 1 - (int)floor(log10(fabs(r)));
	if (decimals < 0)
		decimals = 0;
	if (decimals > 9) {
		decimals = 0;
		r = 0;
	}
	/* "40" and "1.5", not "40.0" and "1.50". */
	while (decimals > 0 && fabs(r * pow(10, decimals - 1) - round(r * pow(10, decimals - 1))) < 1e-6)
		decimals--;
	lode_fmt(t.s, sizeof t.s, "%.*f", decimals, r);
	return t;
}

struct lode_text lode_text_percent(double share)
{
	struct lode_text n = lode_text_num(100 * share, 3), t;

	lode_fmt(t.s, sizeof t.s, isfinite(share) ? "%.30s %%" : "%.30s", n.s);
	return t;
}

struct lode_text lode_text_bytes(double bytes)
{
	struct lode_text t;

	lode_num_bytes(bytes, t.s, sizeof t.s);
	return t;
}

void lode_text_plain(char *out, size_t len, const char *text, size_t n)
{
	size_t i = 0;

	for (; i + 1 < len && i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		out[i] = c == '\n' || c == '\r' || c == '\t' ? ' ' : c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	if (len)
		out[i] = '\0';
}
