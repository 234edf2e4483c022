/* The simulated LSM from the inside: shared by lsm.c (host), lsm_model.c (physics) and lsm_options.c. */
#ifndef LODE_SIM_LSM_PRIVATE_H
#define LODE_SIM_LSM_PRIVATE_H

#include "lsm.h"

#include "base/rng.h"
#include "host/versions.h"

/* Options that the model understands: X(id, section, name, default, kind). Kinds: i integer, d double, b bool. */
#define LSM_MODELLED(X) \
	X(WBS, LODE_SEC_CF, "write_buffer_size", "67108864", 'i') \
	X(MWBN, LODE_SEC_CF, "max_write_buffer_number", "2", 'i') \
	X(ARENA, LODE_SEC_CF, "arena_block_size", "1048576", 'i') \
	X(L0_TRIGGER, LODE_SEC_CF, "level0_file_num_compaction_trigger", "4", 'i') \
	X(L0_SLOW, LODE_SEC_CF, "level0_slowdown_writes_trigger", "20", 'i') \
	X(L0_STOP, LODE_SEC_CF, "level0_stop_writes_trigger", "36", 'i') \
	X(LEVEL_BASE, LODE_SEC_CF, "max_bytes_for_level_base", "268435456", 'i') \
	X(MULTIPLIER, LODE_SEC_CF, "max_bytes_for_level_multiplier", "10.000000", 'd') \
	X(FILE_SIZE, LODE_SEC_CF, "target_file_size_base", "67108864", 'i') \
	X(SOFT, LODE_SEC_CF, "soft_pending_compaction_bytes_limit", "68719476736", 'i') \
	X(HARD, LODE_SEC_CF, "hard_pending_compaction_bytes_limit", "274877906944", 'i') \
	X(NO_AUTO, LODE_SEC_CF, "disable_auto_compactions", "false", 'b') \
	X(JOBS, LODE_SEC_DB, "max_background_jobs", "2", 'i') \
	X(DELAYED_RATE, LODE_SEC_DB, "delayed_write_rate", "16777216", 'i')

enum lsm_option {
#define X(id, sec, name, value, kind) LSM_##id,
	LSM_MODELLED(X)
#undef X
	LSM_MODELLED_N
};

#define LSM_OPTIONS_MAX 96
#define LSM_LEVELS 7
#define LSM_SLOTS 16
#define LSM_BUCKETS 109

struct lsm_values { /* one scope's options: those of the other scope stay unused */
	char text[LSM_OPTIONS_MAX][160];  /* as the OPTIONS file shows them */
	double live[LSM_MODELLED_N];      /* as the model obeys them */
};

struct lsm_tree {
	uint32_t id;
	struct lsm_values opt;
	double mem, imm_bytes;  /* active memtable; all immutable ones */
	unsigned imm;
	double flush_left_s;    /* of the flush under way; 0 = none */
	double l0_files, bytes[LSM_LEVELS];
	double l0_made;         /* files ever written to L0 */
	double flush_then[LSM_MODELLED_N]; /* the options when the flush under way began */
	uint64_t installs;      /* versions installed */
	bool busy[LSM_LEVELS];  /* a compaction out of this level is running */
	double debt, debt_before;
};

struct lsm_job {
	bool running;
	int cf, level;
	double files, from, to; /* L0 files taken; input bytes of the level and of the next */
	double left;            /* input bytes still to go */
	double then[LSM_MODELLED_N]; /* the options when it began */
};

struct lode_lsm {
	struct lode_host host; /* first member */
	struct lode_host_info info;
	struct lode_clock clock;
	struct lode_lsm_config c;
	struct lode_rng rng;
	uint64_t now_ns, wall0_us, start_ns, opened_ns;
	double noise, noise_due_s;

	struct lsm_values db;
	struct lsm_tree cf[LODE_LSM_CF_MAX];
	struct lsm_job job[LSM_SLOTS];
	double cache_capacity, cached; /* bytes of live blocks in it */
	double keys_live;
	double busy;                   /* threads that were at work in the last step */
	double delayed_rate;           /* bytes/s, 0 = not delayed */
	bool stopped, failed;          /* failed: background error, for good */
	double stop_s;                 /* length of the stop under way */
	unsigned flushes_running, compactions_running;

	double ticker[LODE_TICKER_N];
	double limit[LSM_BUCKETS], log_limit[LSM_BUCKETS], bucket[LODE_OP_N][LSM_BUCKETS], hist_sum[LODE_OP_N];
	double user_stall_us, user_bytes, user_keys;
	uint64_t background_errors;

	uint64_t options_number;
	struct lode_lsm_event event[64];
	size_t nevent;
	bool closed;
	double fine_sets, fail_sets, lying_sets, fileless_sets;
	struct lode_lsm_event race;    /* what the operator is about to set at the same moment; key[0]: there is such a thing */
	struct lode_lsm_report report;
};

/* lsm_options.c */
void lsm_options_init(struct lode_lsm *s);
double lsm_opt(const struct lsm_values *v, enum lsm_option o);
/* Sets all or nothing, as RocksDB reads values. 0, -EINVAL. apply: also what the model obeys. */
int lsm_options_set(struct lode_lsm *s, struct lsm_values *v, enum lode_section sec, const struct lode_kv *kv, size_t n,
		    bool apply, struct lode_err *err);
bool lsm_options_obeyed(const struct lsm_values *v, enum lode_section sec); /* is what is shown in force? */
void lsm_options_obey(struct lsm_values *v, enum lode_section sec); /* live = shown */
const char *lsm_options_fatal(const struct lode_lsm *s, const struct lsm_tree *t); /* why this RocksDB would abort, or NULL */

/* lsm_model.c */
void lsm_model_init(struct lode_lsm *s);
void lsm_model_step(struct lode_lsm *s, double dt);
void lsm_model_recalculate(struct lode_lsm *s); /* stall conditions, after anything that moves them */
void lsm_model_flush(struct lode_lsm *s); /* every memtable that holds anything is to be flushed */
void lsm_model_compact(struct lode_lsm *s); /* everything into the last level, at once */
double lsm_model_limit(int bucket); /* upper limit of RocksDB's histogram bucket */

#endif
