/* What the operator asks: answered from published texts where possible, handed to the agent thread where not. */
#include "agent/agent_private.h"
#include "agent/model_report.h"

#include "record/metrics.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_WAIT_S 10

static bool selected(const struct lode_db *db, const struct command *cmd)
{
	const char *want = cmd->db;
	if (cmd->number)
		return db->number == cmd->number;
	return !want || !*want || strcmp(want, "-") == 0 || strncmp(lode_conductor_id(db->conductor), want, strlen(want)) == 0;
}

static int act(struct lode_conductor *c, const struct command *cmd)
{
	struct lode_buf *out = cmd->body;
	if (strcmp(cmd->verb, "pause") == 0 || strcmp(cmd->verb, "resume") == 0) {
		lode_conductor_pause(c, cmd->verb[0] == 'p');
		lode_buf_addf(out, "%s: %s\n", lode_conductor_id(c), cmd->verb[0] == 'p' ? "paused" : "resumed");
		return 200;
	}
	if (strcmp(cmd->verb, "prompt") == 0) {
		int rc = lode_conductor_prompt(c, out);
		if (rc)
			lode_buf_adds(out, "not enough is known yet for a prompt: try again in a few seconds\n");
		return rc ? 300 : 200;
	}
	if (strcmp(cmd->verb, "rollback") == 0) {
		int rc = lode_conductor_rollback(c, cmd->arg && strcmp(cmd->arg, "print") == 0, out);
		lode_buf_adds(out, "\n");
		return rc ? 300 : 200;
	}
	if (strcmp(cmd->verb, "pin") == 0 || strcmp(cmd->verb, "unpin") == 0)
		return lode_conductor_pin(c, cmd->arg, cmd->verb[0] == 'p', out) ? 300 : 200;
	return lode_conductor_decide(c, cmd->verb[0] == 'a', out) ? 300 : 200;
}

static void run_metrics(struct lode_agent *a, struct lode_buf *out)
{
	struct lode_expo *e = lode_expo_new();
	struct lode_buf labels;
	if (!e)
		return;
	lode_buf_init(&labels, 256);
	lode_expo_label(&labels, "version", LODE_VERSION);
	lode_expo_label(&labels, "mode", lode_mode_name((enum lode_mode)a->config.mode));
	lode_expo_add(e, "lodestone_info", LODE_GAUGE, "Always 1; who we are.", lode_buf_str(&labels), 1);
	for (struct lode_db *db = lode_registry_next(&a->registry, NULL); db; db = lode_registry_next(&a->registry, db))
		if (lode_db_claim(db)) {
			if (db->conductor)
				lode_conductor_metrics(db->conductor, e);
			lode_db_release(db);
		}
	lode_model_metrics(a->asker.advisor, e);
	lode_expo_render(e, out);
	lode_buf_fini(&labels);
	lode_expo_free(e);
}

void lode_requests_run(struct lode_agent *a)
{
	struct command *cmd;
	unsigned n = 0;
	pthread_mutex_lock(&a->lock);
	cmd = a->command;
	if (!cmd || cmd->done)
		goto out;
	cmd->code = 200;
	if (strcmp(cmd->verb, "metrics") == 0) {
		run_metrics(a, cmd->body);
		goto done;
	}
	for (struct lode_db *db = lode_registry_next(&a->registry, NULL); db; db = lode_registry_next(&a->registry, db)) {
		if (!lode_db_claim(db))
			continue;
		if (db->conductor && selected(db, cmd)) {
			int code = act(db->conductor, cmd);
			cmd->code = code > cmd->code ? code : cmd->code;
			lode_agent_publish(a, db);
			n++;
		}
		lode_db_release(db);
	}
	if (!n) {
		cmd->code = 300;
		lode_buf_addf(cmd->body, "no open database%s%s\n", cmd->db && strcmp(cmd->db, "-") != 0 ? " is called " : "", cmd->db && strcmp(cmd->db, "-") != 0 ? cmd->db : "");
	}
done:
	cmd->done = true;
	pthread_cond_broadcast(&a->turn);
out:
	pthread_mutex_unlock(&a->lock);
}

/* Hands the command over and waits for it. */
static int hand_over(struct lode_agent *a, struct command *cmd)
{
	struct timespec until;
	pthread_mutex_lock(&a->askers);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += COMMAND_WAIT_S;
	pthread_mutex_lock(&a->lock);
	a->command = cmd;
	lode_agent_wake(a);
	while (!cmd->done && pthread_cond_timedwait(&a->turn, &a->lock, &until) == 0)
		;
	a->command = NULL;
	pthread_mutex_unlock(&a->lock);
	pthread_mutex_unlock(&a->askers);
	if (cmd->done)
		return cmd->code;
	lode_buf_adds(cmd->body, "the agent is busy inside RocksDB; try again\n");
	return 300;
}

static void json_machine(struct lode_json *j)
{
	struct lode_machine m;
	lode_machine_read("", NULL, &m);
	lode_json_object(j, "machine");
	lode_json_num(j, "cores", m.cores);
	lode_json_u64(j, "mem_limit", m.mem_limit);
	lode_json_u64(j, "mem_available", m.mem_available);
	lode_json_u64(j, "rss", m.rss);
	lode_json_str(j, "cpu", m.cpu);
	lode_json_end(j);
}

static int status(struct lode_agent *a, struct lode_buf *out)
{
	struct lode_json j;
	struct lode_buf databases;
	const char *p = a->notes;
	lode_json_init(&j, out);
	lode_json_object(&j, NULL);
	lode_json_str(&j, "version", LODE_VERSION);
	lode_json_i64(&j, "pid", getpid());
	lode_json_str(&j, "exe", a->exe);
	lode_json_num(&j, "uptime_s", (double)(lode_clock_mono(&lode_clock_real) - a->born_ns) / 1e9);
	lode_json_str(&j, "mode", lode_mode_name((enum lode_mode)a->config.mode));
	lode_json_str(&j, "advisor", a->asker.advisor->ops->name);
	lode_json_str(&j, "pace", a->config.pace);
	lode_json_str(&j, "config", a->config.file[0] ? a->config.file : NULL);
	lode_json_array(&j, "warnings");
	for (size_t n; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		lode_json_strn(&j, NULL, p, n);
	}
	lode_json_end(&j);
	json_machine(&j);
	lode_model_json(a->asker.advisor, &j);
	lode_json_array(&j, "inert");
	for (unsigned i = 0; i < atomic_load(&a->ninert); i++) {
		lode_json_object(&j, NULL);
		lode_json_str(&j, "path", a->inert[i].path);
		lode_json_str(&j, "why", a->inert[i].why);
		lode_json_end(&j);
	}
	lode_json_end(&j);
	lode_buf_init(&databases, STATUS_MAX);
	lode_buf_add(&databases, "[", 1);
	lode_registry_read(&a->registry, &databases);
	lode_buf_add(&databases, "]", 1);
	lode_json_raw(&j, "databases", lode_buf_str(&databases));
	lode_json_end(&j);
	lode_buf_add(out, "\n", 1);
	lode_buf_fini(&databases);
	return 200;
}

int lode_agent_ask(struct lode_agent *a, uint64_t number, const char *verb, const char *arg, struct lode_buf *body)
{
	struct command cmd = {.verb = verb, .arg = arg, .body = body, .number = number};
	if (strcmp(verb, "status") == 0)
		return lode_registry_read_one(&a->registry, number, body) ? 200 : 300;
	return hand_over(a, &cmd);
}

int lode_requests_answer(void *ctx, const char *verb, const char *db, const char *arg, struct lode_buf *body)
{
	static const char *const verbs[] = {"metrics", "prompt", "pause", "resume", "rollback", "approve", "reject", "pin", "unpin", NULL};
	struct lode_agent *a = ctx;
	struct command cmd = {.verb = verb, .db = db, .arg = arg, .body = body};
	if (strcmp(verb, "status") == 0)
		return status(a, body);
	if (strcmp(verb, "help") == 0) {
		lode_buf_adds(body, "status\nmetrics\nprompt [db]\npause [db]\nresume [db]\nrollback [db] [print]\napprove [db]\nreject [db]\npin db option...\nunpin db option...\n");
		return 200;
	}
	for (int i = 0; verbs[i]; i++)
		if (strcmp(verbs[i], verb) == 0)
			return hand_over(a, &cmd);
	lode_buf_addf(body, "there is no request '%.40s'; `help` lists them\n", verb);
	return 100;
}
