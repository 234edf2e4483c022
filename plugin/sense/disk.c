/* The kind of disk below a directory: file system type first, then the block device, through partitions, device mapper and RAID. */
#include "sense/files.h"

#include "base/fmt.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <dirent.h>
#include <unistd.h>

#define DEPTH 4 /* of devices that stand on devices, and of file systems that stand on file systems */

/* Magic numbers of file systems without a block device: linux/magic.h, and the network ones from statfs(2). */
static const struct {
	uint32_t magic;
	enum lode_disk disk;
} by_magic[] = {
	{0x01021994, LODE_DISK_MEMORY}, /* tmpfs */
	{0x858458f6, LODE_DISK_MEMORY}, /* ramfs */
	{0x00006969, LODE_DISK_NETWORK}, /* NFS */
	{0x0000517b, LODE_DISK_NETWORK}, /* SMB */
	{0xfe534d42, LODE_DISK_NETWORK}, /* SMB2 */
	{0xff534d42, LODE_DISK_NETWORK}, /* CIFS */
	{0x00c36400, LODE_DISK_NETWORK}, /* Ceph */
	{0x0bd00bd0, LODE_DISK_NETWORK}, /* Lustre */
	{0x01021997, LODE_DISK_NETWORK}, /* 9P */
	{0x5346414f, LODE_DISK_NETWORK}, /* AFS */
};

static const struct {
	const char *prefix;
	enum lode_disk disk;
} by_name[] = {
	{"nvme", LODE_DISK_NVME},
	{"pmem", LODE_DISK_NVME},
	{"vd", LODE_DISK_VIRTUAL},
	{"xvd", LODE_DISK_VIRTUAL},
	{"ram", LODE_DISK_MEMORY},
	{"zram", LODE_DISK_MEMORY},
	{"nbd", LODE_DISK_NETWORK},
	{"rbd", LODE_DISK_NETWORK},
	{"drbd", LODE_DISK_NETWORK},
};

/* SCSI vendors of hypervisors: "rotational" says nothing about what is behind them. */
static const char *const virtual_vendors[] = {"QEMU", "VMware", "Msft", "Google", "VBOX", "Virtual", "NUTANIX"};

static enum lode_disk of_device(const char *root, const char *dir, int depth);

/* dir is below root, as seen from root. Something of dir (a file) as text, "" if there is none. */
static void read_at(const char *root, const char *dir, const char *name, char *out, size_t len)
{
	char path[PATH_MAX];
	int n = lode_fmt(path, sizeof path, "%s/%s", dir, name);

	if (n <= 0 || (size_t)n >= sizeof path || !lode_file_read(root, path, out, len))
		*out = '\0';
}

/* Which of several devices is the one that hurts. */
static enum lode_disk slowest(enum lode_disk a, enum lode_disk b)
{
	static const int rank[] = {[LODE_DISK_UNKNOWN] = 0, [LODE_DISK_MEMORY] = 1, [LODE_DISK_NVME] = 2, [LODE_DISK_SSD] = 3,
				   [LODE_DISK_VIRTUAL] = 4, [LODE_DISK_NETWORK] = 5, [LODE_DISK_HDD] = 6};

	return rank[a] >= rank[b] ? a : b;
}

static enum lode_disk of_slaves(const char *root, const char *dir, int depth)
{
	char path[PATH_MAX];
	enum lode_disk disk = LODE_DISK_UNKNOWN;
	struct dirent *e;
	DIR *d;

	if (lode_fmt(path, sizeof path, "%s%s/slaves", root, dir) >= (int)sizeof path || !(d = opendir(path)))
		return disk;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || lode_fmt(path, sizeof path, "%s/slaves/%s", dir, e->d_name) >= (int)sizeof path)
			continue;
		disk = slowest(disk, of_device(root, path, depth));
	}
	closedir(d);
	return disk;
}

static bool is_virtual(const char *root, const char *dir)
{
	char vendor[64];

	read_at(root, dir, "device/vendor", vendor, sizeof vendor);
	for (size_t i = 0; i < sizeof virtual_vendors / sizeof *virtual_vendors; i++)
		if (!strncmp(vendor, virtual_vendors[i], strlen(virtual_vendors[i])))
			return true;
	return false;
}

/* dir: the directory of a block device or partition below /sys, symbolic links allowed. */
static enum lode_disk of_device(const char *root, const char *dir, int depth)
{
	char full[PATH_MAX], real[PATH_MAX], buf[16];
	size_t skip;

	if (depth <= 0 || lode_fmt(full, sizeof full, "%s%s", root, dir) >= (int)sizeof full || !realpath(full, real))
		return LODE_DISK_UNKNOWN;
	/* From here on paths are real ones: root is in them already, links and all. */
	read_at("", real, "partition", buf, sizeof buf);
	if (*buf) {
		char *slash = strrchr(real, '/');
		if (slash)
			*slash = '\0';
	}
	const char *name = strrchr(real, '/');
	name = name ? name + 1 : real;
	for (size_t i = 0; i < sizeof by_name / sizeof *by_name; i++) {
		skip = strlen(by_name[i].prefix);
		if (!strncmp(name, by_name[i].prefix, skip))
			return by_name[i].disk;
	}
	if (!strncmp(name, "dm-", 3) || !strncmp(name, "md", 2))
		return of_slaves("", real, depth - 1);
	if (!strncmp(name, "loop", 4))
		return LODE_DISK_UNKNOWN;
	if (is_virtual("", real))
		return LODE_DISK_VIRTUAL;
	read_at("", real, "queue/rotational", buf, sizeof buf);
	return *buf == '1' ? LODE_DISK_HDD : *buf == '0' ? LODE_DISK_SSD : LODE_DISK_UNKNOWN;
}

enum lode_disk lode_disk_of_dev(const char *root, unsigned major, unsigned minor)
{
	char dir[64];

	lode_fmt(dir, sizeof dir, "/sys/dev/block/%u:%u", major, minor);
	return of_device(root, dir, DEPTH);
}

struct mount_search {
	const char *path;  /* real path of the directory */
	size_t best;       /* length of the longest mount point above it so far, + 1 */
	char fstype[32], source[PATH_MAX], options[PATH_MAX];
};

static bool better_mount(void *ctx, const struct lode_mount *m)
{
	struct mount_search *s = ctx;
	size_t n = strlen(m->point);

	if (n == 1) /* "/" is above everything */
		n = 0;
	if (strncmp(s->path, m->point, n) != 0 || (s->path[n] != '/' && s->path[n] != '\0') || n + 1 < s->best)
		return false;
	s->best = n + 1; /* a later mount on the same point hides the earlier one */
	lode_fmt(s->fstype, sizeof s->fstype, "%s", m->fstype);
	lode_fmt(s->source, sizeof s->source, "%s", m->source);
	lode_fmt(s->options, sizeof s->options, "%s", m->options);
	return false;
}

static enum lode_disk of_path(const char *root, const char *dir, int depth);

/* File systems with a device number of their own (btrfs, overlay): the mount table knows what they stand on. */
static enum lode_disk of_mount(const char *root, const char *dir, int depth)
{
	struct mount_search *s = calloc(1, sizeof *s);
	enum lode_disk disk = LODE_DISK_UNKNOWN;
	char real[PATH_MAX];
	struct stat st;

	if (!s || !realpath(dir, real))
		goto out;
	s->path = real;
	lode_mounts_each(root, better_mount, s);
	if (!strcmp(s->fstype, "overlay")) { /* writes go to the upper layer, if we can see it from here */
		char *upper = strstr(s->options, "upperdir=");
		if (upper) {
			upper += strlen("upperdir=");
			upper[strcspn(upper, ",")] = '\0';
			disk = of_path(root, upper, depth - 1);
		}
	} else if (*s->source == '/' && !stat(s->source, &st) && S_ISBLK(st.st_mode)) {
		disk = lode_disk_of_dev(root, major(st.st_rdev), minor(st.st_rdev));
	}
out:
	free(s);
	return disk;
}

static enum lode_disk of_path(const char *root, const char *dir, int depth)
{
	struct statfs fs;
	struct stat st;

	if (depth <= 0 || stat(dir, &st) || statfs(dir, &fs))
		return LODE_DISK_UNKNOWN;
	for (size_t i = 0; i < sizeof by_magic / sizeof *by_magic; i++)
		if ((uint32_t)fs.f_type == by_magic[i].magic)
			return by_magic[i].disk;
	return major(st.st_dev) ? lode_disk_of_dev(root, major(st.st_dev), minor(st.st_dev)) : of_mount(root, dir, depth);
}

enum lode_disk lode_disk_of(const char *root, const char *dir)
{
	return of_path(root, dir, DEPTH);
}
