/* An error that can be shown to a person. */
#include "base/err.h"
#include "base/fmt.h"

int lode_err_set(struct lode_err *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		err->code = code;
		if (lode_fmt_v(err->msg, sizeof err->msg, fmt, ap) < 0)
			err->msg[0] = '\0';
		va_end(ap);
	}
	return -code;
}
