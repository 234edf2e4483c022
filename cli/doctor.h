/* What the doctor's rooms share: a report of facts and findings. What can be found stands in doctor_rules.h. */
#ifndef LODE_CLI_DOCTOR_H
#define LODE_CLI_DOCTOR_H

#include "cli.h"
#include "doctor_rules.h"
#include "elf.h"

#include "advise/advisor.h"
#include "base/json.h"

#include <limits.h>

enum cli_health { CLI_OK, CLI_NOTE, CLI_WARN, CLI_FAIL };
enum cli_part { CLI_WHAT, CLI_TUNE, CLI_CHECK, CLI_PARTS };

struct cli_rule {
	const char *code;
	enum cli_part part;
	enum cli_health health;
	const char *text, *mend;
};
extern const struct cli_rule cli_rules[CLI_F_N];

struct cli_finding {
	enum cli_code code;
	char *subject; /* a path, a database; NULL */
	char *detail;  /* NULL */
};

/* A RocksDB inside an ELF file: what of it can be reached. */
enum cli_rocksdb {
	CLI_ROCKS_NONE,
	CLI_ROCKS_OK,	   /* opens can be caught */
	CLI_ROCKS_UNKNOWN, /* exported, but no Open that we know */
	CLI_ROCKS_OLD_ABI, /* std::string of before C++11 */
	CLI_ROCKS_BOUND,   /* exported, but its own calls do not go through a slot */
	CLI_ROCKS_HIDDEN,  /* linked in statically, nothing exported */
};

struct cli_image {
	enum cli_rocksdb kind;
	bool executable;
	bool within;	     /* the tuner is in the same file, and needs nobody's exports */
	const char *linkage; /* a static text, like: */
	const char *form;    /* which open, and since when; "" */
	char version[64];    /* "7.8.3", "6.27 to 7.1"; "" if it cannot be told */
};

struct cli_report {
	struct cli_finding *list;
	size_t n;
	bool failed;	/* something was a CLI_FAIL */
	bool untunable; /* ... and not only among the checks */
	/* The same for programs: members of one object, to be added to with lode_json_*, and the images found. */
	struct lode_json facts, images;
	struct lode_buf facts_text, images_text;
};

/* subject and fmt may be NULL. */
void cli_find(struct cli_report *r, enum cli_code code, const char *subject, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* doctor_show.c; cli_report_json ends the facts. */
void cli_report_init(struct cli_report *r);
void cli_report_fini(struct cli_report *r);
void cli_report_text(const struct cli_report *r, struct lode_buf *out);
void cli_report_json(struct cli_report *r, struct lode_buf *out);

/* doctor_image.c. inside: a file that more than the executable's own code may be in, so that a mention of a name proves nothing. */
void cli_image_look(const struct cli_elf *e, const char *path, struct cli_image *out);
/* Adds facts and findings; nothing for CLI_ROCKS_NONE. */
void cli_image_say(struct cli_report *r, const struct cli_image *i, const char *path);

/* doctor_file.c */
void cli_doctor_file(struct cli_report *r, const char *path);
void cli_doctor_privileges(struct cli_report *r, const char *path, const char *shown);

/* doctor_entry.c. False: that file is no OPTIONS file, and nothing was said. */
bool cli_doctor_options(struct cli_report *r, const char *path);
/* What the OPTIONS of a database say that a process with the listener has open and that is not tuned yet. */
void cli_doctor_entry_of(struct cli_report *r, pid_t pid, const char *dir);

/* doctor_process.c; false: it cannot be looked at */
bool cli_doctor_process(struct cli_report *r, pid_t pid);

/* A database that is open for writing. */
typedef void cli_open_fn(struct cli_report *r, pid_t pid, const char *dir);
/* doctor_open.c: databases that a process holds open, by its descriptors. Returns how many are open for writing; writer, if
 * any, is called for each. */
unsigned cli_doctor_open(struct cli_report *r, pid_t pid, bool answers, cli_open_fn *writer);

/* doctor_setup.c: this installation (pid 0), or the configuration as a process has it. */
void cli_doctor_libraries(struct cli_report *r);
void cli_doctor_setup(struct cli_report *r, pid_t pid, bool ask);
/* doctor_model.c: the endpoint; ask: one small real call. */
struct lode_llm_config cli_llm_of(const struct lode_config *c); /* what they borrow from each other lives as long as c */
void cli_doctor_model(struct cli_report *r, const struct lode_config *c, bool ask);

#endif
