/* lodestone run: starts a program with the preload in it. What is wrong with the settings is said before the program starts. */
#include "cli.h"

#include "base/fs.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PRELOAD "liblodestone-preload.so"
#define CONFIG_MAX (256u << 10)

/* "agent.mode=auto" becomes LODESTONE_AGENT_MODE=auto, if there is such a key and it may have that value. */
int cli_take_setting(const char *setting, struct lode_config *scratch)
{
	char section[64], key[64], name[160];
	struct lode_err err = {0};
	int n = 0;

	if (sscanf(setting, "%63[a-zA-Z_].%63[a-zA-Z0-9_]%n", section, key, &n) != 2 || setting[n] != '=')
		return cli_error(CLI_WRONG, "'%s' is no setting: write section.key=value, for example agent.mode=auto", setting);
	const char *value = setting + n + 1;
	if (lode_config_set(scratch, section, key, value, &err))
		return cli_error(CLI_WRONG, "%s", err.msg);
	snprintf(name, sizeof name, "LODESTONE_%s_%s", section, key);
	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return setenv(name, value, 1) ? cli_error(CLI_FAILED, "no memory") : CLI_DONE;
}

int cli_take_file(const char *file, struct lode_config *scratch)
{
	struct lode_buf text, notes;
	char *real = realpath(file, NULL);
	int status = CLI_DONE;

	lode_buf_init(&text, CONFIG_MAX);
	lode_buf_init(&notes, 1 << 16);
	int rc = real ? lode_fs_read(real, &text) : -errno;
	if (rc)
		status = cli_error(CLI_WRONG, "the configuration file %s cannot be read: %s", file, strerror(-rc));
	else if (lode_config_read_text(scratch, lode_buf_str(&text), file, &notes))
		status = cli_error(CLI_WRONG, "%.*s", (int)(notes.len ? notes.len - 1 : 0), lode_buf_str(&notes));
	else if (setenv("LODESTONE_CONFIG", real, 1))
		status = cli_error(CLI_FAILED, "no memory");
	free(real);
	lode_buf_fini(&text);
	lode_buf_fini(&notes);
	return status;
}

#if defined LODE_ASAN
/* The sanitizer's runtime must come first in a program that does not have it itself; ours is the one to take. */
static bool sanitizer_runtime(char *out, size_t len)
{
	struct lode_buf maps;
	bool found = false;

	lode_buf_init(&maps, 4 << 20);
	lode_fs_read("/proc/self/maps", &maps);
	for (char *line = strtok(maps.data, "\n"); line && !found; line = strtok(NULL, "\n")) {
		const char *path = strchr(line, '/');

		found =
		    path && (strstr(path, "/libasan.so") || strstr(path, "/libclang_rt.asan")) && snprintf(out, len, "%s", path) < (int)len;
	}
	lode_buf_fini(&maps);
	return found;
}
#else
static bool sanitizer_runtime(char *out, size_t len)
{
	(void)out;
	(void)len;
	return false;
}
#endif

/* Is path one of the words of an LD_PRELOAD list? */
static bool listed(const char *list, const char *path)
{
	size_t n = strlen(path);

	for (const char *p = list; p && (p = strstr(p, path)); p += n)
		if ((p == list || strchr(": ", p[-1])) && (!p[n] || strchr(": ", p[n])))
			return true;
	return false;
}

static int set_preload(void)
{
	const char *others = getenv("LD_PRELOAD");
	char preload[PATH_MAX], runtime[PATH_MAX] = "";
	struct lode_buf list;
	int status = CLI_DONE;

	if (!cli_find_library(PRELOAD, preload, sizeof preload))
		return cli_error(CLI_FAILED,
				 PRELOAD " was not found beside this command nor in " LODE_LIBDIR "; is the installation complete?");
	if (strpbrk(preload, ": "))
		return cli_error(CLI_FAILED, "%s: LD_PRELOAD cannot hold a path with a colon or a space; install it elsewhere", preload);
	lode_buf_init(&list, 1 << 17);
	if (sanitizer_runtime(runtime, sizeof runtime) && !listed(others, runtime))
		lode_buf_addf(&list, "%s:", runtime);
	if (!listed(others, preload))
		lode_buf_addf(&list, "%s%s", preload, others && *others ? ":" : "");
	if (others)
		lode_buf_adds(&list, others);
	if (list.failed || setenv("LD_PRELOAD", lode_buf_str(&list), 1))
		status = cli_error(CLI_FAILED, "LD_PRELOAD is too long");
	lode_buf_fini(&list);
	return status;
}

int cli_run(const struct cli_verb *v, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct lode_config *scratch = calloc(1, sizeof *scratch);
	int option, status = CLI_DONE;

	if (!scratch)
		return cli_error(CLI_FAILED, "no memory");
	lode_config_defaults(scratch);
	while (status == CLI_DONE && (option = getopt_long(argc, argv, "+c:s:h", longs, NULL)) != -1) {
		if (option == 'c') {
			status = cli_take_file(optarg, scratch);
		} else if (option == 's') {
			status = cli_take_setting(optarg, scratch);
		} else {
			free(scratch);
			return cli_usage(v, option == 'h');
		}
	}
	free(scratch);
	if (status != CLI_DONE)
		return status;
	if (optind == argc)
		return cli_usage(v, false);
	status = set_preload();
	if (status != CLI_DONE)
		return status;
	execvp(argv[optind], argv + optind);
	status = errno == ENOENT ? 127 : 126;
	return cli_error(status, "cannot run %s: %s", argv[optind], strerror(errno));
}
