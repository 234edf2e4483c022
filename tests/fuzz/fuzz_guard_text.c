/* Text to values for every row of the table: what a model says (strict) and what an OPTIONS file says. First byte: the row. Whatever is
 * taken must print and read back as itself, and what a model may say is a subset of what RocksDB would write. */
#include "guard/tunable.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[512], out[LODE_VALUE_MAX], shown[64];
	struct lode_err err;
	int64_t value = 0, again;

	if (size < 1 || size > sizeof text)
		return 0;
	const struct lode_tunable *t = &lode_tunables[data[0] % lode_tunable_count];
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';

	if (lode_tunable_parse(t, text, size - 1, &value, &err) == 0) {
		check(!memchr(text, '\0', size - 1) && !strpbrk(text, " \t\n+.,{};"));
		check(lode_tunable_print(t, value, out, sizeof out) == 0);
		check(lode_tunable_read(t, out, &again) == 0 && again == value);
		check(value >= 0 || t->min < 0);
	} else {
		check(err.msg[0] != '\0' && strstr(err.msg, t->id));
	}
	if (lode_tunable_read(t, text, &value) == 0 && lode_tunable_print(t, value, out, sizeof out) == 0)
		check(lode_tunable_read(t, out, &again) == 0 && again == value);
	lode_tunable_show(t, value, shown, sizeof shown);
	if (size < 20)
		lode_tunable_nearest(text);
	return 0;
}
