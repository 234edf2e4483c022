/* printf as in the C locale, whatever the host has set: '.' is the decimal point everywhere. */
#ifndef LODE_BASE_FMT_H
#define LODE_BASE_FMT_H

#include <stdarg.h>
#include <stddef.h>

int lode_fmt_v(char *buf, size_t len, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0))); /* as vsnprintf */
int lode_fmt(char *buf, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));	  /* as snprintf */

#endif
