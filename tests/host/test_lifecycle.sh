#!/bin/bash
# Opening and closing in every way that RocksDB has; with the agent idle, and with one that reads and writes without pause.
. "$(dirname "$0")/lib.sh"

for s in reopen threads failed read_only wrappers busy injected stopped forked in_memory left_open; do
	timeout 300 bash -c 'with_preload "$@"' - "$hosts/host_lifecycle" "$work/$s" $s || fail "$s"
done
for s in reopen threads failed wrappers forked left_open; do
	rm -rf "$work/$s"*
	LODE_TEST_REPORT=$work/report LODE_TEST_BACKGROUND=1 LODE_TEST_INJECT=1 \
		timeout 300 bash -c 'with_preload "$@"' - "$hosts/host_lifecycle" "$work/$s" $s || fail "$s with a busy agent"
done
[ "$(wc -l <"$work/report")" = 6 ] || fail "a process did not report at exit"
grep -v ' errors=0' "$work/report" && fail "operations went wrong"
echo "lifecycle: fine"
