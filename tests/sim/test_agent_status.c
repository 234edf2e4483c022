/* docs/status.md against what status says: every member that ever comes stands in its tables by its path, and every path that stands there has come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "bed.h"

#define MIB (1ll << 20)
#define PATHS_MAX 400
#define PATH_LEN 120

static char seen[PATHS_MAX][PATH_LEN];
static size_t nseen;
static struct lode_buf doc;

static void note(const char *path)
{
	for (size_t i = 0; i < nseen; i++)
		if (!strcmp(seen[i], path))
			return;
	assert_true(nseen < PATHS_MAX);
	snprintf(seen[nseen++], PATH_LEN, "%s", path);
}

/* "now.by_kind.get.ops" is now.by_kind.*.ops there; elements of arrays are []. */
static void walk(const cJSON *item, const char *path)
{
	const cJSON *child;

	cJSON_ArrayForEach(child, item)
	{
		char longer[PATH_LEN];

		if (cJSON_IsArray(item))
			snprintf(longer, sizeof(longer), "%s[]", path);
		else if (!strcmp(path, "now.by_kind"))
			snprintf(longer, sizeof(longer), "%s.*", path);
		else
			snprintf(longer, sizeof(longer), "%s%s%s", path, *path ? "." : "", child->string);
		if (!cJSON_IsArray(item))
			note(longer);
		walk(child, longer);
	}
}

static void look(struct bed *b)
{
	cJSON *root = cJSON_Parse(bed_status(b));

	assert_non_null(root);
	walk(root, "");
	cJSON_Delete(root);
}

static void run(struct bed *b, double seconds)
{
	for (double s = 0; s < seconds; s += 5) {
		bed_run(b, 5);
		look(b);
	}
}

static bool read_metric(void *ctx, const char *db, double *done, double *over)
{
	(void)ctx, (void)db;
	*done = 5 * *over;
	return true;
}

/* Lives in which everything comes: kept and reverted changes, other work, an SLO, a metric of one's own, a pin, a suggestion. */
static void live(void)
{
	static const struct bed_wish wishes[] = {{"block_cache_size", 256 * MIB}, {"block_cache_size", 16 * MIB}, {"write_buffer_size", 1}};
	struct lode_lsm_event other = {.what = LODE_LSM_MIX, .mix = {.share = {0, 1}, .value_bytes = 400, .found = 1}};
	struct lode_buf out;
	struct bed b;

	bed_init(&b, 1);
	b.asker.advisor = bed_advisor(wishes, 3);
	assert_int_equal(lode_slo_parse("p99 < 2ms", &b.config.objective.slo[LODE_H_GET], NULL), 0);
	b.meter = (struct lode_own_metric){.read = read_metric, .name = "orders"};
	bed_start(&b);
	run(&b, 600);
	lode_buf_init(&out, 1 << 16);
	assert_int_equal(lode_conductor_pin(b.c, "level0_stop_writes_trigger", true, &out), 0);
	other.mix.skew = 1;
	assert_true(lode_lsm_at(b.sim, &other));
	run(&b, 400);
	bed_free(&b);

	bed_init(&b, 2);
	b.config.mode = LODE_MODE_SUGGEST;
	b.asker.advisor = bed_advisor(wishes, 1);
	bed_start(&b);
	run(&b, 100);
	lode_buf_fini(&out);
	bed_free(&b);
}

/* Is it the first cell of a row? */
static bool stands(const char *path)
{
	struct lode_buf row;
	bool there;

	lode_buf_init(&row, 2 * PATH_LEN);
	lode_buf_addf(&row, "\n| `%s` |", path);
	there = strstr(lode_buf_str(&doc), lode_buf_str(&row)) != NULL;
	lode_buf_fini(&row);
	return there;
}

static void test_documented(void **state)
{
	unsigned missing = 0;

	(void)state;
	live();
	for (size_t i = 0; i < nseen; i++)
		if (!stands(seen[i])) {
			print_message("not in docs/status.md: %s\n", seen[i]);
			missing++;
		}
	assert_int_equal(missing, 0);
}

/* Rows with "sometimes" are of lives that are not led here. */
static void test_comes(void **state)
{
	const char *p = lode_buf_str(&doc);
	unsigned strange = 0;

	(void)state;
	while ((p = strstr(p, "\n| `"))) {
		const char *begin = p + 4, *end = strchr(begin, '`'), *line = strchr(begin, '\n');
		char path[PATH_LEN];
		bool found = false;

		assert_true(end && end - begin < PATH_LEN);
		snprintf(path, sizeof(path), "%.*s", (int)(end - begin), begin);
		for (size_t i = 0; i < nseen; i++)
			found |= !strcmp(seen[i], path);
		for (const char *s = end; !found && s < line - 9; s++)
			found = !strncmp(s, "sometimes", 9);
		if (!found) {
			print_message("in docs/status.md, and never comes: %s\n", path);
			strange++;
		}
		p = end;
	}
	assert_int_equal(strange, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_documented), cmocka_unit_test(test_comes)};

	lode_buf_init(&doc, 1 << 20);
	if (lode_fs_read(LODE_TEST_DATA "/../../docs/status.md", &doc))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
