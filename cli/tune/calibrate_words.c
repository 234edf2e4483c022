/* A value in whatever words to the text that RocksDB gets, by rules that are few enough to be said: RocksDB itself takes "64*1024*1024" for 64, "1e6" for
 * 1 and "-1" for the largest number there is, so nothing of what an advisor wrote ever reaches it. */
#include "base/num.h"
#include "tune/calibrate.h"
#include "tune/space_table.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A value beyond a bound by no more than this factor is brought to it; further away it is likely that another unit or meaning was in mind. */
#define NEAR 4

struct answer {
	char *why;
	size_t len;
};

static int refuse(const struct answer *a, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int refuse(const struct answer *a, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->why, a->len, fmt, ap);
	va_end(ap);
	return -code;
}

static void note(const struct answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(const struct answer *a, const char *fmt, ...)
{
	size_t n = strlen(a->why);
	va_list ap;

	if (n && n + 2 < a->len)
		n += (size_t)snprintf(a->why + n, a->len - n, "; ");
	va_start(ap, fmt);
	if (n < a->len)
		vsnprintf(a->why + n, a->len - n, fmt, ap);
	va_end(ap);
}

/* ---- text ---- */

/* Without quotes, blanks, a comment or a remark in brackets behind it. */
static void clean(const char *text, char *out, size_t len)
{
	static const char *const tails[] = {" (", "\t(", "#", "//", " --", NULL};
	size_t n;

	snprintf(out, len, "%.*s", (int)len - 1, text);
	for (int i = 0; tails[i]; i++) {
		char *cut = strstr(out, tails[i]);

		if (cut && cut != out)
			*cut = '\0';
	}
	for (bool more = true; more;) {
		n = strlen(out);
		more = false;
		if (n && (isspace((unsigned char)out[n - 1]) || strchr(";,`\"'", out[n - 1]))) {
			out[n - 1] = '\0';
			more = true;
		} else if (n && (isspace((unsigned char)out[0]) || strchr("`\"'=", out[0]))) {
			memmove(out, out + 1, n);
			more = true;
		}
	}
}

static void bare(const char *text, size_t n, char *out, size_t len)
{
	size_t k = 0;

	for (size_t i = 0; i < n && text[i] && k + 1 < len; i++)
		if (isalnum((unsigned char)text[i]))
			out[k++] = (char)tolower((unsigned char)text[i]);
	out[k] = '\0';
}

/* ---- numbers ---- */

struct amount {
	long double v;
	bool unit, sum; /* with a unit; with '*' or an exponent */
};

static bool digits_of(const char **at, long double *v, unsigned *n)
{
	const char *from = *at;

	for (*n = 0; isdigit((unsigned char)**at) || ((**at == '_' || **at == ',') && *at > from && isdigit((unsigned char)(*at)[1])); (*at)++) {
		if (**at == ',' && !(isdigit((unsigned char)(*at)[2]) && isdigit((unsigned char)(*at)[3]) && !isdigit((unsigned char)(*at)[4])))
			return false; /* 1,5 is no 15 */
		if (isdigit((unsigned char)**at)) {
			*v = *v * 10 + (**at - '0');
			(*n)++;
		}
	}
	return *n > 0 && *n < 40;
}

/* "64", "1.5GB", "64 MiB", "1e6", "67_108_864". */
static bool term(const char **at, struct amount *a)
{
	static const char units[] = "kmgt";
	long double v = 0, part = 0, power = 0;
	unsigned n, places = 0;
	const char *u;

	if (!digits_of(at, &v, &n))
		return false;
	if (**at == '.') {
		(*at)++;
		if (!digits_of(at, &part, &places))
			return false;
		v += part / powl(10, places);
	}
	if ((**at == 'e' || **at == 'E') && (isdigit((unsigned char)(*at)[1]) || ((*at)[1] == '+' && isdigit((unsigned char)(*at)[2])))) {
		*at += 1 + ((*at)[1] == '+');
		if (!digits_of(at, &power, &n) || power > 18)
			return false;
		v *= powl(10, power);
		a->sum = true;
	}
	const char *back = *at;
	while (**at == ' ')
		(*at)++;
	u = **at ? strchr(units, tolower((unsigned char)**at)) : NULL;
	if (u) {
		a->unit = true;
		v *= powl(1024, (long double)(u - units + 1));
		(*at)++;
		*at += **at == 'i' || **at == 'I';
		*at += **at == 'b' || **at == 'B';
		if (!strncasecmp(*at, "ytes", 4))
			*at += 4;
	} else if (!strncasecmp(*at, "bytes", 5) || !strncasecmp(*at, "byte", 4)) {
		a->unit = true;
		*at += 4 + (tolower((unsigned char)(*at)[4]) == 's');
	} else if (tolower((unsigned char)**at) == 'b' && !isalnum((unsigned char)(*at)[1])) {
		a->unit = true;
		(*at)++;
	} else {
		*at = back;
	}
	a->v *= v;
	return true;
}

/* A product of terms, and nothing behind it. */
static bool amount_of(const char *text, struct amount *a)
{
	bool minus = text[0] == '-';
	const char *at = text + minus;

	*a = (struct amount){.v = minus ? -1 : 1};
	for (;;) {
		if (!term(&at, a))
			return false;
		at += strspn(at, " ");
		if (!*at)
			return isfinite(a->v);
		if (*at != '*')
			return false;
		a->sum = true;
		at++;
		at += strspn(at, " ");
	}
}

/* Within its bounds, or near enough to be brought there. RocksDB's own default is always good. */
static int bound(const struct tune_option *o, const struct answer *a, int64_t *v)
{
	int64_t def;

	if ((*v >= o->min && *v <= o->max) || (o->def[0] && tune_value_number(o, o->def, &def) && def == *v))
		return 0;
	char lo[TUNE_VALUE_MAX], hi[TUNE_VALUE_MAX];

	if (tune_value_print(o, o->min, lo) || tune_value_print(o, o->max, hi))
		return refuse(a, ERANGE, "out of bounds");
	if (*v > o->max && *v / NEAR <= o->max) {
		*v = o->max;
		note(a, "at most %s", hi);
		return 0;
	}
	if (*v < o->min && *v > 0 && *v >= o->min / NEAR && o->min > 0) {
		*v = o->min;
		note(a, "at least %s", lo);
		return 0;
	}
	return refuse(a, ERANGE, "out of bounds: %s to %s%s", lo, hi, o->kind == TUNE_SIZE ? ", in bytes" : "");
}

static int number(const struct tune_option *o, const char *text, const struct answer *a, int64_t *v)
{
	struct amount m;
	long double scaled;

	if (strchr(text, '%'))
		return refuse(a, EINVAL, "a share of what? It takes a plain number");
	if (!amount_of(text, &m))
		return refuse(a, EINVAL, "it takes a plain number%s", o->kind == TUNE_SIZE ? " of bytes" : "");
	if (m.unit && o->kind != TUNE_SIZE)
		return refuse(a, EINVAL, "it takes a plain number without a unit");
	scaled = o->kind == TUNE_MILLI ? roundl(m.v * 1000) : m.unit ? floorl(m.v) : m.v;
	if (scaled != floorl(scaled))
		return refuse(a, EINVAL, "it takes a whole number");
	if (fabsl(scaled) >= 9.2e18L)
		return refuse(a, ERANGE, "too large");
	*v = (int64_t)scaled;
	if (m.unit)
		note(a, "units are counted in 1024s, and RocksDB gets plain bytes");
	else if (m.sum)
		note(a, "RocksDB gets a plain number");
	return 0;
}

/* ---- words ---- */

static const struct {
	const char *said, *word; /* said: bare */
} aliases[] = {
    {"none", "kNoCompression"},
    {"no", "kNoCompression"},
    {"off", "kNoCompression"},
    {"false", "kNoCompression"},
    {"uncompressed", "kNoCompression"},
    {"disabled", "kNoCompression"},
    {"null", "kNoCompression"},
    {"leveled", "kCompactionStyleLevel"},
    {"levelled", "kCompactionStyleLevel"},
    {"tiered", "kCompactionStyleUniversal"},
    {"partitioned", "kTwoLevelIndexSearch"},
    {"partitionedindex", "kTwoLevelIndexSearch"},
    {"twolevel", "kTwoLevelIndexSearch"},
    {"hash", "kHashSearch"},
    {"binary", "kBinarySearch"},
    {"binaryandhash", "kDataBlockBinaryAndHash"},
    {"flush", "kFlushOnly"},
    {"off", "kDisable"},
    {"false", "kDisable"},
    {"none", "kDisable"},
    {"roundrobin", "kRoundRobin"},
    {"similarsize", "kCompactionStopStyleSimilarSize"},
    {"totalsize", "kCompactionStopStyleTotalSize"},
};

/* How many letters all words begin with: "kCompactionStyle". */
static size_t common(const char *const *words)
{
	size_t n = strlen(words[0]);

	for (int i = 1; words[i]; i++)
		for (size_t k = 0; k < n; k++)
			if (words[i][k] != words[0][k])
				n = k;
	return n;
}

/* Is this word what was said: with or without its k, what all words begin with, and "Compression"? */
static bool says(const char *word, size_t shared, const char *said)
{
	char full[64], cut[64], tail[] = "compression";
	size_t n;

	bare(word, SIZE_MAX, full, sizeof full);
	n = strlen(said);
	if (n && (!strcmp(said, full) || !strcmp(said, full + 1)))
		return true;
	bare(word + shared, SIZE_MAX, cut, sizeof cut);
	if (n && cut[0] && !strcmp(said, cut))
		return true;
	size_t k = strlen(cut), t = sizeof tail - 1;
	return k > t && !strcmp(cut + k - t, tail) && strlen(said) == k - t && !strncmp(said, cut, k - t);
}

static const char *word_of(const char *const *words, const char *text, size_t len)
{
	char said[64];
	const char *found = NULL;

	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == len && !memcmp(words[i], text, len))
			return words[i];
	bare(text, len, said, sizeof said);
	for (int i = 0; words[i]; i++)
		if (says(words[i], common(words), said)) {
			if (found)
				return NULL;
			found = words[i];
		}
	for (size_t k = 0; !found && k < sizeof aliases / sizeof aliases[0]; k++)
		for (int i = 0; !strcmp(aliases[k].said, said) && words[i]; i++)
			if (!strcmp(words[i], aliases[k].word))
				found = words[i];
	return found;
}

static int refuse_word(const struct tune_option *o, const struct answer *a)
{
	size_t n = (size_t)snprintf(a->why, a->len, "it takes one of: ");

	for (int i = 0; o->words[i] && n < a->len; i++)
		n += (size_t)snprintf(a->why + n, a->len - n, "%s%s", i ? ", " : "", o->words[i]);
	return -EINVAL;
}

static int word(const struct tune_option *o, const char *text, const struct answer *a, char to[TUNE_VALUE_MAX])
{
	const char *w = word_of(o->words, text, strlen(text));

	if (!w)
		return refuse_word(o, a);
	snprintf(to, TUNE_VALUE_MAX, "%s", w);
	if (strcmp(w, text) != 0)
		note(a, "RocksDB's word");
	return 0;
}

/* "none:none:lz4", "[none, lz4]". */
static int words(const struct tune_option *o, const char *text, const struct answer *a, char to[TUNE_VALUE_MAX])
{
	static const char parts[] = ":,;[] \t\"'";
	size_t n = 0, used = 0;

	for (const char *at = text; *(at += strspn(at, parts)); at += strcspn(at, parts)) {
		const char *w = word_of(o->words, at, strcspn(at, parts));
		size_t len = w ? strlen(w) : 0;

		if (!w)
			return refuse_word(o, a);
		if (++n > 12 || used + len + 2 > TUNE_VALUE_MAX)
			return refuse(a, EINVAL, "more words than there are levels");
		used += (size_t)sprintf(to + used, "%s%s", used ? ":" : "", w);
	}
	if (!n)
		return refuse_word(o, a);
	if (strcmp(to, text) != 0)
		note(a, "RocksDB's words, parted by ':'");
	return 0;
}

static int boolean(const char *text, const struct answer *a, char to[TUNE_VALUE_MAX])
{
	static const char *const yes[] = {"true", "1", "yes", "on", "enable", "enabled", NULL}, *const no[] = {"false", "0", "no", "off", "disable", "disabled", NULL};
	bool is = false, isnt = false;

	for (int i = 0; yes[i]; i++)
		is |= !strcasecmp(text, yes[i]);
	for (int i = 0; no[i]; i++)
		isnt |= !strcasecmp(text, no[i]);
	if (!is && !isnt)
		return refuse(a, EINVAL, "it takes true or false");
	strcpy(to, is ? "true" : "false");
	if (strcmp(to, text) != 0)
		note(a, "RocksDB's word");
	return 0;
}

/* nullptr, bloomfilter:BITS:false, ribbonfilter:BITS:LEVEL, and what people write for them: "bloom 10", "NewBloomFilterPolicy(10, false)", "10". */
static int filter(const struct tune_option *o, const char *text, const struct answer *a, char to[TUNE_VALUE_MAX])
{
	static const char *const none[] = {"nullptr", "null", "none", "no", "off", "false", "disabled", NULL};
	char said[TUNE_VALUE_MAX], bits[TUNE_VALUE_MAX];
	const char *digit = text + strcspn(text, "0123456789"), *second;
	struct amount m = {.v = 1};
	int64_t v;
	int rc;

	bare(text, (size_t)(digit - text), said, sizeof said);
	for (int i = 0; none[i] && !*digit; i++)
		if (!strcmp(said, none[i])) {
			strcpy(to, "nullptr");
			if (strcmp(text, to) != 0)
				note(a, "RocksDB's word");
			return 0;
		}
	bool ribbon = strstr(said, "ribbon") != NULL, bloom = strstr(said, "bloom") != NULL || !said[0];
	if (!*digit || ribbon == bloom || (digit > text && strchr("-.", digit[-1])) || !term(&digit, &m) || m.unit || m.sum)
		return refuse(a, EINVAL, "it takes nullptr, bloomfilter:BITS:false or ribbonfilter:BITS:0");
	if (digit[strspn(digit, ":,() abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_=0123456789-")])
		return refuse(a, EINVAL, "it takes nullptr, bloomfilter:BITS:false or ribbonfilter:BITS:0");
	if (m.v > 1000)
		return refuse(a, ERANGE, "bits for each key: 10 is usual");
	v = (int64_t)roundl(m.v * 1000);
	rc = bound(o, a, &v);
	if (rc)
		return rc;
	tune_value_print(&(struct tune_option){.kind = TUNE_MILLI}, v, bits);
	second = digit + strcspn(digit, "0123456789");
	if (ribbon)
		snprintf(to, TUNE_VALUE_MAX, "ribbonfilter:%.40s:%d", bits, isdigit((unsigned char)*second) && second[0] <= '6' && !isdigit((unsigned char)second[1]) ? *second - '0' : 0);
	else
		snprintf(to, TUNE_VALUE_MAX, "bloomfilter:%.40s:false", bits);
	if (strcmp(to, text) != 0)
		note(a, "as RocksDB writes it");
	return 0;
}

/* ---- all kinds ---- */

int tune_value_calibrate(const struct tune_option *o, const char *text, char to[TUNE_VALUE_MAX], char *why, size_t len)
{
	struct answer a = {why, len};
	char said[TUNE_VALUE_MAX];
	int64_t v = 0;
	int rc;

	why[0] = to[0] = '\0';
	clean(text, said, sizeof said);
	if (!said[0])
		return refuse(&a, EINVAL, "no value");
	if (!strcasecmp(said, "default") && o->def[0] && o->kind != TUNE_OTHER) {
		strcpy(to, o->def);
		note(&a, "RocksDB's default");
		return 0;
	}
	switch (o->kind) {
	case TUNE_INT:
	case TUNE_SIZE:
	case TUNE_MILLI:
		rc = number(o, said, &a, &v);
		rc = rc ? rc : bound(o, &a, &v);
		return rc ? rc : tune_value_print(o, v, to);
	case TUNE_BOOL:
		return boolean(said, &a, to);
	case TUNE_WORD:
		return word(o, said, &a, to);
	case TUNE_WORDS:
		return words(o, said, &a, to);
	case TUNE_FILTER:
		return filter(o, said, &a, to);
	case TUNE_OTHER:
		break;
	}
	return refuse(&a, EINVAL, "a structure, never set");
}

bool tune_value_number(const struct tune_option *o, const char *text, int64_t *v)
{
	static const struct lode_tunable milli = {.kind = LODE_KIND_MILLI}, boolean_ = {.kind = LODE_KIND_BOOL};
	int rc = -EINVAL;

	switch (o->kind) {
	case TUNE_INT:
	case TUNE_SIZE:
		rc = lode_num_parse(text, strlen(text), v);
		if (rc == -EINVAL) /* RocksDB takes k, M, G, T in a file */
			rc = lode_num_parse_size(text, v);
		if (rc == -ERANGE && text[0] != '-') {
			*v = INT64_MAX;
			rc = 0;
		}
		break;
	case TUNE_MILLI:
		rc = lode_tunable_read(&milli, text, v);
		break;
	case TUNE_BOOL:
		rc = lode_tunable_read(&boolean_, text, v);
		break;
	case TUNE_WORD:
		for (int i = 0; o->words[i]; i++)
			if (!strcmp(o->words[i], text)) {
				*v = i;
				rc = 0;
			}
		break;
	case TUNE_WORDS:
	case TUNE_FILTER:
	case TUNE_OTHER:
		break;
	}
	return rc == 0;
}

int tune_value_print(const struct tune_option *o, int64_t v, char to[TUNE_VALUE_MAX])
{
	static const enum lode_kind kinds[] = {[TUNE_INT] = LODE_KIND_INT,     [TUNE_SIZE] = LODE_KIND_SIZE,   [TUNE_BOOL] = LODE_KIND_BOOL,   [TUNE_WORD] = LODE_KIND_ENUM,
					       [TUNE_MILLI] = LODE_KIND_MILLI, [TUNE_WORDS] = LODE_KIND_OTHER, [TUNE_FILTER] = LODE_KIND_MILLI, [TUNE_OTHER] = LODE_KIND_OTHER};
	struct lode_tunable t = {.kind = kinds[o->kind], .words = o->words};

	return lode_tunable_print(&t, v, to, TUNE_VALUE_MAX);
}
