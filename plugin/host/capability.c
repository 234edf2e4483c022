/* Scratch objects of RocksDB's option classes, and what can be learned from them. The classes' sizes move with every version; the objects
 * stand in rooms far larger than any of them, and a background behind them shows whether a constructor stayed inside. */
#include "host/capability.h"
#include "host/calls.h"
#include "host/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 8192      /* bytes for one object; the largest known is 1 KiB (ColumnFamilyOptions, 11.8) */
#define ROOM_USED 4096 /* no constructor may write beyond */
#define BACKGROUND 0x5a
#define SWITCHES 8 /* ConfigOptions begins with bools, padded to a word */

enum { BASE, RESULT, CONFIG, DB_BASE, DB_RESULT, ROOMS };

struct lode_scratch {
	void *sym[SYM_N];
	bool made[ROOMS];
	_Alignas(64) unsigned char room[ROOMS][ROOM];
	unsigned char *mutable_only; /* the switch inside the room CONFIG */
};

static const enum lode_symbol constructor[ROOMS] = {SYM_CF_OPTIONS_NEW, SYM_CF_OPTIONS_NEW, SYM_CONFIG_NEW, SYM_MUTABLE_DB_NEW,
						    SYM_MUTABLE_DB_NEW};
/* MutableDBOptions owns nothing that a destructor would have to give back. */
static const enum lode_symbol destructor[ROOMS] = {SYM_CF_OPTIONS_DELETE, SYM_CF_OPTIONS_DELETE, SYM_CONFIG_DELETE, SYM_N, SYM_N};

static bool construct(struct lode_scratch *s, int room)
{
	unsigned char *at = s->room[room];

	memset(at, 0, ROOM_USED);
	memset(at + ROOM_USED, BACKGROUND, ROOM - ROOM_USED);
	if (lode_call_on(s->sym[constructor[room]], at))
		return false;
	s->made[room] = true;
	for (size_t i = ROOM_USED; i < ROOM; i++) {
		if (at[i] != BACKGROUND)
			return false;
	}
	return true;
}

static int parse_cf(struct lode_scratch *s, const char *key, const char *value, struct lode_parsed *parsed)
{
	struct lode_kv kv = {key, value};

	return lode_call_parse_cf(s->sym[SYM_PARSE_CF], s->room[CONFIG], s->room[BASE], &kv, s->room[RESULT], parsed);
}

static int parse_db(struct lode_scratch *s, const char *key, const char *value, struct lode_parsed *parsed)
{
	struct lode_kv kv = {key, value};

	return lode_call_parse_db(s->sym[SYM_PARSE_DB], s->room[DB_BASE], &kv, s->room[DB_RESULT], parsed);
}

static bool takes(struct lode_scratch *s, const char *key, const char *value)
{
	struct lode_parsed parsed;

	return parse_cf(s, key, value, &parsed) == 0 && parsed.code == 0;
}

#define NO_SUCH "lodestone_no_such_option"

/* Which byte of ConfigOptions makes RocksDB refuse what cannot be changed in an open database, and nothing else? */
static bool find_switch(struct lode_scratch *s)
{
	if (!takes(s, "num_levels", "7") || !takes(s, "write_buffer_size", "67108864") || takes(s, NO_SUCH, "1"))
		return false;
	for (int i = 0; i < SWITCHES && !s->mutable_only; i++) {
		unsigned char *at = &s->room[CONFIG][i];

		if (*at)
			continue;
		*at = 1;
		if (!takes(s, "num_levels", "7") && takes(s, "write_buffer_size", "67108864") && !takes(s, NO_SUCH, "1"))
			s->mutable_only = at;
		*at = 0;
	}
	return s->mutable_only != NULL;
}

/* A refusal must say its code in the first byte and give its text in the second word, and be no longer than the two words. */
static bool raw_fits(const unsigned char *raw)
{
	const char *message;
	char text[sizeof(NO_SUCH) + 64] = "";

	memcpy(&message, raw + sizeof(void *), sizeof(message));
	for (size_t i = 2 * sizeof(void *); i < LODE_STATUS_BYTES; i++) {
		if (raw[i] != LODE_STATUS_BLANK)
			return false;
	}
	return raw[0] >= 1 && raw[0] <= 4 && lode_probe_read_some(message, text, sizeof(text) - 1) > 0 && strstr(text, NO_SUCH);
}

static bool status_fits(struct lode_scratch *s)
{
	struct lode_kv kv = {NO_SUCH, "1"};
	unsigned char raw[LODE_STATUS_BYTES];

	if (lode_call_raw_status(s->sym[SYM_PARSE_DB], s->room[DB_BASE], &kv, s->room[DB_RESULT], raw) || !raw_fits(raw))
		return false; /* the refusal's text stays behind: nothing says that it may be freed */
	lode_call_status_drop(raw);
	return true;
}

static bool db_answers(struct lode_scratch *s)
{
	struct lode_parsed parsed;

	return parse_db(s, "max_background_jobs", "2", &parsed) == 0 && parsed.code == 0 && parse_db(s, NO_SUCH, "1", &parsed) == 0 &&
	       parsed.code;
}

static struct lode_scratch *make(const struct lode_image *image, int from, int to, const char **why)
{
	struct lode_scratch *s;

	*why = "this RocksDB does not export the functions that could be asked";
	for (int i = from; i < to; i++) {
		if (!image->sym[constructor[i]])
			return NULL;
	}
	if (!image->sym[SYM_PARSE_CF] || !image->sym[SYM_PARSE_DB])
		return NULL;
	*why = "out of memory";
	s = aligned_alloc(64, sizeof(*s));
	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	memcpy(s->sym, image->sym, sizeof(s->sym));
	*why = "RocksDB's option objects are larger than any that is known";
	for (int i = from; i < to; i++) {
		if (!construct(s, i))
			goto out;
	}
	return s;
out:
	lode_scratch_free(s);
	return NULL;
}

int lode_status_fits(const struct lode_image *image)
{
	const char *why;
	struct lode_scratch *s = make(image, DB_BASE, ROOMS, &why);
	int fits = s ? status_fits(s) : -ENOTSUP;

	lode_scratch_free(s);
	return fits;
}

struct lode_scratch *lode_scratch_new(const struct lode_image *image, const char **why)
{
	struct lode_scratch *s = make(image, 0, ROOMS, why);

	if (!s)
		return NULL;
	*why = "this RocksDB does not answer as expected when it is asked";
	if (!status_fits(s) || !find_switch(s) || !db_answers(s))
		goto out;
	*why = NULL;
	return s;
out:
	lode_scratch_free(s);
	return NULL;
}

int lode_scratch_ask(struct lode_scratch *s, enum lode_scope scope, const char *key, const char *value)
{
	struct lode_parsed parsed;
	bool yes, exists;

	if (scope == LODE_SCOPE_DB) {
		if (parse_db(s, key, value, &parsed))
			return -ENOTSUP;
		/* NotFound is said of immutable options as of unknown ones; anything else is about the value */
		return parsed.code == 0 ? 1 : parsed.code == 1 ? 0 : -ENOENT;
	}
	if (scope != LODE_SCOPE_CF)
		return -ENOTSUP;
	exists = takes(s, key, value);
	*s->mutable_only = 1;
	yes = exists && takes(s, key, value);
	*s->mutable_only = 0;
	return yes ? 1 : exists ? 0 : -ENOENT;
}

void lode_scratch_free(struct lode_scratch *s)
{
	for (int i = 0; s && i < ROOMS; i++) {
		if (s->made[i] && destructor[i] != SYM_N && s->sym[destructor[i]])
			lode_call_on(s->sym[destructor[i]], s->room[i]);
	}
	free(s);
}
