/* One HTTP POST at a time, by a libcurl that is opened at run time and only where a model is configured, or by a carrier in its place.
 *
 * Inside another process everything that the environment, a signal or a symbol of the host could change is pinned: own copies of the
 * symbols, no proxy or .netrc from the environment, no redirects, no signals, sockets close-on-exec, handles gone after each call. */
#include "advise/http.h"
#include "advise/dialect.h"
#include "advise/carrier.h"
#include "advise/key.h"
#include "advise/relay.h"
#include "advise/secret.h"
#include "advise/tape.h"
#include "base/clock.h"
#include "base/library.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXIT_WAIT_MS 200
#define HEAD_MAX (256u << 10) /* of all headers: libcurl keeps them */

#define CURL_FUNCTIONS(X) \
	X(global_init_mem) \
	X(global_cleanup) \
	X(version_info) \
	X(slist_append) \
	X(slist_free_all) \
	X(easy_init) \
	X(easy_cleanup) \
	X(easy_setopt) \
	X(easy_getinfo) \
	X(easy_strerror) \
	X(multi_init) \
	X(multi_cleanup) \
	X(multi_add_handle) \
	X(multi_remove_handle) \
	X(multi_perform) \
	X(multi_poll) \
	X(multi_info_read)

struct lode_http {
	void *library;
	struct {
#define X(f) __typeof__(&curl_##f) f;
		CURL_FUNCTIONS(X)
#undef X
	} curl;
	struct lode_carrier *carrier; /* in libcurl's place; NULL */
	struct lode_tape *tape;	      /* NULL: nothing is recorded */
	int cancel_fd; /* readable once cancelled; multi_poll watches it beside the sockets */
	atomic_bool cancelled;
	/* For exit(): */
	pid_t pid;
	atomic_bool busy, leaving, closed;
};

/* "?api-version=2024-10-21" and nothing after it: what an Azure deployment must be asked with. */
static bool is_version_query(const char *s)
{
	static const char lead[] = "?api-version=", letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	const char *version = s + sizeof lead - 1;

	return !strncmp(s, lead, sizeof lead - 1) && *version && !version[strspn(version, letters)];
}

int lode_http_url_check(const char *url, bool *loopback, struct lode_err *err)
{
	bool tls = !strncmp(url, "https://", 8);
	const char *host = url + (tls ? 8 : 7);
	char name[64] = "";
	struct in_addr a;

	if (lode_relay_path(url)) {
		*loopback = true;
		return lode_relay_path(url)[0] == '/' && strlen(url) < LODE_RELAY_URL_MAX
			   ? 0
			   : lode_err_set(err, EINVAL, "llm.url: unix: is followed by the whole path of the relay's socket, at most %d characters",
					  LODE_RELAY_URL_MAX - 1 - (int)strlen(LODE_RELAY_SCHEME));
	}
	if (!tls && strncmp(url, "http://", 7) != 0)
		return lode_err_set(err, EINVAL, "llm.url must begin with https:// (or http:// for a server on this machine, unix: for a relay)");
	for (const char *p = url; *p && !is_version_query(p); p++)
		if (*p <= ' ' || *p == 0x7f || strchr("@?#\\", *p))
			return lode_err_set(err, EINVAL, "llm.url is a plain base address: no spaces or user names, and no query but ?api-version=");
	size_t n = host[0] == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/");
	if (n == 0 || host[0] == ':')
		return lode_err_set(err, EINVAL, "llm.url names no host");
	if (n < sizeof name)
		memcpy(name, host, n);
	*loopback =
	    !strcmp(name, "localhost") || !strcmp(name, "[::1]") || (inet_pton(AF_INET, name, &a) == 1 && ntohl(a.s_addr) >> 24 == 127);
	if (!tls && !*loopback)
		return lode_err_set(err, EINVAL, "llm.url: http is for a server on this machine only; use https");
	return 0;
}

/* Where libcurl cannot be opened apart from the host, a host with its own copy of what it stands on would be called by it. */
static int check_host(struct lode_err *err)
{
	static const struct {
		const char *function, *library;
	} rows[] = {{"curl_multi_perform", "libcurl"}, {"SSL_CTX_new", "libssl."}, {"EVP_MD_CTX_new", "libcrypto."}, {"nghttp2_session_del", "libnghttp2."},
		    {"inflateInit2_", "libz."}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (lode_library_foreign(rows[i].function, rows[i].library))
			return lode_err_set(err, EEXIST, "this process brings its own %s, and an allocator beside which libcurl cannot be kept apart",
					    rows[i].function);
	return 0;
}

static int load(struct lode_http *h, struct lode_err *err)
{
	static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", NULL};
#define X(f) {"curl_" #f, (void **)&h->curl.f},
	const struct lode_symbol_row rows[] = {CURL_FUNCTIONS(X)};
#undef X
	struct lode_err missing = {0};

	/* It frees what strdup has allocated, so it needs the host's heap: plugin/curl gives it that, where it stands beside us. */
	if (lode_library_isolation(LODE_MEMORY_OWN))
		h->library = lode_library_open_beside("liblodestone-curl.so");
	if (!h->library) {
		int rc = lode_library_isolation(LODE_MEMORY_SHARED) ? 0 : check_host(err);

		if (rc)
			return rc;
		h->library = lode_library_open(names, LODE_MEMORY_SHARED);
	}
	if (!h->library)
		return lode_err_set(err, ENOENT, "libcurl.so.4 is not installed; the model cannot be asked");
	if (lode_library_bind(h->library, rows, sizeof rows / sizeof rows[0], &missing))
		return lode_err_set(err, ENOSYS, "libcurl: %s; 7.84 or later is needed", missing.msg);
	const curl_version_info_data *v = h->curl.version_info(CURLVERSION_NOW);
	if (!(v->features & CURL_VERSION_THREADSAFE) || !(v->features & CURL_VERSION_ASYNCHDNS) || !(v->features & CURL_VERSION_SSL))
		return lode_err_set(err, ENOTSUP, "libcurl %s is not thread-safe here, or has no threaded resolver or TLS", v->version);
	if (h->curl.global_init_mem(CURL_GLOBAL_DEFAULT, lode_secret_malloc, lode_secret_free, lode_secret_realloc, lode_secret_strdup, lode_secret_calloc) !=
	    CURLE_OK)
		return lode_err_set(err, EIO, "libcurl could not be initialised");
	return 0;
}

/* Exit handlers run in reverse order. This one is registered after those of the TLS library and so runs before them: a call that is under
 * way ends, or is at least given a moment to, before that library is torn down under it. The child of a fork has no call, whatever busy
 * says. */
static void at_exit(int status, void *arg)
{
	struct lode_http *h = arg;

	(void)status;
	if (atomic_load(&h->closed)) {
		free(h);
		return;
	}
	if (getpid() != h->pid)
		return;
	atomic_store(&h->leaving, true);
	if (!atomic_load(&h->busy))
		return;
	lode_http_cancel(h);
	for (int i = 0; i < EXIT_WAIT_MS && atomic_load(&h->busy); i++)
		poll(NULL, 0, 1);
}

struct lode_http *lode_http_open_with(struct lode_carrier *carrier, struct lode_err *err)
{
	struct lode_http *h = calloc(1, sizeof *h);

	if (h && (h->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) >= 0) {
		h->carrier = carrier;
		return h;
	}
	lode_err_set(err, h ? errno : ENOMEM, h ? "no eventfd" : "no memory");
	free(h);
	return NULL;
}

void lode_http_record(struct lode_http *h, struct lode_tape *tape)
{
	h->tape = tape;
}

bool lode_http_keyless(const struct lode_http *h)
{
	return h->carrier != NULL;
}

bool lode_http_instant(const struct lode_http *h)
{
	return h->carrier && h->carrier->ops->instant;
}

struct lode_http *lode_http_open(struct lode_err *err)
{
	struct lode_http *h = calloc(1, sizeof *h);

	if (!h) {
		lode_err_set(err, ENOMEM, "no memory");
		return NULL;
	}
	h->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->cancel_fd < 0)
		lode_err_set(err, errno, "no eventfd");
	/* A library that was opened stays: its TLS library has exit handlers that must not be unmapped. */
	if (h->cancel_fd >= 0 && load(h, err) == 0) {
		h->pid = getpid();
		on_exit(at_exit, h);
		return h;
	}
	if (h->cancel_fd >= 0)
		close(h->cancel_fd);
	free(h);
	return NULL;
}

void lode_http_close(struct lode_http *h)
{
	lode_tape_free(h->tape);
	close(h->cancel_fd);
	if (h->carrier) {
		h->carrier->ops->free(h->carrier);
		free(h);
		return;
	}
	h->curl.global_cleanup();
	/* h itself stays, a few hundred bytes, for the exit handler, which cannot be taken back. */
	atomic_store(&h->closed, true);
}

void lode_http_cancel(struct lode_http *h)
{
	uint64_t one = 1;

	atomic_store(&h->cancelled, true);
	ssize_t ignored = write(h->cancel_fd, &one, sizeof one); /* full means readable already */
	(void)ignored;
}

void lode_http_rearm(struct lode_http *h)
{
	uint64_t n;

	atomic_store(&h->cancelled, false);
	ssize_t ignored = read(h->cancel_fd, &n, sizeof n);
	(void)ignored;
}

int lode_http_cancel_fd(const struct lode_http *h)
{
	return h->cancel_fd;
}

bool lode_http_cancelled(const struct lode_http *h)
{
	return atomic_load(&h->cancelled);
}

bool lode_http_sleep(struct lode_http *h, double seconds)
{
	struct pollfd p = {.fd = h->cancel_fd, .events = POLLIN};

	if (seconds > 0 && !lode_http_instant(h))
		poll(&p, 1, (int)fmin(seconds * 1000, 3600e3));
	return lode_http_cancelled(h);
}

struct sink {
	struct lode_buf *body;
	size_t head; /* bytes of headers, those of answers before the answer included */
	struct lode_retry_hint hint;
};

static size_t on_body(char *data, size_t one, size_t n, void *ctx)
{
	struct sink *s = ctx;

	lode_buf_add(s->body, data, one * n);
	return s->body->failed ? 0 : one * n;
}

static size_t on_header(char *line, size_t one, size_t n, void *ctx)
{
	struct sink *s = ctx;

	lode_retry_header(&s->hint, line, one * n);
	s->head += one * n;
	s->body->failed |= s->head > HEAD_MAX;
	return s->body->failed ? 0 : one * n;
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)ctx;
	(void)purpose;
	int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static struct curl_slist *headers(struct lode_http *h, const struct lode_http_request *q)
{
	static const char *const fixed[] = {"Content-Type: application/json", "Accept: application/json", "Expect:"};
	struct curl_slist *list = NULL, *more;
	char *line;

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		if (!(more = h->curl.slist_append(list, fixed[i])))
			goto fail;
		list = more;
	}
	if (lode_dialect_header(q->api)) {
		if (!(more = h->curl.slist_append(list, lode_dialect_header(q->api))))
			goto fail;
		list = more;
	}
	if (!q->key)
		return list;
	if (!(line = lode_key_page()))
		goto fail;
	int n = snprintf(line, LODE_KEY_PAGE, "%s%s", lode_dialect_key_header(q->api, q->url), q->key);
	more = n < LODE_KEY_PAGE ? h->curl.slist_append(list, line) : NULL;
	lode_key_page_free(line);
	if (more)
		return more;
fail:
	h->curl.slist_free_all(list);
	return NULL;
}

static void headers_wipe(struct lode_http *h, struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	h->curl.slist_free_all(list);
}

/* Every option that matters, or false. */
static bool prepare(struct lode_http *h, CURL *e, const struct lode_http_request *q, struct curl_slist *list, struct sink *sink)
{
	bool tls = !strncmp(q->url, "https://", 8);
	bool direct = !q->proxy || !*q->proxy || !strcmp(q->proxy, "none");
	CURLcode bad = CURLE_OK;
#define SET(option, value)                                                                                                                 \
	if (bad == CURLE_OK)                                                                                                               \
	bad = h->curl.easy_setopt(e, option, value)

	SET(CURLOPT_URL, q->url);
	SET(CURLOPT_PROTOCOLS_STR, tls ? "https" : "http");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_PROXY, direct ? "" : q->proxy); /* "" also keeps libcurl from asking the environment */
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_USERAGENT, "lodestone/" LODE_VERSION);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)fmin(10000, ceil(q->timeout_s * 1000)));
	SET(CURLOPT_TIMEOUT_MS, (long)fmax(1, ceil(q->timeout_s * 1000)));
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)sink->body->max);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, (void *)sink);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, (void *)sink);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (q->ca_file && *q->ca_file)
		SET(CURLOPT_CAINFO, q->ca_file);
	SET(CURLOPT_HTTPHEADER, list);
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->len);
	SET(CURLOPT_POSTFIELDS, q->body);
	/* Without it a resolver thread that hangs would be waited for after a cancel. Newer than the rest: its absence is no error. */
	if (bad == CURLE_OK)
		h->curl.easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
#undef SET
	return bad == CURLE_OK;
}

static CURLcode drive(struct lode_http *h, CURLM *m)
{
	struct curl_waitfd cancel = {.fd = h->cancel_fd, .events = CURL_WAIT_POLLIN};
	int running, left;

	for (;;) {
		if (lode_http_cancelled(h))
			return CURLE_ABORTED_BY_CALLBACK;
		if (h->curl.multi_perform(m, &running) != CURLM_OK)
			return CURLE_FAILED_INIT;
		for (CURLMsg *msg; (msg = h->curl.multi_info_read(m, &left));)
			if (msg->msg == CURLMSG_DONE)
				return msg->data.result;
		if (h->curl.multi_poll(m, &cancel, 1, 1000, NULL) != CURLM_OK)
			return CURLE_FAILED_INIT;
	}
}

static enum lode_call call_of(CURLcode code, const struct lode_buf *body)
{
	if (body->failed)
		return LODE_CALL_TOO_BIG;
	switch (code) {
	case CURLE_OK:
		return LODE_CALL_OK;
	case CURLE_ABORTED_BY_CALLBACK:
		return LODE_CALL_CANCELLED;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return LODE_CALL_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return LODE_CALL_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_ENGINE_INITFAILED:
		return LODE_CALL_TLS;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
		return LODE_CALL_CLOSED;
	case CURLE_FILESIZE_EXCEEDED:
	case CURLE_OUT_OF_MEMORY: /* what libcurl up to 8.5 calls a header line beyond its own limit; then: */
	case (CURLcode)100:	  /* CURLE_TOO_LARGE */
		return LODE_CALL_TOO_BIG;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
		return LODE_CALL_HTTP;
	default:
		return LODE_CALL_INTERNAL;
	}
}

static void finish(struct lode_http *h, CURL *e, CURLcode code, const struct sink *sink, struct lode_http_reply *out)
{
	const struct lode_buf *body = sink->body;

	out->call = call_of(code, body);
	h->curl.easy_getinfo(e, CURLINFO_RESPONSE_CODE, &out->status);
	out->retry_after = lode_retry_seconds(&sink->hint, lode_clock_wall(&lode_clock_real));
	out->should_retry = sink->hint.should;
	if (out->call == LODE_CALL_TOO_BIG)
		snprintf(out->why, sizeof out->why, "the reply is larger than %zu bytes, or its headers are", body->max);
	else if (out->call != LODE_CALL_OK)
		snprintf(out->why, sizeof out->why, "%s", out->call == LODE_CALL_CANCELLED ? "cancelled" : h->curl.easy_strerror(code));
}

static void post_by_curl(struct lode_http *h, const struct lode_http_request *q, struct lode_buf *body, struct lode_http_reply *out)
{
	struct sink sink = {.body = body};
	struct curl_slist *list;
	CURL *e;
	CURLM *m;

	lode_secret_enter();
	list = headers(h, q);
	e = h->curl.easy_init();
	m = h->curl.multi_init();
	*out = (struct lode_http_reply){.call = LODE_CALL_INTERNAL, .why = "libcurl could not be set up"};
	if (!list || !e || !m || !prepare(h, e, q, list, &sink) || h->curl.multi_add_handle(m, e) != CURLM_OK)
		goto out;
	out->why[0] = '\0';
	finish(h, e, drive(h, m), &sink, out);
	h->curl.multi_remove_handle(m, e);
out:
	if (e)
		h->curl.easy_cleanup(e);
	if (m)
		h->curl.multi_cleanup(m);
	if (list)
		headers_wipe(h, list);
	lode_secret_leave();
}

void lode_http_post(struct lode_http *h, const struct lode_http_request *q, struct lode_buf *body, struct lode_http_reply *out)
{
	uint64_t start = lode_clock_mono(&lode_clock_real);

	atomic_store(&h->busy, true);
	if (atomic_load(&h->leaving))
		lode_http_cancel(h);
	lode_buf_clear(body);
	if (h->carrier)
		h->carrier->ops->post(h->carrier, q, h->cancel_fd, body, out);
	else
		post_by_curl(h, q, body, out);
	if (!lode_http_instant(h))
		out->seconds = (double)(lode_clock_mono(&lode_clock_real) - start) / 1e9;
	if (h->tape)
		lode_tape_add(h->tape, q, body, out);
	atomic_store(&h->busy, false);
}
