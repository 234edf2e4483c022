/* printf as in the C locale, whatever the host has set. */
#include "base/fmt.h"

#include <locale.h>
#include <stdio.h>

int lode_fmt_v(char *buf, size_t len, const char *fmt, va_list ap)
{
	/* The C locale object is static in libc: nothing is allocated and nothing needs freeing. Switches this thread only. */
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	locale_t old = c ? uselocale(c) : (locale_t)0;
	int n = vsnprintf(buf, len, fmt, ap);

	if (old)
		uselocale(old);
	return n;
}

int lode_fmt(char *buf, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = lode_fmt_v(buf, len, fmt, ap);
	va_end(ap);
	return n;
}
