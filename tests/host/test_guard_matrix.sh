#!/usr/bin/env bash
# The guard's table and checks against the installed RocksDB (guard_matrix.cc). Argument: the build directory.
set -eu
build=$1
here=$(cd "$(dirname "$0")" && pwd)
[ -e /usr/include/rocksdb/db.h ] || { echo "librocksdb-dev is missing"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
flags=$(grep -o 'LODE_SANITIZE:STRING=.*' "$build/CMakeCache.txt" | cut -d= -f2 || true)
case $flags in
address) sanitize=-fsanitize=address,undefined ;;
*) sanitize= ;;
esac
g++ -std=c++17 -O1 -g $sanitize -Wall -Wextra -I"$here/../../plugin" -o "$dir/guard_matrix" "$here/guard_matrix.cc" \
	"$build"/liblode_guard.a "$build"/liblode_sense.a "$build"/liblode_host.a "$build"/liblode_base.a -lrocksdb -lpthread -ldl
mkdir "$dir/db"
"$dir/guard_matrix" "$dir/db"
