/* An error that can be shown to a person: a code for the caller, a sentence for the reader. */
#ifndef LODE_BASE_ERR_H
#define LODE_BASE_ERR_H

/* The sentence names the thing that is wrong and, where there is one, the mend. Never a key, a value or a secret. */
struct lode_err {
	int code; /* positive errno, 0 = none */
	char msg[240];
};

/* Fills *err (which may be NULL) and returns -code, so that "return lode_err_set(...)" reads as it should. Truncates silently. */
int lode_err_set(struct lode_err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
