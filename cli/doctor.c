/* lodestone doctor: what is it, can it be tuned, and if not, why not. */
#include "doctor.h"

#include "base/num.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As execvp would find it. */
static bool find_command(const char *name, char *out, size_t len)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return snprintf(out, len, "%s", name) < (int)len;
	for (path = path ? path : "/bin:/usr/bin"; *path;) {
		size_t n = strcspn(path, ":");
		struct stat st;

		snprintf(out, len, "%.*s%s%s", (int)n, path, n ? "/" : "", name);
		if (!access(out, X_OK) && !stat(out, &st) && S_ISREG(st.st_mode))
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

/* A number is a process unless it stands behind --; anything else a file, or a command as a shell would find it. */
static void examine(struct cli_report *r, int argc, char **argv, bool command, bool ask)
{
	char path[PATH_MAX];
	int64_t pid = 0;

	if (!argc) {
		cli_doctor_libraries(r);
	} else if (!command && !lode_num_parse(argv[0], strlen(argv[0]), &pid) && pid > 0 && pid <= INT_MAX) {
		if (!cli_doctor_process(r, (pid_t)pid))
			return;
	} else if (!command && cli_doctor_options(r, argv[0])) {
		; /* that is all there is to it */
	} else if (!command && !access(argv[0], F_OK)) {
		cli_doctor_file(r, argv[0]);
	} else if (find_command(argv[0], path, sizeof path)) {
		cli_doctor_file(r, path);
	} else {
		cli_find(r, CLI_F_NO_PROGRAM, argv[0], NULL);
		return;
	}
	cli_doctor_setup(r, pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0, ask);
}

int cli_doctor(const struct cli_verb *v, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"help", no_argument, NULL, 'h'}, {"json", no_argument, NULL, 'j'}, {"ask", no_argument, NULL, 'a'}, {0}};
	bool json = false, ask = false;
	struct cli_report r;
	struct lode_buf out;
	int option;

	while ((option = getopt_long(argc, argv, "+jh", longs, NULL)) != -1) {
		if (option != 'j' && option != 'a')
			return cli_usage(v, option == 'h');
		json |= option == 'j';
		ask |= option == 'a';
	}
	bool command = optind > 1 && !strcmp(argv[optind - 1], "--");
	if (!command && argc - optind > 1)
		return cli_error(CLI_WRONG, "one thing at a time; a command with arguments stands behind --");
	cli_report_init(&r);
	examine(&r, argc - optind, argv + optind, command, ask);
	lode_buf_init(&out, 4 << 20);
	if (json)
		cli_report_json(&r, &out);
	else
		cli_report_text(&r, &out);
	int status = cli_write_out(&out);
	if (r.failed)
		status = CLI_FAILED;
	lode_buf_fini(&out);
	cli_report_fini(&r);
	return status;
}
