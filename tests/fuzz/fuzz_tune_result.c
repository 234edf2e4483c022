/* What a benchmark prints or writes: whatever it is, what was taken from it is finite, counted and terminated. */
#include "tune/adapter.h"
#include "tune/figures.h"

#include "base/cjson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static const char *const fuzz_words[] = {
    "readrandom   :       4.444 micros/op 225000 ops/sec 10.000 seconds 2250000 operations;   24.9 MB/s (63 of 100 found)\n", "readrandom : ", "overwrite : ",
    " micros/op ", " ops/sec", " seconds", " operations;", "(0 of ", " runs] : ", "Microseconds per read:\n", "Microseconds per write:\n",
    "Count: 5 Average: 16.5538  StdDev: 304.86\n", "Percentiles: P50: 4.69 P75: 7.28 P99: 13.46 P99.9: 4550.53 P99.99: 12616.09\n", "STATISTICS:\n",
    "rocksdb.bytes.written COUNT : ", "rocksdb.stall.micros COUNT : ", "rocksdb.block.cache.hit COUNT : ", "rocksdb.flush.write.bytes COUNT : 7\n",
    "\n** Compaction Stats [default] **\n", "  L0      1/0    8.24 MB   0.2\n", "  L6      1/0    1.24 TB   0.2\n", "{\"ops_per_sec\": 5, ", "\"ops\": {\"get\": {",
    "\"p99_us\": 7", "\"seconds\": ", "}", "null", "1e308", "nan", "inf", "-1", "18446744073709551616", "secs_elapsed,interval_qps\n", "1,100\n", "2.5 300\n",
    "\xff", "\n", ","};
#include "mutate.h"

static void sane(double v)
{
	if (!isnan(v) && (!isfinite(v) || v < 0))
		abort();
}

static void check(const struct tune_result *r)
{
	if (!isfinite(r->ops_per_sec) || r->ops_per_sec <= 0 || r->nop > TUNE_OPS_MAX)
		abort();
	sane(r->seconds), sane(r->write_amp), sane(r->space_amp), sane(r->read_amp), sane(r->cache_hit), sane(r->stall_share);
	if (r->cache_hit > 1)
		abort();
	for (size_t i = 0; i < r->nop; i++) {
		sane(r->op[i].count), sane(r->op[i].mean_us), sane(r->op[i].p99_us);
		if (!memchr(r->op[i].name, 0, sizeof(r->op[i].name)) || !*r->op[i].name)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	char *text = strndup((const char *)data, len);
	struct tune_rates rates = {0};
	struct tune_result r;
	struct lode_err err = {0};
	bool missed = false;

	if (!text)
		return 0;
	tune_result_init(&r);
	if (tune_figures_db_bench(text, "readrandom,overwrite", &r, &missed, &err) == 0)
		check(&r);
	else if (!*err.msg)
		abort();
	tune_figures_believe(&r, 10, &err);
	tune_result_fini(&r);
	if (text[0] == '{' && lode_cjson_open(NULL) == 0) {
		tune_result_init(&r);
		if (tune_script_read(text, strlen(text), "/nonexistent", &r, &err) == 0 && (!(r.ops_per_sec > 0) || r.nop > TUNE_OPS_MAX))
			abort();
		tune_result_fini(&r);
	}
	for (int form = TUNE_RATES_REPORT; form <= TUNE_RATES_TOTAL; form++) {
		tune_rates_take(&rates, form, text);
		sane(rates.ops), sane(rates.seconds);
		for (size_t i = 0; i < rates.n; i++)
			sane((double)rates.rate[i]);
	}
	free(rates.rate);
	free(text);
	return 0;
}
