/* The machine as this process may use it. All of it comes from small files below /proc and /sys, each read into a buffer on the stack. */
#include "sense/machine.h"

#include "sense/files.h"

#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char *const disk_names[] = {"unknown", "nvme", "ssd", "hdd", "virtual", "network", "memory"};

const char *lode_disk_name(enum lode_disk d)
{
	return (size_t)d < sizeof disk_names / sizeof *disk_names ? disk_names[d] : "unknown";
}

/* The number of processors in a list like "0-3,8,10-11"; 0 if it is not one. */
static double count_list(const char *s)
{
	double n = 0;

	while (*s >= '0' && *s <= '9') {
		char *end;
		unsigned long from = strtoul(s, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (to < from)
			return 0;
		n += (double)(to - from + 1);
		s = *end == ',' ? end + 1 : end;
	}
	return n;
}

static double least(double a, double b)
{
	return b > 0 && b < a ? b : a;
}

static double cores(const char *root, const char *status)
{
	char buf[1024], list[1024];
	double n = 0;

	if (lode_file_read(root, "/sys/devices/system/cpu/online", buf, sizeof buf))
		n = count_list(buf);
	if (!(n > 0)) {
		long online = sysconf(_SC_NPROCESSORS_ONLN);
		n = online > 0 ? (double)online : 1;
	}
	if (lode_file_field(status, "Cpus_allowed_list:", list, sizeof list))
		n = least(n, count_list(list));
	return n;
}

/* "MemTotal:  16384000 kB" */
static uint64_t field_kb(const char *text, const char *name)
{
	char value[64];

	return lode_file_field(text, name, value, sizeof value) ? strtoull(value, NULL, 10) * 1024u : 0;
}

static void read_cpu_name(const char *root, char *out, size_t len)
{
	char buf[2048];
	size_t n = 0;

	if (!lode_file_read(root, "/proc/cpuinfo", buf, sizeof buf))
		return;
	if (!lode_file_field(buf, "model name", out, len) && !lode_file_field(buf, "Model", out, len))
		return;
	/* ": Intel(R)  Xeon(R)" -> "Intel(R) Xeon(R)" */
	for (const char *s = out + strspn(out, ": \t"); *s; s++)
		if (*s != ' ' || (n && out[n - 1] != ' '))
			out[n++] = *s;
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

/* "cpu  user nice system idle iowait irq softirq steal guest guest_nice": all that is not idle or waiting. Guests count as user already. */
double lode_machine_busy(const char *root)
{
	enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
	char buf[256], *p = buf + 3;
	uint64_t v[FIELDS] = {0};
	long hz = sysconf(_SC_CLK_TCK);

	if (!lode_file_read(root, "/proc/stat", buf, sizeof buf) || strncmp(buf, "cpu ", 4) != 0 || hz <= 0)
		return NAN;
	for (int i = 0; i < FIELDS; i++)
		v[i] = strtoull(p, &p, 10);
	return (double)(v[USER] + v[NICE] + v[SYSTEM] + v[IRQ] + v[SOFTIRQ] + v[STEAL]) / (double)hz;
}

void lode_machine_read(const char *root, const char *dbdir, struct lode_machine *out)
{
	struct lode_limits limits;
	struct statvfs fs;
	char status[4096], meminfo[2048], dir[4096];

	memset(out, 0, sizeof *out);
	if (!lode_file_read(root, "/proc/self/status", status, sizeof status))
		*status = '\0';
	if (!lode_file_read(root, "/proc/meminfo", meminfo, sizeof meminfo))
		*meminfo = '\0';
	out->cores = cores(root, status);
	out->rss = field_kb(status, "VmRSS:");
	out->mem_limit = field_kb(meminfo, "MemTotal:");
	out->mem_available = field_kb(meminfo, "MemAvailable:");
	read_cpu_name(root, out->cpu, sizeof out->cpu);

	lode_limits_read(root, &limits);
	out->cores = least(out->cores, limits.cores);
	if (limits.mem_limit && (!out->mem_limit || limits.mem_limit < out->mem_limit)) {
		out->mem_limit = limits.mem_limit;
		out->mem_limited = true;
	}
	if (limits.mem_limit && (!out->mem_available || limits.mem_available < out->mem_available))
		out->mem_available = limits.mem_available;
	if (!dbdir)
		return;
	/* Below another root there is no such directory: then the disk is unknown, and not whatever this machine has today. */
	if (snprintf(dir, sizeof dir, "%s%s", root, dbdir) < (int)sizeof dir && !statvfs(dir, &fs)) {
		out->disk_size = (uint64_t)fs.f_blocks * fs.f_frsize;
		out->disk_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	}
	out->disk = lode_disk_of(root, dbdir);
}
