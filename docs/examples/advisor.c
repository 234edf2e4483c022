/* An advisor of one's own: this one thinks that writers deserve larger memtables, and asks for them one doubling at a time. What it proposes is
 * checked, tried and judged like everybody's; what is not better goes back. */
#include <lodestone.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void advise(void *ctx, lodestone_question_t *q)
{
	unsigned *asked = ctx;
	int64_t now, lo, hi;

	++*asked;
	if (lodestone_question_number(q, "read_share") > 0.5) /* false for NAN, too: not known yet */
		return;
	if (!lodestone_question_option(q, "write_buffer_size", &now, &lo, &hi) || hi < 2 * now)
		return;
	lodestone_question_propose(q, "write_buffer_size", 2 * now);
	lodestone_question_because(q, "this is a load of writes; fewer and larger flushes");
}

static void heard(void *ctx, const lodestone_event_t *e)
{
	(void)ctx;
	if (e->kind == LODESTONE_VERDICT)
		printf("trial %llu: %s (%s)\n", (unsigned long long)e->trial, e->what, e->why);
	else
		printf("trial %llu: %s = %s\n", (unsigned long long)e->trial, e->option, e->value);
}

int main(int argc, char **argv)
{
	rocksdb_options_t *ro = rocksdb_options_create();
	rocksdb_writeoptions_t *wo = rocksdb_writeoptions_create();
	lodestone_options_t *lo = lodestone_options_create();
	time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 10);
	unsigned asked = 0;
	char *err = NULL, key[32], value[400] = "";

	rocksdb_options_set_create_if_missing(ro, 1);
	rocksdb_options_enable_statistics(ro);
	rocksdb_options_set_write_buffer_size(ro, 1 << 20);
	rocksdb_t *db = rocksdb_open(ro, argc > 1 ? argv[1] : "/tmp/lodestone-example", &err);
	if (err) {
		fprintf(stderr, "open: %s\n", err);
		return 1;
	}
	lodestone_options_set(lo, "agent.mode", "auto", &err);
	if (argc > 3) /* a configuration file */
		lodestone_options_load(lo, argv[3], &err);
	lodestone_options_set_advisor(lo, "doubling", advise, &asked);
	lodestone_options_set_event_callback(lo, heard, NULL);
	if (err) {
		fprintf(stderr, "%s\n", err);
		return 2;
	}
	lodestone_t *tuner = lodestone_attach(db, lo, &err);
	if (err) {
		fprintf(stderr, "not tuned: %s\n", err);
		return 1;
	}
	for (unsigned i = 0; time(NULL) < end && !err; i++) {
		size_t n = (size_t)snprintf(key, sizeof(key), "%u", i * 2654435761u % 1000000);
		rocksdb_put(db, wo, key, n, value, sizeof(value), &err);
	}
	lodestone_detach(tuner);
	rocksdb_close(db);
	printf("asked %u times\n", asked);
	lodestone_options_destroy(lo);
	rocksdb_writeoptions_destroy(wo);
	rocksdb_options_destroy(ro);
	return err != NULL;
}
