/* What the verbs of the `lodestone` command share. One thread, one process of its own: here printing, getenv and exit are allowed. */
#ifndef LODE_CLI_H
#define LODE_CLI_H

#include "agent/config.h"
#include "base/buf.h"

#include "cjson/cJSON.h"
#include <stdbool.h>
#include <sys/types.h>

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_WRONG = 2 }; /* exit statuses */

struct cli_verb {
	const char *name;
	const char *args;					     /* of the usage line */
	const char *brief;					     /* one line of the list */
	const char *help;					     /* the rest of --help */
	int (*run)(const struct cli_verb *v, int argc, char **argv); /* argv[0] is the verb */
};
extern const struct cli_verb cli_verbs[];
extern const int cli_verb_count;

int cli_run(const struct cli_verb *v, int argc, char **argv);
int cli_ask(const struct cli_verb *v, int argc, char **argv); /* prompt, pause, resume, approve, reject, rollback, metrics */
int cli_status(const struct cli_verb *v, int argc, char **argv);
int cli_watch(const struct cli_verb *v, int argc, char **argv);
int cli_journal(const struct cli_verb *v, int argc, char **argv);
int cli_doctor(const struct cli_verb *v, int argc, char **argv);
int cli_relay(const struct cli_verb *v, int argc, char **argv);
int cli_tune(const struct cli_verb *v, int argc, char **argv);
int cli_help(const struct cli_verb *v, int argc, char **argv);

/* main.c: both print to where they belong and return the exit status. */
int cli_usage(const struct cli_verb *v, bool asked); /* asked: --help, to stdout, done; else to stderr, wrong use */
int cli_error(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* run.c: settings of the command line, put into this process's environment, where lode_config_load and a child find them. scratch checks them. */
int cli_take_setting(const char *setting, struct lode_config *scratch);
int cli_take_file(const char *file, struct lode_config *scratch);

/* target.c: which process, which database. */
struct cli_target {
	char socket[512];
	pid_t pid;     /* 0 = unknown */
	char db[4096]; /* as given with -d, "" = all */
	bool json;
};
#define CLI_TARGET_OPTIONS "S:d:jh"
/* One option of CLI_TARGET_OPTIONS. -1: an exit status stands in *status. */
int cli_target_option(const struct cli_verb *v, struct cli_target *t, int option, const char *value, int *status);
/* The rest of the command line: at most one process id. Finds the socket. CLI_DONE, or an exit status after saying why. */
int cli_target_find(struct cli_target *t, int argc, char **argv);
/* The same without a word if there is none: how many live sockets there are (0, 1 with t filled, or more). */
int cli_target_look(struct cli_target *t);
/* Configuration as that process sees it; 0 = as this one does. notes may be NULL. */
int cli_config_of(pid_t pid, struct lode_config *c, struct lode_buf *notes);
/* Asks for status and parses it. NULL after saying why; the caller deletes. raw (may be NULL) gets the text as received. rc (may be NULL):
 * what cli went wrong, negative errno; then nothing is said. */
cJSON *cli_target_status(const struct cli_target *t, struct lode_buf *raw, int *rc);
/* Does -d mean this database? */
bool cli_target_wants(const struct cli_target *t, const cJSON *db);
const char *cli_ask_error(int rc); /* a sentence for a negative errno of lode_control_ask */

/* term.c: the terminal. Everything that a process or a file says goes through cli_add_text: no control characters get to the terminal. */
enum cli_colour { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_GREEN, CLI_YELLOW, CLI_RED, CLI_CYAN };
struct cli_term {
	bool tty, colour, utf8;
	int columns, rows;
};
void cli_term_init(struct cli_term *t);
void cli_term_size(struct cli_term *t);
void cli_add_text(struct lode_buf *out, const char *s);
void cli_add_cut(struct lode_buf *out, const char *s, int columns); /* at most that many, with a mark if it was cut */
void cli_add_colour(struct lode_buf *out, const struct cli_term *t, enum cli_colour c);
void cli_add_spark(struct lode_buf *out, const struct cli_term *t, const double *v, int n);
void cli_add_bar(struct lode_buf *out, const struct cli_term *t, double share, int width);
int cli_write_out(const struct lode_buf *out); /* to stdout; an exit status */

/* json.c: members of an object that may be missing, of another type or hostile. */
double cli_num(const cJSON *o, const char *name);      /* NAN */
const char *cli_str(const cJSON *o, const char *name); /* "" */
bool cli_true(const cJSON *o, const char *name);
const cJSON *cli_obj(const cJSON *o, const char *name); /* NULL unless an object or array */

/* show.c: values as people read them; each appends. Unknown becomes "-". */
void cli_show_count(struct lode_buf *out, double v);				 /* 142 k */
void cli_show_bytes(struct lode_buf *out, double v);				 /* 64 MiB */
void cli_show_share(struct lode_buf *out, double v);				 /* 0.123 -> 12.3 % */
void cli_show_us(struct lode_buf *out, double v);				 /* 45 us, 1.2 ms */
void cli_show_time(struct lode_buf *out, double s);				 /* 3m20s */
void cli_show_effect(struct lode_buf *out, double effect, double lo, double hi); /* +25.0 % (+20.1 .. +30.2 %) */
void cli_show_change(struct lode_buf *out, const cJSON *change);		 /* write_buffer_size[hot] 64 MiB -> 128 MiB */
void cli_show_changes(struct lode_buf *out, const cJSON *list);
void cli_show_value(struct lode_buf *out, const char *option, const char *value);
void cli_show_stamp(struct lode_buf *out, const char *iso); /* local time of day, with the date unless it is today */

/* files.c: where our own libraries are. */
bool cli_find_library(const char *name, char *out, size_t len);

#endif
