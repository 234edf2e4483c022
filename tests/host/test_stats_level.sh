#!/bin/bash
# Statistics that were added go down to counters and up to timers; those of the host are never touched.
. "$(dirname "$0")/lib.sh"

LODE_TEST_INJECT=1 timeout 60 bash -c 'with_preload "$@"' - "$hosts/host_stats_level" "$work/db" || fail "the level of Statistics"
echo "stats level: fine"
