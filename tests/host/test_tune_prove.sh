#!/usr/bin/env bash
# RocksDB's own word on OPTIONS files: what calibration makes of wishes it takes, and values that are known to end or to hang a process are refused with what
# was being done, in a process of their own, with nothing left behind. TUNE_PROVE_RUNS: how many files of random wishes are proven (12).
. "$(dirname "$0")/lib.sh"
prove=$hosts/tune_prove
bench=$(command -v db_bench) || skip "no db_bench"
library=$(ldd "$bench" | awk '/librocksdb/ { print $3 }')
[ -n "$library" ] || skip "db_bench has its RocksDB in itself"
export PROVE_TIMEOUT=100 # only what is known to hang waits less
mkdir "$work/scratch"

"$bench" --benchmarks=fillseq --num=1 --db="$work/db" >/dev/null 2>&1 || fail "db_bench does not run"
file=$(ls "$work"/db/OPTIONS-* | tail -1)

# try WISH... [-- RAW...]: in $out
try() { out=$("$prove" "$library" "$work/scratch" "$file" "$@" 2>&1); }

try || fail "RocksDB does not take its own defaults: $out"
try write_buffer_size=128MB max_write_buffer_number=4 compression=zstd filter_policy=bloom:10 partition_filters=true block_size=16k level0_file_num_compaction_trigger=8 \
	max_background_flushes=2 compression_per_level=none:lz4:zstd use_direct_reads=yes cache_index_and_filter_blocks=1 compaction_style=universal max_open_files=500 \
	data_block_index_type=kDataBlockBinaryAndHash prepopulate_block_cache=kFlushOnly arena_block_size=64k || fail "a sensible file is refused: $out"
[[ $out != *"dropped"* ]] || fail "a sensible wish was dropped: $out"
try write_buffer_size=64k min_write_buffer_number_to_merge=4 level0_stop_writes_trigger=4 max_bytes_for_level_base=4M target_file_size_base=1M || fail "the smallest values are refused: $out"

# What RocksDB makes of a value by itself becomes the file's.
try compaction_style=universal level_compaction_dynamic_level_bytes=true || fail "$out"
grep -q "^corrected level_compaction_dynamic_level_bytes .*RocksDB itself" <<<"$out" || fail "what RocksDB made of it is not said: $out"

# A file of another version, of an application that has its log elsewhere, becomes one for this RocksDB; the last file has a word on each option and is the
# application's again, which RocksDB reads, and db_bench.
mkdir "$work/elsewhere"
sed -e 's/^  rocksdb_version=.*/  rocksdb_version=10.4.2/' -e "s|^  max_open_files=.*|&\n  wal_dir=$work/elsewhere\n  calculate_sst_write_lifetime_hint_set=x|" \
	-e 's/^  write_buffer_size=.*/&\n  memtable_avg_op_scan_flush_trigger=0\n  hard_rate_limit=0.0/' "$file" >"$work/theirs.ini"
PROVE_DEFAULTS=$file PROVE_FINAL=$work/final.ini
export PROVE_DEFAULTS PROVE_FINAL
theirs=$file
file=$work/theirs.ini
try write_buffer_size=8M compression_opts.level=3 block_size=8k block_cache_size=16M || fail "a file of another version is refused: $out"
file=$theirs
unset PROVE_DEFAULTS PROVE_FINAL
for name in wal_dir calculate_sst_write_lifetime_hint_set memtable_avg_op_scan_flush_trigger hard_rate_limit; do
	grep -q "^adopted dropped $name " <<<"$out" || fail "nothing is said of $name: $out"
done
[ -z "$(ls "$work/elsewhere")" ] || fail "the proof wrote into the application's folder"
grep -q "^  wal_dir=$work/elsewhere$" "$work/final.ini" || fail "the last file has lost wal_dir"
grep -q "^  # gained" "$work/final.ini" || fail "the last file says nothing"
grep -q "rocksdb_version=7\|rocksdb_version=$(sed -n 's/^  rocksdb_version=//p' "$file")" "$work/final.ini" || fail "the last file is still of the other version"
"$bench" --options_file="$work/final.ini" --benchmarks=fillseq --num=100 --db="$work/db2" >"$work/out" 2>&1 || fail "db_bench does not take the last file: $(tail -3 "$work/out")"
grep -q "^  write_buffer_size=8388608" "$work"/db2/OPTIONS-* || fail "db_bench did not read it"

# Values that only an advisor without calibration could write. WHAT, and what has to be said.
refused() {
	local why=$1
	shift
	if PROVE_TIMEOUT=5 try -- "$@"; then fail "RocksDB takes $*: $out"; fi
	[[ $out =~ refused:\ .*($why) ]] || fail "$*: $out"
}
refused "no_such_option" no_such_option=1
refused "RocksDB, .*compression" compression=4
refused "RocksDB, .*" index_type=kHashSearch
refused "died of SIGABRT|hung" compression=kDisableCompressionOption
refused "RocksDB, opening a database" unordered_write=true enable_pipelined_write=true
refused "RocksDB, opening a database" allow_mmap_reads=true use_direct_reads=true
refused "died of SIGABRT|hung" allow_mmap_reads=true use_direct_io_for_flush_and_compaction=true
refused "hung .* compacting" compaction_style=kCompactionStyleUniversal level0_file_num_compaction_trigger=2 level0_slowdown_writes_trigger=2
refused "hung|died of SIG" write_buffer_size=65536 arena_block_size=2147483648
refused "died of SIG|RocksDB" max_background_jobs=1000000

# Random files: whatever calibration lets through, RocksDB takes.
runs=${TUNE_PROVE_RUNS:-12}
[ -z "${LODE_TEST_QUICK:-}" ] || runs=4
out=$("$prove" --random "$runs" "${TUNE_PROVE_SEED:-1}" "$library" "$work/scratch" "$file" 2>&1) || fail "RocksDB refuses what was calibrated: $out"

# The command itself is that process, too; and nothing was left.
[ "$(ls "$work/scratch")" = proven.ini ] || fail "left behind: $(ls "$work/scratch")"
said=$("$build/lodestone" tune --prove "$library" - 3>&1) || fail "the command does not ask RocksDB"
grep -q '^codecs ' <<<"$said" || fail "it does not say what is linked in: $said"
