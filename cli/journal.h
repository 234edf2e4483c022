/* The two halves of `lodestone journal`: which records (journal.c), and what each says (journal_tell.c). */
#ifndef LODE_CLI_JOURNAL_H
#define LODE_CLI_JOURNAL_H

#include "cli.h"

#include "record/journal_read.h"

void cli_journal_tell(const struct cli_term *term, const struct lode_record *rec, struct lode_buf *o);

#endif
