/* Any bytes as a journal: the reader and the search for unfinished work survive, and no line is whole without its checksum. Lines are also
 * tried with a right checksum behind them, or the fuzzer would never come past it. */
#include "base/fs.h"
#include "record/journal.h"
#include "record/journal_read.h"
#include "record/recall.h"
#include "record/spent.h"
#include "record/spoken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static const char *const fuzz_words[] = {
    "\"ts\"", "\"seq\"", "\"kind\"", "\"intent\"", "\"settled\"", "\"kept\"", "\"close\"", "\"advice\"", "\"asked\"", "\"harm\"", "\"trial\"",
    "\"todo\"", "\"undo\"", "\"scope\"", "\"cf\"", "\"db\"", "\"cache\"", "\"key\"", "\"value\"", "\"how\"", "\"dialect\"", "\"calls\"", "\"crc\"",
    "\"2026-01-31T12:00:00.123456Z\"", "\n", "{", "}", "[", "]", ",", ":", "0", "1", "-1", "4294967296", "9007199254740993", "1e999", "null", "\\u0000",
    "\"write_buffer_size\""};
#include "mutate.h"

static void add_sealed(struct lode_buf *out, const char *line, size_t len)
{
	lode_buf_add(out, line, len);
	lode_buf_addf(out, ",\"crc\":\"%08x\"}\n", lode_crc32(line, len));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct lode_unfinished u;
	struct lode_record r = {0};
	struct lode_buf all;
	char path[] = "/dev/shm/lode-fuzz-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	lode_buf_init(&all, 4 << 20);
	for (const char *p = (const char *)data, *end = p + len; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;

		add_sealed(&all, p, (size_t)(stop - p));
		p = stop + 1;
	}
	lode_buf_add(&all, data, len);
	lode_fs_write_all(fd, lode_buf_str(&all), all.len);
	close(fd);
	struct lode_journal_reader *reader = lode_journal_reader_open(path, 0);
	uint64_t next = 0;
	while (reader && lode_journal_reader_next(reader, &r) > 0) {
		if (r.offset < next || r.offset + r.len > all.len || (r.whole && memcmp(r.text + r.len - 2, "\"}", 2) != 0))
			abort();
		next = r.offset + r.len;
	}
	lode_journal_reader_close(reader);
	int rc = lode_journal_unfinished(path, &u);
	if (rc < 0 || (rc == 1 && u.n > LODE_WRITE_MAX))
		abort();
	struct lode_recall *recall = calloc(1, sizeof *recall);
	struct lode_life life = {1, 1769860800000000u, 1769860800000000u};
	struct lode_budget spent;
	char dialect[96] = "";
	if (!recall)
		abort();
	recall->ledger.cap = 1;
	lode_journal_recall(path, life.now_us / 1000000, recall);
	lode_journal_spent(path, &life, &spent);
	if (lode_journal_dialect(path, life.now_us, dialect, sizeof dialect) && !memchr(dialect, 0, sizeof dialect))
		abort();
	free(recall);
	unlink(path);
	lode_buf_fini(&all);
	return 0;
}
