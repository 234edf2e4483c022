/* Asks RocksDB itself: tune_prove LIBRARY SCRATCH FILE [NAME=VALUE]... proves FILE with these wishes in it; raw NAME=VALUE past "--" go into the file as they are.
 * PROVE_DEFAULTS: the file that this RocksDB wrote, if FILE is another's. PROVE_FINAL: where the last file goes, with a header and a note on each option.
 * tune_prove --random N SEED LIBRARY SCRATCH FILE: N files of random wishes, each of which RocksDB has to take. Prints what became of each wish. */
#include "base/rng.h"
#include "tune/prove.h"
#include "tune/space_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tune_space *space;
static struct tune_config *from;
static struct tune_prover prover;
static struct tune_limits limits = {.memory = UINT64_C(1) << 30, .cores = 2};

static int write_final(const struct tune_config *c, const struct tune_fix *fix, size_t n, const char *path, struct lode_err *err)
{
	struct tune_note note[TUNE_FIXES_MAX];
	struct tune_layout last = {.header = "Tuned.\nBy hand", .note = note, .final = true};

	for (size_t i = 0; i < n; i++)
		if (fix[i].fate != TUNE_DROPPED)
			note[last.nnote++] = (struct tune_note){tune_fix_option(fix[i].name), "gained # a [lot] = {much}\nand more", 0};
	return tune_config_write(c, path, &last, err);
}

static int prove(const struct tune_wish *wish, size_t n, int raw, char **raws, const char *scratch)
{
	static struct tune_fix fix[TUNE_FIXES_MAX];
	struct tune_config *out, *written;
	struct lode_err err = {0};
	char path[4200];
	size_t nfix;
	int rc = tune_calibrate(space, from, &limits, wish, n, &out, fix, &nfix, &err);

	for (int i = 0; !rc && i < raw; i++) {
		char *eq = strchr(raws[i], '=');
		const struct tune_option *o;

		*eq = '\0';
		o = tune_space_find(space, raws[i]);
		rc = o ? tune_config_set(out, o->section, TUNE_ALL, o->name, eq + 1) : tune_config_set(out, TUNE_SEC_DB, 0, raws[i], eq + 1);
	}
	snprintf(path, sizeof path, "%s/proven.ini", scratch);
	rc = rc ? rc : tune_config_write(out, path, NULL, &err);
	if (!rc && !(rc = tune_prove(&prover, path, &written, &err))) {
		tune_prove_settle(space, out, written, fix, &nfix);
		tune_config_free(written);
	}
	if (!rc && getenv("PROVE_FINAL"))
		rc = write_final(out, fix, nfix, getenv("PROVE_FINAL"), &err);
	for (size_t i = 0; i < nfix; i++)
		printf("%s %s %s -> %s%s%s\n", tune_fate_name(fix[i].fate), fix[i].name, fix[i].from, fix[i].to, fix[i].why[0] ? ": " : "", fix[i].why);
	printf("%s%s\n", rc ? "refused: " : "proven", rc ? err.msg : "");
	tune_config_free(out);
	return rc != 0;
}

/* One open option to any of its values. */
static void random_wish(struct lode_rng *r, struct tune_wish *w)
{
	const struct tune_option *o;
	uint64_t span;

	memset(w, 0, sizeof *w);
	do
		o = tune_space_at(space, lode_rng_below(r, tune_space_count(space)));
	while (o->closed);
	strcpy(w->name, o->name);
	span = (uint64_t)o->max - (uint64_t)o->min;
	switch (o->kind) {
	case TUNE_BOOL:
		strcpy(w->value, lode_rng_coin(r) ? "true" : "false");
		break;
	case TUNE_WORD:
	case TUNE_WORDS:
		for (span = 0; o->words[span]; span++)
			;
		strcpy(w->value, o->words[lode_rng_below(r, span)]);
		break;
	case TUNE_FILTER:
		snprintf(w->value, sizeof w->value, "%s:%d", lode_rng_coin(r) ? "ribbon" : "bloom", 1 + (int)lode_rng_below(r, 20));
		break;
	default: /* as often small as large */
		span = o->min + (int64_t)((lode_rng_below(r, span + 1)) >> lode_rng_below(r, 40));
		tune_value_print(o, (int64_t)span, w->value);
	}
}

static int prove_random(unsigned n, uint64_t seed, const char *scratch)
{
	struct tune_wish wish[TUNE_WISHES_MAX];
	struct lode_rng r;
	unsigned bad = 0;

	lode_rng_seed(&r, seed);
	for (unsigned i = 0; i < n; i++) {
		size_t k = 2 + lode_rng_below(&r, TUNE_WISHES_MAX - 2);

		for (size_t j = 0; j < k; j++)
			random_wish(&r, &wish[j]);
		bad += prove(wish, k, 0, NULL, scratch) != 0;
	}
	printf("%u of %u refused\n", bad, n);
	return bad != 0;
}

int main(int argc, char **argv)
{
	struct tune_wish wish[TUNE_WISHES_MAX] = {0};
	struct lode_err err = {0};
	struct tune_fix fix[TUNE_FIXES_MAX];
	char **arg = argv + 1;
	unsigned random = 0;
	uint64_t seed = 0;
	size_t n = 0, nfix;

	if (argc > 2 && !strcmp(argv[1], "tune") && !strcmp(argv[2], "--prove"))
		return tune_prove_main(argc - 2, argv + 2);
	if (argc > 6 && !strcmp(argv[1], "--random")) {
		random = (unsigned)atoi(argv[2]);
		seed = strtoull(argv[3], NULL, 10);
		arg += 3;
	}
	if (argc < 4)
		return 2;
	prover = (struct tune_prover){.library = arg[0], .scratch = arg[1], .timeout_s = getenv("PROVE_TIMEOUT") ? atof(getenv("PROVE_TIMEOUT")) : 20};
	limits.codecs = tune_prove_codecs(&prover);
	const char *defaults = getenv("PROVE_DEFAULTS");
	if (tune_config_load(arg[2], &from, &err) || tune_space_load(defaults ? defaults : arg[2], "", &space, &err) ||
	    tune_space_adopt(space, from, defaults != NULL, fix, TUNE_FIXES_MAX, &nfix, &err)) {
		printf("refused: %s\n", err.msg);
		return 1;
	}
	printf("codecs %" PRIx64 "\n", limits.codecs);
	for (size_t i = 0; i < nfix; i++)
		printf("adopted %s %s %s -> %s: %s\n", tune_fate_name(fix[i].fate), fix[i].name, fix[i].from, fix[i].to, fix[i].why);
	if (random)
		return prove_random(random, seed, arg[1]);
	for (arg += 3; *arg && strcmp(*arg, "--") != 0 && n < TUNE_WISHES_MAX; arg++, n++) {
		snprintf(wish[n].name, sizeof wish[n].name, "%.*s", (int)strcspn(*arg, "="), *arg);
		snprintf(wish[n].value, sizeof wish[n].value, "%s", strchr(*arg, '=') + 1);
	}
	arg += *arg != NULL;
	return prove(wish, n, (int)(argv + argc - arg), arg, prover.scratch);
}
