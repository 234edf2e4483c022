# shellcheck shell=bash
# Completion of `lodestone` in bash. What there is to choose from is asked of the command itself, so nothing here can go out of date.

# What stands before the cursor, whole: bash splits words at = and :.
_lodestone_word() {
	local line=${COMP_LINE:0:COMP_POINT}
	word=${line##*[[:space:]]}
}

# _lodestone_offer CANDIDATES: those that begin with the word. bash puts only what follows the last = or : in its place.
_lodestone_offer() {
	local kept=${word%"${word##*[=:]}"}
	[[ $COMP_WORDBREAKS == *=* ]] || kept=
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word")
	COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

_lodestone_files() {
	mapfile -t COMPREPLY < <(compgen -f -- "$word")
	compopt -o filenames 2>/dev/null
}

# The options in what a verb says of itself: of its usage line, and what its list begins with.
_lodestone_options() {
	sed -nE '1s/.*usage: (.*)/\1/p; s/^  ([a-z_0-9]+, )?(--?[a-zA-Z0-9-]+).*/[\2/p' | grep -oE '\[--?[a-z][a-z0-9-]*' | tr -d '[' | sort -u
}

# section.key= of every key; with the key there, its words.
_lodestone_settings() {
	if [[ $word != *=* ]]; then
		_lodestone_offer "$("$command" help config 2>/dev/null | sed -nE 's/^\[(.*)\]$/\1/; t section; s/^#([a-z_0-9]+) = .*/\1/; t key; d; :section; h; d; :key; G; s/(.*)\n(.*)/\2.\1=/p')"
		compopt -o nospace 2>/dev/null
		return
	fi
	local key=${word%%=*} section name line words=
	section=${key%%.*} name=${key#*.}
	while IFS= read -r line; do
		case $line in
		"[$section]") local inside=1 ;;
		"["*) local inside= ;;
		"# One of: "*) words=${line#\# One of: } words=${words%.} ;;
		"#$name = "*)
			[[ -z $inside ]] || break
			words=
			;;
		"#"[a-z]*) words= ;;
		esac
	done < <("$command" help config 2>/dev/null)
	local each choices=
	for each in ${words//,/ }; do choices+=" $key=$each"; done
	_lodestone_offer "$choices"
}

# Processes that answer: the only one, or those that the command lists.
_lodestone_processes() {
	local said
	said=$("$command" status -j 2>&1 </dev/null)
	sed -nE '1s/^\{.*"pid":([0-9]+).*/\1/p; s/^  ([0-9]+)  .*/\1/p' <<<"$said"
}

_lodestone_databases() {
	"$command" status -j 2>/dev/null </dev/null | grep -oE '"id":"[^"]+","path":"[^"]*"' | sed -E 's/^"id":"([^"]*)".*/\1/'
}

_lodestone() {
	local command=${COMP_WORDS[0]} verb=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD - 1]} word i
	COMPREPLY=()
	_lodestone_word
	if [[ $COMP_CWORD -eq 1 ]]; then
		_lodestone_offer "$("$command" help 2>/dev/null | sed -nE 's/^  ([a-z]+) .*/\1/p') --help --version"
		return
	fi
	# Behind -- stands somebody else's command.
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			if [[ $before == -- ]]; then
				mapfile -t COMPREPLY < <(compgen -c -- "$word")
			else
				_lodestone_files
			fi
			return
		fi
	done
	[[ $word != *=* ]] || before=-s
	case $before in
	-s) [[ $verb == run || $verb == relay ]] && _lodestone_settings && return ;;
	-c | -S) _lodestone_files && return ;;
	-d) _lodestone_offer "$(_lodestone_databases)" && return ;;
	-k) _lodestone_offer "attach advice asked proposal refused intent verdict settled trip override restore" && return ;;
	-n | -i) return ;;
	esac
	if [[ $word == -* ]]; then
		_lodestone_offer "$("$command" "$verb" --help 2>/dev/null | _lodestone_options) --help"
		return
	fi
	case $verb in
	help) _lodestone_offer "$("$command" help 2>/dev/null | sed -nE 's/^  ([a-z]+) .*/\1/p') config tunables" ;;
	pin | unpin) _lodestone_offer "$("$command" help tunables 2>/dev/null | grep -E '^[a-z]') $([[ -n $word ]] || _lodestone_processes)" ;;
	run) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
	journal | doctor)
		_lodestone_offer "$(_lodestone_processes)"
		[[ ${#COMPREPLY[@]} -gt 0 && -z $word ]] || _lodestone_files
		;;
	relay) ;;
	tune | ab | report) _lodestone_files ;;
	*) _lodestone_offer "$(_lodestone_processes)" ;;
	esac
}

complete -F _lodestone lodestone
