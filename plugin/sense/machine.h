/* The machine as this process may use it: cgroup v1 and v2 limits beat what the hardware has. */
#ifndef LODE_SENSE_MACHINE_H
#define LODE_SENSE_MACHINE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum lode_disk { LODE_DISK_UNKNOWN, LODE_DISK_NVME, LODE_DISK_SSD, LODE_DISK_HDD, LODE_DISK_VIRTUAL, LODE_DISK_NETWORK, LODE_DISK_MEMORY };
const char *lode_disk_name(enum lode_disk d);

struct lode_machine {
	double cores;          /* usable: least of hardware, affinity, cgroup quota */
	uint64_t mem_limit;    /* bytes: least of physical memory and every cgroup limit above us */
	uint64_t mem_available; /* bytes that could still be used without swapping, under that limit */
	bool mem_limited;      /* a cgroup limit is the least */
	uint64_t rss;          /* of this process */
	enum lode_disk disk;
	uint64_t disk_size, disk_free; /* bytes, file system of the database */
	char cpu[64];          /* model name, trimmed */
};

/* root is "" in production and a fixture directory in tests ("/proc", "/sys" are looked up below it). dbdir may be NULL. Cheap enough for once a second. */
void lode_machine_read(const char *root, const char *dbdir, struct lode_machine *out);
/* Processor time that anybody has used since the machine was started, in seconds, all processors; NAN: not to be had. The kernel prints a line for each
 * processor and each interrupt for it, so not for every second. */
double lode_machine_busy(const char *root);

#endif
