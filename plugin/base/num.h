/* Numbers as text: strict in, readable out. */
#ifndef LODE_BASE_NUM_H
#define LODE_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits with at most one leading '-', nothing else: no space, sign '+', suffix, exponent, separator or hex; no leading zeros but "0".
 * Returns 0 or -EINVAL / -ERANGE; *out untouched on error. */
int lode_num_parse(const char *s, size_t len, int64_t *out);
/* For people's configuration files only: digits with an optional k/K, M, G, T (1024-based) and an optional "iB"/"B". */
int lode_num_parse_size(const char *s, int64_t *out);
/* Seconds from "90", "90s", "5m", "2h", "1d", "250ms". */
int lode_num_parse_duration(const char *s, double *seconds);
/* "512 MiB", "1.5 GiB", "900 B". Returns buf. */
const char *lode_num_bytes(double bytes, char *buf, size_t len);
/* "142 k", "1.20 M". Returns buf. */
const char *lode_num_si(double v, char *buf, size_t len);
/* v rounded to `digits` significant digits. */
double lode_num_round(double v, int digits);

#endif
