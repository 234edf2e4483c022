#!/usr/bin/env bash
# Every RocksDB that can be had, without running its host: its row of the table, the layout of its Status, and its own answers to what can be
# changed in an open database (image_ask.c). Argument: the build directory.
here=$(cd "$(dirname "$0")" && pwd)
source "$here/lib.sh"

ask=$work/image_ask
sanitize=
if grep -q '^LODE_SANITIZE:[A-Z]*=address' "$build/CMakeCache.txt"; then
	sanitize=-fsanitize=address,undefined
fi
gcc -std=gnu17 -D_GNU_SOURCE -O1 -g $sanitize -Wall -Wextra -I"$here/../../plugin" -o "$ask" "$here/image_ask.c" \
	"$build"/liblode_guard.a "$build"/liblode_sense.a "$build"/liblode_host.a "$build"/liblode_base.a -lstdc++ -lpthread -ldl -lm ||
	fail "image_ask.c does not build"

# A plugin may want symbols of the program that loads it. Some code that returns 0 stands for all of them: no function is ever called but those
# that register the plugin. (dlopen and its kind are libc's, and stand without a version in what was built elsewhere.)
stand_in_for_host() { # stand_in_for_host LIBRARY OUT
	{
		nm -D --undefined-only "$1" | awk '$1 != "w" && $NF !~ /@|^dl/ { print ".globl " $NF "\n" $NF ":" }'
		printf 'xor %%eax, %%eax\nret\n.zero 65536\n.section .note.GNU-stack,"",@progbits\n'
	} >"$2.s"
	gcc -shared -nostdlib -o "$2" "$2.s" || fail "no stand-in for the host of $1"
}

# asked LIBRARY QUESTION...: image_ask's answers; its exit status.
asked() {
	stand_in_for_host "$1" "$work/stand_in.so"
	LD_PRELOAD="${asan:+$asan }$work/stand_in.so" "$ask" "$@" >"$work/answers" 2>"$work/err"
}

# image LIBRARY VERSION ROW EXPECTED...: the lines that must be in the answer, and no disagreement with our own table of tunables. Each
# EXPECTED is SCOPE:NAME=VALUE ANSWER.
image() {
	local library=$1 version=$2 row=$3 out=$work/answers questions=() line
	shift 3
	for line in "$@"; do
		questions+=("${line% *}")
	done
	asked "$library" "${questions[@]}" table || fail "$version: $(cat "$out" "$work/err")"
	for line in "version $version" "row $row" "status fits" "late yes" "closing seen"; do
		grep -qx -- "$line" "$out" || fail "$version: no line '$line': $(cat "$out")"
	done
	for line in "$@"; do
		local key=${line#*:}
		grep -qx -- "${key%%=*} ${line##* }" "$out" || fail "$version: not '$line': $(cat "$out")"
	done
	grep -q '^table: 1[0-9][0-9] asked, 0 differ$' "$out" || fail "$version: our table is wrong: $(grep differ "$out")"
	echo "$version: $(grep table: "$out")"
}

# The same everywhere.
common=('cf:write_buffer_size=67108864 1' 'cf:num_levels=7 0' 'cf:no_such_option=1 -2' 'cf:min_write_buffer_number_to_merge=1 0'
	'cf:compaction_pri=kMinOverlappingRatio 0' 'cf:ttl=18446744073709551614 1' 'cf:max_bytes_for_level_multiplier=10.000000 1'
	'cf:block_based_table_factory.block_size=4096 1' 'cf:max_write_buffer_number=x -2' 'db:max_background_jobs=2 1' 'db:bytes_per_sync=0 1'
	'db:create_if_missing=true 0' 'db:no_such_option=1 0' 'db:max_open_files=many -2')
filter=cf:block_based_table_factory.filter_policy=nullptr
index=cf:block_based_table_factory.cache_index_and_filter_blocks=false

debian=$(sed -n 's/^ROCKSDB_LIBRARY:.*=//p' "$build/CMakeCache.txt")
image "$debian" 7.8.3 "6.29 to 8.7" "${common[@]}" "$filter 0" "$index 0" 'cf:memtable_max_range_deletions=0 -2'

mariadb=/usr/lib/mysql/plugin/ha_rocksdb.so
if [ -e $mariadb ]; then
	image $mariadb 6.29.5 "6.29 to 8.7" "${common[@]}" "$filter 1" "$index 0" 'cf:blob_file_starting_level=0 -2'
else
	echo "without MariaDB's: no $mariadb (mariadb-plugin-rocksdb)"
fi

# The addons are those of the tests of Node.js.
addons=$(source "$here/node/node.sh" >"$work/node.out" && for p in @nxtedition/rocksdb nxtedition-rocksdb-8.3 nxtedition-rocksdb-9.5 rocksdb; do
	addon $p | head -1
done)
if [ -n "$addons" ]; then
	mapfile -t addons <<<"$addons"
	image "${addons[0]}" 9.7.4 "9.2 to 9.7" "${common[@]}" "$filter 0" "$index 0" 'cf:memtable_max_range_deletions=0 1'
	image "${addons[1]}" 8.3.2 "6.29 to 8.7" "${common[@]}" "$filter 0" "$index 0"
	image "${addons[2]}" 9.5.0 "9.2 to 9.7" "${common[@]}" "$filter 0" "$index 0"
	# 6.17 with the string of before C++11: nothing that we know by name is in it.
	if asked "${addons[3]}"; then fail "an image of the old ABI was taken: $(cat "$work/answers")"; fi
	grep -q '^refused: this RocksDB does not export' "$work/answers" || fail "no reason: $(cat "$work/answers" "$work/err")"
else
	echo "without the addons: $(cat "$work/node.out")"
fi

# Images that nobody has yet, or that are not what their version says.
plain=_ZN7rocksdb6DBImpl4OpenERKNS_9DBOptionsERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE
plain+=RKSt6vectorINS_22ColumnFamilyDescriptorESaISD_EEPSC_IPNS_18ColumnFamilyHandleESaISJ_EE
retry=${plain}PPNS_2DBEbbbPb
unique=${plain}PSt10unique_ptrINS_2DBESt14default_deleteISO_EEbbbPb
plain+=PPNS_2DBEbb
map=RKSt13unordered_mapINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE
one=_ZN7rocksdb6DBImpl10SetOptionsEPNS_18ColumnFamilyHandleE${map}S9_St4hashIS9_ESt8equal_toIS9_ESaISt4pairIKS9_S9_EEE
many=_ZN7rocksdb6DBImpl10SetOptionsERKSt13unordered_mapIPNS_18ColumnFamilyHandleES1_INSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE
many+=S9_St4hashIS9_ESt8equal_toIS9_ESaISt4pairIKS9_S9_EEESA_IS3_ESC_IS3_ESaISE_IKS3_SI_EEE

fake() { # fake EXPECTED VERSION OPEN SET [-Dmore...]
	local expected=$1 version=$2 open=$3 set=$4
	shift 4
	g++ -std=c++17 -shared -fPIC -Wall -Wextra -Wno-unused-parameter -DFAKE_VERSION="\"$version\"" -DFAKE_OPEN="\"$open\"" -DFAKE_SET="\"$set\"" "$@" \
		-o "$work/fake.so" "$here/fake_image.cc" || fail "fake_image.cc does not build"
	asked "$work/fake.so"
	grep -q -- "$expected" "$work/answers" || fail "RocksDB $version: not '$expected': $(cat "$work/answers" "$work/err")"
}
fake '^row 11.8 (newer)$' 11.9.0 "$unique" "$many"
fake '^row 11.8 (newer)$' 12.0.1 "$unique" "$many"
fake '^not asked: this RocksDB does not export the functions' 10.4.2 "$unique" "$one"
fake '^row 11.0 to 11.1$' 11.1.2 "$unique" "$many"
fake '^refused: RocksDB 12.0.1 does not export DBImpl::Open in the form of 11.8$' 12.0.1 "$retry" "$many"
fake '^refused: RocksDB 11.0.4 does not export DB::SetOptions in the form of 11.0 to 11.1$' 11.0.4 "$unique" "$one"
fake '^refused: RocksDB 9.5.0 does not export DBImpl::Open in the form of 9.2 to 9.7$' 9.5.0 "$plain" "$one"
fake '^refused: RocksDB 9.1.1 does not export DBImpl::Open in the form of 8.8 to 9.1$' 9.1.1 "$retry" "$one"
fake '^refused: RocksDB 6.28 is older than any version' 6.28.2 "$plain" "$one"
fake '^row 6.29 to 8.7$' private "$plain" "$one" # a version that says nothing is an old one
fake '^status fits$' 8.8.1 "$plain" "$one" -DFAKE_STATUS=16 -DFAKE_OBJECT=300
fake '^status does not fit$' 8.8.1 "$plain" "$one" -DFAKE_STATUS=24 -DFAKE_OBJECT=300
fake '^status cannot be tried$' 8.8.1 "$plain" "$one" -DFAKE_STATUS=16 -DFAKE_OBJECT=5000

# What is no RocksDB at all.
if asked "$(ldconfig -p | awk '/libm\.so\.6.*x86-64/ { print $NF; exit }')"; then fail "libm was taken for RocksDB"; fi
grep -q '^refused: ' "$work/answers" || fail "libm: $(cat "$work/answers" "$work/err")"
exit 0
