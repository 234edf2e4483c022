/* Values as people read them. */
#include "cli.h"

#include "base/num.h"
#include "guard/tunable.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void cli_show_count(struct lode_buf *out, double v)
{
	char text[32];

	lode_buf_adds(out, isfinite(v) ? lode_num_si(v, text, sizeof text) : "-");
}

void cli_show_bytes(struct lode_buf *out, double v)
{
	char text[32];

	lode_buf_adds(out, isfinite(v) ? lode_num_bytes(v, text, sizeof text) : "-");
}

void cli_show_share(struct lode_buf *out, double v)
{
	if (isfinite(v))
		lode_buf_addf(out, "%.1f %%", v * 100);
	else
		lode_buf_adds(out, "-");
}

void cli_show_us(struct lode_buf *out, double v)
{
	if (!isfinite(v))
		lode_buf_adds(out, "-");
	else if (v < 10)
		lode_buf_addf(out, "%.1f us", v);
	else if (v < 1000)
		lode_buf_addf(out, "%.0f us", v);
	else if (v < 1e6)
		lode_buf_addf(out, v < 1e4 ? "%.1f ms" : "%.0f ms", v / 1e3);
	else
		lode_buf_addf(out, "%.1f s", v / 1e6);
}

void cli_show_time(struct lode_buf *out, double s)
{
	if (!isfinite(s) || s < 0 || s > 1e12)
		lode_buf_adds(out, "-");
	else if (s < 60)
		lode_buf_addf(out, "%.0fs", s);
	else if (s < 3600)
		lode_buf_addf(out, "%dm%02ds", (int)(s / 60), (int)fmod(s, 60));
	else if (s < 86400)
		lode_buf_addf(out, "%dh%02dm", (int)(s / 3600), (int)(fmod(s, 3600) / 60));
	else
		lode_buf_addf(out, "%.0fd%02dh", floor(s / 86400), (int)(fmod(s, 86400) / 3600));
}

void cli_show_effect(struct lode_buf *out, double effect, double lo, double hi)
{
	if (!isfinite(effect))
		return;
	lode_buf_addf(out, "%+.1f %%", effect * 100);
	if (isfinite(lo) && isfinite(hi))
		lode_buf_addf(out, " (%+.1f .. %+.1f %%)", lo * 100, hi * 100);
}

void cli_show_value(struct lode_buf *out, const char *option, const char *value)
{
	int i = lode_tunable_find(option);
	char text[LODE_VALUE_MAX];
	int64_t v;

	if (i >= 0 && !lode_tunable_read(&lode_tunables[i], value, &v))
		value = lode_tunable_show(&lode_tunables[i], v, text, sizeof text);
	cli_add_text(out, *value ? value : "-");
}

void cli_show_change(struct lode_buf *out, const cJSON *change)
{
	const char *option = cli_str(change, "option"), *cf = cli_str(change, "cf");

	cli_add_text(out, *option ? option : "?");
	if (*cf && strcmp(cf, "default") != 0) {
		lode_buf_adds(out, "[");
		cli_add_text(out, cf);
		lode_buf_adds(out, "]");
	}
	lode_buf_adds(out, " ");
	cli_show_value(out, option, cli_str(change, "from"));
	lode_buf_adds(out, " -> ");
	cli_show_value(out, option, cli_str(change, "to"));
}

void cli_show_changes(struct lode_buf *out, const cJSON *list)
{
	const cJSON *change;
	bool first = true;

	cJSON_ArrayForEach(change, list)
	{
		lode_buf_adds(out, first ? "" : ", ");
		cli_show_change(out, change);
		first = false;
	}
}

void cli_show_stamp(struct lode_buf *out, const char *iso)
{
	struct tm tm = {0}, today;
	char text[48];
	time_t now = time(NULL);

	if (sscanf(iso, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6) {
		cli_add_cut(out, *iso ? iso : "-", 19);
		return;
	}
	tm.tm_year -= 1900;
	tm.tm_mon--;
	time_t t = timegm(&tm);
	localtime_r(&t, &tm);
	localtime_r(&now, &today);
	bool same = tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday;
	strftime(text, sizeof text, same ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
	lode_buf_adds(out, text);
}
