#!/bin/bash
# The C API over the life of a program: attached and detached a thousand times, thirty-two databases, six threads, families that come and go, a detach in
# the middle of a trial; and databases that are closed without a detach, which is forbidden and must still not hurt (host_api_life.cc).
. "$(dirname "$0")/e2e.sh" "$@"

host=$build/tests/host/host_api_life
[ -x "$host" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
[ -z "$asan" ] || export HOST_API_SANITIZED=1

# life NAME INTERVAL ARGUMENT...
life() {
	local at=$work/$1 interval=$2
	shift 2
	mkdir -p "$at"
	LODESTONE_AGENT_STATE_DIR=$at/state LODESTONE_AGENT_RUNTIME_DIR=$at/run LODESTONE_LOG_FILE=$at/log LODESTONE_AGENT_MODE=auto LODESTONE_JUDGE_PACE=rush \
		LODESTONE_AGENT_INTERVAL=$interval timeout 200 "$host" "$at/db" "$@"
}

life promised 100ms "${HOST_API_ROUNDS:-500}" || fail "databases that come and go: $(tail -5 "$work/promised/log")"
grep -q 'without lodestone_detach' "$work/promised/log" && fail "a database that was detached was taken for one that was not"

# RocksDB as Debian builds it ends the process if it finds a handle of ours while it closes.
HOST_API=forgotten life forgotten 300ms || fail "closed without a detach: $(tail -5 "$work/forgotten/log")"
[ "$(grep -c 'without lodestone_detach' "$work/forgotten/log")" = 5 ] || fail "not each was noticed: $(cat "$work/forgotten/log")"
grep -q 'its changes were put back' "$work/forgotten/log" || fail "nobody put back what was on trial"

# Whoever writes a journal, there is one at a time.
grep -h 'the journal of the last day is damaged' "$work"/*/log && fail "records are missing or stand twice"
exit 0
