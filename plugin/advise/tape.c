/* Recording what was said to a model and what came back. */
#include "advise/tape.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES (8u << 20) /* a request and a reply of 1 MiB each, in hexadecimal at the worst */
#define KEY_LEAST 8		  /* shorter ones hide nothing, and blotting them out would blot out text */

struct lode_tape {
	const struct lode_clock *clock;
	char *file;
	uint64_t n, sum, bytes;
	bool ended;
};

uint64_t lode_tape_sum(uint64_t sum, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)text[i]) * 0x100000001b3ull;
	return sum;
}

/* The name with the process id in place of %p. */
static char *named(const char *file)
{
	const char *p = strstr(file, "%p");
	size_t n = strlen(file) + 24;
	char *name = malloc(n);

	if (name && p)
		lode_fmt(name, n, "%.*s%d%s", (int)(p - file), file, (int)getpid(), p + 2);
	else if (name)
		lode_fmt(name, n, "%s", file);
	return name;
}

struct lode_tape *lode_tape_new(const char *file, const struct lode_clock *clock, struct lode_err *err)
{
	struct lode_tape *t = calloc(1, sizeof *t);

	if (t && (t->file = named(file))) {
		t->clock = clock;
		t->sum = LODE_TAPE_SUM_FIRST;
		return t;
	}
	free(t);
	lode_err_set(err, ENOMEM, "no memory");
	return NULL;
}

void lode_tape_free(struct lode_tape *t)
{
	if (t)
		free(t->file);
	free(t);
}

static void end(struct lode_tape *t, const char *why)
{
	t->ended = true;
	lode_log(LODE_LOG_WARN, "the recording (llm.record) ends after %llu calls: %s", (unsigned long long)t->n, why);
}

/* Well-formed UTF-8 without NUL, so that a JSON string gives it back to the byte. */
static bool is_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)s[i];
		size_t more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		uint32_t v = more ? c & (0x3fu >> more) : c;

		if (!c || (c >= 0x80 && c < 0xc2) || c > 0xf4 || more >= len - i)
			return false;
		for (size_t k = 1; k <= more; k++) {
			if ((s[i + k] & 0xc0) != 0x80)
				return false;
			v = v << 6 | (s[i + k] & 0x3f);
		}
		if ((more == 2 && (v < 0x800 || (v >= 0xd800 && v <= 0xdfff))) || (more == 3 && (v < 0x10000 || v > 0x10ffff)))
			return false;
		i += more + 1;
	}
	return true;
}

static void blot(char *text, size_t len, const char *key)
{
	size_t n = key ? strlen(key) : 0;

	if (n < KEY_LEAST)
		return;
	for (char *p = text; (p = memmem(p, len - (size_t)(p - text), key, n)); p += n)
		memset(p, '*', n);
}

static void add_bytes(struct lode_json *j, const char *name, const char *data, size_t len)
{
	struct lode_buf hex;

	if (is_text(data, len)) {
		lode_json_strn(j, name, data, len);
		return;
	}
	lode_buf_init(&hex, 2 * len);
	for (size_t i = 0; i < len; i++)
		lode_buf_addf(&hex, "%02x", (unsigned char)data[i]);
	j->out->failed |= hex.failed;
	lode_json_str(j, "bytes", lode_buf_str(&hex));
	lode_buf_fini(&hex);
}

/* The line without its sum and its end. */
static void print(struct lode_tape *t, const struct lode_http_request *q, struct lode_buf *body, struct lode_http_reply *r, struct lode_buf *line)
{
	struct lode_json j;
	char at[32];

	blot(body->data, body->len, q->key);
	blot(r->why, strlen(r->why), q->key);
	lode_json_init(&j, line);
	lode_json_object(&j, NULL);
	lode_json_u64(&j, "n", t->n + 1);
	lode_json_str(&j, "at", lode_clock_iso(lode_clock_wall(t->clock), at));
	lode_json_strn(&j, "sent", q->body, q->len);
	lode_json_str(&j, "call", lode_call_name(r->call));
	if (r->call != LODE_CALL_OK)
		lode_json_str(&j, "why", r->why);
	lode_json_i64(&j, "status", r->status);
	lode_json_num(&j, "retry_after", r->retry_after);
	lode_json_num(&j, "seconds", r->seconds);
	add_bytes(&j, "body", lode_buf_str(body), body->len);
}

/* One line behind the others, or none of it. Opened each time: nothing of ours lies open in the host for long. */
static int append(struct lode_tape *t, const struct lode_buf *line)
{
	int fd = open(t->file, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | (t->n ? 0 : O_CREAT | O_EXCL), 0600);
	int rc;

	if (fd < 0)
		return -errno;
	rc = lode_fs_write_all(fd, line->data, line->len);
	if (rc && ftruncate(fd, (off_t)t->bytes))
		rc = -EIO; /* half a line at the end: a replay leaves it out */
	close(fd);
	return rc;
}

void lode_tape_add(struct lode_tape *t, const struct lode_http_request *q, const struct lode_buf *body, const struct lode_http_reply *r)
{
	struct lode_http_reply told = *r;
	struct lode_buf line, copy;
	uint64_t sum;
	int rc = -ENOMEM;

	if (t->ended)
		return;
	lode_buf_init(&line, LINE_MAX_BYTES);
	lode_buf_init(&copy, LODE_HTTP_BODY_MAX);
	lode_buf_add(&copy, lode_buf_str(body), body->len);
	print(t, q, &copy, &told, &line);
	sum = lode_tape_sum(t->sum, lode_buf_str(&line), line.len);
	lode_buf_addf(&line, ",\"sum\":\"%016llx\"}\n", (unsigned long long)sum);
	if (!line.failed && !copy.failed)
		rc = t->bytes + line.len > LODE_TAPE_MAX ? -EFBIG : append(t, &line);
	if (rc) {
		end(t, rc == -EEXIST ? "the file is there already, and is not overwritten" : strerrordesc_np(-rc));
	} else {
		t->sum = sum;
		t->n++;
		t->bytes += line.len;
	}
	lode_buf_fini(&line);
	lode_buf_fini(&copy);
}
