/* The control socket: what it answers, who may ask, and peers that are slow, silent or rude. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/control.h"
#include "base/log.h"

static char dir[] = "/tmp/lode-control-XXXXXX";
static struct lode_control *server;

static int answer(void *ctx, const char *verb, const char *db, const char *arg, struct lode_buf *body)
{
	(void)ctx;
	if (strcmp(verb, "big") == 0)
		for (int i = 0; i < 100000; i++)
			lode_buf_adds(body, "0123456789");
	else if (strcmp(verb, "huge") == 0)
		for (int i = 0; i < 1000000; i++)
			lode_buf_adds(body, "0123456789");
	else
		lode_buf_addf(body, "%s|%s|%s", verb, db ? db : "-", arg ? arg : "-");
	return 200;
}

static int setup(void **state)
{
	(void)state;
	lode_log_level_set(LODE_LOG_OFF);
	if (!mkdtemp(dir))
		return -1;
	server = lode_control_start(dir, answer, NULL);
	return server ? 0 : -1;
}

static int teardown(void **state)
{
	char path[200];
	(void)state;
	snprintf(path, sizeof(path), "%s", lode_control_path(server));
	lode_control_stop(server);
	assert_int_equal(access(path, F_OK), -1);
	free(server);
	return rmdir(dir);
}

static int ask(const char *request, struct lode_buf *body)
{
	lode_buf_clear(body);
	return lode_control_ask(lode_control_path(server), request, 5, body);
}

static void test_answers(void **state)
{
	struct lode_buf body;
	(void)state;
	lode_buf_init(&body, 16u << 20);
	assert_int_equal(ask("rollback db1 print", &body), 200);
	assert_string_equal(lode_buf_str(&body), "rollback|db1|print");
	assert_int_equal(ask("status", &body), 200);
	assert_string_equal(lode_buf_str(&body), "status|-|-");
	assert_int_equal(ask("   ", &body), 100);
	assert_int_equal(ask("big", &body), 200);
	assert_int_equal(body.len, 1000000);
	assert_int_equal(ask("huge", &body), 400);
	lode_buf_fini(&body);
}

static void test_mode(void **state)
{
	struct stat st;
	(void)state;
	assert_int_equal(stat(lode_control_path(server), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static int raw_connect(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", lode_control_path(server));
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* None of these may keep the next asker from its answer. */
static void test_rude_peers(void **state)
{
	struct lode_buf body;
	char junk[8192];
	int fd;
	(void)state;
	lode_buf_init(&body, 65536);
	close(raw_connect());
	fd = raw_connect();
	memset(junk, 'x', sizeof(junk));
	assert_true(send(fd, junk, sizeof(junk), MSG_NOSIGNAL) > 0); /* no newline, too long */
	close(fd);
	fd = raw_connect();
	assert_true(send(fd, "big\n", 4, MSG_NOSIGNAL) == 4); /* asks, never reads */
	close(fd);
	fd = raw_connect(); /* silent: dropped after two seconds */
	assert_int_equal(ask("status", &body), 200);
	close(fd);
	lode_buf_fini(&body);
}

static void test_client_errors(void **state)
{
	struct lode_buf body;
	(void)state;
	lode_buf_init(&body, 65536);
	assert_int_equal(lode_control_ask("/does/not/exist.sock", "status", 1, &body), -ENOENT);
	lode_buf_fini(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_mode), cmocka_unit_test(test_rude_peers),
					   cmocka_unit_test(test_client_errors)};
	return cmocka_run_group_tests(tests, setup, teardown);
}
