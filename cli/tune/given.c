/* What a task has found behind its paths. */
#include "tune/given.h"
#include "tune/adapter.h"
#include "tune/history.h"
#include "tune/library.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/text.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define OPTIONS_MAX (4u << 20)

/* What tells one from another comes first: a path may be long. */
static void add_sum(struct lode_buf *out, const char *path)
{
	struct lode_buf text;

	lode_buf_init(&text, OPTIONS_MAX);
	if (lode_fs_read(path, &text) == 0)
		lode_buf_addf(out, "sum %016" PRIx64 " of %s\n", tune_history_sum(lode_buf_str(&text), text.len), path);
	lode_buf_fini(&text);
}

static void add_file(struct lode_buf *out, const char *path)
{
	struct stat st;
	char iso[32];

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return;
	lode_clock_iso((uint64_t)st.st_mtim.tv_sec * 1000000 + (uint64_t)st.st_mtim.tv_nsec / 1000, iso);
	lode_buf_addf(out, "%lld bytes of %s: %s\n", (long long)st.st_size, iso, path);
}

void tune_given(const struct tune_spec *s, const char *version, char *out, size_t len)
{
	int program = s->adapter == TUNE_ADAPT_DB_BENCH ? tune_db_bench_word(s->argv) : 0;
	char path[PATH_MAX];
	struct lode_buf b;

	lode_buf_init(&b, len - 1);
	if (*version)
		lode_buf_addf(&b, "RocksDB %s\n", version);
	if (*s->options)
		add_sum(&b, s->options);
	for (int i = 0; s->argv && s->argv[i]; i++) /* taskset -c 0 ./benchmark: all that can be run */
		if ((i == program || strchr(s->argv[i], '/')) && tune_library_program(s->argv[i], path, sizeof path))
			add_file(&b, path);
	lode_text_copy(out, len, lode_buf_str(&b));
	lode_buf_fini(&b);
}
