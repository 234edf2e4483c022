# A MariaDB with MyRocks of the test's own: data directory, socket and log below $work, no network. Sourced after e2e.sh.
# As root the server runs as the user and with the capability that Debian's unit gives it, else as whoever runs the test.

for tool in mariadbd mariadb-install-db mariadb mariadb-admin sysbench jq; do
	command -v $tool >/dev/null || skip "no $tool (mariadb-server, sysbench, jq)"
done
plugin=/usr/lib/mysql/plugin/ha_rocksdb.so
[ -e $plugin ] || skip "no $plugin (mariadb-plugin-rocksdb)"
[ -x "$build/lodestone" ] || fail "no command in $build"

at=$work/maria
data=$at/data
db="$data/#rocksdb"
server=
as=()
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid=mysql --regid=mysql --clear-groups)
	"${as[@]}" --inh-caps=+ipc_lock --ambient-caps=+ipc_lock true 2>/dev/null && as+=(--inh-caps=+ipc_lock --ambient-caps=+ipc_lock)
fi

# Everywhere the same, so that two lives of the server differ in nothing but us. Large blocks that are compressed well, and a small cache: a
# miss costs many times a hit. bytes_per_sync: with 0 no option of the database is ever changed.
server_options=(--no-defaults --datadir="$data" --socket="$at/socket" --pid-file="$at/pid" --skip-networking --log-error="$at/server.err"
	--innodb-buffer-pool-size=16M --innodb-log-file-size=8M --plugin-load-add=ha_rocksdb.so --rocksdb-block-cache-size=8388608
	--rocksdb-block-size=65536 --rocksdb-bytes-per-sync=1048576 --rocksdb-default-cf-options=compression=kZSTD)

sql() {
	mariadb --no-defaults --socket="$at/socket" --user=root --batch --skip-column-names "$@"
}

server_install() {
	mkdir -p "$data" "$at/lib"
	# Where they were built may be closed to the server's user: it gets them as if they were installed.
	cp "$build"/liblodestone.so "$build"/liblodestone-preload.so "$build"/liblodestone-curl.so "$at/lib" || fail "cannot copy the libraries"
	preload=$at/lib/liblodestone-preload.so
	[ ${#as[@]} = 0 ] || chown -R mysql "$at"
	"${as[@]}" mariadb-install-db --no-defaults --force --datadir="$data" --auth-root-authentication-method=normal --skip-test-db \
		--innodb-buffer-pool-size=16M --innodb-log-file-size=8M >"$work/install.out" 2>&1 || fail "no MariaDB: $(tail -5 "$work/install.out")"
}

server_answers() {
	kill -0 "$server" 2>/dev/null && sql -e 'select 1' >/dev/null 2>&1
}

# server_start [option...]: with what the array `with` says before it (see tuned); sets server to its process id.
server_start() {
	"${as[@]}" "${with[@]}" mariadbd "${server_options[@]}" "$@" >>"$work/server.out" 2>&1 &
	server=$!
	started+=($server)
	wait_until 60 server_answers || fail "the server does not answer: $(tail -5 "$at/server.err" "$work/server.out")"
}

# The server's own end, with its own word on how it went.
server_stop() {
	mariadb-admin --no-defaults --socket="$at/socket" --user=root shutdown || fail "the server does not shut down"
	wait "$server"
	status=$?
	[ $status = 0 ] || fail "the server's exit status is $status: $(tail -5 "$at/server.err")"
	server_is_well
}

# Nothing in the server's and in RocksDB's own logs that is an error, and no text that a crash leaves.
server_is_well() {
	no_crash_text "$at/server.err" "$work/server.out" "$at/log" || fail "the text of a crash"
	! grep '\[ERROR\]' "$at/server.err" || fail "errors in the server's log"
	! grep -hE '\[ERROR\]|Corruption|Background .* error' "$db"/LOG* || fail "errors in RocksDB's log"
}

# load TEST SECONDS [option...]: sysbench's work; its numbers go to $work/TEST.out.
load() {
	local test=$1 seconds=$2
	shift 2
	sysbench --mysql-storage-engine=rocksdb --mysql-socket="$at/socket" --mysql-user=root --mysql-db=bench --tables=2 --table-size=${rows:-200000} \
		--threads=2 --rand-type=uniform --time="$seconds" "$@" "$test" "${verb:-run}" >"$work/$test.out" 2>&1
}

load_went_well() {
	! grep -E 'FATAL|Lost connection' "$work/$1.out" || fail "sysbench $1 failed"
	[ "$(sed -n 's/^ *transactions: *\([0-9]*\).*/\1/p' "$work/$1.out")" -gt 0 ] || fail "sysbench $1 did nothing: $(tail -3 "$work/$1.out")"
}

tables='bench.sbtest1, bench.sbtest2, bench.account, bench.transfer'
# One line a table; equal before and after is equal data.
checksums() {
	sql -e "checksum table $tables"
}
data_are_whole() {
	local bad
	bad=$(sql -e "check table $tables" | grep -v 'status[[:space:]]*OK$')
	[ -z "$bad" ] || fail "$1: check table: $bad"
}

# transfers FROM TO: moves money between accounts, one transaction a row, or until the server is gone; the number of each that was acknowledged
# goes to $work/acknowledged.
transfers() {
	seq "$1" "$2" | awk '{
		a = $1 * 7 % 1000; b = $1 * 13 % 1000 + 1000
		printf "begin; update account set amount = amount - 1 where id = %d; update account set amount = amount + 1 where id = %d;", a, b
		printf " insert into transfer values (%d, %d, %d); commit; select %d;\n", $1, a, b, $1
	}' | sql --unbuffered bench >"$work/acknowledged" 2>/dev/null
}

# Every acknowledged transfer is there, none is there in half, and there is no hole.
transfers_are_whole() {
	local acknowledged n max
	acknowledged=$(tail -1 "$work/acknowledged")
	read -r n max <<<"$(sql bench -e 'select count(*), max(id) from transfer')"
	[ "$n" = "$max" ] && [ "$n" -ge "${acknowledged:-1}" ] || fail "$1: acknowledged ${acknowledged:-none}, found $n up to $max"
	n=$(sql bench -e 'select count(*) from account a where amount <> 100 - (select count(*) from transfer t where t.debit = a.id) +
		(select count(*) from transfer t where t.credit = a.id)')
	[ "$n" = 0 ] || fail "$1: $n accounts do not agree with the transfers"
}

# What the tuner says, by its own command.
ask() {
	LODESTONE_AGENT_RUNTIME_DIR=$at/run LODESTONE_AGENT_STATE_DIR=$at/state "$build/lodestone" "$@"
}
# tells FILTER: does the database's status, as JSON, fulfil it?
tells() {
	ask status -j 2>/dev/null | jq -e ".databases[0] | $1" >/dev/null
}
records() {
	cat "$at"/state/*/journal.jsonl 2>/dev/null
}
# recorded PATTERN [MORE-THAN]: is it in the journal (more than so often)?
recorded() {
	[ "$(records | grep -c -- "$1")" -gt "${2:-0}" ]
}
