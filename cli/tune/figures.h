/* Figures out of what db_bench and RocksDB print. Nothing of it is trusted: it may be cut, garbled or made up. */
#ifndef LODE_TUNE_FIGURES_H
#define LODE_TUNE_FIGURES_H

#include "tune/history.h" /* tune_result_init */

/* What db_bench printed. benchmarks: those that count, separated by commas, as in its --benchmarks. 0, or -EBADMSG with a sentence. Fills everything but
 * end, why, cpu_s, rss_bytes, db_bytes and rate. *missed: it looked for keys and found none. */
int tune_figures_db_bench(const char *text, const char *benchmarks, struct tune_result *r, bool *missed, struct lode_err *err);
/* RocksDB's Statistics, a line each; kept in r, with what follows from them. r->seconds should be known. */
void tune_figures_take(const char *text, struct tune_result *r);
/* The count behind a ticker's name ("rocksdb.bytes.written") in such a text; NAN. */
double tune_figures_count(const char *text, const char *ticker);
/* All levels / the last one, from "rocksdb.stats"; NAN. */
double tune_figures_space_amp(const char *shape);
/* Does a result contradict itself, or the clock? 0, or -EBADMSG with a sentence. wall: seconds between start and end of the process. */
int tune_figures_believe(const struct tune_result *r, double wall, struct lode_err *err);

/* Operations second by second, as they are written to a file. */
enum tune_rates_form { TUNE_RATES_REPORT /* db_bench's report file: "second,operations in it" */, TUNE_RATES_TOTAL /* "SECONDS OPERATIONS", since the start */ };
struct tune_rates {
	float *rate;
	size_t n;
	double ops, seconds;
};
#define TUNE_RATES_MAX 604800
/* From the whole text so far, or, of totals, from what was written in place of it: then what is there is kept and added to. A line that is not complete waits. */
int tune_rates_take(struct tune_rates *p, enum tune_rates_form form, const char *text);

#endif
