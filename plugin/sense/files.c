/* Reading what the kernel says in small text files. */
#include "sense/files.h"

#include "base/fmt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_below(const char *root, const char *path)
{
	char full[PATH_MAX];
	int n = lode_fmt(full, sizeof full, "%s%s", root, path);

	return n > 0 && (size_t)n < sizeof full ? open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
}

/* As many bytes as fit: the kernel may hand them out in several pieces. */
static size_t read_some(int fd, char *buf, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, buf + got, len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

bool lode_file_read(const char *root, const char *path, char *buf, size_t len)
{
	int fd = open_below(root, path);
	size_t n;

	if (fd < 0)
		return false;
	n = read_some(fd, buf, len - 1);
	close(fd);
	buf[n] = '\0';
	return n > 0;
}

bool lode_file_u64(const char *root, const char *path, uint64_t *out)
{
	char buf[64];

	if (!lode_file_read(root, path, buf, sizeof buf) || *buf < '0' || *buf > '9')
		return false;
	*out = strtoull(buf, NULL, 10);
	return true;
}

bool lode_file_field(const char *text, const char *name, char *out, size_t len)
{
	size_t want = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		if (strncmp(line, name, want) != 0)
			continue;
		line += want + strspn(line + want, " \t");
		size_t n = strcspn(line, "\n");
		if (n >= len)
			n = len - 1;
		memcpy(out, line, n);
		out[n] = '\0';
		return true;
	}
	return false;
}

/* Blanks and backslashes inside a path stand as three octal digits. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - tmpfs tmpfs rw,mode=755": tags are optional, so the dash parts the two halves. */
static bool parse_mount(char *line, struct lode_mount *m)
{
	char *save = NULL, *word;
	char *before[5] = {0}, *after[3] = {0};
	int nb = 0, na = 0;
	bool dash = false;

	for (word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (!dash && nb >= 5 && !strcmp(word, "-"))
			dash = true;
		else if (!dash && nb < 5)
			before[nb++] = word;
		else if (dash && na < 3)
			after[na++] = word;
	}
	if (nb < 5 || na < 2)
		return false;
	*m = (struct lode_mount){before[3], before[4], after[0], after[1], after[2] ? after[2] : after[1] + strlen(after[1])};
	unescape(m->root);
	unescape(m->point);
	unescape(m->source);
	return true;
}

void lode_mounts_each(const char *root, lode_mount_fn *fn, void *ctx)
{
	char buf[8192];
	struct lode_mount m;
	size_t have = 0;
	bool done = false, skip = false;
	int fd = open_below(root, "/proc/self/mountinfo");

	while (fd >= 0 && !done) {
		size_t n = read_some(fd, buf + have, sizeof buf - 1 - have);
		char *line = buf, *end;

		have += n;
		buf[have] = '\0';
		while (!done && (end = strchr(line, '\n'))) {
			*end = '\0';
			done = !skip && parse_mount(line, &m) && fn(ctx, &m);
			skip = false;
			line = end + 1;
		}
		have = strlen(line);
		memmove(buf, line, have);
		if (!n)
			break;
		if (have == sizeof buf - 1) { /* a line longer than the buffer (an overlay of many layers) is left out */
			have = 0;
			skip = true;
		}
	}
	if (fd >= 0)
		close(fd);
}
