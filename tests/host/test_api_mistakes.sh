#!/bin/bash
# A service with a tuner of its own, and a mistake in every place around it: a library that is missing or another, a configuration that cannot be read or
# is wrong, a journal that cannot be written, an operator who says no. Each is told in a sentence that leads to the mend, and the service runs on.
. "$(dirname "$0")/e2e.sh" "$@"

[ -z "$asan" ] || skip "the libraries are built with a sanitizer"
cc -I"$here/../../plugin" "$here/../../docs/examples/service.c" -o "$work/service" "$build/liblodestone.so" -lrocksdb || skip "no librocksdb-dev"
: >"$work/empty.conf"
printf '[agent]\nmod = auto\ninterval = never\nnonsense\n[llm]\nkee_file = x\n' >"$work/wrong.conf"
# The library alone, without those that belong beside it; and libraries of the right name that are others.
mkdir -p "$work/bare" "$work/cjson" "$work/urcu" "$work/curl"
cp "$build"/liblodestone.so.0.* "$work/bare/liblodestone.so.0"
other() { # other DIRECTORY NAME
	gcc -shared -o "$work/$1/$2" -x c /dev/null -Wl,-soname,"$2" || fail "no stand-in for $2"
}
other cjson libcjson.so.1
other urcu liburcu-bp.so.8
other curl libcurl.so.4
llm=(LODESTONE_ADVISOR_KIND=llm LODESTONE_LLM_URL=http://127.0.0.1:9/v1 LODESTONE_LLM_MODEL=m)

# told NAME PATTERN SETTING...: the service runs to its end, and its log or its own words have the sentence.
told() {
	local name=$1 pattern=$2
	shift 2
	rm -f "$work/log"
	env LD_LIBRARY_PATH="$build" LODESTONE_CONFIG="$work/empty.conf" LODESTONE_AGENT_STATE_DIR="$work/state" LODESTONE_AGENT_RUNTIME_DIR="$work/run" \
		LODESTONE_AGENT_INTERVAL=100ms LODESTONE_LOG_FILE="$work/log" "$@" "$work/service" "$work/db" 1 >"$work/out" 2>"$work/err" ||
		fail "$name: the service did not run on: $(cat "$work/err")"
	cat "$work/err" "$work/log" 2>/dev/null | grep -q -- "$pattern" || fail "$name: nobody says '$pattern': $(cat "$work/err" "$work/log" 2>/dev/null)"
	grep -q '^{' "$work/out" || fail "$name: no status, not even an empty one"
	echo "$name: told"
}

told "another libcjson" 'libcjson.so.1: it has no cJSON_Parse' LD_LIBRARY_PATH="$work/cjson:$build"
told "another liburcu" 'liburcu-bp.so.8: it has no urcu_bp_read_lock' LD_LIBRARY_PATH="$work/urcu:$build"
told "no libcurl that would do" 'no language model (libcurl: .* needed); the built-in expert is used' LD_LIBRARY_PATH="$work/curl:$work/bare" "${llm[@]}"
told "no configuration" '/nonexistent/lodestone.conf: No such file' LODESTONE_CONFIG=/nonexistent/lodestone.conf
told "a wrong key" 'wrong.conf:2: there is no setting agent.mod; did you mean agent.mode?' LODESTONE_CONFIG="$work/wrong.conf"
told "a wrong value" 'wrong.conf:3: agent.interval cannot be .never.: it is a time such as' LODESTONE_CONFIG="$work/wrong.conf"
told "a line that is none" "wrong.conf:4: 'nonsense' is no setting: write key = value" LODESTONE_CONFIG="$work/wrong.conf"
told "a wrong variable" 'LODESTONE_AGENT_MOED: there is no such setting; did you mean agent.mode?' LODESTONE_AGENT_MOED=auto
told "no journal" 'cannot be written: .*; no option will be changed until it can' LODESTONE_AGENT_STATE_DIR=/proc/nowhere
told "switched off" 'not tuned: switched off by LODESTONE_DISABLE' LODESTONE_DISABLE=1
told "kept out" 'not tuned: not active: agent.exclude names this program' LODESTONE_AGENT_EXCLUDE='*service'
told "a model without a name" 'advisor.kind = llm needs llm.url and llm.model; the built-in expert is used' LODESTONE_ADVISOR_KIND=llm
exit 0
