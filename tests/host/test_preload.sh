#!/bin/bash
# What the preload does in processes that are not its business, and when its agent is missing, broken or switched off.
. "$(dirname "$0")/lib.sh"

# No RocksDB, no database: nothing is loaded, nothing is said.
for command in /bin/true "ls /" "cat /proc/self/maps"; do
	out=$(with_preload $command 2>"$work/err") || fail "$command"
	[ -s "$work/err" ] && fail "$command: output on standard error"
	echo "$out" | grep -q 'standin/liblodestone\.so' && fail "$command: the agent was loaded"
done

# The kill switch.
LODESTONE_DISABLE=1 LODE_TEST_REPORT=$work/off with_preload "$hosts/host_lifecycle" "$work/inert" inert || fail "LODESTONE_DISABLE=1"
[ -e "$work/off" ] && fail "LODESTONE_DISABLE=1: the agent was loaded"

# No agent beside the preload, and one that is no agent: one line, and the host goes on.
mkdir "$work/alone" "$work/broken"
cp "$standin/liblodestone-preload.so" "$work/alone"
cp "$standin/liblodestone-preload.so" "$work/broken"
cp "$(ldd /bin/true | awk '/libc.so.6/ { print $3 }')" "$work/broken/liblodestone.so"
for dir in alone broken; do
	LD_PRELOAD="${asan:+$asan }$work/$dir/liblodestone-preload.so" "$hosts/host_lifecycle" "$work/$dir.db" inert 2>"$work/err" || fail "$dir"
	[ "$(grep -c '^lodestone: not active: ' "$work/err")" = 1 ] || fail "$dir: not exactly one line"
	[ "$(wc -l <"$work/err")" = 1 ] || fail "$dir: more than one line"
done

# Named relative to a directory that the process leaves: still found beside itself.
(cd "$standin" && LODE_TEST_REPORT=$work/moved.report LD_PRELOAD="${asan:+$asan }./liblodestone-preload.so" \
	"$hosts/host_lifecycle" "$work/moved" moved) || fail "relative path"
grep -q 'opened=1' "$work/moved.report" || fail "relative path: no agent"

# Hosts with an allocator of their own: what RocksDB took there must go back there.
if [ -z "$asan" ]; then
	LODE_TEST_BACKGROUND=1 with_preload "$hosts/host_new" "$work/new" || fail "a host with its own operator new"
fi
jemalloc=$(ldconfig -p | awk '/libjemalloc.so/ { print $NF; exit }')
if [ -n "$jemalloc" ] && [ -z "$asan" ]; then
	LODE_TEST_BACKGROUND=1 LD_PRELOAD="$jemalloc $standin/liblodestone-preload.so" "$hosts/host_ops" "$work/je" || fail "jemalloc"
fi
echo "preload: fine"
