/* Reads ELF files (64-bit, this machine's byte order) without running or loading them. Every offset is checked: the file may be damaged or
 * hostile. */
#ifndef LODE_CLI_ELF_H
#define LODE_CLI_ELF_H

#include "base/err.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_elf {
	const unsigned char *data;
	size_t size;
	bool mapped;
	Elf64_Ehdr head;
	bool has_dynamic, has_interp, symbolic;
	uint64_t dyn_off, dyn_n;	 /* of Elf64_Dyn */
	uint64_t str_off, str_len;	 /* .dynstr */
	uint64_t sym_off, sym_n;	 /* .dynsym */
	uint64_t symtab_off, symtab_n;	 /* .symtab, 0 if stripped */
	uint64_t symstr_off, symstr_len; /* its strings */
};

int cli_elf_open(struct cli_elf *e, const char *path, struct lode_err *err); /* 0 or -errno; -ENOEXEC: no ELF file; -EBADMSG: of another machine */
int cli_elf_parse(struct cli_elf *e, const void *data, size_t size, struct lode_err *err); /* data stays the caller's */
void cli_elf_close(struct cli_elf *e);

const char *cli_elf_needed(const struct cli_elf *e, size_t i);	  /* NULL past the last */
const char *cli_elf_string(const struct cli_elf *e, int64_t tag); /* DT_RUNPATH, DT_RPATH, DT_SONAME; NULL */
const char *cli_elf_export(const struct cli_elf *e, const char *name,
			   bool prefix);			 /* a defined dynamic symbol of that name, or so beginning; NULL */
bool cli_elf_slot(const struct cli_elf *e, const char *name);	 /* calls of it go through a slot that another library can fill */
bool cli_elf_local(const struct cli_elf *e, const char *prefix); /* .symtab has a defined function so beginning */
const char *cli_elf_find(const struct cli_elf *e, const char *text); /* where it stands in what is loaded; ends inside of the file; NULL */
const char *cli_elf_musl(const struct cli_elf *e);		     /* the loader or library that makes it one for musl; NULL */
const char *cli_elf_interp(const struct cli_elf *e);		     /* the loader that it asks for; NULL */

#endif
