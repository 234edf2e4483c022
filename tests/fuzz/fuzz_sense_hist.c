/* RocksDB's histogram text: whatever it says, what was parsed is ordered, and arithmetic on it stays finite. */
#include "host/histogram.h"
#include "sense/interval.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static const char *const fuzz_words[] = {
    "Count: ", "Average: ", "StdDev: ", "Min: ", "Median: ", "Max: ", "Percentiles: ", "P50: ", "P99: ", "------", "\n", "[ ", "( ", ", ", " ] ",
    " ] 1 5.660% 5.660% #\n", "( 3, 4 ] 1 ", "( 4, 6 ] 2 ", "0", "1", "18446744073709551615", "18446744073709551616", "0.0", "nan", "inf", "-1", "1e308",
    "9223372036854775807", "%"};
#include "mutate.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct lode_hist h, d, sum;

	if (!lode_host_hist_parse((const char *)data, len, &h)) {
		if (h.n > LODE_HIST_BUCKETS)
			abort();
		for (uint32_t i = 1; i < h.n; i++)
			if (h.limit[i] <= h.limit[i - 1])
				abort();
		double p50 = lode_hist_percentile(&h, 0.5), p99 = lode_hist_percentile(&h, 0.99);
		if (p50 > p99)
			abort();
		double e = lode_hist_exceed(&h, 100);
		if (!(e >= 0 && e <= 1 + 1e-9))
			abort();
		if (!lode_hist_diff(&h, &h, &d) || d.n || d.count || d.sum)
			abort();
		sum = h;
		lode_hist_add(&sum, &h);
	}
	return 0;
}
