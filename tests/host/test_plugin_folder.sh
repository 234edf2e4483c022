#!/bin/bash
# plugin/ as a plugin of RocksDB's own build: copied and linked into a tree that has of RocksDB's CMakeLists.txt and Makefile what deals with plugins, and built
# there, apart from everything of ours. Beside Debian's librocksdb.a the result is a program that exports nothing and is tuned by an entry of its
# OPTIONS file. (A whole RocksDB takes an hour: docs/plugin.md says which were built so by hand.) FOLDER_CMAKE=1 builds all of it by CMake, too.
. "$(dirname "$0")/e2e.sh" "$@"
[ -e /usr/include/rocksdb/db.h ] || skip "no librocksdb-dev"
[ -z "$asan" ] || skip "nothing of it is built with a sanitizer"
launch=
command -v ccache >/dev/null && launch=ccache
export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1

version=$("$build/lodestone" --version | awk '{ print $2 }')

tree() { # tree NAME: a tree without the plugin yet
	mkdir -p "$work/$1/plugin"
	cp "$here"/plugin_folder/* "$work/$1"
}

# try PROGRAM NAME: it comes in by the entry, and nothing is exported
db_bench --db="$work/base" --benchmarks=fillseq --num=10 >/dev/null 2>&1 || fail "db_bench"
options "$work/base" | sed '/^ *listeners=/d; /^\[DBOptions\]/a\  listeners={{id=lodestone;mode=observe}}' >"$work/options"
try() {
	nm -D --defined-only "$1" | grep -iE 'rocksdb|lodestone' && fail "$2: it exports something"
	LODESTONE_AGENT_STATE_DIR=$work/$2.state LODESTONE_AGENT_RUNTIME_DIR=$work/$2.run LODESTONE_LOG_FILE=$work/$2.log \
		timeout 60 "$1" "$work/options" "$work/$2.db" >"$work/out" 2>&1 || fail "$2: status $?: $(cat "$work/out" "$work/$2.log"; grep lodestone "$work/$2.db/LOG")"
	grep -qE "lodestone: $version is in by the entry" "$work/$2.db/LOG" || fail "$2: of which version? $(grep lodestone: "$work/$2.db/LOG")"
	grep -q '"kind":"close"' "$work/$2.state"/*/journal.jsonl || fail "$2: it was not closed"
}

# By make, copied: nothing beside the folder is there.
tree make
cp -r "$here/../../plugin" "$work/make/plugin/lodestone"
make -C "$work/make" -j2 ROCKSDB_PLUGINS=lodestone OBJ_DIR=obj lodestone_OPT=-O0 CXX="$launch g++" CC="$launch gcc" >"$work/log" 2>&1 || fail "make: $(tail -5 "$work/log")"
find "$work/make/plugin" -name '*.[od]' | grep . && fail "make leaves objects in the plugin's folder"
try "$work/make/program" make
touch "$work/make/plugin/lodestone/guard/table.h"
make -C "$work/make" -n ROCKSDB_PLUGINS=lodestone OBJ_DIR=obj CXX="$launch g++" CC="$launch gcc" | grep -q 'guard/table.c' || fail "make does not see a header that changes"
echo "by make, copied: built, comes in by the entry"

# By CMake, linked to this checkout: every file that make has is there, and those that the flags matter to are built.
tree cmake
ln -s "$(realpath "$here/../../plugin")" "$work/cmake/plugin/lodestone"
cmake -G Ninja -S "$work/cmake" -B "$work/cmake/b" -DROCKSDB_PLUGINS=lodestone ${launch:+-DCMAKE_C_COMPILER_LAUNCHER=$launch -DCMAKE_CXX_COMPILER_LAUNCHER=$launch} \
	-DCMAKE_C_FLAGS=-O0 >"$work/log" 2>&1 || fail "cmake: $(tail -5 "$work/log")"
python3 - "$work/cmake/b/compile_commands.json" "$work/make/obj" <<'END' || fail "not the same files"
import glob, json, os, sys
cmake = {f.split("plugin/lodestone/")[1] for f in (e["file"] for e in json.load(open(sys.argv[1]))) if "plugin/lodestone/" in f}
at = sys.argv[2] + "/plugin/lodestone/"
make = {os.path.relpath(f, at)[:-2] for f in glob.glob(at + "*/*.c.o")} | {"host/calls.cc", "bridge/listener.cc"}
print("\n".join(sorted(cmake ^ make)), end="")
sys.exit(cmake != make)
END
objects=()
for source in bridge/listener.cc host/calls.cc host/linked.c host/image.c advise/prompts.c advise/http.c base/cjson.c agent/requests.c; do
	objects+=("CMakeFiles/rocksdb-plugins.dir/plugin/lodestone/$source.o")
done
[ -z "${FOLDER_CMAKE-}" ] || objects=(program)
ninja -C "$work/cmake/b" "${objects[@]}" >"$work/log" 2>&1 || fail "cmake: $(grep -A5 FAILED "$work/log" | head -20)"
[ -z "${FOLDER_CMAKE-}" ] || try "$work/cmake/b/program" cmake
echo "by CMake, linked: the same files, and they build"
passed
