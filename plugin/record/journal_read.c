/* Reading a journal back, a line at a time. What is torn, damaged or foreign is recognised by its form and checksum, without a JSON parser.
 */
#include "record/journal_read.h"

#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (64u << 10)
#define TAIL_LEN (sizeof ",\"crc\":\"00000000\"}" - 1)

struct lode_journal_reader {
	int fd;
	uint64_t offset; /* in the file, of data[at] */
	size_t at, end;	 /* unread bytes of data */
	size_t seen;	 /* of those, without a newline */
	bool skipping;	 /* the rest of a line that was too long */
	char data[LODE_JOURNAL_LINE_MAX];
};

uint32_t lode_crc32(const void *data, size_t len)
{
	static const uint32_t nibble[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
					    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	const unsigned char *p = data;
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

static bool hex32(const char *s, uint32_t *out)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t v = 0;

	for (int i = 0; i < 8; i++) {
		const char *digit = memchr(digits, s[i], 16);

		if (!digit)
			return false;
		v = v << 4 | (uint32_t)(digit - digits);
	}
	*out = v;
	return true;
}

/* Takes `word` off the front. */
static bool take(const char **p, const char *end, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(end - *p) < n || memcmp(*p, word, n) != 0)
		return false;
	*p += n;
	return true;
}

/* Takes plain text up to `stop`, which must come within out. */
static bool take_until(const char **p, const char *end, char stop, char *out, size_t len)
{
	const char *q = memchr(*p, stop, (size_t)(end - *p));

	if (!q || (size_t)(q - *p) >= len || memchr(*p, '\\', (size_t)(q - *p)) || memchr(*p, '\0', (size_t)(q - *p)))
		return false;
	memcpy(out, *p, (size_t)(q - *p));
	out[q - *p] = '\0';
	*p = q + 1;
	return true;
}

bool lode_record_parse(const char *line, size_t len, struct lode_record *r)
{
	const char *p = line, *end = line + len;
	char ts[sizeof r->ts], kind[sizeof r->kind], number[24];
	uint32_t crc;
	int64_t seq;

	*r = (struct lode_record){.text = line, .len = len, .offset = r->offset};
	if (len < TAIL_LEN)
		return false;
	const char *tail = end - TAIL_LEN;
	if (!take(&tail, end, ",\"crc\":\"") || !hex32(tail, &crc) || memcmp(tail + 8, "\"}", 2) != 0 ||
	    lode_crc32(line, len - TAIL_LEN) != crc)
		return false;
	if (!take(&p, end, "{\"ts\":\"") || !take_until(&p, end, '"', ts, sizeof ts) || !take(&p, end, ",\"seq\":") ||
	    !take_until(&p, end, ',', number, sizeof number) || lode_num_parse(number, strlen(number), &seq) || seq < 0 ||
	    !take(&p, end, "\"kind\":\"") || !take_until(&p, end, '"', kind, sizeof kind))
		return false;
	r->whole = true;
	r->seq = (uint64_t)seq;
	memcpy(r->ts, ts, sizeof ts);
	memcpy(r->kind, kind, sizeof kind);
	return true;
}

struct lode_journal_reader *lode_journal_reader_open(const char *path, uint64_t from)
{
	struct lode_journal_reader *r = malloc(sizeof *r);

	if (!r)
		return NULL;
	/* O_NONBLOCK: a pipe in the journal's place must not hold us. */
	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (r->fd < 0) {
		int saved = errno;

		free(r);
		errno = saved;
		return NULL;
	}
	r->offset = from;
	r->at = r->end = r->seen = 0;
	r->skipping = false;
	return r;
}

void lode_journal_reader_close(struct lode_journal_reader *r)
{
	if (!r)
		return;
	close(r->fd);
	free(r);
}

/* More bytes behind those that are there. Bytes read, 0 at the end, -errno. */
static ssize_t fill(struct lode_journal_reader *r)
{
	size_t room;
	ssize_t n;

	if (r->at) {
		memmove(r->data, r->data + r->at, r->end - r->at);
		r->end -= r->at;
		r->at = 0;
	}
	room = sizeof r->data - r->end < CHUNK ? sizeof r->data - r->end : CHUNK;
	do
		n = pread(r->fd, r->data + r->end, room, (off_t)(r->offset + r->end));
	while (n < 0 && errno == EINTR);
	if (n > 0)
		r->end += (size_t)n;
	return n < 0 ? -errno : n;
}

static void consume(struct lode_journal_reader *r, size_t n)
{
	r->at += n;
	r->offset += n;
	r->seen = 0;
}

int lode_journal_reader_next(struct lode_journal_reader *r, struct lode_record *out)
{
	for (;;) {
		char *line = r->data + r->at;
		size_t have = r->end - r->at;
		char *newline = memchr(line + r->seen, '\n', have - r->seen);

		if (newline) {
			size_t len = (size_t)(newline - line);
			bool skipped = r->skipping;

			out->offset = r->offset;
			consume(r, len + 1);
			r->skipping = false;
			if (!len || skipped)
				continue;
			lode_record_parse(line, len, out);
			return 1;
		}
		r->seen = have;
		if (have == sizeof r->data) {
			bool first = !r->skipping;

			*out = (struct lode_record){.text = line, .len = have, .offset = r->offset};
			consume(r, have);
			r->skipping = true;
			if (first)
				return 1;
			continue;
		}
		ssize_t n = fill(r);
		if (n <= 0)
			return (int)n;
	}
}

bool lode_journal_reader_rest(const struct lode_journal_reader *r, struct lode_record *out)
{
	if (r->at == r->end || r->skipping)
		return false;
	out->offset = r->offset;
	lode_record_parse(r->data + r->at, r->end - r->at, out);
	return true;
}

int lode_journal_each(const char *path, uint64_t from, lode_record_fn *fn, void *ctx)
{
	struct lode_journal_reader *r = lode_journal_reader_open(path, from);
	struct lode_record rec;
	int rc;

	if (!r)
		return errno ? -errno : -ENOMEM;
	while ((rc = lode_journal_reader_next(r, &rec)) > 0)
		fn(ctx, &rec);
	if (!rc && lode_journal_reader_rest(r, &rec))
		fn(ctx, &rec);
	lode_journal_reader_close(r);
	return rc;
}
