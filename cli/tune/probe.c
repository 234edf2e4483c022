/* What the disk of the scratch folder does, by four short runs of fio: for the description of the machine. Rounded, and kept in the folder of results: a
 * description that changes with every look would tell machines apart that are one. */
#include "tune/bench_private.h"
#include "tune/scratch.h"

#include "base/fs.h"
#include "base/num.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define KEPT "disk.txt"
#define SIZE_MAX_MIB 256
#define SECONDS 3

static const struct {
	const char *rw, *block, *member, *words;
	bool bytes; /* per second; else operations */
} jobs[] = { /* the first one makes the file */
	{"write", "1m", "write", "sequential writes", true},
	{"randwrite", "4k", "write", "random 4 KiB writes", false},
	{"read", "1m", "read", "sequential reads", true},
	{"randread", "4k", "read", "random 4 KiB reads", false},
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

double tune_probe_read(const char *json, const char *member, const char *figure)
{
	cJSON *root = cJSON_Parse(json);
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "jobs"), *job = cJSON_IsArray(list) ? cJSON_GetArrayItem(list, 0) : NULL,
		    *part = job ? cJSON_GetObjectItemCaseSensitive(job, member) : NULL, *v = part ? cJSON_GetObjectItemCaseSensitive(part, figure) : NULL;
	double out = cJSON_IsNumber(v) && isfinite(v->valuedouble) && v->valuedouble > 0 ? v->valuedouble : NAN;

	cJSON_Delete(root);
	return out;
}

static void add_job(struct tune_attempt *a, const struct tune_bench *b, size_t i, bool direct)
{
	int64_t limit = b->spec->scratch_limit ? b->spec->scratch_limit >> 21 : SIZE_MAX_MIB; /* half of what is allowed */

	tune_call_word(&a->call, "fio");
	tune_call_word(&a->call, "--name=lodestone");
	tune_call_word(&a->call, "--filename=%s/data", a->folder);
	tune_call_word(&a->call, "--size=%lldm", (long long)(limit < 1 ? 1 : limit < SIZE_MAX_MIB ? limit : SIZE_MAX_MIB));
	tune_call_word(&a->call, "--rw=%s", jobs[i].rw);
	tune_call_word(&a->call, "--bs=%s", jobs[i].block);
	tune_call_word(&a->call, "--direct=%d", direct);
	tune_call_word(&a->call, "--runtime=%d", SECONDS);
	tune_call_word(&a->call, "--time_based");
	tune_call_word(&a->call, "--ioengine=psync");
	tune_call_word(&a->call, "--numjobs=4");
	tune_call_word(&a->call, "--group_reporting");
	tune_call_word(&a->call, "--output-format=json");
}

/* One figure; NAN. -EINTR. */
static int run_job(struct tune_bench *b, size_t i, bool direct, double *out)
{
	struct tune_attempt a;
	struct lode_buf text;
	int rc = tune_bench_folder(b, "probe", &a, NULL);

	*out = NAN;
	lode_buf_init(&text, 4 << 20);
	if (!rc) {
		add_job(&a, b, i, direct);
		a.timeout = SECONDS * 4 + 60;
		rc = tune_attempt(b, &a, NULL);
	}
	if (!rc && a.end == TUNE_RAN && WIFEXITED(a.child.status) && !WEXITSTATUS(a.child.status) && !a.child.exec_errno && !lode_fs_read(a.out, &text))
		*out = tune_probe_read(lode_buf_str(&text), jobs[i].member, jobs[i].bytes ? "bw_bytes" : "iops");
	lode_buf_fini(&text);
	tune_scratch_remove(a.folder);
	tune_attempt_fini(&a);
	return rc;
}

static int measure(struct tune_bench *b, char *out, size_t len)
{
	bool direct = true;

	*out = 0;
	for (size_t i = 0; i < JOBS; i++) {
		char number[32];
		double v = NAN;
		int rc = run_job(b, i, direct, &v);

		if (!rc && isnan(v) && direct) { /* some file systems have no direct I/O */
			direct = false;
			rc = run_job(b, i, direct, &v);
		}
		if (rc || isnan(v))
			return rc ? rc : -ENOENT;
		v = lode_num_round(v, 1);
		if (jobs[i].bytes)
			snprintf(number, sizeof(number), "%g MB", v / 1e6);
		else
			snprintf(number, sizeof(number), "%g", v);
		snprintf(out + strlen(out), len - strlen(out), "%s%s %s/s", i ? ", " : "by fio: ", jobs[i].words, number);
	}
	snprintf(out + strlen(out), len - strlen(out), direct ? "" : " (through the page cache)");
	return 0;
}

int tune_bench_probe(struct tune_bench *b, char *out, size_t len)
{
	char path[600];
	struct lode_buf kept;
	int rc;

	*out = 0;
	if (!b->spec->probe)
		return 0;
	snprintf(path, sizeof(path), "%s/" KEPT, b->spec->out);
	lode_buf_init(&kept, 1024);
	rc = lode_fs_read(path, &kept);
	if (!rc)
		snprintf(out, len, "%.*s", (int)strcspn(lode_buf_str(&kept), "\n"), lode_buf_str(&kept));
	lode_buf_fini(&kept);
	if (!rc && *out)
		return 0;
	rc = measure(b, out, len);
	if (rc) {
		*out = 0;
		if (rc != -EINTR)
			tune_bench_note(b, "the disk was not probed: there is no fio that runs here (Debian: apt-get install fio)");
		return rc == -EINTR ? rc : 0;
	}
	lode_fs_write_atomic(path, out, strlen(out), 0644);
	return 0;
}
