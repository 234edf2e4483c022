/* RocksDB's Statistics: finding the host's, adding one where there is none, reading by name. Ticker and histogram numbers move between
 * versions, names do not; so everything goes by name. */
#include "host/calls.h"
#include "host/histogram.h"
#include "host/probe.h"
#include "host/real_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STATISTICS_WORDS 32 /* where the pointer stands: word 11 to 13 in all known versions */
#define UNTIMED 50	    /* operations without a service time that mean that there are no timers */
#define DB_OPTIONS_MAX 2048 /* bytes, more than any version has (11.8: 760) */

void *lode_statistics_find(const struct lode_image *image, const void *db_options)
{
	const void *words[STATISTICS_WORDS];

	if (!db_options || !lode_probe_read(db_options, words, sizeof(words)))
		return NULL;
	return lode_probe_find(words, STATISTICS_WORDS, lode_image_vptr(image, SYM_STATS_VTABLE));
}

/* " COUNT : 12 SUM : 34" -> the number after a label, from the last place where the label stands. */
static bool labelled(const char *from, const char *to, const char *label, uint64_t *out)
{
	size_t n = strlen(label);
	const char *at = NULL;

	for (const char *s = from; s + n <= to; s++) {
		if (memcmp(s, label, n) == 0)
			at = s + n;
	}
	if (!at || at == to || *at < '0' || *at > '9')
		return false;
	for (*out = 0; at < to && *at >= '0' && *at <= '9'; at++)
		*out = *out * 10 + (uint64_t)(*at - '0');
	return true;
}

struct reading {
	struct lode_real *r;
	lode_stat_fn *fn;
	void *ctx;
	uint64_t operations, timed;
};

/* Whether timers run is seen from what they have counted. */
static void note_timers(struct reading *reading, const char *name, uint64_t count, bool is_hist)
{
	static const char *const operation[] = {"rocksdb.number.keys.read", "rocksdb.number.keys.written", "rocksdb.number.db.seek"};
	static const char *const timer[] = {"rocksdb.db.get.micros", "rocksdb.db.write.micros", "rocksdb.db.seek.micros",
					    "rocksdb.db.multiget.micros"};

	for (size_t i = 0; !is_hist && i < sizeof(operation) / sizeof(*operation); i++)
		reading->operations += strcmp(name, operation[i]) == 0 ? count : 0;
	for (size_t i = 0; is_hist && i < sizeof(timer) / sizeof(*timer); i++)
		reading->timed += strcmp(name, timer[i]) == 0 ? count : 0;
}

/* "rocksdb.block.cache.miss COUNT : 12" or "rocksdb.db.get.micros P50 : 1.0 ... COUNT : 12 SUM : 34" */
static void read_line(struct reading *reading, const char *from, const char *to)
{
	const char *space = memchr(from, ' ', (size_t)(to - from));
	uint64_t count, sum = 0;
	char name[96];
	bool is_hist;

	if (!space || (size_t)(space - from) >= sizeof(name) || !labelled(space, to, " COUNT : ", &count))
		return;
	memcpy(name, from, (size_t)(space - from));
	name[space - from] = '\0';
	is_hist = labelled(space, to, " SUM : ", &sum);
	note_timers(reading, name, count, is_hist);
	reading->fn(reading->ctx, name, count, sum, is_hist);
}

static void read_text(void *ctx, const char *text, size_t len)
{
	const char *end = text + len, *nl;

	for (; text < end; text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		if (!nl)
			nl = end;
		read_line(ctx, text, nl);
	}
}

/* Of Statistics whose level is not ours to set, or could not be found: were the operations since the last look timed? */
static void follow_timers(struct lode_real *r, const struct reading *now)
{
	bool reset = now->operations < r->operations, timed = now->timed != r->timed;

	/* One is counted before it is timed: a few that are in flight say nothing. */
	if (!reset && !timed && now->operations - r->operations < UNTIMED)
		return;
	r->operations = now->operations;
	r->timed = now->timed;
	if (r->level.state == LODE_LEVEL_FOUND || reset || timed == r->info.has_timers)
		return;
	r->info.has_timers = timed;
	r->info.timing++;
}

int lode_statistics_read(struct lode_real *r, lode_stat_fn *fn, void *ctx)
{
	struct reading reading = {r, fn, ctx, 0, 0};
	int rc = lode_call_property(r->image.sym[SYM_GET_PROPERTY], r->db, r->families.at[0].handle, "rocksdb.options-statistics",
				    read_text, &reading);

	if (!rc)
		follow_timers(r, &reading);
	return rc;
}

struct hist_text {
	struct lode_hist *out;
	int rc;
};

static void hist_text(void *ctx, const char *text, size_t len)
{
	struct hist_text *h = ctx;

	h->rc = lode_host_hist_parse(text, len, h->out);
}

int lode_statistics_histogram(struct lode_real *r, const char *name, struct lode_hist *out)
{
	struct hist_text h = {out, -EINVAL};
	uint32_t number;
	int rc;

	if (!r->statistics || !r->image.sym[SYM_HISTOGRAM_STRING] || !r->image.sym[SYM_HISTOGRAM_NAMES])
		return -ENOENT;
	rc = lode_call_histogram_number(r->image.sym[SYM_HISTOGRAM_NAMES], name, &number);
	if (!rc)
		rc = lode_call_histogram_string(r->image.sym[SYM_HISTOGRAM_STRING], r->statistics, number, hist_text, &h);
	return rc ? rc : h.rc;
}

struct lode_injected {
	void *shared[2]; /* std::shared_ptr<Statistics> */
	void **copy;	 /* of the host's DBOptions; after open, only the two words of Statistics are left in it */
	int word;	 /* where they stand */
};

/* Asks the image: which word of its options changes to a Statistics when it is told to enable them? Options begins with DBOptions. */
static int statistics_word_asked(const struct lode_image *image)
{
	void *(*create)(void) = (void *(*)(void))(uintptr_t)image->sym[SYM_C_OPTIONS_CREATE];
	void (*enable)(void *) = (void (*)(void *))(uintptr_t)image->sym[SYM_C_ENABLE_STATISTICS];
	void (*destroy)(void *) = (void (*)(void *))(uintptr_t)image->sym[SYM_C_OPTIONS_DESTROY];
	const void *vptr = lode_image_vptr(image, SYM_STATS_VTABLE);
	void **options;
	int word = -1;

	if (!create || !enable || !destroy || !vptr)
		return -1;
	options = create();
	if (!options)
		return -1;
	enable(options);
	for (int i = 1; i < STATISTICS_WORDS && word < 0; i++) {
		if (lode_probe_is_a(options[i], vptr))
			word = i;
	}
	destroy(options);
	return word;
}

/* Images without RocksDB's C functions: the table's word, which is not believed beyond the versions that were read. */
static int statistics_word(const struct lode_image *image)
{
	int word = statistics_word_asked(image);

	return word < 0 && image->row->statistics_word && !image->newer && image->version[0] ? image->row->statistics_word : word;
}

/* Both words of the shared_ptr empty, and an Env (some object with a vtable) in front of it, as in every version. */
static bool layout_fits(void *const *copy, size_t words, int word)
{
	void *vptr, *slot;

	if (word < 3 || (size_t)word + 2 > words || copy[word] || copy[word + 1])
		return false;
	for (int i = 1; i <= 2; i++) {
		if (copy[i] && lode_probe_read(copy[i], &vptr, sizeof(vptr)) && lode_probe_read(vptr, &slot, sizeof(slot)))
			return true;
	}
	return false;
}

/* The copy takes more bytes than the object has, as far as memory can be read: what follows it is never looked at, so its true size need
 * not be known. Nothing in it is ever destroyed; strings and pointers in it still belong to the host's own object, which outlives the call.
 */
const void *lode_statistics_inject(void *image_handle, const void *db_options, struct lode_injected **keep, const char **why)
{
	struct lode_injected *in = NULL;
	struct lode_image image;
	size_t words;
	int word;

	*keep = NULL;
	*why = "this RocksDB cannot be described";
	if (lode_image_resolve(image_handle, &image, NULL))
		return NULL;
	*why = "out of memory";
	in = calloc(1, sizeof(*in));
	if (in)
		in->copy = calloc(1, DB_OPTIONS_MAX);
	if (!in || !in->copy)
		goto out;
	words = lode_probe_read_some(db_options, in->copy, DB_OPTIONS_MAX) / sizeof(void *);
	*why = "this RocksDB has no Statistics to add";
	if (!image.sym[SYM_STATS_CREATE] || !image.sym[SYM_STATS_VTABLE])
		goto out;
	*why = "the place of Statistics in the options of this RocksDB is not known";
	word = statistics_word(&image);
	if (word < 0)
		goto out;
	*why = "the host has Statistics of its own, or options of an unexpected form";
	if (!layout_fits(in->copy, words, word))
		goto out;
	*why = "RocksDB could not create Statistics";
	if (lode_call_statistics_create(image.sym[SYM_STATS_CREATE], in->shared))
		goto out;
	memcpy(&in->copy[word], in->shared, sizeof(in->shared));
	in->word = word;
	*why = NULL;
	*keep = in;
	return in->copy;
out:
	if (in)
		free(in->copy);
	free(in);
	return NULL;
}

/* What points into the host's object is forgotten; the memory stays, because lode_host_real_new looks for Statistics in it. */
void lode_statistics_view_done(struct lode_injected *keep)
{
	if (!keep)
		return;
	memset(keep->copy, 0, DB_OPTIONS_MAX);
	memcpy(&keep->copy[keep->word], keep->shared, sizeof(keep->shared));
}

void lode_statistics_release(struct lode_injected *keep)
{
	if (!keep)
		return;
	free(keep->copy);
	lode_call_shared_drop(keep->shared);
	free(keep);
}
