/* The verbs that are one question: prompt, pause, resume, approve, reject, rollback, pin, unpin, metrics. */
#include "cli.h"

#include "agent/control.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX (16u << 20)
#define TIMEOUT 15.0 /* a rollback may wait for RocksDB */

/* -d as the socket knows it: a path becomes an id. */
static int name_db(const struct cli_target *t, char *out, size_t len)
{
	const cJSON *db;
	int found = 0;

	if (!t->db[0] || !strchr(t->db, '/')) {
		snprintf(out, len, "%s", t->db[0] ? t->db : "-");
		return CLI_DONE;
	}
	cJSON *status = cli_target_status(t, NULL, NULL);
	if (!status)
		return CLI_FAILED;
	cJSON_ArrayForEach(db, cli_obj(status, "databases")) if (cli_target_wants(t, db) && !found++)
	    snprintf(out, len, "%s", cli_str(db, "id"));
	cJSON_Delete(status);
	return found ? CLI_DONE : cli_error(CLI_FAILED, "no open database is at %s", t->db);
}

/* A rollback's answer in words: {"writes":[{"scope","key","value"}]} whatever else stands in it. */
static void show_writes(struct lode_buf *out, const cJSON *answer, bool print)
{
	const cJSON *db, *w, *list = cJSON_IsArray(answer) ? answer : cli_obj(answer, "databases");
	int n = 0;

	if (!list) {
		cJSON_ArrayForEach(w, cli_obj(answer, "writes"))
		{
			cli_add_text(out, *cli_str(w, "key") ? cli_str(w, "key") : "block_cache_size");
			lode_buf_adds(out, " = ");
			cli_show_value(out, *cli_str(w, "key") ? cli_str(w, "key") : "block_cache_size", cli_str(w, "value"));
			lode_buf_adds(out, print ? "  (would be written)\n" : "\n");
			n++;
		}
		if (!n)
			lode_buf_adds(out, "nothing to put back\n");
		return;
	}
	cJSON_ArrayForEach(db, list) show_writes(out, db, print);
}

/* One JSON text after the other, as several databases answer. False if it is something else: then it is shown as it came. */
static bool show_rollback(struct lode_buf *out, const struct lode_buf *body, bool print)
{
	const char *p = lode_buf_str(body), *end = p + body->len;

	while (p < end) {
		cJSON *answer = cJSON_ParseWithLengthOpts(p, (size_t)(end - p), &p, 0);

		if (!answer)
			return false;
		show_writes(out, answer, print);
		cJSON_Delete(answer);
		while (p < end && strchr(" \t\r\n", *p))
			p++;
	}
	return true;
}

/* Text from the process, line by line. */
static void show_text(struct lode_buf *out, const struct lode_buf *body)
{
	char *copy = strdup(lode_buf_str(body)), *p = copy;

	for (char *line; p && (line = strsep(&p, "\n"));) {
		cli_add_text(out, line);
		if (p)
			lode_buf_adds(out, "\n");
	}
	free(copy);
	if (out->len && out->data[out->len - 1] != '\n')
		lode_buf_adds(out, "\n");
}

/* A message's text: a string, or blocks of text as some servers have them. */
static void add_content(struct lode_buf *out, const cJSON *content)
{
	const cJSON *block;

	if (cJSON_IsString(content))
		lode_buf_adds(out, cJSON_GetStringValue(content));
	cJSON_ArrayForEach(block, content) if (cJSON_IsObject(block)) lode_buf_adds(out, cli_str(block, "text"));
	if (out->len && out->data[out->len - 1] != '\n')
		lode_buf_adds(out, "\n");
}

/* A request as a model reads it: each text below the role that speaks it. False if the body is none; then it is shown as it came. */
static bool show_request(struct lode_buf *out, const struct lode_buf *body)
{
	cJSON *request = cJSON_ParseWithLength(lode_buf_str(body), body->len);
	const cJSON *message, *messages = cJSON_GetObjectItemCaseSensitive(request, "messages"), *system = cJSON_GetObjectItemCaseSensitive(request, "system");

	if (system) {
		lode_buf_adds(out, "== system ==\n");
		add_content(out, system);
	}
	cJSON_ArrayForEach(message, messages)
	{
		lode_buf_addf(out, "%s== %s ==\n", out->len ? "\n" : "", cli_str(message, "role"));
		add_content(out, cJSON_GetObjectItemCaseSensitive(message, "content"));
	}
	cJSON_Delete(request);
	return out->len > 0;
}

static int answer(const char *verb, const struct cli_target *t, const struct lode_buf *body, int code, bool print, bool text)
{
	struct lode_buf out;
	int status = code == 200 ? CLI_DONE : CLI_FAILED;
	bool rollback = !strcmp(verb, "rollback");

	lode_buf_init(&out, 2 * BODY_MAX);
	if (code != 200 && rollback && show_rollback(&out, body, print) && out.len) {
		cli_write_out(&out);
		cli_error(status, "RocksDB did not take all of it; `lodestone status` and the journal say more");
	} else if (code != 200) {
		lode_buf_clear(&out);
		show_text(&out, body);
		cli_error(status, "%.*s", (int)(out.len ? out.len - 1 : 0), lode_buf_str(&out));
	} else if (text && show_request(&out, body)) {
		struct lode_buf shown;
		lode_buf_init(&shown, 2 * BODY_MAX);
		show_text(&shown, &out);
		status = cli_write_out(&shown);
		lode_buf_fini(&shown);
	} else if (t->json || (!rollback && !isatty(STDOUT_FILENO))) {
		fwrite(lode_buf_str(body), 1, body->len, stdout); /* to the byte: a prompt may be piped on */
	} else {
		if (!rollback || !show_rollback(&out, body, print)) {
			lode_buf_clear(&out);
			show_text(&out, body);
		}
		status = cli_write_out(&out);
	}
	lode_buf_fini(&out);
	return status;
}

/* Options behind the process id, if there is one; it alone is a number. Returns how many words belong to the target; -1: there are no options. */
static int take_options(int argc, char **argv, char *out, size_t len)
{
	int first = argc > 0 && argv[0][strspn(argv[0], "0123456789")] == '\0';

	out[0] = '\0';
	for (int i = first; i < argc; i++)
		snprintf(out + strlen(out), len - strlen(out), " %s", argv[i]);
	return argc > first ? first : -1;
}

int cli_ask(const struct cli_verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"print", no_argument, NULL, 'p'}, {"text", no_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct cli_target t = {0};
	char db[4096], options[2048] = "", request[8400];
	struct lode_buf body;
	bool print = false, text = false;
	int option, status;

	while ((option = getopt_long(argc, argv, CLI_TARGET_OPTIONS, longs, NULL)) != -1) {
		if (option == 'p' && !strcmp(v->name, "rollback"))
			print = true;
		else if (option == 't' && !strcmp(v->name, "prompt"))
			text = true;
		else if (cli_target_option(v, &t, option, optarg, &status))
			return status;
	}
	int words = argc - optind;
	if (!strcmp(v->name, "pin") || !strcmp(v->name, "unpin"))
		words = take_options(words, argv + optind, options, sizeof options);
	if (words < 0)
		return cli_usage(v, false);
	status = cli_target_find(&t, words, argv + optind);
	if (status == CLI_DONE)
		status = name_db(&t, db, sizeof db);
	if (status != CLI_DONE)
		return status;
	snprintf(request, sizeof request, "%s %s%s%s", v->name, db, print ? " print" : "", options);
	lode_buf_init(&body, BODY_MAX);
	int code = lode_control_ask(t.socket, request, TIMEOUT, &body);
	if (code < 0)
		status = cli_error(CLI_FAILED, "%s: %s", t.socket, cli_ask_error(code));
	else
		status = answer(v->name, &t, &body, code, print, text);
	lode_buf_fini(&body);
	return status;
}
