/* The journal's writing half: append-only, one write(2) a record, synced where a change of the database is about to follow. */
#include "record/journal.h"
#include "record/journal_read.h"

#include "base/fs.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL (1u << 20) /* bytes at the end of a journal where the last sequence number is looked for */

struct lode_journal {
	const struct lode_clock *clock;
	char dir[PATH_MAX];
	char path[PATH_MAX]; /* "" = nothing is written */
	struct lode_fs_file file;
	uint64_t seq;
	bool ok;   /* the last record is where it belongs */
	bool torn; /* the file does not end with a newline */
	struct lode_buf line;
	struct lode_json json;
};

static void greatest(void *ctx, const struct lode_record *r)
{
	uint64_t *seq = ctx;

	if (r->whole && r->seq > *seq)
		*seq = r->seq;
}

/* The last sequence number in the file: 0 if there is none. A record that lacks only its newline counts: the next one puts that there. */
static uint64_t last_seq_from(const char *path, uint64_t from)
{
	uint64_t seq = 0;

	lode_journal_each(path, from, greatest, &seq);
	return seq;
}

static uint64_t last_seq(const char *path, uint64_t size)
{
	uint64_t seq = size > TAIL ? last_seq_from(path, size - TAIL) : 0;

	return seq ? seq : last_seq_from(path, 0);
}

static void rotated_name(const char *path, char *out)
{
	snprintf(out, PATH_MAX, "%.*s.1", PATH_MAX - 3, path);
}

/* Where an earlier life stopped. A large journal steps aside here, and nowhere else: never in the middle of a trial. */
static void resume(struct lode_journal *j)
{
	char old[PATH_MAX];
	struct stat st;

	rotated_name(j->path, old);
	if (!stat(j->path, &st) && st.st_size > 0)
		j->seq = last_seq(j->path, (uint64_t)st.st_size);
	if (!j->seq && !stat(old, &st))
		j->seq = last_seq(old, (uint64_t)st.st_size);
	if (!stat(j->path, &st) && S_ISREG(st.st_mode) && st.st_size > (off_t)LODE_JOURNAL_FILE_MAX && rename(j->path, old))
		lode_log(LODE_LOG_WARN, "%s is large and cannot be set aside: %s", j->path, strerror(errno));
}

static void sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* The file under its name, open for appending. Made again if it was moved away or if the host closed our descriptor. */
static int ensure_open(struct lode_journal *j)
{
	struct stat st;
	char last;

	if (!j->path[0])
		return 0;
	if (!stat(j->path, &st) && st.st_dev == j->file.dev && st.st_ino == j->file.ino && lode_fs_still(&j->file))
		return 0;
	lode_fs_close(&j->file);
	int rc = lode_fs_mkdirs(j->dir, 0700);
	if (!rc)
		rc = lode_fs_open(&j->file, j->path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW, 0600);
	if (rc)
		return rc;
	if (fstat(j->file.fd, &st) || !S_ISREG(st.st_mode)) {
		lode_fs_close(&j->file);
		return -EINVAL;
	}
	if (!st.st_size)
		sync_dir(j->dir);
	j->torn = st.st_size > 0 && (pread(j->file.fd, &last, 1, st.st_size - 1) != 1 || last != '\n');
	return 0;
}

/* Says a change of health once, not with every record. */
static void health(struct lode_journal *j, int rc)
{
	if (rc && j->ok)
		lode_log(LODE_LOG_WARN, "the journal %s cannot be written: %s; no option will be changed until it can", j->path,
			 strerror(-rc));
	else if (!rc && !j->ok)
		lode_log(LODE_LOG_NOTICE, "the journal %s is written again", j->path);
	j->ok = !rc;
}

struct lode_journal *lode_journal_open(const char *dir, const struct lode_clock *clock)
{
	struct lode_journal *j = calloc(1, sizeof *j);

	if (!j)
		return NULL;
	j->clock = clock;
	j->file.fd = -1;
	j->ok = true;
	lode_buf_init(&j->line, LODE_JOURNAL_LINE_MAX - 1);
	if (!dir)
		return j;
	int rc = -ENAMETOOLONG;
	if (strlen(dir) < sizeof j->dir - sizeof "/journal.jsonl.1") {
		strcpy(j->dir, dir);
		snprintf(j->path, sizeof j->path, "%.*s/journal.jsonl", (int)(sizeof j->path - sizeof "/journal.jsonl.1"), dir);
		resume(j);
		rc = ensure_open(j);
	}
	health(j, rc);
	return j;
}

void lode_journal_close(struct lode_journal *j)
{
	if (!j)
		return;
	lode_fs_close(&j->file);
	lode_buf_fini(&j->line);
	free(j);
}

uint64_t lode_journal_seq(const struct lode_journal *j)
{
	return j ? j->seq : 0;
}

bool lode_journal_ok(const struct lode_journal *j)
{
	return j && j->ok;
}

const char *lode_journal_path(const struct lode_journal *j)
{
	return j ? j->path : "";
}

struct lode_json *lode_journal_begin(struct lode_journal *j, const char *kind)
{
	char ts[32];

	lode_buf_clear(&j->line);
	lode_json_init(&j->json, &j->line);
	lode_json_object(&j->json, NULL);
	lode_json_str(&j->json, "ts", lode_clock_iso(lode_clock_wall(j->clock), ts));
	lode_json_u64(&j->json, "seq", ++j->seq);
	lode_json_str(&j->json, "kind", kind);
	return &j->json;
}

/* The finished line out, on a line of its own even behind a torn one. */
static int append(struct lode_journal *j, bool sync)
{
	int rc = ensure_open(j);

	if (rc || !j->path[0])
		return rc;
	if (j->torn) {
		rc = lode_fs_write_all(j->file.fd, "\n", 1);
		if (rc)
			return rc;
		j->torn = false;
	}
	rc = lode_fs_write_all(j->file.fd, j->line.data, j->line.len);
	if (rc)
		j->torn = true;
	else if (sync && fdatasync(j->file.fd))
		rc = -errno;
	return rc;
}

int lode_journal_end(struct lode_journal *j, bool sync)
{
	int rc = 0;

	if (j->json.depth != 1)
		rc = -EINVAL; /* a member was left open, or closed twice */
	else if (j->line.failed)
		rc = -E2BIG;
	if (!rc) {
		lode_buf_addf(&j->line, ",\"crc\":\"%08" PRIx32 "\"}\n", lode_crc32(j->line.data, j->line.len));
		rc = j->line.failed ? -E2BIG : append(j, sync);
	}
	health(j, rc);
	/* One huge record must not stay in memory for the life of the host. */
	if (j->line.cap > (64u << 10))
		lode_buf_fini(&j->line);
	j->json.depth = 0;
	return rc;
}

void lode_journal_db_id(const char *dbdir, char *out, size_t len)
{
	char *real = realpath(dbdir, NULL);
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (const char *p = real ? real : dbdir; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
	free(real);
	snprintf(out, len, "rocksdb-%016" PRIx64, hash);
}
