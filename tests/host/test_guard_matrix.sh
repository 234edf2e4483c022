#!/usr/bin/env bash
# The guard against the installed RocksDB: its table and checks (guard_matrix.cc), its debt estimate (guard_debt.cc) and what that is
# for (guard_stall.cc).
# Argument: the build directory.
set -eu
build=$1
here=$(cd "$(dirname "$0")" && pwd)
[ -e /usr/include/rocksdb/db.h ] || { echo "librocksdb-dev is missing"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
sanitize=
if grep -q '^LODE_SANITIZE:[A-Z]*=address' "$build/CMakeCache.txt"; then
	sanitize=-fsanitize=address,undefined
fi
for program in guard_debt guard_stall guard_matrix; do
	g++ -std=c++17 -O1 -g $sanitize -Wall -Wextra -I"$here/../../plugin" -o "$dir/$program" "$here/$program.cc" \
		"$build"/liblode_guard.a "$build"/liblode_sense.a "$build"/liblode_host.a "$build"/liblode_base.a -lrocksdb -lpthread -ldl
	mkdir "$dir/$program.db"
	"$dir/$program" "$dir/$program.db"
done
