/* What is to be tuned, as the operator says it: a file in the form of the configuration, the command line, or both (the command line has the last word).
 * One table of keys: the same rows parse, check, name the nearest key, and write the help. */
#ifndef LODE_TUNE_SPEC_H
#define LODE_TUNE_SPEC_H

#include "agent/config.h"
#include "tune/tune.h"

enum tune_adapter_kind { TUNE_ADAPT_AUTO, TUNE_ADAPT_DB_BENCH, TUNE_ADAPT_SCRIPT };
enum tune_aim { TUNE_AIM_THROUGHPUT, TUNE_AIM_LATENCY, TUNE_AIM_COST };
enum tune_advisor_kind { TUNE_ADVISE_EXPERT, TUNE_ADVISE_LLM, TUNE_ADVISE_RANDOM };

struct tune_spec {
	char file[512]; /* the file that it was read from; "" */

	/* [workload] */
	char **argv; /* the command, NULL at its end; malloc'd */
	char command[2048]; /* the same as a file says it; argv comes from it unless a command line gave it */
	int adapter; /* enum tune_adapter_kind; never AUTO after tune_spec_check */
	char options[512];  /* the OPTIONS file to start from; "" = the version's defaults, written by RocksDB itself */
	char measure[256];  /* db_bench: which of its benchmarks count; "" = by their kind */
	char prepare[1024]; /* script: a command that fills the database once */
	char database[512]; /* an existing database: every run starts from a copy of it */
	int refill;	    /* the database is filled anew for a file that would have written it in another form */
	char describe[400]; /* the workload in words: for the model and for the report */

	/* [objective], [constraint]; NAN or 0 = none */
	int aim;	/* enum tune_aim */
	char op[16];	/* latency: which operation, "" = the one that is counted most often */
	char tail[8];	/* latency: "mean", "p50", "p99", "p999" */
	double price_cpu, price_memory, price_io; /* cost: as in [objective] of the configuration */
	double p99_get, p99_write, p99_seek; /* seconds that it may not exceed; 0 = none */
	double p99_worse;  /* how much longer any p99 may become against the baseline, relative: 0.5 is half as long again */
	double write_amp, space_amp; /* 0 = none */
	int64_t memory, space; /* bytes: resident memory of the process, size of the database; 0 = none */
	char allow[1024]; /* options that are otherwise left alone, by name: see space.h */
	char keep[1024];  /* options that must stay as they are */

	/* [budget] */
	unsigned iterations, runs, baseline_runs, patience; /* runs: of one file in one comparison, at the most */
	double seconds; /* of one run; 0 = as the command says */
	double time;	/* of the whole, active; 0 = no limit */
	int64_t tokens; /* both ways; 0 = no limit */
	double min_effect, alpha; /* the least gain worth keeping; the risk of keeping what does nothing */

	/* [advisor]; a model's address, name and key stand in [llm] of the configuration */
	int advisor; /* enum tune_advisor_kind */
	unsigned prompt_tokens;
	bool live; /* let the live tuner explore within a run */
	double live_seconds;

	/* [run] */
	char scratch[512]; /* where our folder is made; "" = TMPDIR, else /tmp */
	int64_t scratch_limit, reserve; /* bytes: that our folder may take; that must stay free on its disk */
	double hang, timeout; /* seconds: without a sign of life; of one run in all, 0 = by what earlier runs took */
	double cpus; /* 0 = no limit */
	int64_t memory_limit; /* of the benchmark, by a cgroup; 0 = none */
	bool drop_caches, probe;
	int64_t seed;

	/* [output] */
	char out[512]; /* history, report and final file */

	struct lode_config config; /* [llm], [guard] and whatever else the parts share with the live tuner */
};

void tune_spec_init(struct tune_spec *s); /* every default; config as LODESTONE_CONFIG and the environment say is the caller's to load */
void tune_spec_fini(struct tune_spec *s);

/* A file. -EINVAL with "FILE:LINE: what is wrong and the mend" of its first mistake; -errno if it cannot be read. Relative paths in it are of
 * the directory that the file is in. */
int tune_spec_read(const char *file, struct tune_spec *s, struct lode_err *err);
/* One "section.key". -EINVAL, -ENOENT (names the nearest). A section of the configuration ([llm], [guard]) goes to s->config. */
int tune_spec_set(struct tune_spec *s, const char *section, const char *key, const char *value, struct lode_err *err);
int tune_spec_command(struct tune_spec *s, int argc, char *const *argv, struct lode_err *err); /* in place of workload.command; copied */
/* After everything was said: is there a command, do the files exist, which adapter is it, do the values fit each other? Splits the command. */
int tune_spec_check(struct tune_spec *s, struct lode_err *err);

/* "command arg ..." for people and for the report; quotes where they are needed. */
void tune_spec_show_command(const struct tune_spec *s, struct lode_buf *out);
/* "throughput", "p99 of get", "cost"; with its constraints. */
void tune_spec_show_objective(const struct tune_spec *s, struct lode_buf *out);
/* All of it as a file that tune_spec_read takes: for the history, to see what differs when a loop is resumed. No key of a model is in it. */
void tune_spec_print(const struct tune_spec *s, struct lode_buf *out);
/* Every key with its default and documentation as a commented file; brief: one line each, for --help. */
void tune_spec_document(struct lode_buf *out, bool brief);
/* Row i as an option of the command line, "budget.iterations" and "iterations"; false past the last. */
struct tune_spec_key {
	const char *section, *name, *flag, *doc; /* flag: NULL if it has none */
	const char *initial;
	const char *const *words;		 /* NULL-terminated, or NULL where other values will do */
	bool is_switch;				 /* takes no value: it means true */
};
bool tune_spec_key(size_t i, struct tune_spec_key *out);

/* Splits as a shell does, with quotes and backslashes, without expanding anything. *out is malloc'd in one piece per word, NULL at its end. */
int tune_words_split(const char *text, char ***out, struct lode_err *err);
void tune_words_free(char **words);

#endif
