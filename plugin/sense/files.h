/* Inside this room: small kernel files, cgroup limits and the kind of disk. Everybody else reads machine.h. */
#ifndef LODE_SENSE_FILES_H
#define LODE_SENSE_FILES_H

#include "sense/machine.h"

#include <stddef.h>

/* Reads root/path into buf (NUL-terminated, cut to len - 1 bytes). False if it cannot be opened or is empty. */
bool lode_file_read(const char *root, const char *path, char *buf, size_t len);
/* A file that holds one number. "max" and what is not a number give false. */
bool lode_file_u64(const char *root, const char *path, uint64_t *out);
/* The rest of the line that begins with `name`, without blanks before it. Cut to len - 1 bytes. */
bool lode_file_field(const char *text, const char *name, char *out, size_t len);

/* One line of /proc/self/mountinfo; the pointers lead into the line, which is cut up. */
struct lode_mount {
	char *root, *point, *fstype, *source, *options;
};
/* Calls fn for every mount until it returns true. */
typedef bool lode_mount_fn(void *ctx, const struct lode_mount *m);
void lode_mounts_each(const char *root, lode_mount_fn *fn, void *ctx);

struct lode_limits {
	double cores;           /* least quota of any group above us; 0 = none */
	uint64_t mem_limit;     /* least limit; 0 = none */
	uint64_t mem_available; /* least room below any limit; meaningful with mem_limit */
};
void lode_limits_read(const char *root, struct lode_limits *out);

enum lode_disk lode_disk_of(const char *root, const char *dir);
/* By device number: /sys/dev/block/<major>:<minor>. */
enum lode_disk lode_disk_of_dev(const char *root, unsigned major, unsigned minor);

#endif
