/* Configuration as data: one table of keys, INI file, environment, command line; every message names file and line. */
#ifndef LODE_AGENT_CONFIG_H
#define LODE_AGENT_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "judge/objective.h"

#include <stdbool.h>

enum lode_mode { LODE_MODE_OBSERVE, LODE_MODE_SUGGEST, LODE_MODE_AUTO };
const char *lode_mode_name(enum lode_mode m);
enum lode_on_close { LODE_CLOSE_RESTORE, LODE_CLOSE_KEEP };

enum lode_shape { LODE_SHAPE_REFUSE, LODE_SHAPE_VOLUME };

struct lode_config {
	char file[512]; /* "" if none was read */
	bool disabled;
	/* [agent] */
	int mode, on_close;
	double interval;      /* seconds between samples */
	char state_dir[512], runtime_dir[512], include[512], exclude[512], include_args[512], exclude_args[512];
	char children[24];    /* inherit, strip: the preload itself acts on it, from the environment */
	bool statistics;      /* auto: inject Statistics where the host has none; false: never */
	int64_t seed;         /* of every coin; 0 = from the kernel */
	/* [log] */
	char log_file[512];
	int log_level;
	bool names;           /* paths and names of families in journal and metrics */
	/* [advisor] */
	char advisor[24];     /* expert, llm, random, adversarial */
	double advisor_interval; /* seconds between rounds; 0 = as the pace says */
	unsigned max_trials;  /* of this attach; 0 = no limit */
	/* [llm] */
	char api[24];
	char credentials_dir[512]; /* of the service manager, from the environment */
	char url[512], model[128], key_file[512], ca_file[512], proxy[256], key[512];
	double timeout, temperature;
	unsigned retries, calls_per_hour, tokens_per_day;
	int max_tokens;
	double money_per_day, price_in, price_out; /* of a million tokens, in any currency */
	double curiosity;     /* seconds */
	unsigned prompt_tokens;
	char prompt_dir[512];
	char record[512], replay[512];
	int replay_loose;
	/* [relay]: of `lodestone relay`, no host reads them */
	char relay_socket[112], relay_group[64], relay_users[256];
	unsigned relay_clients, relay_calls_per_hour;
	struct lode_objective objective; /* [objective], and guard.margin_* */
	/* [guard] */
	bool allow_optin, allow_residue;
	double memory_fraction;
	int64_t memory_max;
	double harm_per_day;  /* share of a day's work; below zero: the pace's */
	char pin[512];        /* tunable ids, space or comma separated: never touched */
	/* [judge] */
	char pace[24];
	double alpha, min_effect;
	double recheck;       /* seconds after a keep; 0 = the pace's */
	unsigned max_pairs;   /* 0 = the pace's */
	int shape;            /* enum lode_shape: what becomes of options that act through the shape of the tree */
};

void lode_config_defaults(struct lode_config *c);
struct lode_setting { /* what a program sets that attaches by itself; borrowed */
	const char *key;  /* "section.key" */
	const char *value;
};

/* file (LODESTONE_CONFIG, or /etc/lodestone/lodestone.conf if that exists), then the program's own, then LODESTONE_<SECTION>_<KEY>: the operator has the last word. Problems go to `notes`, one line each; they never stop the host:
 * a bad value keeps the default. env is the process's environment or a copy. Returns the number of problems. */
int lode_config_load(struct lode_config *c, char *const *env, const struct lode_setting *own, size_t nown, struct lode_buf *notes);
int lode_config_read_text(struct lode_config *c, const char *text, const char *name, struct lode_buf *notes);
/* One "section.key=value". -EINVAL / -ENOENT with a sentence that names the nearest key. */
int lode_config_set(struct lode_config *c, const char *section, const char *key, const char *value, struct lode_err *err);
/* Every setting of a text in the form of the file. Lines that are wrong, or that fn refuses, go to `notes`. The number of problems. */
typedef int lode_setting_fn(void *ctx, const char *section, const char *key, const char *value, struct lode_err *err);
int lode_config_each(const char *text, const char *name, lode_setting_fn *fn, void *ctx, struct lode_buf *notes);
int lode_config_set_key(struct lode_config *c, const char *key, const char *value, struct lode_err *err); /* "section.key" */
/* Every key with its default and documentation as a commented INI file: the example, and what a package installs. */
void lode_config_document(struct lode_buf *out);

#endif
