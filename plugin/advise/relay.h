/* The protocol between a host and the relay that holds the key: on a Unix socket, one exchange a connection, each side one line and so many
 * bytes. The host needs nothing for it but libc.
 *
 *   host:   lodestone-relay 1 ask API TIMEOUT_MS LENGTH\n  and the request's body
 *   relay:  lodestone-relay 1 OUTCOME STATUS RETRY_AFTER_S MILLISECONDS LENGTH\n  and the reply's body, or, unless OUTCOME is ok, a sentence */
#ifndef LODE_ADVISE_RELAY_H
#define LODE_ADVISE_RELAY_H

#include "advise/http.h"

#define LODE_RELAY_SCHEME "unix:" /* of llm.url: unix:/run/lodestone/relay.sock */
#define LODE_RELAY_URL_MAX 112	       /* of a whole address: the kernel takes 107 characters of path */
#define LODE_RELAY_LINE_MAX 160
#define LODE_RELAY_BODY_MAX (1u << 20) /* of a request */

struct lode_relay_ask {
	char api[16];
	double timeout_s;
	size_t len;
};

/* Both: 0, or -EINVAL for anything that is not exactly such a line. *len of an answer: the bytes that follow. */
int lode_relay_read_ask(const char *line, struct lode_relay_ask *out);
int lode_relay_read_told(const char *line, struct lode_http_reply *out, size_t *len);
void lode_relay_print_ask(char line[LODE_RELAY_LINE_MAX], const struct lode_relay_ask *a);
void lode_relay_print_told(char line[LODE_RELAY_LINE_MAX], const struct lode_http_reply *r, size_t len);

/* The path of a unix: address, or NULL. */
const char *lode_relay_path(const char *url);

#endif
