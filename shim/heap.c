/* Whose heap this process has. The address that dlsym gives does not tell: an executable that is not position-independent and takes the address
 * of malloc has a slot of its own for it, which stands for malloc everywhere and belongs to nobody (official builds of Node.js are such). But
 * where our own calls go the loader has written down when the process began, past any slot.
 *
 * The agent asks the same (plugin/base/library.c) and cannot ask so: opened with RTLD_DEEPBIND, it is bound to the C library whatever the process
 * uses. It can do with the address, because it needs the answer only where liblodestone-curl.so does not stand beside it. */
#include "heap.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

struct calls { /* what the loader has bound at our start */
	const ElfW(Rela) *rela;
	size_t n;
	const ElfW(Sym) *symbols;
	const char *strings;
};

static void find_calls(const struct link_map *self, struct calls *c)
{
	for (const ElfW(Dyn) *d = self->l_ld; d->d_tag != DT_NULL; d++) {
		const void *at = (const void *)(uintptr_t)d->d_un.d_ptr; /* the loader has made these addresses */

		if (d->d_tag == DT_JMPREL)
			c->rela = at;
		else if (d->d_tag == DT_PLTRELSZ)
			c->n = (size_t)d->d_un.d_val / sizeof(*c->rela);
		else if (d->d_tag == DT_SYMTAB)
			c->symbols = at;
		else if (d->d_tag == DT_STRTAB)
			c->strings = at;
	}
}

/* The function that a call of ours ends in; NULL: we make no such call. */
static const void *callee(const char *name)
{
	const struct link_map *self;
	struct calls c = {0};
	Dl_info info;

	if (!dladdr1((const void *)&shim_heap_of_libc, &info, (void **)&self, RTLD_DL_LINKMAP))
		return NULL;
	find_calls(self, &c);
	for (size_t i = 0; c.rela && c.symbols && c.strings && i < c.n; i++) {
		if (strcmp(c.strings + c.symbols[ELF64_R_SYM(c.rela[i].r_info)].st_name, name) == 0)
			return *(const void *const *)(self->l_addr + c.rela[i].r_offset);
	}
	return NULL;
}

static bool same_object(const void *f, const void *g)
{
	Dl_info x, y;

	return dladdr(f, &x) && dladdr(g, &y) && x.dli_fbase == y.dli_fbase;
}

/* A process without the one or the other is no matter. */
static bool same_if_there(const char *a, const char *b)
{
	const void *f = dlsym(RTLD_DEFAULT, a), *g = dlsym(RTLD_DEFAULT, b);

	return !f || !g || same_object(f, g);
}

bool shim_heap_of_libc(void)
{
	const void *allocate = callee("malloc"), *libc = callee("getauxval"); /* of all that we call, nobody replaces this one */

	return allocate && libc && same_object(allocate, libc) && same_if_there("_Znwm", "__cxa_begin_catch") &&
	       same_if_there("_ZdlPv", "__cxa_begin_catch");
}
