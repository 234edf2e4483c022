/* Reads ELF files without running or loading them. */
#include "elf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* len bytes at off into out; false beyond the end. memcpy, because nothing says that offsets are aligned. */
static bool get(const struct cli_elf *e, uint64_t off, void *out, size_t len)
{
	if (off > e->size || len > e->size - off)
		return false;
	memcpy(out, e->data + off, len);
	return true;
}

/* The string at `at` of a table, if it ends inside of it. */
static const char *string(const struct cli_elf *e, uint64_t table, uint64_t len, uint64_t at)
{
	if (table > e->size || len > e->size - table || at >= len)
		return NULL;
	const char *s = (const char *)e->data + table + at;
	return memchr(s, '\0', len - at) ? s : NULL;
}

static bool program_header(const struct cli_elf *e, size_t i, Elf64_Phdr *p)
{
	return i < e->head.e_phnum && e->head.e_phentsize == sizeof *p && get(e, e->head.e_phoff + i * sizeof *p, p, sizeof *p);
}

static bool section_header(const struct cli_elf *e, size_t i, Elf64_Shdr *s)
{
	return i < e->head.e_shnum && e->head.e_shentsize == sizeof *s && get(e, e->head.e_shoff + i * sizeof *s, s, sizeof *s);
}

/* The place in the file of an address, 0 if it has none. */
static uint64_t file_offset(const struct cli_elf *e, uint64_t address)
{
	Elf64_Phdr p;

	for (size_t i = 0; program_header(e, i, &p); i++)
		if (p.p_type == PT_LOAD && address >= p.p_vaddr && address - p.p_vaddr < p.p_filesz)
			return address - p.p_vaddr + p.p_offset;
	return 0;
}

static bool dynamic_entry(const struct cli_elf *e, int64_t tag, size_t nth, uint64_t *value)
{
	Elf64_Dyn d;

	for (size_t i = 0; i < e->dyn_n && get(e, e->dyn_off + i * sizeof d, &d, sizeof d) && d.d_tag != DT_NULL; i++)
		if (d.d_tag == tag && !nth--) {
			*value = d.d_un.d_val;
			return true;
		}
	return false;
}

/* Symbols by the GNU hash table: the longest chain ends at the last symbol. */
static uint64_t gnu_hash_count(const struct cli_elf *e, uint64_t off)
{
	uint32_t h[4], bucket, chain; /* buckets, first symbol, bloom words, shift */
	uint64_t last = 0;

	if (!off || !get(e, off, h, sizeof h))
		return 0;
	uint64_t buckets = off + sizeof h + (uint64_t)h[2] * 8, chains = buckets + (uint64_t)h[0] * 4;
	for (uint32_t i = 0; i < h[0] && get(e, buckets + (uint64_t)i * 4, &bucket, 4); i++)
		if (bucket > last)
			last = bucket;
	if (last < h[1])
		return h[1];
	while (get(e, chains + (last - h[1]) * 4, &chain, 4) && !(chain & 1))
		last++;
	return last + 1;
}

static void find_dynamic_symbols(struct cli_elf *e)
{
	uint64_t v = 0;

	if (dynamic_entry(e, DT_STRTAB, 0, &v))
		e->str_off = file_offset(e, v);
	if (dynamic_entry(e, DT_STRSZ, 0, &v))
		e->str_len = v;
	if (dynamic_entry(e, DT_SYMTAB, 0, &v))
		e->sym_off = file_offset(e, v);
	if (dynamic_entry(e, DT_HASH, 0, &v)) {
		uint32_t h[2];

		if (get(e, file_offset(e, v), h, sizeof h))
			e->sym_n = h[1];
	} else if (dynamic_entry(e, DT_GNU_HASH, 0, &v)) {
		e->sym_n = gnu_hash_count(e, file_offset(e, v));
	}
	e->symbolic = dynamic_entry(e, DT_SYMBOLIC, 0, &v) || (dynamic_entry(e, DT_FLAGS, 0, &v) && v & DF_SYMBOLIC);
	/* No table can be longer than the file. */
	if (e->sym_n > e->size / sizeof(Elf64_Sym))
		e->sym_n = e->size / sizeof(Elf64_Sym);
}

static void find_sections(struct cli_elf *e)
{
	Elf64_Shdr s, strings;

	for (size_t i = 0; section_header(e, i, &s); i++) {
		if (s.sh_type != SHT_SYMTAB || !section_header(e, s.sh_link, &strings))
			continue;
		e->symtab_off = s.sh_offset;
		e->symtab_n = s.sh_size / sizeof(Elf64_Sym);
		e->symstr_off = strings.sh_offset;
		e->symstr_len = strings.sh_size;
	}
	if (e->symtab_n > e->size / sizeof(Elf64_Sym))
		e->symtab_n = e->size / sizeof(Elf64_Sym);
}

int cli_elf_parse(struct cli_elf *e, const void *data, size_t size, struct lode_err *err)
{
	Elf64_Phdr p;

	*e = (struct cli_elf){.data = data, .size = size};
	if (!get(e, 0, &e->head, sizeof e->head) || memcmp(e->head.e_ident, ELFMAG, SELFMAG) != 0)
		return lode_err_set(err, ENOEXEC, "no ELF file");
	if (e->head.e_ident[EI_CLASS] == ELFCLASS32 && (e->head.e_machine == EM_386 || e->head.e_machine == EM_X86_64))
		return lode_err_set(err, EBADMSG, "is a 32-bit program");
	if (e->head.e_ident[EI_CLASS] != ELFCLASS64 || e->head.e_ident[EI_DATA] != ELFDATA2LSB || e->head.e_machine != EM_X86_64)
		return lode_err_set(err, EBADMSG, "is built for another kind of machine");
	if (e->head.e_type != ET_EXEC && e->head.e_type != ET_DYN)
		return lode_err_set(err, ENOEXEC, "neither an executable nor a shared library");
	for (size_t i = 0; program_header(e, i, &p); i++) {
		if (p.p_type == PT_INTERP)
			e->has_interp = true;
		if (p.p_type != PT_DYNAMIC)
			continue;
		e->has_dynamic = true;
		e->dyn_off = p.p_offset;
		e->dyn_n = p.p_filesz / sizeof(Elf64_Dyn);
	}
	find_dynamic_symbols(e);
	find_sections(e);
	return 0;
}

int cli_elf_open(struct cli_elf *e, const char *path, struct lode_err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc = 0;

	memset(e, 0, sizeof *e);
	if (fd < 0 || fstat(fd, &st))
		rc = lode_err_set(err, errno, "%s", strerror(errno));
	else if (!S_ISREG(st.st_mode) || !st.st_size)
		rc = lode_err_set(err, ENOEXEC, "no ELF file");
	if (!rc) {
		void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (data == MAP_FAILED) {
			rc = lode_err_set(err, errno, "%s", strerror(errno));
		} else {
			rc = cli_elf_parse(e, data, (size_t)st.st_size, err);
			e->mapped = true;
			if (rc)
				cli_elf_close(e);
		}
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

void cli_elf_close(struct cli_elf *e)
{
	if (e->mapped)
		munmap((void *)(uintptr_t)e->data, e->size);
	memset(e, 0, sizeof *e);
}

const char *cli_elf_needed(const struct cli_elf *e, size_t i)
{
	uint64_t at;

	return dynamic_entry(e, DT_NEEDED, i, &at) ? string(e, e->str_off, e->str_len, at) : NULL;
}

const char *cli_elf_string(const struct cli_elf *e, int64_t tag)
{
	uint64_t at;

	return dynamic_entry(e, tag, 0, &at) ? string(e, e->str_off, e->str_len, at) : NULL;
}

static const char *symbol_name(const struct cli_elf *e, uint64_t i, Elf64_Sym *s)
{
	if (i >= e->sym_n || !e->sym_off || !get(e, e->sym_off + i * sizeof *s, s, sizeof *s))
		return NULL;
	return string(e, e->str_off, e->str_len, s->st_name);
}

const char *cli_elf_export(const struct cli_elf *e, const char *name, bool prefix)
{
	size_t len = strlen(name);
	Elf64_Sym s;

	for (uint64_t i = 0; i < e->sym_n; i++) {
		const char *have = symbol_name(e, i, &s);

		if (have && s.st_shndx != SHN_UNDEF && ELF64_ST_VISIBILITY(s.st_other) == STV_DEFAULT &&
		    (prefix ? !strncmp(have, name, len) : !strcmp(have, name)))
			return have;
	}
	return NULL;
}

static bool table_has_slot(const struct cli_elf *e, int64_t table, int64_t size, const char *name)
{
	uint64_t address, len;
	Elf64_Rela r;
	Elf64_Sym s;

	if (!dynamic_entry(e, table, 0, &address) || !dynamic_entry(e, size, 0, &len))
		return false;
	uint64_t off = file_offset(e, address);
	for (uint64_t i = 0; off && i < len / sizeof r && get(e, off + i * sizeof r, &r, sizeof r); i++) {
		uint64_t type = ELF64_R_TYPE(r.r_info);

		if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT)
			continue;
		const char *have = symbol_name(e, ELF64_R_SYM(r.r_info), &s);
		if (have && !strcmp(have, name))
			return true;
	}
	return false;
}

bool cli_elf_slot(const struct cli_elf *e, const char *name)
{
	return table_has_slot(e, DT_JMPREL, DT_PLTRELSZ, name) || table_has_slot(e, DT_RELA, DT_RELASZ, name);
}

bool cli_elf_local(const struct cli_elf *e, const char *prefix)
{
	size_t len = strlen(prefix);
	Elf64_Sym s;

	for (uint64_t i = 0; i < e->symtab_n && get(e, e->symtab_off + i * sizeof s, &s, sizeof s); i++) {
		const char *have = string(e, e->symstr_off, e->symstr_len, s.st_name);

		if (have && s.st_shndx != SHN_UNDEF && !strncmp(have, prefix, len))
			return true;
	}
	return false;
}

/* Debugging information, which may be far larger than the rest, is no part of what is loaded. A file whose segments lie is searched to its
 * end and no further. */
const char *cli_elf_find(const struct cli_elf *e, const char *text)
{
	size_t len = strlen(text);
	Elf64_Phdr p;

	for (size_t i = 0; program_header(e, i, &p); i++) {
		if (p.p_type != PT_LOAD || p.p_offset >= e->size)
			continue;
		size_t room = p.p_filesz < e->size - p.p_offset ? p.p_filesz : e->size - p.p_offset;
		const char *at = memmem(e->data + p.p_offset, room, text, len);

		if (at && memchr(at, '\0', e->size - (size_t)((const unsigned char *)at - e->data)))
			return at;
	}
	return NULL;
}

const char *cli_elf_interp(const struct cli_elf *e)
{
	Elf64_Phdr p;

	for (size_t i = 0; program_header(e, i, &p); i++)
		if (p.p_type == PT_INTERP)
			return string(e, p.p_offset, p.p_filesz, 0);
	return NULL;
}

const char *cli_elf_musl(const struct cli_elf *e)
{
	const char *interp = cli_elf_interp(e), *needed;

	if (interp && strstr(interp, "ld-musl"))
		return interp;
	for (size_t i = 0; (needed = cli_elf_needed(e, i)); i++)
		if (!strncmp(needed, "libc.musl", 9))
			return needed;
	return NULL;
}
