/* The API key: from a file that only we can read, held for one call. */
#include "advise/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* White space at the end goes; what is left must be one word of printable ASCII, so that it cannot end a header line. */
static int tidy(char *key, size_t n, const char *from, struct lode_err *err)
{
	while (n && (key[n - 1] == '\n' || key[n - 1] == '\r' || key[n - 1] == ' ' || key[n - 1] == '\t'))
		n--;
	key[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (key[i] <= ' ' || key[i] > '~')
			return lode_err_set(err, EINVAL, "%s holds something else than one key on one line", from);
	return n ? 0 : lode_err_set(err, EINVAL, "%s is empty", from);
}

/* forbidden: mode bits that would let others read or change it. */
static int read_file(const char *path, mode_t forbidden, char out[LODE_KEY_MAX], struct lode_err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0)
		return lode_err_set(err, errno, "key file %.120s: %s", path,
				    errno == ELOOP ? "is a symbolic link" : strerrordesc_np(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		r = lode_err_set(err, EINVAL, "key file %.120s is not a regular file", path);
	} else if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & forbidden)) {
		r = lode_err_set(err, EPERM, "key file %.120s must belong to root or this user and be closed to others: chmod 600", path);
	} else {
		ssize_t n = read(fd, out, LODE_KEY_MAX - 1);
		char more;

		if (n < 0)
			r = lode_err_set(err, errno, "key file %.120s cannot be read", path);
		else if (n == LODE_KEY_MAX - 1 && read(fd, &more, 1) != 0)
			r = lode_err_set(err, E2BIG, "key file %.120s is too long for a key", path);
		else
			r = tidy(out, (size_t)n, "the key file", err);
	}
	close(fd);
	return r;
}

/* The service manager's, if it has one for us. -ENAMETOOLONG. */
static int credential(const struct lode_llm_config *c, char path[4096])
{
	return snprintf(path, 4096, "%s/lodestone-api-key", c->credentials_dir) < 4096 ? 0 : -ENAMETOOLONG;
}

uint64_t lode_key_stamp(const struct lode_llm_config *c)
{
	char path[4096] = "";
	uint64_t h = 0xcbf29ce484222325u;
	struct stat st;

	if (c->key_file && *c->key_file)
		snprintf(path, sizeof path, "%s", c->key_file);
	else if (c->credentials_dir && *c->credentials_dir && credential(c, path))
		return 0;
	if (!*path || stat(path, &st) != 0)
		return 0;
	const uint64_t parts[] = {st.st_dev, st.st_ino, (uint64_t)st.st_size, st.st_mode, st.st_uid, (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec,
				  (uint64_t)st.st_ctim.tv_sec, (uint64_t)st.st_ctim.tv_nsec};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		h = (h ^ parts[i]) * 0x100000001b3u;
	return h ? h : 1;
}

char *lode_key_page(void)
{
	char *page = mmap(NULL, LODE_KEY_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	/* None of these is worth failing for: a kernel or a limit may refuse them. */
	mlock(page, LODE_KEY_PAGE);
	madvise(page, LODE_KEY_PAGE, MADV_DONTDUMP);
	madvise(page, LODE_KEY_PAGE, MADV_WIPEONFORK);
	return page;
}

void lode_key_page_free(char *page)
{
	if (!page)
		return;
	explicit_bzero(page, LODE_KEY_PAGE);
	munmap(page, LODE_KEY_PAGE);
}

int lode_key_load(const struct lode_llm_config *c, char out[LODE_KEY_MAX], struct lode_err *err)
{
	char path[4096];

	out[0] = '\0';
	if (c->key_file && *c->key_file)
		return read_file(c->key_file, S_IRWXG | S_IRWXO, out, err);
	if (c->credentials_dir && *c->credentials_dir) {
		/* The service manager may open it to the service's user by an ACL, whose mask shows as the group's right to read. */
		int r = credential(c, path);

		r = r ? r : read_file(path, S_IWGRP | S_IXGRP | S_IRWXO, out, err);

		if (r != -ENOENT)
			return r;
	}
	if (!c->key || !*c->key)
		return lode_err_set(err, ENOKEY, "no key is configured: set llm.key_file");
	if (strlen(c->key) >= LODE_KEY_MAX)
		return lode_err_set(err, E2BIG, "the key is too long");
	strcpy(out, c->key);
	return tidy(out, strlen(out), "the key", err);
}
