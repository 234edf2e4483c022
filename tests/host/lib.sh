# What the host tests share. Sourced with the build directory in $1.
set -u
build=$(cd "$1" && pwd)
standin=$build/tests/host/standin
hosts=$build/tests/host
export LODE_TEST_AGENT=$standin/liblodestone.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset LODESTONE_DISABLE LODE_TEST_BACKGROUND LODE_TEST_INJECT LODE_TEST_REPORT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

skip() {
	echo "skipped: $*"
	exit 77
}

# The sanitizer's own library has to come first when the preload was built with it.
asan=$(ldd "$standin/liblodestone.so" | awk '/libasan|libclang_rt.asan/ { print $3 }')
# The stand-in is never unloaded and the databases' threads may be alive at exit; RocksDB's own singletons are not ours to judge.
export ASAN_OPTIONS=detect_leaks=0

# with_preload COMMAND...: as a user would run it.
with_preload() {
	LD_PRELOAD="${asan:+$asan }$standin/liblodestone-preload.so" "$@"
}
export -f with_preload
export asan standin

[ -x "$hosts/host_ops" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
