/* Where configuration comes from: a file, then the environment. Whatever is wrong is noted and left out; the host never suffers for it. */
#include "agent/config.h"
#include "agent/config_keys.h"

#include "base/fs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_FILE "/etc/lodestone/lodestone.conf"
#define FILE_MAX (256u << 10)

static const char *env_get(char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static char *trim(char *s)
{
	char *end;
	while (*s == ' ' || *s == '\t')
		s++;
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		*--end = 0;
	return s;
}

/* One line of the file: a section, a setting, a comment or nothing. section is carried from line to line. *key is NULL where there is no setting. */
static int read_line(char *line, char *section, size_t section_len, char **key, char **value, struct lode_err *err)
{
	char *s = trim(line), *eq, *end;
	*key = NULL;
	if (!*s || *s == '#' || *s == ';')
		return 0;
	if (*s == '[') {
		end = strchr(s, ']');
		if (!end || end[1])
			return lode_err_set(err, EINVAL, "a section is written [name]");
		*end = 0;
		snprintf(section, section_len, "%s", trim(s + 1));
		return 0;
	}
	eq = strchr(s, '=');
	if (!eq)
		return lode_err_set(err, EINVAL, "'%.40s' is no setting: write key = value", s);
	if (!*section)
		return lode_err_set(err, EINVAL, "'%.40s' stands before the first [section]", s);
	*eq = 0;
	*key = trim(s);
	*value = trim(eq + 1);
	return 0;
}

int lode_config_set_key(struct lode_config *c, const char *key, const char *value, struct lode_err *err)
{
	char section[48];
	const char *dot = strchr(key, '.');
	if (!dot || (size_t)(dot - key) >= sizeof(section))
		return lode_err_set(err, EINVAL, "'%.60s' is no setting: write section.key", key);
	snprintf(section, sizeof(section), "%.*s", (int)(dot - key), key);
	return lode_config_set(c, section, dot + 1, value, err);
}

int lode_config_each(const char *text, const char *name, lode_setting_fn *fn, void *ctx, struct lode_buf *notes)
{
	char *copy = strdup(text), section[48] = "", *key, *value;
	int problems = 0, number = 0;
	if (!copy)
		return 1;
	for (char *p = copy, *line; (line = strsep(&p, "\n"));) {
		struct lode_err err = {0};
		number++;
		if (read_line(line, section, sizeof(section), &key, &value, &err) || (key && fn(ctx, section, key, value, &err))) {
			lode_buf_addf(notes, "%s:%d: %s\n", name, number, err.msg);
			problems++;
		}
	}
	free(copy);
	return problems;
}

static int set_one(void *ctx, const char *section, const char *key, const char *value, struct lode_err *err)
{
	return lode_config_set(ctx, section, key, value, err);
}

int lode_config_read_text(struct lode_config *c, const char *text, const char *name, struct lode_buf *notes)
{
	return lode_config_each(text, name, set_one, c, notes);
}

static int load_file(struct lode_config *c, const char *path, bool must, struct lode_buf *notes)
{
	struct lode_buf text;
	int rc, problems = 0;
	lode_buf_init(&text, FILE_MAX);
	rc = lode_fs_read(path, &text);
	if (rc == 0) {
		snprintf(c->file, sizeof(c->file), "%s", path);
		problems = lode_config_read_text(c, lode_buf_str(&text), path, notes);
	} else if (must || rc != -ENOENT) {
		lode_buf_addf(notes, "%s: %s; the defaults are in force\n", path, strerror(-rc));
		problems = 1;
	}
	lode_buf_fini(&text);
	return problems;
}

static int load_env(struct lode_config *c, char *const *env, struct lode_buf *notes)
{
	char name[96];
	int problems = 0;
	for (size_t i = 0; lode_config_env_name(i, name, sizeof(name)); i++) {
		struct lode_err err = {0};
		const char *value = env_get(env, name);
		if (value && lode_config_set_at(c, i, value, &err)) {
			lode_buf_addf(notes, "%s: %s\n", name, err.msg);
			problems++;
		}
	}
	return problems;
}

/* LODESTONE_AGENT_MOED: there is no such setting; did you mean agent.mode? */
static void note_unknown(const char *variable, size_t n, struct lode_buf *notes)
{
	struct lode_config *scratch = malloc(sizeof(*scratch)); /* nothing is set in it: there is no such key */
	struct lode_err err = {0};
	char text[96], *key;
	const char *meant;
	snprintf(text, sizeof(text), "%.*s", (int)n, variable);
	for (char *p = text; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	key = strlen(text) > 10 ? strchr(text + 10, '_') : NULL; /* after "lodestone_" */
	if (key && scratch) {
		*key++ = 0;
		lode_config_defaults(scratch);
		lode_config_set(scratch, text + 10, key, "", &err);
	}
	meant = strstr(err.msg, "; did you mean ");
	lode_buf_addf(notes, "%.*s: there is no such setting%s\n", (int)(n < 90 ? n : 90), variable, meant ? meant : "");
	free(scratch);
}

/* Variables that look like ours and are not: a typo that would otherwise be silent. */
static int unknown_env(char *const *env, struct lode_buf *notes)
{
	static const char *const known[] = {"LODESTONE_CONFIG", "LODESTONE_DISABLE", NULL};
	int problems = 0;
	for (; env && *env; env++) {
		char name[96];
		size_t n = strcspn(*env, "=");
		bool found = strncmp(*env, "LODESTONE_", 10) != 0;
		for (size_t i = 0; !found && known[i]; i++)
			found = strlen(known[i]) == n && strncmp(*env, known[i], n) == 0;
		for (size_t i = 0; !found && lode_config_env_name(i, name, sizeof(name)); i++)
			found = strlen(name) == n && strncmp(*env, name, n) == 0;
		if (!found) {
			note_unknown(*env, n, notes);
			problems++;
		}
	}
	return problems;
}

static void default_dirs(struct lode_config *c, char *const *env)
{
	const char *home = env_get(env, "HOME"), *state = env_get(env, "XDG_STATE_HOME"), *run = env_get(env, "XDG_RUNTIME_DIR");
	bool root = geteuid() == 0;
	if (!c->state_dir[0]) {
		if (root || (!state && !home))
			snprintf(c->state_dir, sizeof(c->state_dir), "/var/lib/lodestone");
		else if (state)
			snprintf(c->state_dir, sizeof(c->state_dir), "%.400s/lodestone", state);
		else
			snprintf(c->state_dir, sizeof(c->state_dir), "%.400s/.local/state/lodestone", home);
	}
	if (!c->runtime_dir[0]) {
		if (root)
			snprintf(c->runtime_dir, sizeof(c->runtime_dir), "/run/lodestone");
		else if (run)
			snprintf(c->runtime_dir, sizeof(c->runtime_dir), "%.400s/lodestone", run);
		else
			snprintf(c->runtime_dir, sizeof(c->runtime_dir), "/tmp/lodestone-%u", (unsigned)geteuid());
	}
}

static int load_own(struct lode_config *c, const struct lode_setting *own, size_t n, struct lode_buf *notes)
{
	int problems = 0;
	for (size_t i = 0; i < n; i++) {
		struct lode_err err = {0};
		if (lode_config_set_key(c, own[i].key, own[i].value, &err)) {
			lode_buf_addf(notes, "set by the program: %s\n", err.msg);
			problems++;
		}
	}
	return problems;
}

int lode_config_load(struct lode_config *c, char *const *env, const struct lode_setting *own, size_t nown, struct lode_buf *notes)
{
	const char *file = env_get(env, "LODESTONE_CONFIG"), *disable = env_get(env, "LODESTONE_DISABLE");
	const char *credentials = env_get(env, "CREDENTIALS_DIRECTORY");
	int problems;
	lode_config_defaults(c);
	problems = load_file(c, file && *file ? file : DEFAULT_FILE, file && *file, notes);
	if (strcmp(c->children, "inherit") != 0) {
		lode_buf_addf(notes, "%s: agent.children works from the environment only: LODESTONE_AGENT_CHILDREN=%s\n", c->file, c->children);
		problems++;
	}
	problems += load_own(c, own, nown, notes) + load_env(c, env, notes) + unknown_env(env, notes);
	c->disabled = disable && *disable && strcmp(disable, "0") != 0;
	if (strcmp(c->advisor, "llm") == 0 && !c->replay[0] && (!c->url[0] || !c->model[0])) {
		lode_buf_addf(notes, "advisor.kind = llm needs llm.url and llm.model; the built-in expert is used\n");
		snprintf(c->advisor, sizeof(c->advisor), "expert");
		problems++;
	}
	default_dirs(c, env);
	snprintf(c->credentials_dir, sizeof(c->credentials_dir), "%s", credentials ? credentials : "");
	return problems;
}
