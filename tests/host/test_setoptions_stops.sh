#!/bin/bash
# Options written around write stops, slowed writers and long compactions of Debian's own RocksDB. Nothing may hang: the test's own end is what tells.
. "$(dirname "$0")/lib.sh"

with_preload timeout 300 "$hosts/host_stops" "$work/stops" "${ROUNDS:-40}" || fail "host_stops: $?"
with_preload timeout 300 "$hosts/host_jobs" "$work/jobs" || fail "host_jobs: $?"
echo "setoptions, stops: fine"
