/* Recordings of what was said to a model and what came back: one JSON object a line.
 *
 *   n             the exchange, from 1          sent          the request's body
 *   at            UTC                           call          its outcome by name; why: the sentence, unless ok
 *   status        of HTTP                       retry_after   seconds, as the server said
 *   seconds       that it took                  body          the reply's body; bytes: the same in hexadecimal where it is no text
 *   sum           of this line up to here and of the sum before: 64 bits of FNV-1a, in hexadecimal
 *
 * For a line that a person writes, body and status are enough, or content alone: what the model says, without the server's envelope. */
#ifndef LODE_ADVISE_TAPE_H
#define LODE_ADVISE_TAPE_H

#include "advise/http.h"
#include "base/clock.h"

#define LODE_TAPE_MAX (64u << 20) /* of one recording */

struct lode_tape;

/* The file must not exist: no recording is ever overwritten or mixed with another. %p in the name becomes the process id. It is made with the
 * first exchange, for its owner only. */
struct lode_tape *lode_tape_new(const char *file, const struct lode_clock *clock, struct lode_err *err);
void lode_tape_free(struct lode_tape *t);
/* Never fails anybody: a full disk, or a recording that is full, ends the recording with one line in the log and nothing else. The key, should
 * a server send it back, is blotted out. */
void lode_tape_add(struct lode_tape *t, const struct lode_http_request *q, const struct lode_buf *body, const struct lode_http_reply *r);

/* The sum of one line's text, up to ,"sum", after `before`. */
#define LODE_TAPE_SUM_FIRST 0xcbf29ce484222325ull
uint64_t lode_tape_sum(uint64_t before, const char *text, size_t len);

#endif
