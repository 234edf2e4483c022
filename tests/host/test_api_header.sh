#!/bin/bash
# lodestone.h as other people compile it: C99 and later, C++11 and later, as strict as compilers get, alone and beside RocksDB's own header; its version
# is the library's; and every function of it says what must be known.
. "$(dirname "$0")/e2e.sh" "$@"

header=$here/../../plugin/lodestone.h
strict=(-Wall -Wextra -Werror -pedantic -Wconversion -Wshadow -fsyntax-only -I"$(dirname "$header")")
printf '#include <lodestone.h>\n#include <lodestone.h>\nint main(void) { return lodestone_version() == 0; }\n' >"$work/alone.c"
printf '#include <rocksdb/c.h>\n#include <lodestone.h>\nint main(void) { return lodestone_attach((rocksdb_t *)0, 0, 0) != 0; }\n' >"$work/beside.c"
for compiler in gcc clang; do
	command -v $compiler >/dev/null || continue
	for standard in c99 c11 c17; do
		$compiler -std=$standard -Wstrict-prototypes "${strict[@]}" "$work/alone.c" || fail "$compiler -std=$standard"
	done
	$compiler -std=c99 -I"$(dirname "$header")" -fsyntax-only -Wall -Wextra -Werror "$work/beside.c" || fail "$compiler, beside rocksdb/c.h"
done
for compiler in g++ clang++; do
	command -v $compiler >/dev/null || continue
	for standard in c++11 c++14 c++17 c++20; do
		$compiler -x c++ -std=$standard "${strict[@]}" "$work/alone.c" || fail "$compiler -std=$standard"
	done
done

printf '#include <lodestone.h>\n#include <stdio.h>\n#include <string.h>\nint main(void)\n{\n\tchar v[32];\n\tsnprintf(v, sizeof(v), "%%d.%%d.%%d", LODESTONE_VERSION_MAJOR, LODESTONE_VERSION_MINOR, LODESTONE_VERSION_PATCH);\n\tprintf("%%s %%s\\n", v, LODESTONE_VERSION);\n\treturn strcmp(v, LODESTONE_VERSION) || strcmp(v, lodestone_version());\n}\n' >"$work/version.c"
gcc -I"$(dirname "$header")" "$work/version.c" -o "$work/version" "$build/liblodestone.so" || fail "version.c does not build"
LD_PRELOAD=$asan LD_LIBRARY_PATH=$build "$work/version" || fail "the header's version is not the library's"

# A comment stands before each function, or before the group that it is in: no declaration follows a blank line.
awk '/^LODESTONE_API/ && before == "" { print FILENAME ":" FNR ": " $0; bad = 1 } { before = $0 } END { exit bad }' "$header" || fail "without a word of documentation"
exit 0
