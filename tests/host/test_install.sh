#!/bin/bash
# An installation: manual pages that say all that the tables say, the completion of bash, examples for systemd, the default configuration.
# Usage: test_install.sh BUILD_DIR
set -u
build=$(cd "$1" && pwd) source=$(cd "$(dirname "$0")/../.." && pwd)
command -v cmake >/dev/null || { echo "cmake is missing"; exit 77; }
tmp=$(mktemp -d) failed=0
trap 'rm -rf "$tmp"' EXIT
export LC_ALL=C.UTF-8 MANWIDTH=120 MAN_DISABLE_SECCOMP=1 ASAN_OPTIONS=detect_leaks=0 # man's own sandbox does not work in every container
for v in $(compgen -e | grep '^LODESTONE_'); do unset "$v"; done
export LODESTONE_CONFIG=/dev/null LODESTONE_AGENT_RUNTIME_DIR=$tmp/run

bad() {
	echo "FAILED: $*"
	failed=1
}

prefix=$tmp/prefix
cmake --install "$build" --prefix "$prefix" >"$tmp/log" 2>&1 || { tail -5 "$tmp/log"; bad "cmake --install"; exit 1; }
cp "$build/install_manifest.txt" "$tmp/manifest"
cli=$prefix/bin/lodestone
lib=$(dirname "$(find "$prefix" -name liblodestone-preload.so)")
doc=$prefix/share/doc/lodestone

# --- manual pages: rendered without a warning, and nothing of the tables is missing ---
page() { # NAME.SECTION: as plain text in $tmp/NAME.SECTION
	local file=$prefix/share/man/man${1##*.}/$1
	[ -e "$file.gz" ] && { gzip -dc "$file.gz" >"$tmp/$1.roff" || bad "$file.gz"; } || cp "$file" "$tmp/$1.roff" || { bad "no page $1"; return; }
	grep -nE '@[A-Z]+@' "$tmp/$1.roff" && bad "$1: a place that was not filled in"
	[ "$(head -c 4 "$tmp/$1.roff")" = ".TH " ] || bad "$1 does not begin with a title"
	if command -v mandoc >/dev/null; then
		mandoc -Tlint -W warning "$tmp/$1.roff" >"$tmp/lint" 2>&1 || { head -5 "$tmp/lint"; bad "$1: mandoc warns"; }
	fi
	if command -v man >/dev/null && command -v groff >/dev/null; then
		man --warnings -E UTF-8 -P cat -l "$tmp/$1.roff" >"$tmp/$1" 2>"$tmp/lint"
		[ ! -s "$tmp/lint" ] || { head -5 "$tmp/lint"; bad "$1: man warns"; }
	fi
	# What is looked for is looked for in the source, where no line is broken.
	sed -E 's/\\f[BIR]//g; s/\\-/-/g; s/\\\(aq/'"'"'/g' "$tmp/$1.roff" >"$tmp/$1.words"
}
has() { # PAGE WORD
	grep -qE -- "(^|[^A-Za-z0-9_])${2//./\\.}([^A-Za-z0-9_]|\$)" "$tmp/$1.words" || bad "$1 does not speak of $2"
}
for p in lodestone.1 lodestone-tune.1 lodestone.conf.5 lodestone-tunables.7 lodestone.7; do page $p; done
n=0
for verb in $("$cli" help | sed -nE 's/^  ([a-z]+) .*/\1/p'); do
	grep -qxF ".SS \"lodestone $verb\"" "$tmp/lodestone.1.words" && n=$((n + 1)) || bad "lodestone.1 does not speak of $verb"
	for option in $("$cli" "$verb" --help | sed -nE 's/^  (--?[a-zA-Z-]+).*/\1/p'); do has lodestone.1 "$option"; done
done
[ $n -ge 15 ] || bad "only $n verbs"
for option in $("$cli" tune --help | sed -nE 's/^  ([a-z_0-9]+, )?(--[a-z0-9-]+).*/\2/p'); do has lodestone-tune.1 "$option"; done
section= n=0
while read -r key; do
	case $key in
	"["*) section=$key; grep -qxF ".SS $key" "$tmp/lodestone.conf.5.words" || bad "lodestone.conf.5 has no section $key" ;;
	*) grep -qE "^$key = " "$tmp/lodestone.conf.5.words" && n=$((n + 1)) || bad "lodestone.conf.5 does not speak of $section $key" ;;
	esac
done < <("$cli" help config | sed -nE 's/^#([a-z_0-9]+) = .*/\1/p; /^\[.*\]$/p')
[ $n -ge 60 ] || bad "only $n keys"
n=0
for option in $("$cli" help tunables | grep -E '^[a-z]'); do
	grep -qxF "$option" "$tmp/lodestone-tunables.7.words" && n=$((n + 1)) || bad "lodestone-tunables.7 does not speak of $option"
done
[ $n -ge 140 ] || bad "only $n options"
for metric in $(grep -hoE '"lodestone_[a-z_0-9]+"' "$source"/plugin/agent/*.c "$source"/plugin/record/*.c | tr -d '"' | sort -u); do has lodestone.7 "$metric"; done
has lodestone.7 "$lib/liblodestone-preload.so"
echo "manual: every verb, key, option and metric"

# --- what a document of the installation names is there ---
for link in $(grep -ohE '\]\([a-z][^):#]*' "$doc"/README.md "$doc"/install.md | sed 's/^](//'); do
	[ -e "$doc/$link" ] || bad "README.md or install.md names $link, which is not installed"
done

# --- configuration ---
grep -vE '^(#|\[|$)' "$doc/examples/lodestone.conf" && bad "the default configuration sets something"
cmp -s <("$cli" help config) <(sed '1,3d' "$doc/examples/lodestone.conf") || bad "the default configuration is not what the command says"
"$cli" run -c "$doc/examples/lodestone.conf" -- true || bad "the default configuration is not read without a complaint"
DESTDIR=$tmp/dest cmake --install "$build" --prefix /usr >/dev/null 2>&1 || bad "DESTDIR"
cmp -s "$doc/examples/lodestone.conf" "$tmp/dest/etc/lodestone/lodestone.conf" || bad "DESTDIR: no configuration in /etc"
grep -q "LD_PRELOAD=/usr${lib#"$prefix"}/liblodestone-preload.so" "$tmp/dest/usr/share/doc/lodestone/examples/systemd/preload.conf" || bad "DESTDIR: paths of the wrong prefix"
echo '[agent]' >"$tmp/dest/etc/lodestone/lodestone.conf"
DESTDIR=$tmp/dest cmake --install "$build" --prefix /usr >/dev/null 2>&1
[ "$(cat "$tmp/dest/etc/lodestone/lodestone.conf")" = '[agent]' ] || bad "a configuration was written over"
[ ! -e "$prefix/etc" ] || bad "a configuration where nobody looks for it"
grep -rl "$tmp/dest" "$tmp/dest" && bad "DESTDIR has got into a file"
echo "configuration: complete, and never written over"

# --- systemd ---
units=$doc/examples/systemd
for file in "$units"/*.conf "$units"/*.service; do
	while read -r setting; do # each key must exist and take the value
		value=${setting#*=} key=${setting%%=*}
		[[ $key == LODESTONE_* ]] || continue
		env "$key=${value//%[StN]//x}" "$cli" doctor 2>&1 | grep -iE "no such setting|cannot be '" && bad "$file: $setting"
	done < <(sed -nE 's/^#?Environment=//p' "$file")
done
for kind in STATE:State:S RUNTIME:Runtime:t; do # what is written is what systemd makes
	IFS=: read -r key name letter <<<"$kind"
	grep -qx "Environment=LODESTONE_AGENT_${key}_DIR=%$letter/$(sed -n "s/^${name}Directory=//p" "$units/preload.conf")" "$units/preload.conf" || bad "preload.conf: ${name}Directory is another"
done
"$cli" run -c "$units/relay.conf" -- true || bad "relay.conf"
grep -q "^socket = /run/$(sed -n 's/^RuntimeDirectory=//p' "$units/lodestone-relay.service")/" "$units/relay.conf" || bad "relay.conf: its socket is not in RuntimeDirectory"
grep -q "LLM_URL=unix:$(sed -n 's/^socket = //p' "$units/relay.conf")\$" "$units/relay-client.conf" || bad "relay-client.conf: another socket than relay.conf"
grep -q "^SupplementaryGroups=$(sed -n 's/^group = //p' "$units/relay.conf")\$" "$units/relay-client.conf" || bad "relay-client.conf: another group than relay.conf"
if command -v systemd-analyze >/dev/null; then
	mkdir -p "$tmp/units/kvstore.service.d"
	printf '[Service]\nExecStart=/bin/true\n' >"$tmp/units/kvstore.service"
	cp "$units/lodestone-relay.service" "$tmp/units/"
	cp "$units/preload.conf" "$units/model.conf" "$units/relay-client.conf" "$tmp/units/kvstore.service.d/"
	sed -i 's/^#Environment/Environment/' "$tmp"/units/kvstore.service.d/*.conf
	for unit in kvstore lodestone-relay; do
		SYSTEMD_UNIT_PATH=$tmp/units: systemd-analyze verify --man=no "$tmp/units/$unit.service" >"$tmp/out" 2>&1
		status=$?
		# What it says of other units of the machine is not ours.
		if [ $status != 0 ] && grep -qE "kvstore|lodestone" "$tmp/out"; then
			cat "$tmp/out"
			bad "systemd-analyze verify $unit.service"
		elif grep -E "(kvstore|lodestone-relay)[^:]*:[0-9]+:" "$tmp/out"; then
			bad "systemd-analyze verify $unit.service"
		fi
	done
	echo "systemd: units and drop-ins, verified"
else
	echo "systemd: no systemd-analyze; only keys and directories were checked"
fi

# --- completion ---
# shellcheck disable=SC1091
. "$prefix/share/bash-completion/completions/lodestone"
complete -p lodestone | grep -q -- '-F _lodestone' || bad "the completion is not set up"
compopt() { :; } # only known while bash completes
# offered LINE: what bash would have been told, with the words split as it does.
offered() {
	local spaced=${1//=/ = }
	read -ra COMP_WORDS <<<"$spaced"
	[[ $1 != *[[:space:]] ]] || COMP_WORDS+=("")
	COMP_WORDS[0]=$cli COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
	_lodestone
	printf '%s\n' "${COMPREPLY[@]}"
}
offers() { # LINE WORD...: these among others
	local line=$1 word said
	shift
	said=$(offered "$line")
	for word; do grep -qxF -- "$word" <<<"$said" || bad "completion of '$line' lacks '$word': ${said//$'\n'/ }"; done
}
only() { # LINE WORDS: these and no others
	local said
	said=$(offered "$1" | sort | paste -sd' ')
	[ "$said" = "$2" ] || bad "completion of '$1' is '$said', not '$2'"
}
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
offers "lodestone " status watch --help --version
only "lodestone sta" "status"
only "lodestone he" "help"
offers "lodestone journal -" -n -f -k -j -d
only "lodestone rollback --pr" "--print"
offers "lodestone tune --" --options --baseline --p99-get
[[ "$(offered "lodestone tune --")" != *--benchmarks* ]] || bad "completion offers options of db_bench"
only "lodestone run -s agent.mo" "agent.mode="
only "lodestone run -s agent.mode=" "auto observe suggest"
only "lodestone run -s agent.mode=a" "auto"
only "lodestone run -s objective.kind=th" "throughput"
only "lodestone run -s advisor.kind=ex" "expert"
only "lodestone run -s agent.state_dir=/x" ""
offers "lodestone run -s " llm.url= judge.pace=
offers "lodestone relay -s relay.s" relay.socket=
COMP_WORDBREAKS=$' \t\n'
only "lodestone run -s agent.mode=a" "agent.mode=auto"
only "lodestone pin write_b" "write_buffer_size"
offers "lodestone unpin max_" max_background_jobs max_subcompactions
offers "lodestone help " config tunables run
touch "$tmp/file.conf"
only "lodestone run -c $tmp/file" "$tmp/file.conf"
offers "lodestone run db_ben" $(compgen -c db_ben)
only "lodestone run -- tru" "$(compgen -c tru | sort | paste -sd' ')"
if command -v python3 >/dev/null; then # a process that answers
	mkdir -p "$tmp/run" "$tmp/says"
	printf '{"version":"0","pid":@PID@,"databases":[{"id":"rocksdb-00aa","path":"/tmp/db"},{"id":"rocksdb-00bb","path":"/tmp/e"}]}' >"$tmp/says/status"
	exec 3< <(exec python3 "$source/tests/host/stand_in.py" "$tmp/run" "$tmp/says")
	read -r pid <&3
	sed -i "s/@PID@/$pid/" "$tmp/says/status"
	only "lodestone status " "$pid"
	only "lodestone pause -d rocksdb-00b" "rocksdb-00bb"
	exec 4< <(exec python3 "$source/tests/host/stand_in.py" "$tmp/run" "$tmp/says")
	read -r other <&4
	offers "lodestone pause " "$pid" "$other"
	kill "$pid" "$other"
	exec 3<&- 4<&-
fi
echo "completion: verbs, options, keys, words, files, processes, databases"

# --- and gone, as docs/install.md says ---
tr '\n' '\0' <"$tmp/manifest" | xargs -0 rm || bad "what is to be removed"
find "$prefix" ! -type d | grep . && bad "this is left of it"
exit $failed
