/* The reports as files. */
#include "base/fs.h"
#include "tune/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int write_one(const char *dir, const char *name, int (*report)(const struct tune_history *, FILE *), const struct tune_history *h,
		     struct lode_err *err)
{
	char path[1024], *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc = f ? report(h, f) : -ENOMEM;

	if (f && fclose(f) && !rc)
		rc = -ENOMEM;
	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		rc = -ENAMETOOLONG;
	if (!rc)
		rc = lode_fs_write_atomic(path, text, len, 0644);
	free(text);
	return rc ? lode_err_set(err, -rc, "%s could not be written: %s", name, strerror(-rc)) : 0;
}

int tune_report_write(const char *dir, const struct tune_history *h, struct lode_err *err)
{
	int rc = write_one(dir, "report.html", tune_report_html, h, err), other = write_one(dir, "report.json", tune_report_json, h, rc ? NULL : err);

	return rc ? rc : other;
}
