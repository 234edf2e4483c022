/* What the doctor's rooms share: a list of findings, each with its mend. */
#ifndef LODE_CLI_DOCTOR_H
#define LODE_CLI_DOCTOR_H

#include "cli.h"
#include "elf.h"

enum cli_health { CLI_OK, CLI_NOTE, CLI_WARN, CLI_FAIL };

struct cli_finding {
	enum cli_health health;
	char *what; /* a sentence */
	char *mend; /* what to do about it; NULL if nothing */
};

struct cli_findings {
	struct cli_finding *list;
	size_t n;
	bool failed; /* something was a CLI_FAIL */
};

void cli_find(struct cli_findings *f, enum cli_health h, const char *mend, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A RocksDB inside an ELF file: what of it can be reached. */
enum cli_rocksdb {
	CLI_ROCKS_NONE,
	CLI_ROCKS_OK,	   /* opens can be caught */
	CLI_ROCKS_UNKNOWN, /* exported, but no Open that we know */
	CLI_ROCKS_OLD_ABI, /* std::string of before C++11 */
	CLI_ROCKS_BOUND,   /* exported, but its own calls do not go through a slot */
	CLI_ROCKS_HIDDEN,  /* linked in statically, nothing exported */
};
enum cli_rocksdb cli_rocksdb_in(const struct cli_elf *e, const char **open_since); /* *open_since: "RocksDB up to 9.1" ... */
void cli_rocksdb_say(struct cli_findings *f, enum cli_rocksdb r, const char *path, const char *open_since);

void cli_doctor_file(struct cli_findings *f, const char *path);
void cli_doctor_process(struct cli_findings *f, pid_t pid);

#endif
