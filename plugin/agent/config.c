/* Configuration as data: one row a key. The same rows parse, check, suggest the nearest name and write the manual. */
#include "agent/config.h"
#include "agent/config_keys.h"

#include "base/log.h"
#include "base/num.h"
#include "base/text.h"
#include "guard/tunable.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum type { T_TEXT, T_WORD, T_AUTO /* auto or never */, T_BOOL, T_UINT, T_INT, T_SIZE, T_SECONDS, T_REAL, T_LOG_LEVEL, T_SLO };

struct key {
	const char *section, *name;
	enum type type;
	size_t offset, size; /* size: of a text */
	double min, max;     /* of numbers */
	const char *const *words; /* T_WORD: the value is an index if the field is an int, the word itself if it is a text */
	const char *initial;
	const char *doc;
};

static const char *const policies[] = {"auto", "never", NULL};
static const char *const modes[] = {"observe", "suggest", "auto", NULL};
static const char *const closes[] = {"restore", "keep", NULL};
static const char *const children[] = {"inherit", "strip", NULL};
static const char *const advisors[] = {"expert", "llm", "random", "adversarial", NULL};
static const char *const paces[] = {"production", "bench", "rush", NULL};
static const char *const shapes[] = {"refuse", "volume", NULL};
static const char *const replays[] = {"strict", "loose", NULL};
static const char *const apis[] = {"chat", "anthropic", NULL};

#define AT(field) offsetof(struct lode_config, field), sizeof(((struct lode_config *)0)->field)
#define BIG 1e18

static const struct key keys[] = {
	{"agent", "mode", T_WORD, AT(mode), 0, 0, modes, "observe",
	 "observe: watch and report. suggest: propose, and try what is approved. auto: try proposals on the live database and keep what is proven."},
	{"agent", "on_close", T_WORD, AT(on_close), 0, 0, closes, "restore",
	 "What happens to kept changes when the database closes: put the old values back, or leave ours in the OPTIONS file."},
	{"agent", "interval", T_SECONDS, AT(interval), 0.05, 3600, NULL, "1s", "Time between two samples."},
	{"agent", "state_dir", T_TEXT, AT(state_dir), 0, 0, NULL, "",
	 "Where journals are kept. Empty: /var/lib/lodestone for root, else ~/.local/state/lodestone."},
	{"agent", "runtime_dir", T_TEXT, AT(runtime_dir), 0, 0, NULL, "",
	 "Where the control socket is made. Empty: /run/lodestone for root, else $XDG_RUNTIME_DIR/lodestone or /tmp/lodestone-UID."},
	{"agent", "include", T_TEXT, AT(include), 0, 0, NULL, "", "Shell patterns of executables (path or name) to work in, separated by spaces. Empty: all."},
	{"agent", "exclude", T_TEXT, AT(exclude), 0, 0, NULL, "", "Shell patterns of executables to stay out of."},
	{"agent", "include_args", T_TEXT, AT(include_args), 0, 0, NULL, "",
	 "Shell patterns of command lines to work in, separated by spaces: each is tried on every argument and on all of them joined by spaces (? stands for one). Empty: all."},
	{"agent", "exclude_args", T_TEXT, AT(exclude_args), 0, 0, NULL, "", "Shell patterns of command lines to stay out of, such as --bootstrap."},
	{"agent", "children", T_WORD, AT(children), 0, 0, children, "inherit",
	 "Whether programs that the host starts get the preload, too. strip: only this process. From the environment only, as LODESTONE_AGENT_CHILDREN: the preload reads no file."},
	{"agent", "statistics", T_AUTO, AT(statistics), 0, 0, policies, "auto",
	 "auto: open databases that have no Statistics with some of ours, which count only, and time only while something is on trial. never: leave them "
	 "without; then reads are not seen, and little can be judged. The host's own are never touched."},
	{"agent", "seed", T_UINT, AT(seed), 0, BIG, NULL, "0", "Seed of every coin flip, for experiments that must repeat. 0: from the kernel."},
	{"log", "file", T_TEXT, AT(log_file), 0, 0, NULL, "stderr", "A path (%p is the process id), or stderr."},
	{"log", "level", T_LOG_LEVEL, AT(log_level), 0, 0, NULL, "notice", "off, error, warn, notice, info or debug."},
	{"log", "names", T_BOOL, AT(names), 0, 0, NULL, "false",
	 "Write the database's path, the names of column families and option values that are no numbers into the journal and the metrics. Without it they hold "
	 "numbers and the names of options only, with families as cf and RocksDB's number, which `lodestone status` explains."},
	{"advisor", "kind", T_WORD, AT(advisor), 0, 0, advisors, "expert",
	 "Who proposes: the built-in rules, a language model; or, for tests of the guard only, random and adversarial, which propose nonsense and harm."},
	{"advisor", "interval", T_SECONDS, AT(advisor_interval), 0, 86400, NULL, "0", "Least time between two questions to the advisor. 0: as the pace says."},
	{"advisor", "max_trials", T_UINT, AT(max_trials), 0, 1e6, NULL, "0", "Trials for each opening of a database. 0: no limit."},
	{"llm", "url", T_TEXT, AT(url), 0, 0, NULL, "", "Base URL with the version: http://127.0.0.1:8080/v1; of an Azure deployment with its query: https://NAME.openai.azure.com/openai/deployments/NAME?api-version=2024-10-21; for api = anthropic without: https://api.anthropic.com. Plain http only to this machine; unix:/path for a relay."},
	{"llm", "api", T_WORD, AT(api), 0, 0, apis, "chat", "Protocol: chat is OpenAI-compatible chat completions, anthropic is Anthropic's messages."},
	{"llm", "model", T_TEXT, AT(model), 0, 0, NULL, "", "The model's name as the server knows it."},
	{"llm", "key_file", T_TEXT, AT(key_file), 0, 0, NULL, "", "File with the API key, readable by its owner only. Else the service manager's credential lodestone-api-key."},
	{"llm", "key", T_TEXT, AT(key), 0, 0, NULL, "", "The API key itself; key_file is better."},
	{"llm", "ca_file", T_TEXT, AT(ca_file), 0, 0, NULL, "", "Certificates to trust instead of the system's."},
	{"llm", "proxy", T_TEXT, AT(proxy), 0, 0, NULL, "none", "none, or a proxy's URL. The host's own proxy variables are not used."},
	{"llm", "timeout", T_SECONDS, AT(timeout), 1, 3600, NULL, "120s", "For one question, retries included."},
	{"llm", "temperature", T_REAL, AT(temperature), -1, 2, NULL, "0.2", "Below zero: not sent."},
	{"llm", "retries", T_UINT, AT(retries), 0, 5, NULL, "1", "After a passing failure."},
	{"llm", "calls_per_hour", T_UINT, AT(calls_per_hour), 0, 1e6, NULL, "30", "Calls in an hour, those of earlier runs included. 0: no limit."},
	{"llm", "tokens_per_day", T_UINT, AT(tokens_per_day), 0, 4e9, NULL, "500000", "Tokens in a day, both ways, those of earlier runs included. 0: no limit."},
	{"llm", "money_per_day", T_REAL, AT(money_per_day), 0, 1e6, NULL, "0",
	 "What calls may cost in a day, those of earlier runs included, in the currency of llm.price_in and llm.price_out. 0: no limit."},
	{"llm", "price_in", T_REAL, AT(price_in), 0, 1e6, NULL, "0", "Price of a million tokens that are sent."},
	{"llm", "price_out", T_REAL, AT(price_out), 0, 1e6, NULL, "0", "Price of a million tokens of the answers, those of its reasoning included."},
	{"llm", "curiosity", T_SECONDS, AT(curiosity), 0, 2592000, NULL, "4h",
	 "How long the model is left unasked, at the most, where by our own reckoning there is nothing to win, or where its answers came to nothing again and "
	 "again. 0: it is not asked where there is nothing to win, and a day at the most after answers that came to nothing."},
	{"llm", "max_tokens", T_INT, AT(max_tokens), 64, 100000, NULL, "2000", "Of one answer."},
	{"llm", "prompt_tokens", T_UINT, AT(prompt_tokens), 2500, 100000, NULL, "4000",
	 "The most that a prompt may be, counted high (docs/dialogue.md): what has less weight is left out. The answer's schema is not counted."},
	{"llm", "prompt_dir", T_TEXT, AT(prompt_dir), 0, 0, NULL, "",
	 "Directory with system.txt, answer.txt and task.txt in place of the prompt's built-in texts. What cannot be used is told by `lodestone doctor`."},
	{"llm", "record", T_TEXT, AT(record), 0, 0, NULL, "",
	 "A file for everything that is said to the model and comes back, without the key, to be replayed. It must not be there yet; %p is the process id."},
	{"llm", "replay", T_TEXT, AT(replay), 0, 0, NULL, "", "A recording that answers in the model's place, in its order; nothing is sent."},
	{"llm", "replay_policy", T_WORD, AT(replay_loose), 0, 0, replays, "loose",
	 "What becomes of a request that is not the recorded one. loose: it is answered all the same, and the difference is told. strict: the call fails."},
	{"relay", "socket", T_TEXT, AT(relay_socket), 0, 0, NULL, "/run/lodestone/relay.sock",
	 "Where `lodestone relay` listens. Services reach it by llm.url = unix:/run/lodestone/relay.sock."},
	{"relay", "users", T_TEXT, AT(relay_users), 0, 0, NULL, "",
	 "Who may ask beside the relay's own user and root: names or numbers, separated by spaces or commas. Needs relay.group."},
	{"relay", "group", T_TEXT, AT(relay_group), 0, 0, NULL, "",
	 "The group that may open the socket (mode 0660). Empty: the relay's own user only (mode 0600)."},
	{"relay", "clients", T_UINT, AT(relay_clients), 1, 64, NULL, "4", "Calls at one time; others wait in line."},
	{"relay", "calls_per_hour", T_UINT, AT(relay_calls_per_hour), 0, 1e6, NULL, "120", "Calls in an hour, of all services together. 0: no limit."},
	{"objective", "kind", T_WORD, AT(objective.kind), 0, 0, lode_objective_name, "balanced",
	 "What a change must make better to be kept. balanced: less service time for the work that comes. throughput: more operations per second, where clients "
	 "wait for answers. latency: fewer operations slower than the SLOs. write_amp: fewer bytes written to disk for each that comes in. cost: less processor "
	 "time, memory and disk traffic per operation. custom: a metric of the program's own, which it gives by lodestone_options_set_objective. Whatever it is, the others may not get worse by more than guard.margin_*."},
	{"objective", "slo_get", T_SLO, AT(objective.slo[LODE_H_GET]), 0, 0, NULL, "none",
	 "What is promised for Get (MultiGet where there are no Gets), as p99.9 < 2ms. Tails are guarded at this limit, rounded to the nearest limit of RocksDB's "
	 "histograms; and a trial ends at once if the error budget burns 14.4 times too fast. none: tails are guarded at the p99 of the moment."},
	{"objective", "slo_write", T_SLO, AT(objective.slo[LODE_H_WRITE]), 0, 0, NULL, "none", "The same for writes."},
	{"objective", "slo_seek", T_SLO, AT(objective.slo[LODE_H_SEEK]), 0, 0, NULL, "none", "The same for Seek."},
	{"objective", "price_cpu", T_REAL, AT(objective.price_cpu), 0, 1e6, NULL, "1", "kind = cost: price of a core for an hour, in any currency; only ratios matter."},
	{"objective", "price_memory", T_REAL, AT(objective.price_memory), 0, 1e6, NULL, "0.125", "kind = cost: price of a GiB of memtables or block cache for an hour."},
	{"objective", "price_io", T_REAL, AT(objective.price_io), 0, 1e6, NULL, "0.005", "kind = cost: price of a GiB read from or written to disk."},
	{"guard", "allow_optin", T_BOOL, AT(allow_optin), 0, 0, NULL, "false", "Allow options of the opt-in tier."},
	{"guard", "allow_residue", T_BOOL, AT(allow_residue), 0, 0, NULL, "false",
	 "Allow changes of database options (background jobs, ...) where bytes_per_sync is 0. From the first one on it reads 1152921504606846976, which does what 0 "
	 "does, until the database is reopened; everything else goes back to the byte."},
	{"guard", "memory_fraction", T_REAL, AT(memory_fraction), 0.01, 0.9, NULL, "0.5",
	 "Share of the memory limit that block cache and memtables may take together."},
	{"guard", "memory_max", T_SIZE, AT(memory_max), 0, BIG, NULL, "0", "The same as an absolute size. 0: no further limit."},
	{"guard", "margin_speed", T_REAL, AT(objective.margin[LODE_M_SPEED]), 0.001, 1, NULL, "0.03",
	 "How much more service time a change may cost where the objective is another; 0.03 is 3 %."},
	{"guard", "margin_tail", T_REAL, AT(objective.margin[LODE_M_GET_TAIL]), 0.01, 10, NULL, "0.5", "How many more slow operations it may cause; 0.5 is half as many again."},
	{"guard", "margin_stall", T_REAL, AT(objective.margin[LODE_M_STALL]), 0.001, 1, NULL, "0.02", "How much more of their time writers may wait in stalls."},
	{"guard", "margin_write_amp", T_REAL, AT(objective.margin[LODE_M_WRITE_AMP]), 0.01, 10, NULL, "0.1", "How much more may be written to disk for each byte that comes in."},
	{"guard", "margin_space_amp", T_REAL, AT(objective.margin[LODE_M_SPACE_AMP]), 0.01, 10, NULL, "0.1", "How much more disk the same data may take."},
	{"guard", "margin_memory", T_REAL, AT(objective.margin[LODE_M_MEMORY]), 0.001, 1, NULL, "0.02",
	 "Share of the memory limit by which memtables and cache may grow beyond what a change announces."},
	{"guard", "harm_per_day", T_REAL, AT(harm_per_day), -1, 1, NULL, "-1",
	 "Share of a day's work that trials may cost in 24 hours, in all; when it is used up, nothing is tried. 0: nothing is ever tried. Below zero: as the pace "
	 "says, 0.005 (432 seconds of lost work) in production and 0.05 at bench."},
	{"guard", "pin", T_TEXT, AT(pin), 0, 0, NULL, "", "Options that are never touched, separated by spaces or commas."},
	{"judge", "pace", T_WORD, AT(pace), 0, 0, paces, "production", "production decides in minutes to hours, bench within about 90 seconds; rush decides on noise and is for tests of the guard only."},
	{"judge", "alpha", T_REAL, AT(alpha), 0.001, 0.2, NULL, "0.05", "Risk of keeping a change that does nothing."},
	{"judge", "min_effect", T_REAL, AT(min_effect), 0, 1, NULL, "0.02", "Least improvement worth keeping; 0.02 is 2 %."},
	{"judge", "recheck", T_SECONDS, AT(recheck), 0, 31536000, NULL, "0", "How long after a change was kept it is tried once more against the application's value. 0: as the pace says."},
	{"judge", "max_pairs", T_UINT, AT(max_pairs), 0, 200, NULL, "0", "Pairs of blocks after which an undecided trial is reverted. 0: as the pace says."},
	{"judge", "shape", T_WORD, AT(shape), 0, 0, shapes, "refuse",
	 "Options that act through the shape of the tree (level sizes, file sizes). refuse: never tried. volume: judged by the work done over several settle "
	 "volumes of writes, which takes hours, as the undo does."},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

const char *lode_mode_name(enum lode_mode m)
{
	return modes[m];
}

static int word_index(const char *const *words, const char *value)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], value) == 0)
			return i;
	return -1;
}

static int set_word(const struct key *k, void *field, const char *value, struct lode_err *err)
{
	int i = word_index(k->words, value);
	if (i < 0) {
		char list[120] = "";
		for (int j = 0; k->words[j]; j++)
			snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", j ? ", " : "", k->words[j]);
		return lode_err_set(err, EINVAL, "%s.%s cannot be '%.60s': it is one of %s", k->section, k->name, value, list);
	}
	if (k->size == sizeof(int))
		*(int *)field = i;
	else
		snprintf(field, k->size, "%s", k->words[i]);
	return 0;
}

static int parse_real(const char *value, double *out)
{
	/* Not strtod: its decimal point depends on the host's locale. */
	double v = 0, scale = 1;
	const char *p = value + (*value == '-');
	bool digit = false;
	for (; *p >= '0' && *p <= '9'; p++, digit = true)
		v = v * 10 + (*p - '0');
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, digit = true)
			v += (*p - '0') * (scale /= 10);
	if (!digit || *p)
		return -EINVAL;
	*out = *value == '-' ? -v : v;
	return 0;
}

static int parse_number(const struct key *k, const char *value, double *real, int64_t *whole)
{
	int rc;
	if (k->type == T_SECONDS)
		return lode_num_parse_duration(value, real);
	if (k->type == T_REAL)
		return parse_real(value, real);
	rc = k->type == T_SIZE ? lode_num_parse_size(value, whole) : lode_num_parse(value, strlen(value), whole);
	*real = (double)*whole;
	return rc;
}

static const char *type_hint(enum type t)
{
	return t == T_SECONDS ? "a time such as 90s or 5m" : t == T_SIZE ? "a size such as 512M" : t == T_REAL ? "a number such as 0.5" : "a whole number";
}

static int set_number(const struct key *k, void *field, const char *value, struct lode_err *err)
{
	double real = 0;
	int64_t whole = 0;
	if (parse_number(k, value, &real, &whole))
		return lode_err_set(err, EINVAL, "%s.%s cannot be '%.60s': it is %s", k->section, k->name, value, type_hint(k->type));
	if (!(real >= k->min && real <= k->max))
		return lode_err_set(err, EINVAL, "%s.%s cannot be '%.60s': it lies between %g and %g", k->section, k->name, value, k->min, k->max);
	if (k->type == T_SECONDS || k->type == T_REAL)
		*(double *)field = real;
	else if (k->size == sizeof(int64_t))
		*(int64_t *)field = whole;
	else
		*(int *)field = (int)whole;
	return 0;
}

static const char *const yes[] = {"true", "yes", "on", "1", NULL}, *const no[] = {"false", "no", "off", "0", NULL};

/* The words, or a truth value as this key had it at first. */
static int set_auto(const struct key *k, void *field, const char *value, struct lode_err *err)
{
	bool is_auto = strcmp(value, "auto") == 0 || word_index(yes, value) >= 0;
	if (!is_auto && strcmp(value, "never") != 0 && word_index(no, value) < 0)
		return lode_err_set(err, EINVAL, "%s.%s cannot be '%.60s': it is auto or never", k->section, k->name, value);
	*(bool *)field = is_auto;
	return 0;
}

static int set_bool(const struct key *k, void *field, const char *value, struct lode_err *err)
{
	if (word_index(yes, value) < 0 && word_index(no, value) < 0)
		return lode_err_set(err, EINVAL, "%s.%s cannot be '%.60s': it is true or false", k->section, k->name, value);
	*(bool *)field = word_index(yes, value) >= 0;
	return 0;
}

static int set_key(struct lode_config *c, const struct key *k, const char *value, struct lode_err *err)
{
	void *field = (char *)c + k->offset;
	switch (k->type) {
	case T_TEXT:
		if (strlen(value) >= k->size)
			return lode_err_set(err, EINVAL, "%s.%s is longer than %zu characters", k->section, k->name, k->size - 1);
		snprintf(field, k->size, "%s", value);
		return 0;
	case T_WORD:
		return set_word(k, field, value, err);
	case T_AUTO:
		return set_auto(k, field, value, err);
	case T_BOOL:
		return set_bool(k, field, value, err);
	case T_LOG_LEVEL:
		if (lode_log_level_parse(value, field))
			return lode_err_set(err, EINVAL, "log.level cannot be '%.60s': it is off, error, warn, notice, info or debug", value);
		return 0;
	case T_SLO: {
		struct lode_err why = {0};
		if (lode_slo_parse(value, field, &why))
			return lode_err_set(err, EINVAL, "%s.%s cannot be '%.60s': %s", k->section, k->name, value, why.msg);
		return 0;
	}
	default:
		return set_number(k, field, value, err);
	}
}

static const struct key *find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static const struct key *nearest_key(const char *section, const char *name)
{
	const struct key *best = NULL;
	unsigned least = 6;
	for (size_t i = 0; i < KEYS; i++) {
		unsigned d = lode_text_distance(section, keys[i].section) + lode_text_distance(name, keys[i].name);
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i]; /* the right name in the wrong section */
		if (d < least) {
			least = d;
			best = &keys[i];
		}
	}
	return best;
}

int lode_config_set(struct lode_config *c, const char *section, const char *key, const char *value, struct lode_err *err)
{
	const struct key *k = find_key(section, key), *near;
	if (k)
		return set_key(c, k, value, err);
	near = nearest_key(section, key);
	if (near)
		return lode_err_set(err, ENOENT, "there is no setting %.40s.%.40s; did you mean %s.%s?", section, key, near->section, near->name);
	return lode_err_set(err, ENOENT, "there is no setting %.40s.%.40s (`lodestone help config` lists them)", section, key);
}

void lode_config_defaults(struct lode_config *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < KEYS; i++)
		set_key(c, &keys[i], keys[i].initial, NULL);
}

const char *lode_config_env_name(size_t i, char *buf, size_t len)
{
	if (i >= KEYS)
		return NULL;
	snprintf(buf, len, "LODESTONE_%s_%s", keys[i].section, keys[i].name);
	for (char *p = buf; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return buf;
}

int lode_config_set_at(struct lode_config *c, size_t i, const char *value, struct lode_err *err)
{
	return set_key(c, &keys[i], value, err);
}

/* What a value looks like and where it must lie, for people. */
static void describe_range(const struct key *k, char *buf, size_t len)
{
	static const char *const kinds[] = {
	    [T_TEXT] = "text", [T_WORD] = "one of the words", [T_AUTO] = "auto or never", [T_BOOL] = "true or false", [T_LOG_LEVEL] = "a level", [T_SLO] = "none, or a promise"};
	const char *unit = k->type == T_SECONDS ? " s" : "";

	if (k->type != T_UINT && k->type != T_INT && k->type != T_SIZE && k->type != T_SECONDS && k->type != T_REAL)
		snprintf(buf, len, "%s", kinds[k->type]);
	else if (k->max >= BIG)
		snprintf(buf, len, "%s, %.12g or more", type_hint(k->type), k->min);
	else
		snprintf(buf, len, "%s, %.12g%s to %.12g%s", type_hint(k->type), k->min, unit, k->max, unit);
}

bool lode_config_row(size_t i, struct lode_config_row *row)
{
	if (i >= KEYS)
		return false;
	*row = (struct lode_config_row){.section = keys[i].section, .name = keys[i].name, .initial = keys[i].initial, .doc = keys[i].doc, .words = keys[i].words};
	describe_range(&keys[i], row->range, sizeof(row->range));
	return true;
}
