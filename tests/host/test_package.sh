#!/bin/bash
# The Debian packages: built, installed into a root of their own, used from there, and taken out again without a trace. Nothing outside of the test's folder
# is touched. Usage: test_package.sh BUILD_DIR
. "$(dirname "$0")/e2e.sh" "$@"

[ -z "$asan" ] || skip "libraries with a sanitizer are no package"
for tool in cpack dpkg dpkg-deb dpkg-shlibdeps pkg-config cc cmake; do
	command -v $tool >/dev/null || skip "no $tool"
done
[ "$(id -u)" = 0 ] || skip "files of a package belong to root, so dpkg has to be"

cpack --config "$build/CPackConfig.cmake" -G DEB -B "$work/packages" >"$work/cpack.log" 2>&1 || fail "cpack: $(tail -5 "$work/cpack.log")"
version=$("$build/lodestone" --version | awk '{ print $2 }')
main=$(ls "$work"/packages/lodestone_"$version"_*.deb) dev=$(ls "$work"/packages/liblodestone-dev_"$version"_*.deb) plugin=
[ ! -e "$build/liblodestone-plugin.so" ] || plugin=$(ls "$work"/packages/lodestone-plugin_"$version"_*.deb) # not where no RocksDB was found to build it for
packages=("$main" "$dev" ${plugin:+"$plugin"})

# --- what they say of themselves ---
depends=$(dpkg-deb -f "$main" Depends)
for package in libc6 libstdc[+][+]6 libcurl4 libcjson1 liburcu8; do
	grep -qE "(^|[ |])$package( |,|\$)" <<<"$depends" || fail "lodestone does not depend on $package: $depends"
done
grep -q rocksdb <<<"$depends" && fail "lodestone depends on a RocksDB: $depends"
# What is opened at run time stands in packages that are named.
for library in $(grep -ohE '"lib[a-z0-9-]+\.so\.[0-9]+"' "$here"/../../plugin/*/*.c | tr -d '"' | sort -u); do
	case $library in
	liblodestone* | libcurl-gnutls.so.4) continue ;; # our own; another form of libcurl, which will do as well
	esac
	owner=$(dpkg -S "*/$library" 2>/dev/null | head -1 | cut -d: -f1)
	[ -z "$owner" ] || grep -qE "(^|[ |])$owner( |,|\$)" <<<"$depends" || fail "$library is of $owner, which is no dependency: $depends"
done
[ "$(dpkg-deb -f "$dev" Depends)" = "lodestone (= $version)" ] || fail "liblodestone-dev: $(dpkg-deb -f "$dev" Depends)"
dpkg-deb -I "$main" conffiles | grep -x /etc/lodestone/lodestone.conf >/dev/null || fail "the configuration is no conffile"
dpkg-deb -I "$main" | grep -qE ' (pre|post)(inst|rm) ' && fail "a package with scripts"
[ -z "$plugin" ] || dpkg-deb -f "$plugin" Depends | grep -q "^lodestone (= $version), .*librocksdb" || fail "lodestone-plugin: $(dpkg-deb -f "$plugin" Depends)"
for package in "${packages[@]}"; do
	dpkg-deb --fsys-tarfile "$package" | tar tv | awk '$2 != "root/root" || $1 ~ /^.....w|^........w|s/ && $1 !~ /^l/' | grep . && fail "$package: owner or mode of a file"
	dpkg-deb --fsys-tarfile "$package" | tar t | grep -v '/$' >>"$work/files"
	dpkg-deb --fsys-tarfile "$package" | tar t | grep '/copyright$' >/dev/null || fail "$package: no copyright"
done
sort "$work/files" | uniq -d | grep . && fail "a file in two packages"
if command -v lintian >/dev/null; then
	lintian --allow-root --fail-on error "${packages[@]}" >"$work/lintian.log" 2>&1 || fail "lintian: $(cat "$work/lintian.log")"
fi
echo "packages: what they need, what they hold"

# --- installed ---
root=$work/root
mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers} "$root/var/log"
: >"$root/var/lib/dpkg/status"
package() { # dpkg's own root; what it depends on is in the machine's
	dpkg --root="$root" --log=/dev/null --force-depends "$@" >"$work/dpkg.log" 2>&1
}
package -i "${packages[@]}" || fail "dpkg -i: $(cat "$work/dpkg.log")"
[ "$(dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${db:Status-Abbrev}\n' | grep -c '^ii')" = ${#packages[@]} ] || fail "not installed: $(cat "$work/dpkg.log")"
dpkg --root="$root" --verify | grep . && fail "files differ from what was packed"
cli=$root/usr/bin/lodestone
lib=$(dirname "$(find "$root" -name liblodestone-preload.so)")
[ "$lib" = "$root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/lodestone" ] || fail "libraries are in $lib"
file=$(find "$root/usr/lib" -name 'liblodestone.so.*.*')
nm "$file" 2>&1 | grep -q 'no symbols' || fail "the library is not stripped"
[ -z "$plugin" ] || ldd "$lib/liblodestone-plugin.so" | grep -qF "liblodestone.so.0 => $lib/" || fail "the plugin does not find the tuner beside itself: $(ldd "$lib/liblodestone-plugin.so")"
grep -rlF -e "$build" -e "$work" "$root/usr" && fail "paths of the build have got into the package"

export LODESTONE_AGENT_STATE_DIR=$work/state LODESTONE_AGENT_RUNTIME_DIR=$work/run LODESTONE_LOG_FILE=$work/log
LODESTONE_CONFIG=$root/etc/lodestone/lodestone.conf "$cli" doctor >"$work/out" 2>&1 || fail "doctor: $(cat "$work/out")"
"$cli" run -- db_bench --db="$work/db" --benchmarks=fillrandom --num=200000 --threads=1 >"$work/out" 2>&1 || fail "lodestone run: $(tail -3 "$work/out")"
LD_PRELOAD=$lib/liblodestone-preload.so db_bench --db="$work/db" --use_existing_db=1 --benchmarks=readrandom --duration=3 --num=200000 >"$work/out" 2>&1 &
bench=$!
started+=($bench)
for _ in $(seq 100); do "$cli" status "$bench" >"$work/status" 2>/dev/null && grep -q "RocksDB [0-9]" "$work/status" && break; sleep 0.1; done
grep -q "RocksDB [0-9]" "$work/status" || fail "status: $(cat "$work/status" "$work/log")"
wait $bench || fail "db_bench with the preload: $(tail -3 "$work/out")"
"$cli" journal "$work"/state/*/journal.jsonl | grep -q attach || fail "no journal"
echo "installed: run, preload, status, journal"
if [ -n "$plugin" ]; then # with memtables so small that a flush comes at once, which is when the listener gets to know its database
	newest=$(ls "$work"/db/OPTIONS-* | tail -1)
	sed -E 's/^ *listeners=.*//; s/^\[DBOptions\]/&\n  listeners={{id=lodestone;}}/; s/^( *write_buffer_size=).*/\11048576/; s/^( *arena_block_size=).*/\10/' "$newest" >"$work/OPTIONS"
	LODESTONE_LOG_FILE=$work/plugin.log LD_PRELOAD=$lib/liblodestone-plugin.so db_bench --db="$work/plugin.db" --options_file="$work/OPTIONS" --benchmarks=fillrandom --num=200000 >"$work/out" 2>&1 ||
		fail "db_bench with the plugin: $(tail -3 "$work/out")"
	grep -q "lodestone $version: RocksDB [0-9]" "$work/plugin.log" || fail "an entry in the OPTIONS file: nothing came of it: $(cat "$work/plugin.log" "$work/out")"
	# A program that is linked with it, in place of a preload.
	printf 'const char *lodestone_plugin_version(void);\nint main(void) { return !lodestone_plugin_version(); }\n' >"$work/linked.c"
	cc "$work/linked.c" -o "$work/linked" -L"${lib%/lodestone}" -llodestone-plugin && LD_LIBRARY_PATH=${lib%/lodestone} "$work/linked" || fail "a program that is linked with the plugin"
	echo "plugin: an entry in an OPTIONS file; a program that is linked with it"
fi

# --- in a clean folder, as its documents say ---
mkdir "$work/clean"
cp -r "$root/usr/share/doc/lodestone/examples/." "$work/clean"
export PKG_CONFIG_LIBDIR=${lib%/lodestone}/pkgconfig:$(pkg-config --variable pc_path pkg-config)
cd "$work/clean" || exit 1
built=0
for source in *.c *.cc; do
	compiler=cc
	[ "${source##*.}" = c ] || compiler=c++
	# shellcheck disable=SC2046
	$compiler -Wall -Wextra -Werror "$source" -o "by-pkg-config-${source/./-}" $(pkg-config --cflags --libs lodestone) -lrocksdb || fail "pkg-config: $source"
	built=$((built + 1))
done
LD_LIBRARY_PATH=${lib%/lodestone} LODESTONE_AGENT_INTERVAL=100ms ./by-pkg-config-service-c "$work/service.db" 2 >"$work/out" 2>"$work/err" || fail "service: $(cat "$work/err")"
grep -q '"samples"' "$work/out" || fail "service: $(cat "$work/out")"
cmake -S out-of-tree -B tree -DCMAKE_PREFIX_PATH="$root/usr" >cmake.log 2>&1 && cmake --build tree >>cmake.log 2>&1 || fail "find_package: $(tail -5 cmake.log)"
readelf -d tree/service | grep -q 'NEEDED.*liblodestone\.so\.0' || fail "the service does not need liblodestone.so.0"
LODESTONE_AGENT_INTERVAL=100ms tree/service "$work/service2.db" 1 >"$work/out" 2>"$work/err" || fail "service by CMake: $(cat "$work/err")"
if [ -x "$build/tests/host/host_linked_static" ]; then # there is a librocksdb.a
	# shellcheck disable=SC2046
	cc service.c -o static-service $(pkg-config --cflags --libs lodestone-static) -Wl,-Bstatic -lrocksdb -Wl,-Bdynamic -lsnappy -llz4 -lzstd -lz -lbz2 -lstdc++ -lm >cc.log 2>&1 || fail "pkg-config lodestone-static: $(tail -5 cc.log)"
	readelf -d static-service | grep -E 'NEEDED.*(lodestone|rocksdb)' && fail "a static program that needs a library of ours"
	LODESTONE_AGENT_INTERVAL=100ms ./static-service "$work/service3.db" 1 >"$work/out" 2>"$work/err" || fail "static service: $(cat "$work/err")"
fi
cd / || exit 1
echo "in a clean folder: $built examples by pkg-config, and CMake"

# --- upgraded, with a configuration of the operator's own; then gone ---
printf '[agent]\nmode = suggest\n' >"$root/etc/lodestone/lodestone.conf"
package --force-confdef --force-confold -i "$main" </dev/null || fail "dpkg -i again: $(cat "$work/dpkg.log")"
grep -q suggest "$root/etc/lodestone/lodestone.conf" || fail "an upgrade has written over the configuration"
package -r ${plugin:+lodestone-plugin} liblodestone-dev lodestone || fail "dpkg -r: $(cat "$work/dpkg.log")"
grep -q suggest "$root/etc/lodestone/lodestone.conf" || fail "removing has taken the configuration along"
package --purge ${plugin:+lodestone-plugin} liblodestone-dev lodestone || fail "dpkg --purge: $(cat "$work/dpkg.log")"
left=$(find "$root" -mindepth 1 -not -path "$root/var" -not -path "$root/var/l*" -not -type d)
left+=$(find "$root" -mindepth 1 -type d -name '*lodestone*')
[ -z "$left" ] || fail "left behind: $left"
echo "upgraded, removed, purged: nothing left"
