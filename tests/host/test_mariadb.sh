#!/bin/bash
# MariaDB with MyRocks under sysbench: RocksDB 6.29.5, static in a plugin that is opened with dlopen. Found, told about, tuned under load, shut down and
# restarted with and without us, killed in the middle of a trial; the data are those that the clients were promised, the options those of the server.
# LODE_TEST_QUICK: less work under tuning.
. "$(dirname "$0")/e2e.sh" "$@"
. "$here/mariadb.sh"

read_s=75 write_s=50 nonsense_s=45
if [ -n "${LODE_TEST_QUICK-}" ]; then
	read_s=10 write_s=10 nonsense_s=15
fi
export E2E_NO_RUN=1 # LD_PRELOAD and the environment, as in a unit of the service manager

# tune [setting...]: what the next start of the server has before it.
tune() {
	tuned maria agent.mode=auto judge.pace=bench "$@"
	[ ${#as[@]} = 0 ] || chown mysql "$at"
}
untouched=(env)

# ---- a server's data, made without us ----
server_install
with=("${untouched[@]}")
server_start
sql -e 'create database bench'
verb=prepare load oltp_read_write 0 || fail "sysbench cannot prepare: $(tail -3 "$work/oltp_read_write.out")"
sql bench -e "create table account (id int, amount int not null, primary key (id) comment 'cfname=cf_account') engine=rocksdb;
	insert into account select seq, 100 from seq_0_to_1999"
sql -e 'set global rocksdb_force_flush_memtable_now = 1'
server_stop

# ---- found, and told about ----
tune
server_start
wait_until 10 tells '.samples > 1' || fail "no status: $(ask status 2>&1)"
tells '.rocksdb == "6.29.5" and .statistics == "host"' || fail "not RocksDB 6.29.5 with the host's Statistics: $(ask status)"
tells '.cache.kind == "LRUCache" and .cache.capacity == 8388608 and .cache.resizable' || fail "not the cache that was asked for: $(ask status)"
tells '[.column_families[].name] | contains(["default", "__system__", "cf_account"])' || fail "families are missing: $(ask status -j)"
ask doctor "$server" >"$work/doctor" || fail "doctor finds a fault: $(cat "$work/doctor")"
grep -q ha_rocksdb.so "$work/doctor" && grep -q '6\.29\.5' "$work/doctor" || fail "doctor does not name the plugin: $(cat "$work/doctor")"
sql bench -e "create table transfer (id int, debit int, credit int, primary key (id) comment 'cfname=cf_transfer', key (debit) comment 'cfname=rev:cf_debit',
	key (credit)) engine=rocksdb" || fail "no table"
wait_until 10 tells '[.column_families[].name] | contains(["cf_transfer", "rev:cf_debit"])' || fail "families made while it looks on are not seen: $(ask status -j)"

# ---- tuned under load ----
# A verdict may be "undecided" where others use the machine, too. Then the change is put back, and a life that remembers nothing of it tries again.
for attempt in 1 2 3; do
	load oltp_read_only 400 &
	reader=$!
	started+=($reader)
	sleep "$read_s"
	wait_until 240 recorded '"kind":"settled"' || fail "no verdict: $(ask journal | tail -5)"
	recorded '"kind":"settled".*"how":"kept"' && break
	[ $attempt != 3 ] || fail "nothing was kept: $(ask journal | tail -5)"
	kill -TERM $reader
	wait $reader 2>/dev/null
	server_stop
	rm -rf "$at"/state
	tune
	server_start
done
kept=$(ask status -j | jq '.databases[0].kept[] | select(.option == "block_cache_size") | .now')
capacity=$(ask status -j | jq '.databases[0].cache.capacity')
[ -n "$kept" ] && [ "$capacity" -gt 8388608 ] || fail "the cache has not grown: $(ask status)"
used() {
	[ "$(sql -e "select value from information_schema.rocksdb_dbstats where stat_type = 'DB_BLOCK_CACHE_USAGE'")" -gt $((2 * 8388608)) ]
}
wait_until 30 used || fail "RocksDB itself does not fill the larger cache: $(sql -e 'select * from information_schema.rocksdb_dbstats')"
kill -TERM $reader
wait $reader 2>/dev/null
load oltp_read_write "$write_s" || fail "sysbench read-write: $(tail -3 "$work/oltp_read_write.out")"
load_went_well oltp_read_write
transfers 1 1000
transfers_are_whole "under load"
# The host's Statistics stay at its level, which has no timers.
sql -e 'show engine rocksdb status' | grep -qE 'rocksdb\.db\.get\.micros .*COUNT : 0 ' || fail "the host's Statistics were touched"
data_are_whole "after tuning"
sums=$(checksums)
server_stop
summary=$(journal "$at"/state/*/journal.jsonl) || fail "the journal after a clean shutdown"
records | tail -1 | grep -q '"kind":"close"' || fail "the journal does not end with the close: $(records | tail -2)"
[ -z "$(ls "$at/run")" ] || fail "the control socket was left behind"
echo "tuned: $summary"
options "$db" >"$work/options.tuned" || fail "no OPTIONS file"

# ---- without us: the data, and the options as they are when nobody else is there ----
with=("${untouched[@]}")
server_start
[ "$(checksums)" = "$sums" ] || fail "other data after a restart without us"
data_are_whole "without us"
server_stop
options "$db" >"$work/options.app"
# One option of a family is set by RocksDB itself, for transactions, when the family is first opened again.
diff -I max_write_buffer_size_to_maintain "$work/options.app" "$work/options.tuned" || fail "a kept change outlived the server"

# ---- nonsense under load, and an operator who has a mind of their own ----
tune advisor.kind=random judge.pace=rush agent.interval=100ms guard.allow_optin=true
server_start
[ "$(checksums)" = "$sums" ] || fail "other data after a restart with us"
before=$(records | grep -c '"kind":"intent"')
sql -e "set global rocksdb_block_cache_size = 25165824; set global rocksdb_update_cf_options = 'cf_account={write_buffer_size=32m}';
	set global rocksdb_max_background_jobs = 3; set global rocksdb_stats_level = 3"
for option in block_cache_size write_buffer_size max_background_jobs; do
	wait_until 10 recorded "\"kind\":\"override\",\"option\":\"$option\"" || fail "the operator's $option is not seen as theirs: $(ask journal | tail -5)"
done
overrides=$(records | grep -n '"kind":"override"' | tail -1 | cut -d: -f1)
load oltp_read_write "$nonsense_s" &
bench=$!
started+=($bench)
wait_until "$nonsense_s" tells '.now.by_kind.get.mean_us > 0' || fail "the operator's own timers are not used: $(ask status)"
wait $bench || fail "sysbench under nonsense: $(tail -3 "$work/oltp_read_write.out")"
load_went_well oltp_read_write
tells '.cache.capacity == 25165824' || fail "the operator's cache size was overwritten: $(ask status)"
sums=$(checksums)
server_stop
recorded '"kind":"intent"' "$before" || fail "not one trial of nonsense: $(tail -5 "$at/log")"
records | tail -n +"$((overrides + 1))" | grep '"kind":"intent"' | grep -E '"key":"(block_cache_size|write_buffer_size|max_background_jobs)"' &&
	fail "an option of the operator's was on trial"
! recorded '"kind":"safe"' || fail "a change could not be put back: $(tail -5 "$at/log")"
summary=$(journal "$at"/state/*/journal.jsonl) || fail "the journal after nonsense"
echo "nonsense: $summary"
# What is left are the operator's own values.
diff "$work/options.app" <(options "$db") | sed -n 's/^> *//p' | sort >"$work/left"
printf '%s\n' max_background_jobs=3 write_buffer_size=33554432 | diff - "$work/left" || fail "options were not restored"

# ---- a model asked over TLS, beside the server's own; kill -9 in the middle of a trial of options ----
mkdir "$work/tls"
python3 - >"$work/script.json" <<'PROPOSALS'
import itertools, json
def step(**values):
    changes = [{"option": o, "cf": "all", "value": str(v), "reason": ""} for o, v in values.items()]
    return {"content": json.dumps({"diagnosis": "a test", "changes": changes, "expect": [{"metric": "speed", "gain_percent": 20}], "confidence": 0.7, "no_change_reason": ""})}
steps = [step(level0_file_num_compaction_trigger=6), step(max_write_buffer_number=4), step(max_sequential_skip_in_iterations=32)]
print(json.dumps(list(itertools.islice(itertools.cycle(steps), 3000))))
PROPOSALS
model "$work/model.log" --tls "$work/tls" --script "$work/script.json"
tune advisor.kind=llm llm.url="https://127.0.0.1:$model_port/v1" llm.ca_file="$work/tls/cert.pem" llm.model=stand-in llm.calls_per_hour=0 \
	judge.pace=rush agent.interval=100ms
server_start
[ "$(checksums)" = "$sums" ] || fail "other data after nonsense"
load oltp_write_only 60 &
started+=($!)
transfers 1001 10000000 &
before=$(records | grep -c '"kind":"intent"')
wait_until 60 recorded '"kind":"intent"' "$before" || fail "no trial: $(tail -5 "$at/log")"
kill -KILL "$server"
wait "$server" 2>/dev/null
[ $? = 137 ] || fail "the server was gone before it was killed: $(tail -5 "$at/server.err")"
wait
summary=$(journal --torn 1 --open "$at"/state/*/journal.jsonl) || fail "the journal after kill -9"
[ "$(count "$summary" open)" = 1 ] || fail "nothing was in flight: $summary"
records | grep '"kind":"intent"' | tail -1 | grep -q '"scope":"cf"' || fail "not the model's wish: $(records | tail -1)"
recovered=$(count "$summary" recovered)

tune agent.mode=observe # what was in flight is recognised in every mode
server_start
grep -q 'ready for connections' "$at/server.err" || fail "no recovery: $(tail -5 "$at/server.err")"
wait_until 10 tells '.samples > 1' || fail "no status after recovery"
summary=$(journal --torn 1 "$at"/state/*/journal.jsonl) || fail "the journal after recovery"
[ "$(count "$summary" recovered)" = $((recovered + 1)) ] || fail "what was in flight is not recognised: $summary"
tells '.cache.capacity == 8388608' || fail "the cache is not the server's own after a crash: $(ask status)"
options "$db" | diff "$work/options.app" - || fail "options of the dead trial are in force"
transfers_are_whole "after kill -9"
data_are_whole "after kill -9"
sums=$(checksums)
server_stop

with=("${untouched[@]}")
server_start
[ "$(checksums)" = "$sums" ] || fail "other data at the end"
server_stop
passed "$summary"
