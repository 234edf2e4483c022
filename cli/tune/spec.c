/* What is to be tuned, as data: one row a key. The same rows parse, check, suggest the nearest name, and write the help. */
#include "tune/spec.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/text.h"
#include "tune/compare.h"
#include "tune/history.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256u << 10)
#define WIDTH 118 /* of a line of help */
#define INDENT 31

enum type { T_TEXT, T_PATH, T_WORD, T_BOOL, T_COUNT, T_WHOLE, T_SIZE, T_SECONDS, T_REAL };

struct key {
	const char *section, *name, *flag;
	enum type type;
	size_t offset, size;
	double min, max;
	const char *const *words;
	const char *initial, *doc;
};

static const char *const adapters[] = {"auto", "db_bench", "script", NULL};
static const char *const aims[] = {"throughput", "latency", "cost", NULL};
static const char *const tails[] = {"mean", "p50", "p99", "p999", NULL};
static const char *const refills[] = {"once", "changed", NULL};
static const char *const advisors[] = {"expert", "llm", "random", NULL};

#define AT(field) offsetof(struct tune_spec, field), sizeof(((struct tune_spec *)0)->field)
#define BIG 1e18

static const struct key keys[] = {
	{"workload", "command", NULL, T_TEXT, AT(command), 0, 0, NULL, "",
	 "The benchmark, as a shell would take it, without variables and pipes: db_bench --benchmarks=readrandom --num=1000000. On the command line: after --."},
	{"workload", "adapter", "adapter", T_WORD, AT(adapter), 0, 0, adapters, "auto",
	 "How the command is given options and its result is read. auto: db_bench if it is called so, else script (docs/offline.md, Adapters)."},
	{"workload", "options", "options", T_PATH, AT(options), 0, 0, NULL, "",
	 "The OPTIONS file to start from. Empty: what RocksDB itself writes for the benchmark's defaults; a script needs one."},
	{"workload", "measure", "measure", T_TEXT, AT(measure), 0, 0, NULL, "",
	 "db_bench: which of its --benchmarks count, separated by commas; those before the first of them only fill the database. Empty: those that are no fills, or all "
	 "if all are."},
	{"workload", "prepare", "prepare", T_TEXT, AT(prepare), 0, 0, NULL, "",
	 "script: a command that fills the database, once, in LODESTONE_DB_DIR; every run starts from a copy. Empty: every run starts from an empty folder."},
	{"workload", "database", "database", T_PATH, AT(database), 0, 0, NULL, "",
	 "A database that is there already and that nobody has open: every run starts from a copy, and it stays as it is. db_bench: the same as --use_existing_db=1 "
	 "--db=PATH."},
	{"workload", "refill", "refill", T_WORD, AT(refill), 0, 0, refills, "changed",
	 "The database that runs start from. changed: filled anew for a file that would have written it in another form (compression, filters, sizes of blocks and files, "
	 "levels), as a database would be that grows under this file; takes a fill for each, and room for three. once: filled with the starting options, the same for "
	 "every file: quicker, and reads see nothing of such options. With a database that is there already: always once."},
	{"workload", "describe", "describe", T_TEXT, AT(describe), 0, 0, NULL, "",
	 "The workload in words of yours, for the report and for the model, which gets it as it stands."},
	{"objective", "kind", "objective", T_WORD, AT(aim), 0, 0, aims, "throughput",
	 "What is to become better. throughput: operations per second. latency: the time of one kind of operation. cost: processor time, memory and disk traffic per "
	 "operation."},
	{"objective", "op", "op", T_TEXT, AT(op), 0, 0, NULL, "", "latency: get, write, seek, multiget or a script's own word. Empty: the kind that the baseline counts most often."},
	{"objective", "tail", "tail", T_WORD, AT(tail), 0, 0, tails, "p99", "latency: which of its figures."},
	{"objective", "price_cpu", NULL, T_REAL, AT(price_cpu), 0, 1e6, NULL, "1", "cost: price of a core for an hour, in any currency; only ratios matter."},
	{"objective", "price_memory", NULL, T_REAL, AT(price_memory), 0, 1e6, NULL, "0.125", "cost: price of a GiB of memory for an hour."},
	{"objective", "price_io", NULL, T_REAL, AT(price_io), 0, 1e6, NULL, "0.005", "cost: price of a GiB of disk traffic: log, flushes, and what compactions read and write."},
	{"constraint", "p99_get", "p99-get", T_SECONDS, AT(p99_get), 0, 3600, NULL, "0", "The p99 of a Get may not exceed this: 2ms. 0: no such limit."},
	{"constraint", "p99_write", "p99-write", T_SECONDS, AT(p99_write), 0, 3600, NULL, "0", "The same for writes."},
	{"constraint", "p99_seek", "p99-seek", T_SECONDS, AT(p99_seek), 0, 3600, NULL, "0", "The same for Seek."},
	{"constraint", "p99_worse", "p99-worse", T_REAL, AT(p99_worse), 0, 1000, NULL, "0.5",
	 "How much longer the p99 of any kind of operation may become against the baseline: 0.5 is half as long again. 0: no such limit."},
	{"constraint", "write_amp", "write-amp", T_REAL, AT(write_amp), 0, 1e6, NULL, "0", "Bytes written to disk for each that comes in. 0: no such limit."},
	{"constraint", "space_amp", "space-amp", T_REAL, AT(space_amp), 0, 1e6, NULL, "0", "Bytes on disk for each that is live. 0: no such limit."},
	{"constraint", "memory", "max-memory", T_SIZE, AT(memory), 0, BIG, NULL, "0", "Resident memory of the benchmark. 0: no such limit."},
	{"constraint", "space", "max-space", T_SIZE, AT(space), 0, BIG, NULL, "0", "Size of the database on disk at the end of a run. 0: no such limit."},
	{"constraint", "allow", "allow", T_TEXT, AT(allow), 0, 0, NULL, "",
	 "Options that may be changed although a benchmark alone cannot tell what they cost (durability, semantics), separated by spaces or commas."},
	{"constraint", "keep", "keep", T_TEXT, AT(keep), 0, 0, NULL, "", "Options that must stay as they are, separated by spaces or commas."},
	{"budget", "iterations", "iterations", T_COUNT, AT(iterations), 0, 1000, NULL, "7", "Proposals that are tried, at the most."},
	{"budget", "runs", "runs", T_COUNT, AT(runs), TUNE_PAIRS_LEAST, TUNE_PAIRS_MAX, NULL, "6",
	 "Runs of one file within one comparison, at the most; no verdict stands on one."},
	{"budget", "baseline_runs", "baseline-runs", T_COUNT, AT(baseline_runs), 1, TUNE_SHOTS_MAX, NULL, "3",
	 "Runs of the starting file before anything is proposed: how much they differ."},
	{"budget", "patience", "patience", T_COUNT, AT(patience), 1, 1000, NULL, "3", "End after so many iterations in a row without a worthwhile gain."},
	{"budget", "seconds", "seconds", T_SECONDS, AT(seconds), 0, 604800, NULL, "0", "Length of one run. 0: as the command says."},
	{"budget", "time", "time", T_SECONDS, AT(time), 0, 31536000, NULL, "0", "Of the whole: 2h. An iteration that would not fit is not begun. 0: no limit."},
	{"budget", "tokens", "tokens", T_WHOLE, AT(tokens), 0, BIG, NULL, "200000", "Of the model, both ways. 0: no limit."},
	{"budget", "min_effect", "min-effect", T_REAL, AT(min_effect), 0, 1, NULL, "0.02", "Least gain worth keeping; 0.02 is 2 %."},
	{"budget", "alpha", NULL, T_REAL, AT(alpha), 0.001, 0.3, NULL, "0.05", "Risk of keeping a file that is not better."},
	{"advisor", "kind", "advisor", T_WORD, AT(advisor), 0, 0, advisors, "expert",
	 "Who proposes: the built-in rules, a language model (its address, name and key: [llm] of the configuration), or chance, for comparison."},
	{"advisor", "prompt_tokens", NULL, T_COUNT, AT(prompt_tokens), 2500, 200000, NULL, "6000", "llm: the most that one prompt may be."},
	{"advisor", "live", "live", T_BOOL, AT(live), 0, 0, NULL, "false",
	 "Let the live tuner explore the options that can be changed without a restart within a run; what it proves goes into the next file."},
	{"advisor", "live_seconds", NULL, T_SECONDS, AT(live_seconds), 10, 86400, NULL, "600s", "live: length of such a run."},
	{"run", "scratch", "scratch", T_PATH, AT(scratch), 0, 0, NULL, "", "Where the folder for databases is made; it is removed at the end. Empty: $TMPDIR, else /tmp."},
	{"run", "scratch_limit", "scratch-limit", T_SIZE, AT(scratch_limit), 0, BIG, NULL, "0",
	 "What that folder may take; a run that goes beyond it is killed. 0: what its disk has free, less run.reserve."},
	{"run", "reserve", "reserve", T_SIZE, AT(reserve), 0, BIG, NULL, "2G", "What must stay free on that disk."},
	{"run", "hang", "hang", T_SECONDS, AT(hang), 1, 86400, NULL, "60s", "A run without a sign of life for so long is killed: no operation, no output, no processor time."},
	{"run", "timeout", "timeout", T_SECONDS, AT(timeout), 0, 604800, NULL, "0",
	 "A run that takes longer in all is killed. 0: four times what is asked for (by each benchmark that is measured) or what the longest took, and two minutes; an hour where nothing is known."},
	{"run", "cpus", "cpus", T_REAL, AT(cpus), 0, 4096, NULL, "0", "Processors for the benchmark, by a cgroup, else by its affinity. 0: all."},
	{"run", "memory", "memory", T_SIZE, AT(memory_limit), 0, BIG, NULL, "0", "Memory for the benchmark, page cache included, by a cgroup. 0: all."},
	{"run", "drop_caches", "drop-caches", T_BOOL, AT(drop_caches), 0, 0, NULL, "false", "Empty the machine's page cache before each run; needs root."},
	{"run", "probe", "probe", T_BOOL, AT(probe), 0, 0, NULL, "false", "Four short runs of fio in the scratch folder, for the description of the machine."},
	{"run", "seed", "seed", T_WHOLE, AT(seed), 0, BIG, NULL, "1", "Of the order of runs and of every random choice."},
	{"output", "dir", "out", T_PATH, AT(out), 0, 0, NULL, "lodestone-tune", "Where history, report and final file go. A loop that was interrupted goes on from what is there."},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int wrong(struct lode_err *err, const struct key *k, const char *value, const char *hint)
{
	return lode_err_set(err, EINVAL, "%s.%s cannot be '%.60s': it is %s", k->section, k->name, value, hint);
}

static int set_word(const struct key *k, void *field, const char *value, struct lode_err *err)
{
	char list[120] = "one of";

	for (int i = 0; k->words[i]; i++) {
		if (strcmp(k->words[i], value) == 0) {
			if (k->size == sizeof(int))
				*(int *)field = i;
			else
				snprintf(field, k->size, "%s", value);
			return 0;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s %s", i ? "," : "", k->words[i]);
	}
	return wrong(err, k, value, list);
}

static int set_bool(const struct key *k, bool *field, const char *value, struct lode_err *err)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], value) == 0) {
			*field = i & 1;
			return 0;
		}
	return wrong(err, k, value, "true or false");
}

static int set_number(const struct key *k, void *field, const char *value, struct lode_err *err)
{
	static const char *const hints[] = {
	    [T_COUNT] = "a whole number", [T_WHOLE] = "a whole number", [T_SIZE] = "a size such as 512M", [T_SECONDS] = "a time such as 90s or 5m",
	    [T_REAL] = "a number such as 0.5"};
	double real = 0;
	int64_t whole = 0;
	char *end = "";
	int rc = 0;

	if (k->type == T_SECONDS)
		rc = lode_num_parse_duration(value, &real);
	else if (k->type == T_REAL) /* this process has the C locale */
		real = *value ? strtod(value, &end) : NAN;
	else
		rc = k->type == T_SIZE ? lode_num_parse_size(value, &whole) : lode_num_parse(value, strlen(value), &whole);
	if (rc || *end || isnan(real))
		return wrong(err, k, value, hints[k->type]);
	if (k->type != T_SECONDS && k->type != T_REAL)
		real = (double)whole;
	if (!(real >= k->min && real <= k->max))
		return lode_err_set(err, EINVAL, "%s.%s cannot be '%.60s': it lies between %g and %g", k->section, k->name, value, k->min, k->max);
	if (k->type == T_SECONDS || k->type == T_REAL)
		*(double *)field = real;
	else if (k->type == T_COUNT)
		*(unsigned *)field = (unsigned)whole;
	else
		*(int64_t *)field = whole;
	return 0;
}

static int set_key(struct tune_spec *s, const struct key *k, const char *value, struct lode_err *err)
{
	void *field = (char *)s + k->offset;

	switch (k->type) {
	case T_TEXT:
	case T_PATH:
		if (strlen(value) >= k->size)
			return lode_err_set(err, EINVAL, "%s.%s is longer than %zu characters", k->section, k->name, k->size - 1);
		snprintf(field, k->size, "%s", value);
		return 0;
	case T_WORD:
		return set_word(k, field, value, err);
	case T_BOOL:
		return set_bool(k, field, value, err);
	default:
		return set_number(k, field, value, err);
	}
}

static const struct key *nearest(const char *section, const char *name)
{
	const struct key *best = NULL;
	unsigned least = 6;

	for (size_t i = 0; i < KEYS; i++) {
		unsigned d = strcmp(keys[i].name, name) == 0 ? 0 : lode_text_distance(section, keys[i].section) + lode_text_distance(name, keys[i].name);

		if (d < least) {
			least = d;
			best = &keys[i];
		}
	}
	return best;
}

/* Sections that mean the same here and in the configuration. [objective] and [advisor] are ours here. */
static bool of_configuration(const char *section)
{
	return strcmp(section, "llm") == 0 || strcmp(section, "guard") == 0 || strcmp(section, "log") == 0 || strcmp(section, "judge") == 0;
}

int tune_spec_set(struct tune_spec *s, const char *section, const char *key, const char *value, struct lode_err *err)
{
	const struct key *near;

	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, key) == 0)
			return set_key(s, &keys[i], value, err);
	if (of_configuration(section))
		return lode_config_set(&s->config, section, key, value, err);
	near = nearest(section, key);
	if (near)
		return lode_err_set(err, ENOENT, "there is no setting %.40s.%.40s; did you mean %s.%s?", section, key, near->section, near->name);
	return lode_err_set(err, ENOENT, "there is no setting %.40s.%.40s (`lodestone help tune` lists them)", section, key);
}

void tune_spec_init(struct tune_spec *s)
{
	memset(s, 0, sizeof(*s));
	lode_config_defaults(&s->config);
	for (size_t i = 0; i < KEYS; i++)
		set_key(s, &keys[i], keys[i].initial, NULL);
}

void tune_spec_fini(struct tune_spec *s)
{
	tune_words_free(s->argv);
	s->argv = NULL;
}

/* A relative path in a file is of the file's folder. */
static int settle_path(const char *file, const struct key *k, const char *value, char *out, size_t len, struct lode_err *err)
{
	const char *slash = strrchr(file, '/');
	int n = *value && *value != '/' && slash ? snprintf(out, len, "%.*s/%s", (int)(slash - file), file, value) : snprintf(out, len, "%s", value);

	return n < (int)len ? 0 : lode_err_set(err, EINVAL, "%s.%s is too long a path", k->section, k->name);
}

struct reading {
	struct tune_spec *s;
	const char *file;
};

static int set_from_file(void *ctx, const char *section, const char *key, const char *value, struct lode_err *err)
{
	struct reading *r = ctx;
	char path[PATH_MAX];

	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].type == T_PATH && strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, key) == 0)
			return settle_path(r->file, &keys[i], value, path, sizeof(path), err) ? -EINVAL : set_key(r->s, &keys[i], path, err);
	return tune_spec_set(r->s, section, key, value, err);
}

int tune_spec_read(const char *file, struct tune_spec *s, struct lode_err *err)
{
	struct reading r = {s, file};
	struct lode_buf text, notes;
	int rc;

	lode_buf_init(&text, FILE_MAX);
	lode_buf_init(&notes, 1 << 16);
	rc = lode_fs_read(file, &text);
	if (rc)
		lode_err_set(err, -rc, "%.150s cannot be read: %s", file, strerror(-rc));
	else if (lode_config_each(lode_buf_str(&text), file, set_from_file, &r, &notes))
		rc = lode_err_set(err, EINVAL, "%.*s", (int)strcspn(lode_buf_str(&notes), "\n"), lode_buf_str(&notes));
	else
		snprintf(s->file, sizeof(s->file), "%s", file);
	lode_buf_fini(&text);
	lode_buf_fini(&notes);
	return rc;
}

bool tune_spec_key(size_t i, struct tune_spec_key *out)
{
	if (i >= KEYS)
		return false;
	*out = (struct tune_spec_key){
	    keys[i].section, keys[i].name, keys[i].flag, keys[i].doc, keys[i].initial, keys[i].type == T_WORD ? keys[i].words : NULL, keys[i].type == T_BOOL};
	return true;
}

/* A sentence beside the names of its key, in lines that fit. */
static void add_wrapped(struct lode_buf *out, const char *text)
{
	size_t column = 0;

	for (; *text; text += strspn(text, " ")) {
		size_t n = strcspn(text, " ");

		if (column && column + 1 + n > WIDTH - INDENT) {
			lode_buf_addf(out, "\n%*s", INDENT, "");
			column = 0;
		}
		lode_buf_addf(out, "%s%.*s", column ? " " : "", (int)n, text);
		column += n + (column > 0);
		text += n;
	}
	lode_buf_adds(out, "\n");
}

void tune_spec_document(struct lode_buf *out, bool brief)
{
	const char *section = "";

	for (size_t i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];

		if (strcmp(section, k->section) != 0)
			lode_buf_addf(out, "%s[%s]\n", *section ? "\n" : "", k->section);
		section = k->section;
		if (brief) {
			char left[64], text[600];

			snprintf(left, sizeof(left), "%s%s%s", k->name, k->flag ? ", --" : "", k->flag ? k->flag : "");
			snprintf(text, sizeof(text), "%s%s%s", k->doc, *k->initial ? " Default: " : "", k->initial);
			lode_buf_addf(out, "  %-*s ", INDENT - 3, left);
			add_wrapped(out, text);
			continue;
		}
		lode_buf_addf(out, "# %s\n", k->doc);
		for (int w = 0; k->words && k->words[w]; w++)
			lode_buf_addf(out, "%s%s%s", w ? ", " : "# One of: ", k->words[w], k->words[w + 1] ? "" : ".\n");
		lode_buf_addf(out, "#%s = %s\n", k->name, k->initial);
	}
}

void tune_spec_print(const struct tune_spec *s, struct lode_buf *out)
{
	const char *section = "";

	for (size_t i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];
		const void *field = (const char *)s + k->offset;

		if (strcmp(section, k->section) != 0)
			lode_buf_addf(out, "[%s]\n", k->section);
		section = k->section;
		lode_buf_addf(out, "%s = ", k->name);
		if (k->type == T_SECONDS)
			lode_buf_addf(out, "%gs\n", *(const double *)field);
		else if (k->type == T_REAL)
			lode_buf_addf(out, "%.9g\n", *(const double *)field);
		else if (k->type == T_BOOL)
			lode_buf_addf(out, "%s\n", *(const bool *)field ? "true" : "false");
		else if (k->type == T_COUNT)
			lode_buf_addf(out, "%u\n", *(const unsigned *)field);
		else if (k->type == T_WHOLE || k->type == T_SIZE)
			lode_buf_addf(out, "%lld\n", (long long)*(const int64_t *)field);
		else if (k->type == T_WORD && k->size == sizeof(int))
			lode_buf_addf(out, "%s\n", k->words[*(const int *)field]);
		else if (k->offset == offsetof(struct tune_spec, command) && s->argv)
			tune_spec_show_command(s, out), lode_buf_adds(out, "\n");
		else
			lode_buf_addf(out, "%s\n", (const char *)field);
	}
}
