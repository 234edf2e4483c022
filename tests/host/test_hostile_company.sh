#!/bin/bash
# What shares the process, or the start of it, with us: preloads of others in either order, sanitizers in the host, a librocksdb that comes
# and goes, rights that a file gives, and the operator's word on which processes are meant.
. "$(dirname "$0")/e2e.sh" "$@"

[ -e /usr/include/rocksdb/c.h ] || skip "librocksdb-dev is missing"
host=$build/tests/host/host_hostile_limits
[ -x "$host" ] || skip "no host programs: librocksdb-dev was not there when they were to be built"
model "$work/model.log"
chmod 755 "$work"

as() {
	local name=$1
	shift
	rm -rf "${work:?}/$name"
	E2E_NO_RUN=1 tuned "$name" agent.mode=auto judge.pace=rush agent.interval=100ms advisor.kind=random "$@"
}
# run NAME COMMAND...: must end well.
run() {
	local name=$1
	shift
	rm -rf "$work/db"*
	timeout 120 "${with[@]}" "$@" >"$work/out" 2>"$work/err"
	status=$?
	no_crash_text "$work/out" "$work/err" "$work/$name/log" || fail "$name: the text of a crash: $(tail -n 3 "$work/err")"
	[ $status = 0 ] && grep -q '^done$' "$work/out" || fail "$name: status $status: $(tail -n 2 "$work/err" "$work/out")"
}

# ---- preloads of others ----

open=$(sed -n 's/.*"\(_ZN7rocksdb6DBImpl4Open[A-Za-z0-9_]*\)".*/\1/p' "$here/../../shim/hooks.h" | head -1)
open=$open$(sed -n '/define NAME_OPEN  */,/^$/s/.*"\(RKSt6vector[A-Za-z0-9_]*\)".*/\1/p' "$here/../../shim/hooks.h" | head -1)PPNS_2DBEbb
cat >"$work/other.c" <<END
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
static int opens, closes;
static long mallocs;
void *other_open(void *a, void *b, void *c, void *d, void *e, void *f, int g, int h) __asm__("$open");
void *other_open(void *a, void *b, void *c, void *d, void *e, void *f, int g, int h)
{
	void *(*real)(void *, void *, void *, void *, void *, void *, int, int) = dlsym(RTLD_NEXT, "$open");
	opens++;
	return real(a, b, c, d, e, f, g, h);
}
void *other_close(void *a, void *b) __asm__("_ZN7rocksdb6DBImpl5CloseEv");
void *other_close(void *a, void *b)
{
	void *(*real)(void *, void *) = dlsym(RTLD_NEXT, "_ZN7rocksdb6DBImpl5CloseEv");
	closes++;
	return real(a, b);
}
void *__libc_malloc(size_t n);
void *malloc(size_t n)
{
	__atomic_add_fetch(&mallocs, 1, __ATOMIC_RELAXED);
	return __libc_malloc(n);
}
__attribute__((destructor)) static void report(void)
{
	FILE *f = fopen("$work/report", "w");
	if (f)
		fprintf(f, "opens %d closes %d mallocs %d\n", opens, closes, mallocs > 1000);
}
END
gcc -shared -fPIC -O1 -o "$work/other.so" "$work/other.c" || fail "other.c"
cat >"$work/delete.cc" <<'END'
#include <rocksdb/db.h>
#include <cstdio>
int main(int, char **argv)
{
	rocksdb::Options o;
	rocksdb::DB *db;
	o.create_if_missing = true;
	if (!rocksdb::DB::Open(o, argv[1], &db).ok())
		return 1;
	for (int i = 0; i < 200000; i++)
		db->Put(rocksdb::WriteOptions(), std::to_string(i * 7919 % 100000), std::string(100, 'v'));
	bool ok = db->Close().ok();
	delete db;
	puts("done");
	return !ok;
}
END
g++ -std=c++17 -O1 -o "$work/delete" "$work/delete.cc" -lrocksdb || fail "delete.cc"
with=(env "LD_PRELOAD=$work/other.so")
run plain "$work/delete" "$work/db"
plain=$(cat "$work/report")
grep -q '^opens 1 closes 1 mallocs 1$' <<<"$plain" || fail "the other preload alone: $plain"
if [ -z "$asan" ]; then
	for order in "$work/other.so $preload" "$preload $work/other.so"; do
		as order
		with=("${with[@]/#LD_PRELOAD=*/LD_PRELOAD=$order}")
		run order "$work/delete" "$work/db"
		[ "$(cat "$work/report")" = "$plain" ] || fail "$order: the other preload saw $(cat "$work/report"), alone $plain"
		has_record order attach || fail "$order: not attached: $(tail -n 2 "$work/order/log" "$work/err")"
	done
	echo "preloads of others: asked as without us, in either order"
fi

# ---- sanitizers in the host ----

# The runtime of the host's sanitizer must come first, as its users know. Then we work, and the model is asked, too.
if [ -z "$asan" ]; then
	for kind in address thread undefined; do
		gcc -std=gnu17 -D_GNU_SOURCE -O1 -g -fsanitize=$kind -I"$here" -o "$work/$kind" "$here/hosts/host_hostile_limits.c" -lrocksdb 2>"$work/err" ||
			fail "a host with -fsanitize=$kind: $(tail -n 2 "$work/err")"
		runtime=$(ldd "$work/$kind" | awk '/libasan|libtsan|libubsan/ { print $3; exit }')
		with=(env)
		run plain "$work/$kind" plain "$work/db" 1
		as in_$kind advisor.kind=llm llm.model=m llm.calls_per_hour=0 llm.url="$(model_url good)"
		with=("${with[@]/#LD_PRELOAD=*/LD_PRELOAD=$runtime $preload}" TSAN_OPTIONS="exitcode=66 ignore_noninstrumented_modules=1")
		run in_$kind "$work/$kind" plain "$work/db" 4
		grep -E 'WARNING: ThreadSanitizer|ERROR: ' "$work/err" && fail "$kind: the host's sanitizer complains"
		has_record in_$kind attach || fail "$kind: not attached: $(tail -n 2 "$work/in_$kind/log" "$work/err")"
		has_record in_$kind advice || fail "$kind: the model gave no advice: $(tail -n 2 "$work/in_$kind/log")"
	done
	echo "hosts under sanitizers: tuned"
fi

# ---- a librocksdb that comes and goes ----

lib=$(ldd "$host" | awk '/librocksdb/ { print $3 }')
as reload agent.mode=observe
run reload "$build/tests/host/host_hostile_reload" "$lib" "$work/db" 50
has_record reload attach || fail "reload: never attached: $(tail -n 2 "$work/reload/log")"
echo "librocksdb opened and closed 50 times with dlopen: fine"

# ---- rights that a file gives ----

if [ "$(id -u)" = 0 ] && command -v setcap >/dev/null && command -v setpriv >/dev/null; then
	gcc -std=gnu17 -O1 -I"$here" -o "$work/capable" "$here/e2e_host.c" -lrocksdb || fail "e2e_host.c"
	mkdir -m 777 "$work/open"
	if setcap cap_net_raw+ep "$work/capable" 2>"$work/err"; then
		with=(env LODESTONE_AGENT_STATE_DIR="$work/open/s" LODESTONE_AGENT_RUNTIME_DIR="$work/open/r" "LD_PRELOAD=${asan:+$asan }$preload")
		setpriv --reuid=65534 --clear-groups "${with[@]}" "$work/capable" secure "$work/open/db" 0.3 >"$work/out" 2>"$work/err" ||
			fail "setcap: $(tail -n 2 "$work/err")"
		case $(grep ^secure "$work/out") in
		"secure 1, lodestone 0") echo "a program with file capabilities: not in it" ;;
		"secure 0"*) echo "file capabilities: not shown, this file system is mounted without them" ;;
		*) fail "setcap: $(cat "$work/out")" ;;
		esac
		[ ! -e "$work/open/s" ] || fail "setcap: a journal was made"
	else
		echo "file capabilities: not shown, $(cat "$work/err")"
	fi
else
	echo "file capabilities: not shown, only root can give them"
fi

# ---- who is meant ----

# meant yes|no SETTING...
meant() {
	local expect=$1 got=yes
	shift
	as meant "$@"
	run meant "$host" plain "$work/db" 0.5
	has_record meant attach || got=no
	[ $got = "$expect" ] || fail "$*: attached $got instead of $expect: $(tail -n 2 "$work/meant/log")"
}
meant yes agent.exclude_args=--bootstrap
meant no agent.exclude_args=plain
meant no "agent.exclude_args=--bootstrap pl?in"
meant no "agent.exclude_args=*host_hostile_limits?plain*"
meant yes agent.include_args=plain
meant no "agent.include_args=--primary filter_*"
meant yes agent.include=host_hostile_limits "agent.include_args=$work/*"
meant no agent.include=host_hostile_limits agent.include_args=plain "agent.exclude_args=*/db"
meant no agent.exclude=host_hostile_limits agent.include_args=plain
echo "include and exclude, by executable and by arguments: as they say"
passed
