/* The operator's door: a Unix stream socket at runtime_dir/<pid>.sock, mode 0600, peer uid checked (root or the process's own).
 *
 * One request a connection: a line of words, "verb [db] [word...]\n", at most 4096 bytes; db is a database id as status shows it, or "-" for all.
 * The answer: "<code> <bytes>\n" and that many bytes of body. Codes: 200 done, 100 not understood, 300 cannot (the body is a sentence), 400 internal.
 * Verbs: status (JSON), metrics (Prometheus text), prompt [db] (text: exactly what would be sent), pause [db], resume [db],
 * approve [db], reject [db], pin db option..., unpin db option... (text), rollback [db] [print] (JSON: the writes that were or would be made), help (text).
 *
 * status, in full (numbers are plain; null = unknown):
 * {"version","pid","exe","uptime_s","mode":"observe|suggest|auto","advisor","pace","config":file|null,"warnings":[text],
 *  "machine":{"cores","mem_limit","mem_available","rss","cpu"},
 *  "inert":[{"path","why"}],
 *  "databases":[{"id","path","rocksdb","state":"OBSERVE|QUALIFY|TRIAL|WATCH|COOLDOWN|SAFE","paused":bool,"why":text,
 *    "statistics":"host|ours|none","timers":bool,"judged_by":text,"limited":text|null,
 *    "capabilities":{"range","newer":bool,"statistics","cache","cache_resizable":bool,"asked":bool,"changeable","assumed","absent",
 *                    "not_changeable":[option],"unsafe":[option]},
 *    "uptime_s","samples","sample_us","workload":text,"journal":path,
 *    "regime":number,"regime_unsettled":bool,"regimes":[{"id","workload","visits","seconds","proven":[...],"cooling_down":[...]}],"everywhere":{...},
 *    "regime_history":[{"ts","regime"}],"watch":{"drift":0..1,"due","recheck_in_s","alarms","confirmed","put_back"},
 *    "now":{"seconds","ops","by_kind":{"get":{"ops","mean_us","p50_us","p99_us"},...},"stall_share","write_stopped":bool,"delayed_write_rate",
 *           "cache_hit","data_hit","write_amp","read_amp","space_amp","debt","l0_files","mem_bytes","cpu_cores"},
 *    "cache":{"kind","capacity","usage","resizable":bool,"why_fixed":text|null,"floor","ceiling","others"}|null,
 *    "column_families":[{"id","name","l0_files","debt","mem_bytes","sst_bytes","levels":[{"files","bytes"}]}],
 *    "trial":null|{"id","advisor","rule","why","design":"switch|start","arm":"control|treatment","done","max","seconds_left","evidence",
 *             "effect","lo","hi","changes":[{"option","cf":name|null,"from","to"}]},
 *    "suggestion":null|{"id","advisor","rule","why","changes":[...]},
 *    "kept":[{"option","cf","from","to"}],
 *    "recent":[{"ts","trial","what":"kept|reverted|refused|invalid|tripped|confirmed|went away|put back","advisor","rule","summary","effect","lo","hi","why"}]  (newest last, 20),
 *    "harm":{"spent","cap","worst","trial":seconds so far|null,"exhausted":bool,"again":time|null}   (seconds of lost work, of the last day),
 *    "pinned":[option],"manual":[option]   (the latter changed by somebody else),
 *    "counts":{"proposals","refused","trials","kept","reverted","invalid","tripped","writes","write_ms_max"},
 *    "advice":{"last":call name,"why":text,"calls","tokens","next_in_s"}}]} */
#ifndef LODE_AGENT_CONTROL_H
#define LODE_AGENT_CONTROL_H

#include "base/buf.h"

/* Answers one request: fills body and returns the code. Called on the control thread. */
typedef int lode_control_fn(void *ctx, const char *verb, const char *db, const char *arg, struct lode_buf *body);

struct lode_control;
/* dir is made if missing (mode 0700 for a private one). Starts the thread. NULL with a log line if it cannot: then there is no control socket, and nothing else is lost. */
struct lode_control *lode_control_start(const char *dir, lode_control_fn *fn, void *ctx);
void lode_control_stop(struct lode_control *c); /* wakes the thread, removes the socket; does not wait longer than 100 ms */
const char *lode_control_path(const struct lode_control *c);

/* The client side, for the command line: connects, asks, appends the body. Returns the code, or a negative errno. */
int lode_control_ask(const char *socket_path, const char *request, double timeout_s, struct lode_buf *body);

#endif
