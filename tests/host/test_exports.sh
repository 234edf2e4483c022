#!/bin/bash
# The libraries export what they must and nothing else, and the preload stands on the C library alone.
set -u
build=$1
here=$(cd "$(dirname "$0")" && pwd)
map=$here/../../shim/preload.map
failed=0

exports() {
	nm -D --defined-only "$1" | awk '{ print $3 }' | sort
}

preload=$build/liblodestone-preload.so
golden=$(grep -o '_Z[A-Za-z0-9_]*' "$map" | sort)
names=$(sed -n 's/.*"\(_ZN7rocksdb6DBImpl[A-Za-z0-9]*\)".*/\1/p' "$here/../../shim/hooks.h" | wc -l)
sanitized=$(readelf -d "$preload" | grep -c 'lib\(a\|ub\)san\|clang_rt')

if [ "$(echo "$golden" | wc -l)" != 8 ] || [ "$names" -lt 4 ]; then
	echo "FAILED: the golden list itself cannot be read"
	failed=1
fi
if [ "$(exports "$preload")" != "$golden" ]; then
	echo "FAILED: exports of the preload differ from shim/preload.map:"
	diff <(echo "$golden") <(exports "$preload")
	failed=1
fi
if [ "$sanitized" = 0 ]; then
	needed=$(readelf -d "$preload" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
	if [ "$needed" != libc.so.6 ]; then
		echo "FAILED: the preload needs $needed"
		failed=1
	fi
fi
for lib in "$build/liblodestone.so" "$build/tests/host/standin/liblodestone.so"; do
	[ -e "$lib" ] || continue
	other=$(exports "$lib" | grep -v '^lodestone_')
	if [ -n "$other" ]; then
		echo "FAILED: $lib exports" $other
		failed=1
	fi
	if ! exports "$lib" | grep -qx lodestone_entry; then
		echo "FAILED: $lib does not export lodestone_entry"
		failed=1
	fi
done
# What the agent opens libcurl through: the heap, and the two libraries that it is there to bring together.
curl=$build/liblodestone-curl.so
heap=$(grep -oE '[a-z_]+;' "$here/../../plugin/curl/curl.map" | tr -d ';' | sort)
if [ "$(exports "$curl")" != "$heap" ] || ! grep -qx malloc <<<"$heap"; then
	echo "FAILED: exports of $curl differ from plugin/curl/curl.map:"
	diff <(echo "$heap") <(exports "$curl")
	failed=1
fi
if ! readelf -d "$curl" | grep -q 'NEEDED.*\[libcurl\.so\.4\]'; then
	echo "FAILED: $curl does not need libcurl.so.4"
	failed=1
fi
# The listener's library: two functions and no class of RocksDB's, of which a process must have one.
plugin=$build/liblodestone-plugin.so
if [ -e "$plugin" ] && [ "$(exports "$plugin" | tr '\n' ' ')" != "lodestone_plugin_version lodestone_register " ]; then
	echo "FAILED: $plugin exports" $(exports "$plugin")
	failed=1
fi
# Of the libraries that a host may have, too, none is linked: they are opened apart from it. And nothing reads the environment, changes the
# locale or ends the process.
agent=$build/liblodestone.so
if readelf -d "$agent" | grep -E 'NEEDED.*lib(curl|ssl|crypto|cjson|urcu)'; then
	echo "FAILED: $agent is linked to a library that the host may have, too"
	failed=1
fi
if [ "$sanitized" = 0 ]; then
	for lib in "$agent" "$preload"; do
		bad=$(nm -D --undefined-only "$lib" | awk '{ print $2 }' | sed 's/@.*//' |
			grep -xE 'environ|__environ|setlocale|abort|exit|_exit|quick_exit|__assert_fail|signal|sigaction')
		[ "$lib" = "$preload" ] || bad="$bad$(nm -D --undefined-only "$lib" | grep -oE ' (secure_)?getenv\b')"
		if [ -n "$bad" ]; then
			echo "FAILED: $lib uses" $bad
			failed=1
		fi
	done
fi
exit $failed
