/* The `lodestone` command: a table of verbs. */
#include "cli.h"
#include "manual.h"

#include "base/text.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET_HELP                                                                                                                        \
	"  PID         the process; may be left out if there is only one\n"                                                                \
	"  -S SOCKET   its control socket, if it is not in the usual place\n"                                                              \
	"  -d DB       only this database: its id, the beginning of its id, or its path\n"

const char cli_target_help[] = TARGET_HELP;

const struct cli_verb cli_verbs[] = {
    {"run", "[-c FILE] [-s section.key=value]... [--] COMMAND [ARG]...", "start a program with the tuner in it",
     "  -c FILE     the configuration file (LODESTONE_CONFIG)\n"
     "  -s S.K=V    set one key, for example -s agent.mode=auto; may be repeated\n\n"
     "The exit status is the command's; 127 if it is not found, 126 if it cannot be started.\n",
     cli_run},
    {"status", "[PID] [-S SOCKET] [-d DB] [-j]", "what goes on in a process", TARGET_HELP "  -j          JSON, as the process gives it\n",
     cli_status},
    {"watch", "[PID] [-S SOCKET] [-d DB] [-n COUNT] [-i SECONDS]", "the same, live",
     TARGET_HELP "  -n COUNT    end after so many pictures\n"
		 "  -i SECONDS  between two pictures (1)\n"
		 "  -j          one line of JSON each time\n\n"
		 "Press q or Ctrl-C to end. Without a terminal: one line each time.\n",
     cli_watch},
    {"journal", "[-n N] [-f] [-k KIND] [-j] [-d DB] [FILE|PID]", "what was done, when and why",
     "  FILE|PID    a journal, or a process; may be left out if there is only one. FILE.1, set aside for its size, is told before it\n"
     "  -n N        the last N records only\n"
     "  -f          go on as the journal grows\n"
     "  -k KIND     only these: attach, advice, proposal, refused, intent, verdict, settled, trip, override, restore, ...\n"
     "  -d DB       the journal of this database: its id, the beginning of its id, or its path\n"
     "  -j          the records as they stand\n",
     cli_journal},
    {"prompt", "[PID] [-S SOCKET] [-d DB] [-j] [--text]", "print exactly what a language model would be asked",
     TARGET_HELP "  --text        the texts in it, as a person reads them\n", cli_ask},
    {"pause", "[PID] [-S SOCKET] [-d DB]", "propose and try nothing until resume; kept changes stay", TARGET_HELP, cli_ask},
    {"resume", "[PID] [-S SOCKET] [-d DB]", "go on after pause, or after a failed revert", TARGET_HELP, cli_ask},
    {"approve", "[PID] [-S SOCKET] [-d DB]", "let the suggestion be tried (mode suggest)", TARGET_HELP, cli_ask},
    {"reject", "[PID] [-S SOCKET] [-d DB]", "turn the suggestion down (mode suggest)", TARGET_HELP, cli_ask},
    {"rollback", "[--print] [PID] [-S SOCKET] [-d DB] [-j]", "put every kept change back",
     "  --print     only print what would be written\n" TARGET_HELP "  -j          JSON, as the process gives it\n", cli_ask},
    {"pin", "[PID] [-S SOCKET] [-d DB] OPTION...", "keep options as they are: the tuner never touches them",
     "  OPTION      its name; a kept change of it stays, and is yours from then on\n" TARGET_HELP, cli_ask},
    {"unpin", "[PID] [-S SOCKET] [-d DB] OPTION...", "give options back: pinned ones, and those that somebody else has changed", TARGET_HELP, cli_ask},
    {"metrics", "[PID] [-S SOCKET] [-d DB]", "Prometheus text", TARGET_HELP, cli_ask},
    {"doctor", "[-j] [--ask] [PID | FILE | -- COMMAND [ARG]...]", "can it be tuned, and if not, why not",
     "  PID         a running process\n"
     "  FILE        an executable or library, which is read, not run; or an OPTIONS file: is the entry of the listener in it right?\n"
     "  COMMAND     the same, looked up as a shell would\n"
     "  --ask       make one small real call to the language model\n"
     "  -j          JSON\n\n"
     "Without any of them: is this installation in order? The exit status is 0 if tuning is possible, 1 if not.\n",
     cli_doctor},
    {"relay", "[-c FILE] [-s section.key=value]... [--check]", "hold the key and call the model for services that may not",
     "  -c FILE     the configuration file (LODESTONE_CONFIG): [llm] says what is asked and with which key, [relay] who may ask\n"
     "  -s S.K=V    set one key, for example -s relay.socket=/run/lodestone/relay.sock; may be repeated\n"
     "  --check     ask the endpoint once, say what came of it, and end\n\n"
     "Services reach it by llm.url = unix:/run/lodestone/relay.sock, and need no key, no TLS library and no network. It runs in the\n"
     "foreground until SIGTERM, with one line in the log for each call, and reads the key file anew for each.\n",
     cli_relay},
    {"tune", "[--options FILE] [--KEY VALUE]... [FILE] [-- COMMAND [ARG]...]", "tune offline: options file in, benchmark by benchmark, better options file out",
     "  FILE        what to tune, in the form of the configuration; the command line has the last word\n"
     "  COMMAND     a db_bench with the workload, or a script of yours (docs/offline.md, Adapters)\n"
     "  --options   the OPTIONS file to start from; without it, the defaults of the RocksDB at hand\n"
     "  --baseline  only run it as it is, several times: the result, and how much it differs by itself\n"
     "  -c FILE     the configuration file with the model's address and key ([llm])\n"
     "  -s S.K=V    set one key; may be repeated\n",
     cli_tune},
    {"help", "[VERB|config|tunables] [--man]", "this list, more about one verb, every setting, or every option that is tuned",
     "  config      every key of the configuration with its default, as a file to start from\n"
     "  tunables    every option of RocksDB that is known: what it does, its bounds, and why it is tuned or not\n"
     "  --man       the same, or every verb, as a part of a manual page\n",
     cli_help},
};
const int cli_verb_count = sizeof cli_verbs / sizeof cli_verbs[0];

int cli_usage(const struct cli_verb *v, bool asked)
{
	FILE *out = asked ? stdout : stderr;

	fprintf(out, "usage: lodestone %s%s%s\n", v->name, *v->args ? " " : "", v->args);
	if (asked)
		printf("\n%c%s.\n\n%s", v->brief[0] & ~0x20, v->brief + 1, v->help);
	return asked ? CLI_DONE : CLI_WRONG;
}

int cli_error(int status, const char *fmt, ...)
{
	char text[8192], *p = text;
	struct lode_buf safe;
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* It may quote what a process or a file says. */
	lode_buf_init(&safe, 4 * sizeof text);
	lode_buf_adds(&safe, "lodestone: ");
	for (char *line; (line = strsep(&p, "\n"));) {
		cli_add_text(&safe, line);
		lode_buf_adds(&safe, "\n");
	}
	fputs(lode_buf_str(&safe), stderr);
	lode_buf_fini(&safe);
	return status;
}

static void list_verbs(FILE *out)
{
	fputs("usage: lodestone VERB [ARG]...\n\nA tuner that works inside a running RocksDB.\n\n", out);
	for (int i = 0; i < cli_verb_count; i++)
		fprintf(out, "  %-10s %s\n", cli_verbs[i].name, cli_verbs[i].brief);
	fputs("\n`lodestone VERB --help` says more. Exit status: 0 done, 1 refused or failed, 2 wrong use.\n", out);
}

static void nearer(const char *name, const char *word, const char **near, unsigned *best)
{
	unsigned d = lode_text_distance(name, word);

	if (d < *best) {
		*best = d;
		*near = word;
	}
}

/* also: other words that would have done in its place, NULL-terminated. */
static const struct cli_verb *find_verb(const char *name, const char *const *also)
{
	const char *near = NULL;
	unsigned best = 3;

	for (int i = 0; i < cli_verb_count; i++) {
		if (!strcmp(name, cli_verbs[i].name))
			return &cli_verbs[i];
		nearer(name, cli_verbs[i].name, &near, &best);
	}
	for (; *also; also++)
		nearer(name, *also, &near, &best);
	if (near)
		cli_error(CLI_WRONG, "there is no verb '%s'; did you mean '%s'? `lodestone help` lists them all", name, near);
	else
		cli_error(CLI_WRONG, "there is no verb '%s'; `lodestone help` lists them", name);
	return NULL;
}

int cli_help(const struct cli_verb *v, int argc, char **argv)
{
	static const char *const topics[] = {"config", "tunables", NULL};
	bool man = argc > 1 && !strcmp(argv[argc - 1], "--man");
	const char *what = argc - man > 1 ? argv[1] : NULL;

	if (argc - man > 2)
		return cli_usage(v, false);
	if (what && (!strcmp(what, "config") || !strcmp(what, "tunables")))
		return cli_manual(what, man);
	if (man && what && strcmp(what, "tune") != 0)
		return cli_usage(v, false);
	if (man)
		return cli_manual(what ? what : "verbs", true);
	if (what && strcmp(what, "--help") != 0 && strcmp(what, "-h") != 0) {
		const struct cli_verb *about = find_verb(what, topics);

		char *args[] = {(char *)what, (char *)"--help", NULL};

		return !about ? CLI_WRONG : about->run == cli_help ? cli_usage(about, true) : about->run(about, 2, args);
	}
	list_verbs(stdout);
	return CLI_DONE;
}

int main(int argc, char **argv)
{
	static const char *const options[] = {"--help", "--version", NULL};

	if (argc < 2) {
		list_verbs(stderr);
		return CLI_WRONG;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("lodestone " LODE_VERSION);
		return CLI_DONE;
	}
	const struct cli_verb *v =
	    !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ? &cli_verbs[cli_verb_count - 1] : find_verb(argv[1], options);
	int status = v ? v->run(v, v == &cli_verbs[cli_verb_count - 1] && argv[1][0] == '-' ? 1 : argc - 1, argv + 1) : CLI_WRONG;
	if (fflush(stdout) || ferror(stdout))
		return cli_error(CLI_FAILED, "the output could not be written");
	return status;
}
