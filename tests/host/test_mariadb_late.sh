#!/bin/bash
# The C API with MariaDB's RocksDB, 6.29.5, static in a plugin: its database, a TransactionDB, is attached after it was opened and detached before it is closed
# (late_door.c), and looked at while the server works.
. "$(dirname "$0")/e2e.sh" "$@"
. "$here/mariadb.sh"
export E2E_NO_RUN=1

with=(env)
server_install
server_start
sql -e 'create database bench'
server_stop
mkdir "$at/door"
cp "$build"/tests/host/late_door/*.so "$at/door" || fail "cannot copy the stand-in"
[ ${#as[@]} = 0 ] || chown -R mysql "$at/door"
preload=$at/door/liblodestone-preload.so
tuned maria agent.mode=auto judge.pace=rush agent.interval=200ms advisor.kind=random
[ ${#as[@]} = 0 ] || chown mysql "$at"
with+=("LODE_TEST_REAL=$at/lib/liblodestone.so")
with=(env "${with[@]:1}")
server_start
rows=20000 verb=prepare load oltp_read_write 0 || fail "sysbench cannot prepare: $(tail -3 "$work/oltp_read_write.out")"
wait_until 20 grep -hq '"kind":"attach".*"rocksdb":"6.29.5"' "$at"/state/*/journal.jsonl || fail "not attached: $(cat "$work/server.out" "$at/log" 2>/dev/null | tail -5)"
rows=20000 load oltp_read_write 8
load_went_well oltp_read_write
server_stop
grep -hq '"kind":"close"' "$at"/state/*/journal.jsonl || fail "not detached"
grep -q 'without lodestone_detach' "$at/log" && fail "taken for closed"
echo "RocksDB 6.29.5, attached late: $(grep -h '"kind":"attach"' "$at"/state/*/journal.jsonl | head -1 | jq -c '[.statistics, .capabilities.cache]')"
exit 0
