/* The journal: what is written can be read, what is damaged is seen, what cannot be written is said. */
#include "base/fs.h"
#include "base/log.h"
#include "record/journal.h"
#include "record/journal_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[64], dir[96], path[128];

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

static int fresh(void **state)
{
	(void)state;
	strcpy(base, "/tmp/lode-journal-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	snprintf(dir, sizeof dir, "%s/state/db", base);
	snprintf(path, sizeof path, "%s/journal.jsonl", dir);
	lode_log_level_set(LODE_LOG_OFF);
	return 0;
}

static int clean(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", base);
	return system(command);
}

static int note(struct lode_journal *j, const char *text)
{
	lode_json_str(lode_journal_begin(j, "note"), "text", text);
	return lode_journal_end(j, false);
}

static const struct lode_write todo[] = {{LODE_SCOPE_CF, 3, "write_buffer_size", "134217728"},
					 {LODE_SCOPE_DB, 0, "max_background_jobs", "4"},
					 {LODE_SCOPE_CACHE, 0, "", "536870912"}};
static const struct lode_write undo[] = {{LODE_SCOPE_CF, 3, "write_buffer_size", "67108864"},
					 {LODE_SCOPE_DB, 0, "max_background_jobs", "2"},
					 {LODE_SCOPE_CACHE, 0, "", "8388608"}};

static int intent(struct lode_journal *j, uint64_t trial)
{
	struct lode_json *o = lode_journal_begin(j, "intent");

	lode_json_u64(o, "trial", trial);
	lode_json_writes(o, "todo", todo, 3);
	lode_json_writes(o, "undo", undo, 3);
	return lode_journal_end(j, true);
}

static int settled(struct lode_journal *j, uint64_t trial)
{
	struct lode_json *o = lode_journal_begin(j, "settled");

	lode_json_u64(o, "trial", trial);
	lode_json_str(o, "how", "reverted");
	return lode_journal_end(j, true);
}

/* Whole and damaged records of the file; *last is the last sequence number. */
static void count(unsigned *whole, unsigned *damaged, uint64_t *last)
{
	struct lode_journal_reader *r = lode_journal_reader_open(path, 0);
	struct lode_record rec;

	*whole = *damaged = 0;
	*last = 0;
	assert_non_null(r);
	while (lode_journal_reader_next(r, &rec) > 0) {
		if (rec.whole) {
			assert_true(rec.seq > *last);
			*last = rec.seq;
			++*whole;
		} else {
			++*damaged;
		}
	}
	*damaged += lode_journal_reader_rest(r, &rec);
	lode_journal_reader_close(r);
}

static void checksum(void **state)
{
	(void)state;
	assert_int_equal(lode_crc32("123456789", 9), 0xcbf43926);
	assert_int_equal(lode_crc32("", 0), 0);
}

static void continues(void **state)
{
	unsigned whole, damaged;
	struct stat st;
	uint64_t last;
	(void)state;
	for (int life = 0; life < 3; life++) {
		struct lode_journal *j = lode_journal_open(dir, &lode_clock_real);

		assert_true(lode_journal_ok(j));
		assert_string_equal(lode_journal_path(j), path);
		assert_int_equal(note(j, "\"quoted\" \n and \xff bytes"), 0);
		assert_int_equal(note(j, ""), 0);
		lode_journal_close(j);
	}
	count(&whole, &damaged, &last);
	assert_int_equal(whole, 6);
	assert_int_equal(damaged, 0);
	assert_int_equal(last, 6);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void unfinished(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &lode_clock_real);
	struct lode_unfinished u;
	(void)state;
	assert_int_equal(lode_journal_unfinished("/nonexistent/journal.jsonl", &u), 0);
	assert_int_equal(lode_journal_unfinished(path, &u), 0);
	assert_int_equal(intent(j, 7), 0);
	assert_int_equal(lode_journal_unfinished(path, &u), 1);
	assert_int_equal(u.trial, 7);
	assert_int_equal(u.n, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(u.todo[i].scope, todo[i].scope);
		assert_int_equal(u.todo[i].cf, todo[i].cf);
		assert_string_equal(u.todo[i].key, todo[i].key);
		assert_string_equal(u.todo[i].value, todo[i].value);
		assert_string_equal(u.undo[i].value, undo[i].value);
	}
	assert_int_equal(settled(j, 6), 0);
	assert_int_equal(lode_journal_unfinished(path, &u), 1);
	assert_int_equal(settled(j, 7), 0);
	assert_int_equal(lode_journal_unfinished(path, &u), 0);
	assert_int_equal(intent(j, 8), 0);
	assert_int_equal(settled(j, 8), 0);
	assert_int_equal(intent(j, 9), 0);
	assert_int_equal(lode_journal_unfinished(path, &u), 1);
	assert_int_equal(u.trial, 9);
	lode_journal_close(j);
}

/* The machine dies at every byte of the last record: the reader sees the rest, the next life starts on a line of its own and goes on
 * counting. */
static void torn_everywhere(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &lode_clock_real);
	struct lode_unfinished u;
	unsigned whole, damaged;
	struct lode_buf all;
	uint64_t last;
	size_t before;
	(void)state;
	assert_int_equal(note(j, "first"), 0);
	lode_buf_init(&all, 1 << 20);
	assert_int_equal(lode_fs_read(path, &all), 0);
	before = all.len;
	assert_int_equal(intent(j, 5), 0);
	lode_journal_close(j);
	lode_buf_clear(&all);
	assert_int_equal(lode_fs_read(path, &all), 0);
	for (size_t cut = before; cut < all.len; cut++) {
		assert_int_equal(lode_fs_write_atomic(path, all.data, cut, 0600), 0);
		bool only_newline_lost = cut == all.len - 1;

		assert_int_equal(lode_journal_unfinished(path, &u), only_newline_lost);
		j = lode_journal_open(dir, &lode_clock_real);
		assert_int_equal(note(j, "second"), 0);
		assert_int_equal(intent(j, 6), 0);
		lode_journal_close(j);
		count(&whole, &damaged, &last);
		assert_int_equal(whole, 3 + only_newline_lost);
		assert_int_equal(damaged, cut > before && !only_newline_lost);
		assert_int_equal(lode_journal_unfinished(path, &u), 1);
		assert_int_equal(u.trial, 6);
	}
	lode_buf_fini(&all);
}

/* One flipped bit anywhere in a record makes it damaged, and nothing else. */
static void damaged_everywhere(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &lode_clock_real);
	struct lode_record r;
	struct lode_buf all;
	(void)state;
	assert_int_equal(intent(j, 5), 0);
	lode_journal_close(j);
	lode_buf_init(&all, 1 << 20);
	assert_int_equal(lode_fs_read(path, &all), 0);
	assert_true(lode_record_parse(all.data, all.len - 1, &r));
	assert_string_equal(r.kind, "intent");
	for (size_t bit = 0; bit < (all.len - 1) * 8; bit++) {
		all.data[bit / 8] ^= (char)(1 << bit % 8);
		assert_false(lode_record_parse(all.data, all.len - 1, &r));
		all.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	lode_buf_fini(&all);
}

static void foreign_lines(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &lode_clock_real);
	struct lode_unfinished u;
	unsigned whole, damaged;
	uint64_t last;
	(void)state;
	assert_int_equal(intent(j, 5), 0);
	FILE *f = fopen(path, "a");
	assert_non_null(f);
	fputs("\n\n{}\nnot json\n{\"ts\":\"x\",\"seq\":9,\"kind\":\"settled\",\"trial\":5}\n", f);
	for (size_t i = 0; i < LODE_JOURNAL_LINE_MAX * 2 + 100; i++)
		fputc('a', f);
	fputs("\n", f);
	fclose(f);
	assert_int_equal(note(j, "after"), 0);
	lode_journal_close(j);
	count(&whole, &damaged, &last);
	assert_int_equal(whole, 2);
	assert_int_equal(damaged, 4);
	assert_int_equal(lode_journal_unfinished(path, &u), 1);
	assert_int_equal(u.trial, 5);
}

/* An intent that is whole as a line but not as an intent is nothing to undo by. */
static void strange_intents(void **state)
{
	static const char *const members[] = {
	    "\"trial\":-1,\"todo\":[],\"undo\":[]",
	    "\"trial\":1.5,\"todo\":[],\"undo\":[]",
	    "\"trial\":\"1\",\"todo\":[],\"undo\":[]",
	    "\"trial\":1e30,\"todo\":[],\"undo\":[]",
	    "\"trial\":1",
	    "\"trial\":1,\"todo\":{},\"undo\":[]",
	    "\"trial\":1,\"todo\":[{\"scope\":\"db\",\"key\":\"k\",\"value\":\"v\"}],\"undo\":[]",
	    "\"trial\":1,\"todo\":[{\"scope\":\"moon\",\"key\":\"k\",\"value\":\"v\"}],\"undo\":[{\"scope\":\"moon\",\"key\":\"k\","
	    "\"value\":\"v\"}]",
	    "\"trial\":1,\"todo\":[{\"scope\":\"cf\",\"key\":\"k\",\"value\":\"v\"}],\"undo\":[{\"scope\":\"cf\",\"key\":\"k\",\"value\":"
	    "\"v\"}]",
	    "\"trial\":1,\"todo\":[{\"scope\":\"db\",\"key\":\"k\",\"value\":5}],\"undo\":[{\"scope\":\"db\",\"key\":\"k\",\"value\":5}]",
	    "\"trial\":1,\"todo\":[[[[[[[[[[[[]]]]]]]]]]]],\"undo\":[]",
	};
	(void)state;
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		char line[1024];
		struct lode_unfinished u;
		struct lode_record r = {0};
		int n = snprintf(line, sizeof line, "{\"ts\":\"t\",\"seq\":1,\"kind\":\"intent\",%s", members[i]);

		n += snprintf(line + n, sizeof line - (size_t)n, ",\"crc\":\"%08x\"}\n", lode_crc32(line, (size_t)n));
		assert_true(lode_record_parse(line, (size_t)n - 1, &r));
		assert_int_equal(lode_fs_mkdirs(dir, 0700), 0);
		assert_int_equal(lode_fs_write_atomic(path, line, (size_t)n, 0600), 0);
		if (lode_journal_unfinished(path, &u) != 0)
			fail_msg("taken for an intent: %s", members[i]);
	}
}

static void full_disk(void **state)
{
	struct rlimit old, small;
	unsigned whole, damaged;
	struct lode_unfinished u;
	struct stat st;
	uint64_t last;
	(void)state;
	struct lode_journal *j = lode_journal_open(dir, &lode_clock_real);
	assert_int_equal(note(j, "fits"), 0);
	assert_int_equal(stat(path, &st), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){.rlim_cur = (rlim_t)st.st_size + 30, .rlim_max = old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(intent(j, 5), -EFBIG);
	assert_false(lode_journal_ok(j));
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(lode_journal_unfinished(path, &u), 0);
	assert_int_equal(note(j, "room again"), 0);
	assert_true(lode_journal_ok(j));
	lode_journal_close(j);
	count(&whole, &damaged, &last);
	assert_int_equal(whole, 2);
	assert_int_equal(damaged, 1);
	assert_int_equal(last, 3);
}

static void not_a_place(void **state)
{
	char made[300];
	(void)state;
	/* A file where the directory should be. Permissions would not stop a test that runs as root. */
	snprintf(made, sizeof made, "%s/file", base);
	assert_int_equal(lode_fs_write_atomic(made, "", 0, 0600), 0);
	strcat(made, "/db");
	struct lode_journal *j = lode_journal_open(made, &lode_clock_real);
	assert_non_null(j);
	assert_false(lode_journal_ok(j));
	assert_int_equal(intent(j, 1), -ENOTDIR);
	lode_journal_close(j);

	/* A journal that is no file. */
	assert_int_equal(lode_fs_mkdirs(dir, 0700), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	j = lode_journal_open(dir, &lode_clock_real);
	assert_false(lode_journal_ok(j));
	assert_true(intent(j, 1) < 0);
	lode_journal_close(j);

	/* Nowhere: nothing is written and nothing fails. */
	j = lode_journal_open(NULL, &lode_clock_real);
	assert_true(lode_journal_ok(j));
	assert_int_equal(intent(j, 1), 0);
	assert_string_equal(lode_journal_path(j), "");
	lode_journal_close(j);
	assert_false(lode_journal_ok(NULL));
	lode_journal_close(NULL);
}

static void misuse(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &lode_clock_real);
	unsigned whole, damaged;
	uint64_t last;
	(void)state;
	lode_json_array(lode_journal_begin(j, "open"), "never closed");
	assert_int_equal(lode_journal_end(j, false), -EINVAL);
	assert_int_equal(lode_journal_end(j, false), -EINVAL); /* no begin */
	char *huge = malloc(LODE_JOURNAL_LINE_MAX + 1);
	memset(huge, 'h', LODE_JOURNAL_LINE_MAX);
	huge[LODE_JOURNAL_LINE_MAX] = '\0';
	assert_int_equal(note(j, huge), -E2BIG);
	free(huge);
	assert_int_equal(note(j, "fine"), 0);
	lode_journal_close(j);
	count(&whole, &damaged, &last);
	assert_int_equal(whole, 1);
	assert_int_equal(damaged, 0);
}

/* The host closes our descriptor, or someone moves the file: the next record goes to a journal again, never into a stranger's file. */
static void pulled_away(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &lode_clock_real);
	char moved[200], theirs[200];
	struct stat st;
	(void)state;
	snprintf(moved, sizeof moved, "%s/moved", base);
	snprintf(theirs, sizeof theirs, "%s/theirs", base);
	assert_int_equal(note(j, "one"), 0);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(note(j, "two"), 0);
	assert_int_equal(stat(path, &st), 0);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	int fd = open(theirs, O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 10; i++)
		assert_true(dup(fd) >= 0);
	assert_int_equal(note(j, "three"), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	lode_journal_close(j);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	for (int i = fd; i < 64; i++)
		close(i);
	unsigned whole, damaged;
	uint64_t last;
	count(&whole, &damaged, &last);
	assert_int_equal(whole, 2);
	assert_int_equal(damaged, 0);
	assert_int_equal(last, 3);
}

static void rotates(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &lode_clock_real);
	struct lode_unfinished u;
	unsigned whole, damaged;
	uint64_t last;
	char command[1000];
	(void)state;
	assert_int_equal(note(j, "old"), 0);
	assert_int_equal(intent(j, 5), 0);
	lode_journal_close(j);
	/* A hole makes it large without writing 64 MiB; the record behind the hole is the last. */
	snprintf(command, sizeof command, "cp %s %s/tail && truncate -s 70M %s && echo >> %s && cat %s/tail >> %s", path, base, path, path,
		 base, path);
	run(command);
	j = lode_journal_open(dir, &lode_clock_real);
	assert_true(lode_journal_ok(j));
	assert_int_equal(lode_journal_unfinished(path, &u), 1);
	assert_int_equal(u.trial, 5);
	assert_int_equal(note(j, "new"), 0);
	count(&whole, &damaged, &last);
	assert_int_equal(whole, 1);
	assert_int_equal(last, 3);
	assert_int_equal(settled(j, 5), 0);
	assert_int_equal(lode_journal_unfinished(path, &u), 0);
	lode_journal_close(j);
}

static void follows(void **state)
{
	struct lode_journal *j = lode_journal_open(dir, &lode_clock_real);
	struct lode_journal_reader *r = lode_journal_reader_open(path, 0);
	struct lode_record rec;
	(void)state;
	assert_non_null(r);
	assert_int_equal(lode_journal_reader_next(r, &rec), 0);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(note(j, "more"), 0);
		assert_int_equal(lode_journal_reader_next(r, &rec), 1);
		assert_true(rec.whole);
		assert_int_equal(rec.seq, i);
		assert_int_equal(lode_journal_reader_next(r, &rec), 0);
	}
	FILE *f = fopen(path, "a");
	fputs("half", f);
	fflush(f);
	assert_int_equal(lode_journal_reader_next(r, &rec), 0);
	assert_true(lode_journal_reader_rest(r, &rec));
	assert_int_equal(rec.len, 4);
	assert_false(rec.whole);
	fputs(" done\n", f);
	fclose(f);
	assert_int_equal(lode_journal_reader_next(r, &rec), 1);
	assert_false(rec.whole);
	assert_int_equal(rec.len, 9);
	lode_journal_reader_close(r);
	lode_journal_close(j);
}

static void members(void **state)
{
	struct lode_buf b;
	struct lode_json j;
	struct lode_proposal p = {.id = 4, .advisor = "expert", .rule = "cache", .why = "misses", .n = 2, .expect = NAN, .confidence = 0.5};
	struct lode_verdict v = {.kind = LODE_VERDICT_KEEP, .effect = 0.25, .lo = 0.2, .hi = NAN, .why = "faster"};
	struct lode_refusal r = {.rule = LODE_RULE_MEMORY, .change = -1, .why = "too much"};
	(void)state;
	p.change[0] = (struct lode_change){.tunable = 0, .value = 1};
	p.change[1] = (struct lode_change){.tunable = -5, .value = 2}; /* nobody's row */
	lode_buf_init(&b, 1 << 16);
	lode_json_init(&j, &b);
	lode_json_object(&j, NULL);
	lode_json_proposal(&j, "p", &p);
	lode_json_verdict(&j, "v", &v);
	lode_json_refusal(&j, "r", &r);
	lode_json_end(&j);
	assert_false(b.failed);
	assert_non_null(strstr(b.data, "\"advisor\":\"expert\""));
	assert_non_null(strstr(b.data, "{\"option\":null,\"value\":2}"));
	assert_non_null(strstr(b.data, "\"effect\":0.25,\"lo\":0.2,\"hi\":null"));
	assert_non_null(strstr(b.data, "\"rule\":\"memory-budget\",\"change\":-1,\"why\":\"too much\""));
	lode_buf_fini(&b);
}

static void ids(void **state)
{
	char a[64], b[64], c[64], link[200];
	(void)state;
	snprintf(link, sizeof link, "%s/link", base);
	assert_int_equal(symlink(base, link), 0);
	lode_journal_db_id(base, a, sizeof a);
	lode_journal_db_id(link, b, sizeof b);
	lode_journal_db_id("/no/such/dir", c, sizeof c);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_int_equal(strlen(a), strlen("rocksdb-") + 16);
	assert_int_equal(strspn(a, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(a));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, clean)
	const struct CMUnitTest tests[] = {
	    T(checksum),      T(continues),	  T(unfinished), T(torn_everywhere), T(damaged_everywhere),
	    T(foreign_lines), T(strange_intents), T(full_disk),	 T(not_a_place),     T(misuse),
	    T(pulled_away),   T(rotates),	  T(follows),	 T(members),	     T(ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
