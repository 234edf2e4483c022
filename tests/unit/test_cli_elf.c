/* The ELF reader: right about real files, and unharmed by damaged ones. */
#include "../../cli/elf.c"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

/* Everything that can be asked, of a file that may be anything. */
static void ask_all(const struct cli_elf *e)
{
	for (size_t i = 0; i < 64 && cli_elf_needed(e, i); i++)
		;
	cli_elf_string(e, DT_RUNPATH);
	cli_elf_string(e, DT_SONAME);
	cli_elf_export(e, "no such symbol", false);
	cli_elf_export(e, "no such symbol", true);
	cli_elf_slot(e, "no such symbol");
	cli_elf_local(e, "no such symbol");
	cli_elf_find(e, "no such text, I hope");
	cli_elf_interp(e);
	cli_elf_musl(e);
}

/* This very program: it needs cmocka, imports malloc through a slot and exports nothing called malloc. */
static void ourselves(void **state)
{
	struct lode_err err;
	struct cli_elf e;
	bool cmocka = false;
	(void)state;
	assert_int_equal(cli_elf_open(&e, "/proc/self/exe", &err), 0);
	assert_true(e.has_dynamic && e.has_interp);
	for (size_t i = 0; cli_elf_needed(&e, i); i++)
		cmocka |= !strncmp(cli_elf_needed(&e, i), "libcmocka.so", 12);
	assert_true(cmocka);
	assert_true(cli_elf_slot(&e, "_cmocka_run_group_tests"));
	assert_false(cli_elf_slot(&e, "ourselves"));
	assert_null(cli_elf_export(&e, "_cmocka_run_group_tests", false));
	assert_true(cli_elf_local(&e, "ourselv"));
	assert_non_null(cli_elf_find(&e, "no such text, I hope"));
	char none[] = "xno such text, I hope"; /* stands here in another way: as what changes it */
	none[0] = (char)getpid() | 1;
	none[1] = 1;
	assert_null(cli_elf_find(&e, none));
	assert_non_null(strstr(cli_elf_interp(&e), "/ld-linux"));
	cli_elf_close(&e);
}

/* A library with a GNU hash table: the last symbols are found too. */
static void libc(void **state)
{
	static const char *const places[] = {"/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libc.so.6"};
	static const char *const names[] = {"malloc", "strlen", "zzz_none", "execvp", "wcsxfrm", "printf", "getenv", "sendmsg", "environ"};
	struct cli_elf e;
	int rc = -1;
	(void)state;
	for (size_t i = 0; i < 3 && rc; i++)
		rc = cli_elf_open(&e, places[i], NULL);
	if (rc)
		skip();
	assert_string_equal(cli_elf_string(&e, DT_SONAME), "libc.so.6");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!!cli_elf_export(&e, names[i], false) != (strncmp(names[i], "zzz", 3) != 0))
			fail_msg("%s", names[i]);
	assert_non_null(cli_elf_export(&e, "mallo", true));
	assert_null(cli_elf_export(&e, "mallo", false));
	cli_elf_close(&e);
}

static void not_elf(void **state)
{
	static const char *const files[] = {"/etc/passwd", "/dev/null", "/", "/no/such/file", "/proc/self/maps"};
	struct lode_err err;
	struct cli_elf e;
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		assert_true(cli_elf_open(&e, files[i], &err) < 0);
		assert_true(err.msg[0]);
	}
	cli_elf_close(&e); /* harmless */
}

/* A 32-bit and a foreign machine's file are told apart from what is no ELF file at all. */
static void other_machines(void **state)
{
	unsigned char data[64] = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT};
	struct lode_err err = {0};
	struct cli_elf e;
	(void)state;
	data[16] = ET_EXEC;
	data[18] = EM_386;
	assert_int_equal(cli_elf_parse(&e, data, sizeof data, &err), -EBADMSG);
	assert_non_null(strstr(err.msg, "32-bit"));
	data[EI_CLASS] = ELFCLASS64;
	data[18] = EM_AARCH64;
	assert_int_equal(cli_elf_parse(&e, data, sizeof data, &err), -EBADMSG);
	assert_non_null(strstr(err.msg, "another kind of machine"));
	data[0] = 0;
	assert_int_equal(cli_elf_parse(&e, data, sizeof data, &err), -ENOEXEC);
}

static unsigned char *read_all(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	unsigned char *data = malloc(8 << 20);

	assert_non_null(f);
	assert_non_null(data);
	*len = fread(data, 1, 8 << 20, f);
	fclose(f);
	return data;
}

/* A small ELF file, cut off everywhere in its headers and with bytes of its tables changed at random (the same way each time). The copy has
 * exactly its size, so that a sanitizer sees a step beyond it. */
static void damaged(void **state)
{
	struct lode_rng rng;
	struct cli_elf e;
	size_t len;
	(void)state;
	unsigned char *data = read_all("/bin/true", &len);
	lode_rng_seed(&rng, 7);
	for (size_t cut = 0; cut < len; cut += cut < 1200 ? 1 : 997) {
		unsigned char *copy = malloc(cut ? cut : 1);

		memcpy(copy, data, cut);
		if (!cli_elf_parse(&e, copy, cut, NULL))
			ask_all(&e);
		free(copy);
	}
	for (int round = 0; round < 3000; round++) {
		unsigned char *copy = malloc(len);

		memcpy(copy, data, len);
		for (uint64_t n = 1 + lode_rng_below(&rng, 6); n; n--) {
			/* Mostly where the structure is: headers, dynamic section, section table. */
			uint64_t where = lode_rng_below(&rng, 4);
			Elf64_Ehdr head;

			memcpy(&head, data, sizeof head);
			uint64_t at = where == 0   ? lode_rng_below(&rng, 1200)
				      : where == 1 ? (len > head.e_shoff ? head.e_shoff + lode_rng_below(&rng, len - head.e_shoff) : 0)
						   : lode_rng_below(&rng, len);
			copy[at] = (unsigned char)(lode_rng_coin(&rng) ? 0xff : lode_rng_u64(&rng));
		}
		if (!cli_elf_parse(&e, copy, len, NULL))
			ask_all(&e);
		free(copy);
	}
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ourselves), cmocka_unit_test(libc), cmocka_unit_test(not_elf), cmocka_unit_test(other_machines),
					   cmocka_unit_test(damaged)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
