/* Any bytes as a printed histogram: what is accepted is in order. */
#include "host/histogram.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fuzz_words[] = {
    "Count: ", "Average: ", "StdDev: ", "Min: ", "Median: ", "Max: ", "Percentiles: ", "P50: ", "P99: ", "------", "\n", "[ ", "( ", ", ", " ] ",
    " ] 1 5.660% 5.660% #\n", "( 3, 4 ] 1 ", "( 4, 6 ] 2 ", "0", "1", "18446744073709551615", "18446744073709551616", "0.0", "nan", "inf", "-1", "1e308",
    "9223372036854775807", "%"};
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lode_hist h;
	uint64_t total = 0;

	if (lode_host_hist_parse((const char *)data, size, &h))
		return 0;
	if (h.n > LODE_HIST_BUCKETS)
		__builtin_trap();
	for (uint32_t i = 0; i < h.n; i++) {
		total += h.bucket[i];
		if (i && h.limit[i] <= h.limit[i - 1])
			__builtin_trap();
	}
	if (h.n && total != h.count)
		__builtin_trap();
	return 0;
}
