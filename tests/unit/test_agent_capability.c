/* What is learned from an image: each answer in its place, once, and nothing half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "agent/capability.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A host that lets everything be changed but block_restart_interval, cannot read the value of ttl, and leaves at one of the questions. */
static struct fake {
	struct lode_host host;
	struct lode_host_info info;
	unsigned asked, leaves_at;
	bool dumb;
} fake;

static const struct lode_host_info *fake_info(struct lode_host *h)
{
	return &((struct fake *)h)->info;
}

static int fake_changeable(struct lode_host *h, enum lode_scope scope, const char *key, const char *value)
{
	struct fake *f = (struct fake *)h;

	assert_true(scope == LODE_SCOPE_DB || scope == LODE_SCOPE_CF);
	assert_string_equal(value, "1");
	if (++f->asked == f->leaves_at)
		return -ESHUTDOWN;
	if (f->dumb)
		return -ENOTSUP;
	return !strcmp(key, "ttl") ? -ENOENT : strcmp(key, "block_based_table_factory.block_restart_interval") != 0;
}

static const struct lode_host_ops ops = {.info = fake_info, .changeable = fake_changeable};
static const struct lode_host_ops ops_without = {.info = fake_info};

/* Has every option but max_subcompactions. */
static struct lode_state *state_of(void)
{
	struct lode_state *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->ncf = 1;
	for (int i = 0; i < lode_tunable_count; i++) {
		struct lode_value *v = lode_tunables[i].scope == LODE_SCOPE_CF ? &s->cf[0].v[i] : &s->db[i];

		v->exists = strcmp(lode_tunables[i].id, "max_subcompactions") != 0;
		strcpy(v->text, "1");
	}
	return s;
}

static int setup(void **state)
{
	fake = (struct fake){.host = {&ops}, .info = {.row = "6.29 to 8.7", .hazards = LODE_HAZARD_TABLE_RACE}};
	*state = state_of();
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static unsigned char can(const struct lode_capability *c, const char *id)
{
	int i = lode_tunable_find(id);

	assert_true(i >= 0);
	return c->can[i];
}

static unsigned live_rows(void)
{
	unsigned n = 0;

	for (int i = 0; i < lode_tunable_count; i++)
		n += lode_tunables[i].scope == LODE_SCOPE_DB || lode_tunables[i].scope == LODE_SCOPE_CF;
	return n;
}

static unsigned unsafe_rows(const struct lode_capability *c)
{
	unsigned n = 0;

	for (int i = 0; i < lode_tunable_count; i++) {
		n += c->unsafe[i];
		assert_true(!c->unsafe[i] || lode_tunable_is_table(&lode_tunables[i]));
	}
	return n;
}

static void every_answer_in_its_place(void **state)
{
	struct lode_capability c = {0};
	unsigned asked;

	lode_capability_learn(&c, &fake.host, *state);
	asked = fake.asked;
	assert_true(c.learned && asked == live_rows() - 1);
	assert_int_equal(can(&c, "write_buffer_size"), LODE_CAN_YES);
	assert_int_equal(can(&c, "max_background_jobs"), LODE_CAN_YES);
	assert_int_equal(can(&c, "block_restart_interval"), LODE_CAN_NO);
	assert_int_equal(can(&c, "ttl"), LODE_CAN_ASSUMED);
	assert_int_equal(can(&c, "max_subcompactions"), LODE_CAN_ASSUMED);
	assert_int_equal(can(&c, "block_cache_size"), LODE_CAN_ASSUMED);
	assert_true(c.unsafe[lode_tunable_find("block_size")] && !c.unsafe[lode_tunable_find("block_restart_interval")]);
	assert_true(c.no == 1 && c.absent == 1 && c.assumed == 1);
	assert_int_equal(c.yes + c.no + c.absent + c.assumed + unsafe_rows(&c), live_rows());
	lode_capability_learn(&c, &fake.host, *state);
	assert_int_equal(fake.asked, asked); /* once */
}

static void safe_where_the_factory_is_cloned(void **state)
{
	struct lode_capability c = {0};

	fake.info.hazards = LODE_HAZARD_QUIET_REVERT;
	lode_capability_learn(&c, &fake.host, *state);
	assert_int_equal(unsafe_rows(&c), 0);
	assert_int_equal(can(&c, "block_size"), LODE_CAN_YES);
}

static void nothing_half(void **state)
{
	struct lode_capability c = {0}, nothing = {0};

	lode_capability_learn(&c, &fake.host, NULL);
	assert_memory_equal(&c, &nothing, sizeof(c));
	fake.leaves_at = 20;
	lode_capability_learn(&c, &fake.host, *state);
	assert_memory_equal(&c, &nothing, sizeof(c));
	fake.leaves_at = 0;
	lode_capability_learn(&c, &fake.host, *state);
	assert_true(c.learned && c.yes > 0);
}

static void assumed_where_it_cannot_be_asked(void **state)
{
	struct lode_capability c = {0};

	fake.dumb = true;
	lode_capability_learn(&c, &fake.host, *state);
	assert_true(c.learned && c.yes == 0 && c.no == 0);
	assert_int_equal(c.assumed + c.absent + unsafe_rows(&c), live_rows());
	c = (struct lode_capability){0};
	fake.host.ops = &ops_without;
	lode_capability_learn(&c, &fake.host, *state);
	assert_true(c.learned && c.yes == 0 && c.no == 0 && c.assumed > 0);
}

static void as_json(void **state)
{
	struct lode_cache cache = {.present = true, .resizable = true, .kind = "LRUCache"};
	struct lode_capability c = {0};
	struct lode_buf text;
	struct lode_json j;

	fake.info.newer = true;
	lode_capability_learn(&c, &fake.host, *state);
	lode_buf_init(&text, 1 << 16);
	lode_json_init(&j, &text);
	lode_json_object(&j, NULL);
	lode_capability_json(&c, &fake.host, &cache, "host", &j);
	lode_json_end(&j);
	assert_non_null(strstr(lode_buf_str(&text), "{\"capabilities\":{\"range\":\"6.29 to 8.7\",\"newer\":true,\"statistics\":\"host\","
						    "\"cache\":\"LRUCache\",\"cache_resizable\":true,\"asked\":true,\"changeable\":"));
	assert_non_null(strstr(lode_buf_str(&text), "\"not_changeable\":[\"block_restart_interval\"],\"unsafe\":[\""));
	lode_buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_answer_in_its_place, setup, teardown),
	    cmocka_unit_test_setup_teardown(safe_where_the_factory_is_cloned, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_half, setup, teardown),
	    cmocka_unit_test_setup_teardown(assumed_where_it_cannot_be_asked, setup, teardown),
	    cmocka_unit_test_setup_teardown(as_json, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
