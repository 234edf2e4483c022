/* db_bench: which of its benchmarks fill and which measure, and its command line with our flags in place of those that would contradict them.
 *
 * With --options_file, db_bench takes every option from the file and ignores the flags that set options, except those that have no place in a
 * file: the block cache's size, the row cache, the rate limiter; and --bloom_bits, which gives a filter policy to a file that has none. So the cache's size
 * is passed by flag, and --bloom_bits is left out: what the file says about filters is what holds. */
#include "tune/adapter.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Benchmarks that begin with an empty database; chores print no rate worth having; all others measure, and those marked find nothing in an empty one. */
enum kind { FILLS, CHORE, WRITES, READS };
static const struct {
	const char *name;
	enum kind kind;
} benchmarks[] = {
	{"fillseq", FILLS}, {"fillrandom", FILLS}, {"fillbatch", FILLS}, {"filluniquerandom", FILLS}, {"fillanddeleteuniquerandom", FILLS},
	{"fillsync", FILLS}, {"fill100K", FILLS}, {"fillseqdeterministic", FILLS}, {"filluniquerandomdeterministic", FILLS}, {"timeseries", FILLS},
	{"randomreplacekeys", FILLS},
	{"compact", CHORE}, {"compactall", CHORE}, {"compact0", CHORE}, {"compact1", CHORE}, {"waitforcompaction", CHORE}, {"flush", CHORE}, {"stats", CHORE},
	{"resetstats", CHORE}, {"levelstats", CHORE}, {"memstats", CHORE}, {"sstables", CHORE}, {"stats_history", CHORE}, {"verify", CHORE},
	{"block_cache_entry_stats", CHORE}, {"cache_report_problems", CHORE}, {"backup", CHORE}, {"restore", CHORE},
	{"overwrite", WRITES}, {"updaterandom", WRITES}, {"xorupdaterandom", WRITES}, {"appendrandom", WRITES}, {"mergerandom", WRITES}, {"fillseekseq", WRITES},
	{"randomtransaction", WRITES}, {"crc32c", WRITES}, {"xxhash", WRITES}, {"xxhash64", WRITES}, {"xxh3", WRITES}, {"acquireload", WRITES},
	{"compress", WRITES}, {"uncompress", WRITES}, {"replay", WRITES}, {"randomwithverify", WRITES},
};

static enum kind kind_of(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(benchmarks) / sizeof(benchmarks[0]); i++)
		if (strlen(benchmarks[i].name) == len && strncmp(benchmarks[i].name, name, len) == 0)
			return benchmarks[i].kind;
	return READS;
}

int tune_db_bench_word(char *const *argv)
{
	for (int i = 0; argv && argv[i]; i++) {
		const char *slash = strrchr(argv[i], '/'), *name = slash ? slash + 1 : argv[i];

		if (argv[i][0] != '-' && strncmp(name, "db_bench", 8) == 0)
			return i;
	}
	return -1;
}

/* "--name=value", "-name value", "--name": how many words it takes; 0: no flag. */
static int read_flag(char *const *word, char *name, size_t len, const char **value)
{
	static const char *const switches[] = {"histogram", "statistics", "use_existing_db", "use_existing_keys", "disable_wal", "sync", "readonly"};
	const char *s = word[0] + strspn(word[0], "-"), *eq = strchr(s, '=');

	*value = "";
	if (word[0][0] != '-' || !*s)
		return 0;
	snprintf(name, len, "%.*s", (int)(eq ? (size_t)(eq - s) : strlen(s)), s);
	if (eq) {
		*value = eq + 1;
		return 1;
	}
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (strcmp(switches[i], name) == 0)
			return 1;
	if (!word[1] || (word[1][0] == '-' && !isdigit((unsigned char)word[1][1])))
		return 1;
	*value = word[1];
	return 2;
}

bool tune_db_bench_flag(char *const *argv, const char *wanted, char *out, size_t len)
{
	bool found = false;
	int first = tune_db_bench_word(argv), n;

	*out = 0;
	for (char *const *w = argv + first + 1; first >= 0 && *w; w += n ? n : 1) {
		char name[64];
		const char *value;

		n = read_flag(w, name, sizeof(name), &value);
		if (n && strcmp(name, wanted) == 0) {
			found = true; /* the last one holds */
			snprintf(out, len, "%s", value);
		}
	}
	return found;
}

bool tune_db_bench_default(const char *help, const char *name, char *out, size_t len)
{
	char head[80];
	const char *at, *next, *value;

	*out = 0;
	snprintf(head, sizeof(head), "\n    -%s (", name);
	at = strstr(help, head);
	if (!at)
		return false;
	next = strstr(at + 1, "\n    -");
	value = strstr(at, "default:");
	if (value && (!next || value < next)) {
		value += strlen("default:");
		value += strspn(value, " \n\"");
		snprintf(out, len, "%.*s", (int)strcspn(value, " \n\""), value);
	}
	return true;
}

static bool is_true(char *const *argv, const char *name)
{
	char value[16];

	return tune_db_bench_flag(argv, name, value, sizeof(value)) && !strchr("0fFnN", *value ? *value : '1');
}

int tune_db_bench_take(struct tune_spec *s, struct lode_err *err)
{
	struct tune_workload load;
	char value[512], path[sizeof(s->database)];

	if (tune_db_bench_word(s->argv) < 0)
		return lode_err_set(err, EINVAL, "adapter = db_bench, and no word of the command is called db_bench");
	if (tune_db_bench_flag(s->argv, "options_file", value, sizeof(value)) && *value && !*s->options)
		snprintf(s->options, sizeof(s->options), "%s", value);
	if (is_true(s->argv, "use_existing_db") && !*s->database) {
		if (!tune_db_bench_flag(s->argv, "db", path, sizeof(path)) || !*path)
			return lode_err_set(err, EINVAL, "--use_existing_db needs --db=PATH: which database is it?");
		snprintf(s->database, sizeof(s->database), "%s", path);
	}
	return tune_db_bench_workload(s, &load, err);
}

/* One more name to a list. */
static int add_name(char *list, size_t len, const char *name, size_t n)
{
	size_t at = strlen(list);

	return snprintf(list + at, len - at, "%s%.*s", at ? "," : "", (int)n, name) < (int)(len - at) ? 0 : -E2BIG;
}

static bool in_list(const char *list, const char *name, size_t n)
{
	for (const char *p = list; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		const char *s = p + strspn(p, " ");

		if (strcspn(s, ", [") == n && strncmp(s, name, n) == 0)
			return true;
	}
	return false;
}

/* How often "name[X3-W1]" runs, by what stands behind the name: repeats, and those that warm up. */
static unsigned times(const char *arg, size_t len)
{
	unsigned long repeats = 1, warm = 0;

	for (size_t i = 0; i < len; i++)
		if (arg[i] == 'X')
			repeats = strtoul(arg + i + 1, NULL, 10);
		else if (arg[i] == 'W')
			warm = strtoul(arg + i + 1, NULL, 10);
	return repeats < 1000 && warm < 1000 ? (unsigned)(repeats + warm) : 1000;
}

int tune_db_bench_workload(const struct tune_spec *s, struct tune_workload *out, struct lode_err *err)
{
	char names[512];
	bool measuring = false, any_other = false, needs = false;

	memset(out, 0, sizeof(*out));
	if (!tune_db_bench_flag(s->argv, "benchmarks", names, sizeof(names)) || !*names)
		return lode_err_set(err, EINVAL, "the command names no benchmark: db_bench --benchmarks=readrandom, for example");
	for (const char *p = names; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		enum kind k = kind_of(p, strcspn(p, ",["));

		any_other |= k == WRITES || k == READS;
	}
	for (const char *p = names; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		size_t bare = strcspn(p, ",["), whole = strcspn(p, ",");
		enum kind k = kind_of(p, bare);

		measuring |= *s->measure ? in_list(s->measure, p, bare) : k != CHORE && (k != FILLS || !any_other);
		needs |= measuring && k == READS;
		if (k == FILLS && *s->database)
			return lode_err_set(err, EINVAL, "%.*s begins with an empty database, and this one has data already: leave it out, or take overwrite", (int)bare, p);
		if (k == FILLS && measuring && *out->fill) /* db_bench would leave it out */
			return lode_err_set(err, EINVAL, "%.*s is measured and begins with an empty database, and %.60s before it leaves one with data: leave one of them out, or take overwrite",
					    (int)bare, p, out->fill);
		out->parts += measuring && k != CHORE ? times(p + bare, whole - bare) : 0;
		if (whole && add_name(measuring ? out->measured : out->fill, sizeof(out->fill), p, whole))
			return lode_err_set(err, E2BIG, "the list of benchmarks is too long");
	}
	if (!*out->measured)
		return lode_err_set(err, EINVAL, *s->measure ? "workload.measure: '%.80s' is none of --benchmarks=%.80s" : "none of the benchmarks measures anything%.0s: --benchmarks=%.80s",
				    s->measure, names);
	if (needs && !*out->fill && !*s->database && !strstr(out->measured, "fill")) {
		snprintf(out->fill, sizeof(out->fill), "fillrandom");
		out->invented = true;
	}
	return 0;
}

/* Flags of the command that are ours on this errand. */
static bool ours(const struct tune_where *w, const char *name)
{
	static const char *const always[] = {"benchmarks", "db", "options_file", "use_existing_db", "seed", "histogram", "statistics", "report_interval_seconds",
					     "report_file", "wal_dir", "stats_interval_seconds", NULL};
	static const char *const defaults[] = {"num", "reads", "writes", "duration", "threads", NULL};

	for (size_t i = 0; always[i]; i++)
		if (strcmp(always[i], name) == 0)
			return true;
	for (size_t i = 0; w->errand == TUNE_DEFAULTS && defaults[i]; i++)
		if (strcmp(defaults[i], name) == 0)
			return true;
	if (strcmp(name, "duration") == 0)
		return w->errand == TUNE_FILL || w->seconds > 0;
	if (strcmp(name, "cache_size") == 0)
		return w->cache >= 0;
	return w->options_file && strcmp(name, "bloom_bits") == 0;
}

void tune_db_bench_call(const struct tune_where *w, const struct tune_workload *load, struct tune_call *out)
{
	char **argv = w->spec->argv, **word = argv;
	int first = tune_db_bench_word(argv), n;

	for (; word <= argv + first; word++)
		tune_call_word(out, "%s", *word);
	for (; *word; word += n ? n : 1) {
		char name[64];
		const char *value;

		n = read_flag(word, name, sizeof(name), &value);
		for (int i = 0; i < (n ? n : 1) && !(n && ours(w, name)); i++)
			tune_call_word(out, "%s", word[i]);
	}
	tune_call_word(out, "--db=%s", w->db);
	tune_call_word(out, "--use_existing_db=%d", w->filled);
	tune_call_word(out, "--seed=%llu", (unsigned long long)w->seed);
	if (w->options_file)
		tune_call_word(out, "--options_file=%s", w->options_file);
	if (w->cache >= 0)
		tune_call_word(out, "--cache_size=%lld", (long long)w->cache);
	if (w->errand == TUNE_DEFAULTS) {
		tune_call_word(out, "--num=1");
		tune_call_word(out, "--benchmarks=stats");
	} else if (w->errand == TUNE_FILL) {
		tune_call_word(out, "--benchmarks=%s,flush,waitforcompaction", load->fill);
	} else {
		tune_call_word(out, "--benchmarks=%s,stats", load->measured);
		tune_call_word(out, "--histogram=1");
		tune_call_word(out, "--statistics=1");
		if (w->seconds > 0)
			tune_call_word(out, "--duration=%.0f", w->seconds < 1 ? 1 : w->seconds);
	}
	if (w->errand != TUNE_DEFAULTS) {
		tune_call_word(out, "--report_interval_seconds=1");
		tune_call_word(out, "--report_file=%s/report.csv", w->folder);
	}
}
