/* What goes between a host, a relay and a recording: the protocol's lines, recordings that are played back bit for bit, and everything that can be
 * wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "advise/carrier.h"
#include "advise/relay.h"
#include "advise/tape.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "/tmp/test_advise_tape.XXXXXX";
static char file[100];

static int group_setup(void **state)
{
	(void)state;
	lode_log_level_set(LODE_LOG_OFF);
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof file, "%s/tape.jsonl", dir);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int setup(void **state)
{
	(void)state;
	unlink(file);
	return 0;
}

/* ---- lines ---- */

static void test_lines(void **state)
{
	static const char *const bad_asks[] = {"", "lodestone-relay 1 ", "lodestone-relay 1 ask chat 100", "lodestone-relay 2 ask chat 100 5",
					       "lodestone-relay 1 ask chat 100 5 ", "lodestone-relay 1 ask  chat 100 5", "lodestone-relay 1 ask chat -1 5",
					       "lodestone-relay 1 ask chat 100 1048577", "lodestone-relay 1 ask chat 100 99999999999999999999",
					       "lodestone-relay 1 ask chat 1e3 5", "lodestone-relay 1 ask averyveryverylongname 100 5",
					       "lodestone-relay 1 tell chat 100 5", "GET / HTTP/1.1"};
	static const char *const bad_tolds[] = {"lodestone-relay 1 ok 200 0 5", "lodestone-relay 1 fine 200 0 5 5", "lodestone-relay 1 ok 1000 0 5 5",
						"lodestone-relay 1 ok 200 -1 5 5", "lodestone-relay 1 ok 200 0 5 4294967296", "HTTP/1.1 200 OK"};
	struct lode_relay_ask ask = {.api = "chat", .timeout_s = 1.5, .len = 77}, got;
	struct lode_http_reply told = {.call = LODE_CALL_RATE_LIMIT, .status = 429, .retry_after = 1e18, .seconds = 0.25}, back;
	char line[LODE_RELAY_LINE_MAX];
	size_t len;

	(void)state;
	lode_relay_print_ask(line, &ask);
	assert_string_equal(line, "lodestone-relay 1 ask chat 1500 77\n");
	line[strlen(line) - 1] = '\0';
	assert_int_equal(lode_relay_read_ask(line, &got), 0);
	assert_string_equal(got.api, "chat");
	assert_true(got.timeout_s == 1.5 && got.len == 77);
	for (size_t i = 0; i < sizeof bad_asks / sizeof bad_asks[0]; i++)
		assert_int_equal(lode_relay_read_ask(bad_asks[i], &got), -EINVAL);
	lode_relay_print_told(line, &told, 12);
	assert_string_equal(line, "lodestone-relay 1 rate-limited 429 2147483647 250 12\n");
	line[strlen(line) - 1] = '\0';
	assert_int_equal(lode_relay_read_told(line, &back, &len), 0);
	assert_true(back.call == LODE_CALL_RATE_LIMIT && back.status == 429 && len == 12 && back.seconds == 0.25);
	for (size_t i = 0; i < sizeof bad_tolds / sizeof bad_tolds[0]; i++)
		assert_int_equal(lode_relay_read_told(bad_tolds[i], &back, &len), -EINVAL);
	assert_string_equal(lode_relay_path("unix:/run/x"), "/run/x");
	assert_null(lode_relay_path("https://unix:/run/x"));
}

/* ---- a relay that is none ---- */

struct false_relay {
	int fd;
	const char *says;
	size_t len;
};

static void *false_relay(void *arg)
{
	struct false_relay *r = arg;
	char request[256];
	int fd = accept(r->fd, NULL, NULL);

	if (fd >= 0) {
		ssize_t ignored = recv(fd, request, sizeof request, 0);
		ignored = send(fd, r->says, r->len, MSG_NOSIGNAL);
		(void)ignored;
		shutdown(fd, SHUT_WR);
		while (recv(fd, request, sizeof request, 0) > 0)
			;
		close(fd);
	}
	return NULL;
}

/* What comes of a call to something that listens at the relay's place and says this. */
static struct lode_http_reply call_false(const char *says, size_t len, struct lode_buf *body)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct lode_http_request q = {.body = "{}", .len = 2, .timeout_s = 20};
	struct false_relay r = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .says = says, .len = len};
	struct lode_err err = {0};
	struct lode_http_reply out;
	pthread_t t;

	snprintf(a.sun_path, sizeof a.sun_path, "%s/sock", dir);
	assert_int_equal(bind(r.fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(r.fd, 1), 0);
	assert_int_equal(pthread_create(&t, NULL, false_relay, &r), 0);
	struct lode_http *h = lode_http_open_with(lode_carrier_relay(a.sun_path, &err), &err);
	assert_non_null(h);
	assert_true(lode_http_keyless(h) && !lode_http_instant(h));
	lode_http_post(h, &q, body, &out);
	lode_http_close(h);
	pthread_join(t, NULL);
	close(r.fd);
	unlink(a.sun_path);
	return out;
}

static void test_false_relays(void **state)
{
	static const struct {
		const char *says;
		enum lode_call call;
		const char *why;
	} rows[] = {
	    {"lodestone-relay 1 ok 200 0 10 5\nhello", LODE_CALL_OK, ""},
	    {"lodestone-relay 1 ok 200 0 10 0\n", LODE_CALL_OK, ""},
	    {"lodestone-relay 1 connect-failed 0 0 10 7\nno \x1b[2Jx", LODE_CALL_CONNECT, "no ?[2J"},
	    {"lodestone-relay 1 ok 200 0 10 6\nhello", LODE_CALL_RELAY, "the relay broke off before its answer was whole"},
	    {"lodestone-relay 1 ok 200 0 1", LODE_CALL_RELAY, "the relay broke off before its answer was whole"},
	    {"", LODE_CALL_RELAY, "the relay broke off before its answer was whole"},
	    {"HTTP/1.1 200 OK\r\n\r\n", LODE_CALL_RELAY, "what answers at llm.url is no relay of this version"},
	    {"lodestone-relay 2 ok 200 0 10 5\nhello", LODE_CALL_RELAY, "what answers at llm.url is no relay of this version"},
	    {"lodestone-relay 1 perfect 200 0 10 5\nhello", LODE_CALL_RELAY, "what answers at llm.url is no relay of this version"},
	};
	struct lode_http_reply r;
	struct lode_buf body;
	char *long_line = malloc(5000), *large = malloc(3 << 20);

	(void)state;
	assert_true(long_line && large);
	lode_buf_init(&body, LODE_HTTP_BODY_MAX);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		r = call_false(rows[i].says, strlen(rows[i].says), &body);
		assert_string_equal(r.why, rows[i].why);
		assert_int_equal(r.call, rows[i].call);
		if (r.call == LODE_CALL_OK)
			assert_string_equal(lode_buf_str(&body), strchr(rows[i].says, '\n') + 1);
	}
	memset(long_line, 'x', 5000);
	r = call_false(long_line, 5000, &body);
	assert_int_equal(r.call, LODE_CALL_RELAY);
	memset(large, 'x', 3 << 20);
	memcpy(large, "lodestone-relay 1 ok 200 0 1 2147483647\n", 40);
	r = call_false(large, 3 << 20, &body);
	assert_int_equal(r.call, LODE_CALL_TOO_BIG);
	lode_buf_fini(&body);
	free(long_line);
	free(large);
}

static void test_no_relay(void **state)
{
	struct lode_http_request q = {.body = "{}", .len = 2, .timeout_s = 5};
	struct lode_err err = {0};
	struct lode_http_reply out;
	struct lode_buf body;
	char path[120];

	(void)state;
	lode_buf_init(&body, 1000);
	snprintf(path, sizeof path, "%s/nobody", dir);
	struct lode_http *h = lode_http_open_with(lode_carrier_relay(path, &err), &err);
	lode_http_post(h, &q, &body, &out);
	assert_int_equal(out.call, LODE_CALL_RELAY);
	assert_string_equal(out.why, "the relay at llm.url, on connecting: No such file or directory");
	lode_http_close(h);
	lode_buf_fini(&body);
}

/* A relay that never answers: a cancel from another thread ends the call, and so does the time. */
static void *cancel(void *h)
{
	nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
	lode_http_cancel(h);
	return NULL;
}

static void test_silent_relay(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct lode_http_request q = {.body = "{}", .len = 2, .timeout_s = 600};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct lode_err err = {0};
	struct lode_http_reply out;
	struct lode_buf body;
	pthread_t t;

	(void)state;
	lode_buf_init(&body, 1000);
	snprintf(a.sun_path, sizeof a.sun_path, "%s/sock", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 8), 0);
	struct lode_http *h = lode_http_open_with(lode_carrier_relay(a.sun_path, &err), &err);
	assert_int_equal(pthread_create(&t, NULL, cancel, h), 0);
	lode_http_post(h, &q, &body, &out);
	assert_int_equal(out.call, LODE_CALL_CANCELLED);
	pthread_join(t, NULL);
	lode_http_rearm(h);
	q.timeout_s = -1.9; /* and the grace: a tenth of a second */
	lode_http_post(h, &q, &body, &out);
	assert_int_equal(out.call, LODE_CALL_TIMEOUT);
	lode_http_close(h);
	close(fd);
	unlink(a.sun_path);
	lode_buf_fini(&body);
}

/* ---- recordings ---- */

static struct lode_tape *tape(void)
{
	struct lode_err err = {0};
	struct lode_tape *t = lode_tape_new(file, &lode_clock_real, &err);

	assert_non_null(t);
	return t;
}

static void record(struct lode_tape *t, const char *sent, const char *key, const void *body, size_t len, struct lode_http_reply r)
{
	struct lode_http_request q = {.body = sent, .len = strlen(sent), .key = key};
	struct lode_buf b;

	lode_buf_init(&b, LODE_HTTP_BODY_MAX);
	lode_buf_add(&b, body, len);
	lode_tape_add(t, &q, &b, &r);
	lode_buf_fini(&b);
}

static struct lode_http *play(bool loose)
{
	struct lode_err err = {0};
	struct lode_carrier *c = lode_carrier_replay(file, loose, &err);

	if (!c)
		fail_msg("%s", err.msg);
	struct lode_http *h = lode_http_open_with(c, &err);
	assert_true(h && lode_http_keyless(h) && lode_http_instant(h));
	return h;
}

static struct lode_http_reply next(struct lode_http *h, const char *sent, struct lode_buf *body)
{
	struct lode_http_request q = {.body = sent, .len = strlen(sent), .timeout_s = 1};
	struct lode_http_reply r;

	lode_http_post(h, &q, body, &r);
	return r;
}

static void test_bit_for_bit(void **state)
{
	struct lode_http_reply said[40];
	char sent[40][60], body[40][600];
	size_t len[40];
	struct lode_tape *t = tape();
	struct lode_http *h;
	struct lode_rng rng;
	struct lode_buf b;
	struct stat st;

	(void)state;
	lode_rng_seed(&rng, 5);
	for (int i = 0; i < 40; i++) {
		len[i] = (size_t)(lode_rng_unit(&rng) * 600);
		for (size_t k = 0; k < len[i]; k++) /* text, control characters, bytes that are no text, and all of them */
			body[i][k] = (char)(i % 4 == 0 ? 32 + lode_rng_unit(&rng) * 94 : i % 4 == 1 ? 1 + lode_rng_unit(&rng) * 127 : lode_rng_unit(&rng) * 256);
		if (i == 4)
			len[i] = 0;
		snprintf(sent[i], sizeof sent[i], "{\"n\": %d, \"text\": \"\\u00e4 \xc3\xa4\"}", i);
		said[i] = (struct lode_http_reply){.call = i % 7 == 6 ? LODE_CALL_TIMEOUT : LODE_CALL_OK, .status = 200 + i, .retry_after = i % 5, .seconds = 0.125 * i};
		snprintf(said[i].why, sizeof said[i].why, "%s", i % 7 == 6 ? "it took too long" : "");
		record(t, sent[i], "sk-not-in-it", body[i], len[i], said[i]);
	}
	lode_tape_free(t);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	h = play(false);
	lode_buf_init(&b, LODE_HTTP_BODY_MAX);
	for (int i = 0; i < 40; i++) {
		struct lode_http_reply r = next(h, sent[i], &b);

		assert_int_equal(r.call, said[i].call);
		assert_int_equal(r.status, said[i].status);
		assert_true(r.retry_after == said[i].retry_after && r.seconds == said[i].seconds);
		assert_string_equal(r.why, said[i].why);
		assert_string_equal(r.note, "");
		assert_int_equal(b.len, len[i]);
		assert_memory_equal(lode_buf_str(&b), body[i], len[i]);
	}
	assert_int_equal(next(h, "{}", &b).call, LODE_CALL_REPLAY_END);
	lode_http_close(h);
	lode_buf_fini(&b);
}

static void test_another_request(void **state)
{
	struct lode_tape *t = tape();
	struct lode_http_reply ok = {.call = LODE_CALL_OK, .status = 200}, r;
	struct lode_http *h;
	struct lode_buf b;

	(void)state;
	lode_buf_init(&b, 1000);
	record(t, "{\"hit\": 0.91}", NULL, "one", 3, ok);
	record(t, "{}", NULL, "two", 3, ok);
	lode_tape_free(t);
	h = play(false);
	for (int i = 0; i < 2; i++) { /* strict stays where it is */
		r = next(h, "{\"hit\": 0.87}", &b);
		assert_int_equal(r.call, LODE_CALL_REPLAY_DIFFERS);
		assert_string_equal(r.why, "request 1 is not the recorded one from byte 10 on: 'hit\": 0.87}' was 'hit\": 0.91}'");
		assert_int_equal(b.len, 0);
	}
	assert_int_equal(next(h, "{\"hit\": 0.91}", &b).call, LODE_CALL_OK);
	lode_http_close(h);
	h = play(true);
	r = next(h, "{\"hit\": 0.9", &b);
	assert_int_equal(r.call, LODE_CALL_OK);
	assert_string_equal(r.note, "request 1 is not the recorded one from byte 11 on: 'it\": 0.9' was 'it\": 0.91}'");
	assert_string_equal(lode_buf_str(&b), "one");
	r = next(h, "{}", &b);
	assert_string_equal(r.note, "");
	assert_string_equal(lode_buf_str(&b), "two");
	lode_http_close(h);
	lode_buf_fini(&b);
}

/* A server that sends the key back, in an error or in the answer. */
static void test_key_is_blotted_out(void **state)
{
	static const char key[] = "sk-secret-0123456789", body[] = "{\"error\": \"Incorrect API key provided: sk-secret-0123456789, sk-secret-0123456789\"}";
	struct lode_http_reply bad = {.call = LODE_CALL_OK, .status = 401, .why = "sk-secret-0123456789"};
	struct lode_tape *t = tape();
	struct lode_buf b;

	(void)state;
	record(t, "{}", key, body, strlen(body), bad);
	bad.call = LODE_CALL_CLOSED;
	record(t, "{}", key, body, strlen(body), bad);
	lode_tape_free(t);
	lode_buf_init(&b, 1 << 20);
	assert_int_equal(lode_fs_read(file, &b), 0);
	assert_non_null(strstr(lode_buf_str(&b), "provided: ********************, ***"));
	assert_null(strstr(lode_buf_str(&b), "secret"));
	lode_buf_fini(&b);
	lode_http_close(play(true)); /* and it is a recording still */
}

/* A file that is there is left as it is; a disk that is full costs the recording and nothing else. */
static void test_never_overwritten(void **state)
{
	struct lode_http_reply ok = {.call = LODE_CALL_OK, .status = 200};
	struct lode_tape *t = tape();
	struct lode_buf b;

	(void)state;
	assert_int_equal(lode_fs_write_atomic(file, "precious\n", 9, 0600), 0);
	record(t, "{}", NULL, "x", 1, ok);
	lode_tape_free(t);
	lode_buf_init(&b, 1000);
	assert_int_equal(lode_fs_read(file, &b), 0);
	assert_string_equal(lode_buf_str(&b), "precious\n");
	lode_buf_fini(&b);
}

static void test_full_disk(void **state)
{
	struct lode_http_reply ok = {.call = LODE_CALL_OK, .status = 200};
	struct rlimit old, small = {1000, RLIM_INFINITY};
	struct lode_tape *t = tape();
	struct lode_http *h;
	struct lode_buf b;
	char big[2000];

	(void)state;
	memset(big, 'x', sizeof big);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	record(t, "{}", NULL, "first", 5, ok);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	record(t, "{}", NULL, big, sizeof big, ok); /* half of it goes in, and is taken out again */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	record(t, "{}", NULL, "third", 5, ok); /* over is over */
	lode_tape_free(t);
	h = play(true);
	lode_buf_init(&b, 1000);
	assert_int_equal(next(h, "{}", &b).call, LODE_CALL_OK);
	assert_string_equal(lode_buf_str(&b), "first");
	assert_int_equal(next(h, "{}", &b).call, LODE_CALL_REPLAY_END);
	lode_http_close(h);
	lode_buf_fini(&b);
}

static int load(const char *text, size_t len, struct lode_err *err)
{
	struct lode_carrier *c;

	*err = (struct lode_err){0};
	assert_int_equal(lode_fs_write_atomic(file, text, len, 0600), 0);
	c = lode_carrier_replay(file, true, err);
	if (c)
		c->ops->free(c);
	return c ? 0 : -err->code;
}

static void test_changed_recordings(void **state)
{
	static const char *const bad[] = {"", "\n", "[]\n", "{}\n", "{\"body\":\"x\"}\n", "{\"status\":200}\n", "{\"status\":200,\"body\":7}\n",
					  "{\"status\":200,\"bytes\":\"0g\"}\n", "{\"status\":200,\"bytes\":\"0\"}\n", "{\"call\":\"excellent\",\"content\":\"x\"}\n",
					  "{\"content\":\"x\",\"content\":\"y\"}\n", "{\"content\":\"x\"} {}\n", "{\"content\":\"cut short\"}"};
	static const char by_hand[] = "{\"content\":\"x\"}\n{\"call\":\"timeout\",\"why\":\"slow\"}\n{\"status\":500,\"body\":\"\"}\n";
	struct lode_http_reply ok = {.call = LODE_CALL_OK, .status = 200};
	struct lode_tape *t = tape();
	struct lode_err err;
	struct lode_buf b;
	char *first;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_not_equal(load(bad[i], strlen(bad[i]), &err), 0);
		assert_non_null(strstr(err.msg, "llm.replay"));
	}
	assert_int_equal(load(by_hand, strlen(by_hand), &err), 0);
	unlink(file);
	for (int i = 0; i < 3; i++)
		record(t, "{\"a\":1}", NULL, "body", 4, ok);
	lode_tape_free(t);
	lode_buf_init(&b, 1 << 20);
	assert_int_equal(lode_fs_read(file, &b), 0);
	assert_int_equal(load(b.data, b.len, &err), 0);
	first = memchr(b.data, '\n', b.len);
	/* Without its first line; with each of its bytes changed. */
	assert_int_equal(load(first + 1, b.len - (size_t)(first + 1 - b.data), &err), -EBADMSG);
	for (char *p = b.data; p < first; p++) {
		char was = *p;

		*p = was == '7' ? '8' : '7';
		assert_int_not_equal(load(b.data, b.len, &err), 0);
		*p = was;
	}
	/* Cut anywhere: what is whole counts. */
	for (size_t cut = (size_t)(first + 1 - b.data); cut < b.len; cut += 7)
		assert_int_equal(load(b.data, cut, &err), 0);
	lode_buf_fini(&b);
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_false_relays),
	    cmocka_unit_test(test_no_relay),
	    cmocka_unit_test(test_silent_relay),
	    cmocka_unit_test_setup_teardown(test_bit_for_bit, setup, setup),
	    cmocka_unit_test_setup_teardown(test_another_request, setup, setup),
	    cmocka_unit_test_setup_teardown(test_key_is_blotted_out, setup, setup),
	    cmocka_unit_test_setup_teardown(test_never_overwritten, setup, setup),
	    cmocka_unit_test_setup_teardown(test_full_disk, setup, setup),
	    cmocka_unit_test_setup_teardown(test_changed_recordings, setup, setup),
	};

	return cmocka_run_group_tests_name("tape", tests, group_setup, group_teardown);
}
