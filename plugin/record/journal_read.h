/* Reading a journal back, a line at a time: for what an earlier life left behind, and for the command line. */
#ifndef LODE_RECORD_JOURNAL_READ_H
#define LODE_RECORD_JOURNAL_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LODE_JOURNAL_LINE_MAX (512u << 10) /* bytes with the newline; longer lines are damaged by definition */
#define LODE_JOURNAL_FILE_MAX (64u << 20)  /* bytes; a larger journal is set aside at the next open */

/* A line is {"ts":"...","seq":N,"kind":"word" ... ,"crc":"xxxxxxxx"}: the CRC-32 (IEEE 802.3) of every byte before ,"crc". */
struct lode_record {
	const char *text; /* the line without its newline, not NUL-terminated; valid until the reader's next call */
	size_t len;
	uint64_t offset; /* of the line in the file */
	bool whole;	 /* form and checksum are right; else nothing below is set */
	uint64_t seq;
	char ts[32];
	char kind[24];
};

uint32_t lode_crc32(const void *data, size_t len);
/* Fills *r from one line; returns r->whole. r->offset is left alone. */
bool lode_record_parse(const char *line, size_t len, struct lode_record *r);

/* One thread at a time. */
struct lode_journal_reader;
/* from: the byte to start at; a start in the middle of a line gives one damaged record first. NULL with errno set if the file cannot be
 * opened. */
struct lode_journal_reader *lode_journal_reader_open(const char *path, uint64_t from);
void lode_journal_reader_close(struct lode_journal_reader *r);
/* 1 and *out; 0 at the end: call again later and it goes on where the file grew; or -errno. Empty lines are passed over. */
int lode_journal_reader_next(struct lode_journal_reader *r, struct lode_record *out);
/* After 0: true and *out if there is a last line without a newline: it is being written, or was torn. It may be whole all the same. */
bool lode_journal_reader_rest(const struct lode_journal_reader *r, struct lode_record *out);
/* Every record from the byte `from` to the end, the last one also without its newline. 0 or -errno; no file is -ENOENT. */
typedef void lode_record_fn(void *ctx, const struct lode_record *r);
int lode_journal_each(const char *path, uint64_t from, lode_record_fn *fn, void *ctx);

#endif
