/* Advisors that propose nonsense and harm, for simulated hours: no abort, no stop that lasts, everything back to the byte. Argument: number of seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bed.h"

static unsigned seeds = 6;
static unsigned long trials, proposals;

static unsigned long count(const char *status, const char *name)
{
	const char *at = strstr(status, name);
	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static const double mixes[][LODE_OP_N] = {{1, 0, 0, 0}, {0.9, 0.1, 0, 0}, {0.3, 0.7, 0, 0}, {0, 1, 0, 0}, {0.2, 0.1, 0.7, 0}};

static void run_one(uint64_t seed, bool adversarial)
{
	struct lode_lsm_report r;
	struct bed b;
	bed_init(&b, seed);
	memcpy(b.lsm.mix.share, mixes[seed % 5], sizeof(mixes[0]));
	b.lsm.hazards = seed % 2 ? ~0u : 0; /* every hazard that any RocksDB has for those who write options */
	b.config.allow_optin = seed % 3 == 0;
	b.asker.advisor = adversarial ? lode_advisor_adversarial(seed) : lode_advisor_random(seed);
	bed_start(&b);
	bed_run(&b, 1800);
	trials += count(bed_status(&b), "\"trials\":");
	proposals += count(bed_status(&b), "\"proposals\":");
	lode_conductor_settle(b.c);
	lode_lsm_report(b.sim, &r);
	if (r.died)
		fail_msg("seed %llu: %s", (unsigned long long)seed, r.died);
	if (b.stopped_longest > 1.0)
		fail_msg("seed %llu: writes were stopped for %.1f s in one piece", (unsigned long long)seed, b.stopped_longest);
	assert_true(bed_as_before(&b));
	bed_free(&b);
}

static void test_random(void **state)
{
	(void)state;
	for (uint64_t s = 0; s < seeds; s++)
		run_one(s, false);
	print_message("random: %lu proposals, %lu trials\n", proposals, trials);
	assert_true(trials > 0);
}

static void test_adversarial(void **state)
{
	(void)state;
	for (uint64_t s = 0; s < seeds; s++)
		run_one(1000 + s, true);
	print_message("both: %lu proposals, %lu trials\n", proposals, trials);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_adversarial)};
	if (argc > 1)
		seeds = (unsigned)atoi(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
