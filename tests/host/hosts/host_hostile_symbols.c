/* A service that exports functions named like those of our libraries, each of which ends the process; and, with a second word, an allocator
 * of its own. Whoever of us is caught by one of them, or is called in place of one, is found out.
 *
 *     host_hostile_symbols DIR SECONDS            (linked with -rdynamic)
 *     host_hostile_symbols_heap DIR SECONDS       (the same with -DOWN_HEAP)
 *     host_hostile_symbols_fixed DIR SECONDS      (the same with -fno-pie -no-pie: malloc has a slot in the executable)
 */
#include "service.h"

#include <stdint.h>
#include <string.h>

#define TRAP(name)                                                                                                                         \
	__attribute__((visibility("default"), used)) void name(void);                                                                      \
	void name(void)                                                                                                                    \
	{                                                                                                                                  \
		static const char text[] = "captured: " #name "\n";                                                                        \
		ssize_t n = write(2, text, sizeof(text) - 1);                                                                              \
		(void)n;                                                                                                                   \
		abort();                                                                                                                   \
	}

TRAP(cJSON_Parse)
TRAP(cJSON_ParseWithLength)
TRAP(cJSON_ParseWithOpts)
TRAP(cJSON_ParseWithLengthOpts)
TRAP(cJSON_Delete)
TRAP(cJSON_GetObjectItemCaseSensitive)
TRAP(cJSON_GetArraySize)
TRAP(cJSON_IsObject)
TRAP(cJSON_IsString)
TRAP(cJSON_IsNumber)
TRAP(cJSON_IsArray)
TRAP(curl_global_init)
TRAP(curl_easy_init)
TRAP(curl_easy_setopt)
TRAP(curl_easy_cleanup)
TRAP(curl_multi_init)
TRAP(curl_multi_perform)
TRAP(curl_multi_poll)
TRAP(curl_slist_append)
TRAP(curl_version_info)
TRAP(urcu_bp_read_lock)
TRAP(urcu_bp_read_unlock)
TRAP(urcu_bp_synchronize_rcu)
TRAP(urcu_bp_register)
TRAP(SSL_CTX_new)
TRAP(SSL_new)
TRAP(SSL_connect)
TRAP(SSL_read)
TRAP(SSL_write)
TRAP(OPENSSL_init_ssl)
TRAP(OPENSSL_init_crypto)
TRAP(EVP_MD_CTX_new)
TRAP(EVP_MD_fetch)
TRAP(CRYPTO_malloc)
TRAP(CRYPTO_free)
TRAP(X509_free)
TRAP(BIO_new)
TRAP(nghttp2_session_del)
TRAP(lode_log)
TRAP(lode_agent_new)
TRAP(lode_http_open)
TRAP(lode_thread_start)
TRAP(lode_json_init)

#ifndef OWN_HEAP
TRAP(process_vm_readv) /* the C library's, and of all in this process only the agent's to call */
#else
/* Each block has a head that free wants to see: memory of another heap does not get past it. */
#define MARK 0x6c6f646573746f6eull
struct head {
	uint64_t mark;
	size_t size;
};
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

static __attribute__((noreturn)) void foreign(void)
{
	static const char text[] = "captured: memory of another heap\n";
	ssize_t n = write(2, text, sizeof(text) - 1);
	(void)n;
	abort();
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	struct head *h = __libc_memalign(16, size + sizeof(*h));

	if (!h)
		return NULL;
	*h = (struct head){MARK, size};
	return h + 1;
}

__attribute__((visibility("default"))) void free(void *p)
{
	struct head *h = (struct head *)p - 1;

	if (!p)
		return;
	if (h->mark == MARK + 1)
		return;
	if (h->mark != MARK)
		foreign();
	h->mark = 0;
	__libc_free(h);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
	void *p = malloc(n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t size)
{
	void *q = malloc(size);
	size_t old = p ? ((struct head *)p - 1)->size : 0;

	if (q && p)
		memcpy(q, p, old < size ? old : size);
	if (q)
		free(p);
	return q;
}

/* With an alignment of its own a block begins elsewhere than its head; it is not given back. */
__attribute__((visibility("default"))) int posix_memalign(void **out, size_t alignment, size_t size)
{
	size_t before = alignment < 2 * sizeof(struct head) ? 2 * sizeof(struct head) : alignment;
	char *p = __libc_memalign(before, size + before);

	if (!p)
		return ENOMEM;
	((struct head *)(p + before))[-1] = (struct head){MARK + 1, size};
	*out = p + before;
	return 0;
}

__attribute__((visibility("default"))) void *aligned_alloc(size_t alignment, size_t size)
{
	void *p = NULL;

	return alignment <= 16 ? malloc(size) : posix_memalign(&p, alignment, size) ? NULL : p;
}

__attribute__((visibility("default"))) void *memalign(size_t alignment, size_t size)
{
	return aligned_alloc(alignment, size);
}
#endif

int main(int argc, char **argv)
{
	void *(*volatile allocate)(size_t) = malloc; /* the address of a function that stands elsewhere, in code */

	if (argc < 3)
		die("usage", "host_hostile_symbols DIR SECONDS");
	free(allocate(1));
	open_db(argv[1]);
	work(atof(argv[2]));
	close_db();
	printf("done\n");
	return 0;
}
