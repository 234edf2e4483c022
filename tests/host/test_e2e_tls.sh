#!/bin/bash
# Whom we speak to, by one real call each (`lodestone doctor --ask` takes the agent's own way): only a server whose certificate is good, for the name
# that was asked for, and vouched for; by no proxy but the configured one; and neither .netrc nor cookies nor another host get a say.
. "$(dirname "$0")/e2e.sh" "$@"

[ -x "$build/lodestone" ] || skip "no lodestone command"
key=sk-abcdefghijklmnop
(umask 077 && echo $key >"$work/key")
export LODESTONE_ADVISOR_KIND=llm LODESTONE_LLM_MODEL=stand-in LODESTONE_LLM_TIMEOUT=5s LODESTONE_LLM_RETRIES=0 LODESTONE_LLM_KEY_FILE=$work/key

# says OUTCOME NAME [VARIABLE=VALUE...]: doctor's word on the one call; "" is a call that came back as it should
says() {
	local outcome=$1 name=$2
	shift 2
	env "$@" "$build/lodestone" doctor --ask >"$work/said" 2>&1
	if [ -z "$outcome" ]; then
		grep -q 'answered by the schema' "$work/said" || fail "$name: $(grep -i model "$work/said")"
	else
		grep -q -- "$outcome: " "$work/said" || fail "$name: not $outcome: $(grep -i -A2 model "$work/said")"
	fi
}

# ---- certificates ----
for cert in good host expired; do
	mkdir -p "$work/$cert"
	model "$work/$cert.log" --tls "$work/$cert" --cert $cert --scenario no_change
	url=https://127.0.0.1:$model_port/v1
	says tls-failed "$cert, and nobody vouches for it" LODESTONE_LLM_URL="$url"
	expect=tls-failed
	[ $cert = good ] && expect=
	says "$expect" "$cert" LODESTONE_LLM_URL="$url" LODESTONE_LLM_CA_FILE="$work/$cert/cert.pem"
	[ $cert != good ] || tls=$url
	grep -q "$key" "$work/$cert.log" && [ $cert != good ] && fail "$cert: the key was sent all the same"
done
says tls-failed "vouched for by another" LODESTONE_LLM_URL="$tls" LODESTONE_LLM_CA_FILE="$work/host/cert.pem"
good=("LODESTONE_LLM_URL=$tls" "LODESTONE_LLM_CA_FILE=$work/good/cert.pem")
[ "$(wc -l <"$work/good.log")" = 1 ] || fail "a server that was not to be trusted was sent a request: $(wc -l <"$work/good.log")"

# ---- the environment's proxies are the host's; ours is used ----
nobody=http://127.0.0.1:1
proxies=(http_proxy=$nobody https_proxy=$nobody HTTPS_PROXY=$nobody ALL_PROXY=$nobody all_proxy=$nobody)
model "$work/plain.log" --scenario no_change
plain=http://127.0.0.1:$model_port/v1
says "" "https beside a proxy in the environment" "${good[@]}" "${proxies[@]}"
says "" "http beside a proxy in the environment" LODESTONE_LLM_URL="$plain" "${proxies[@]}"
says connect-failed "our proxy" LODESTONE_LLM_URL="$plain" LODESTONE_LLM_PROXY=$nobody
says connect-failed "our proxy, and a host that is excepted in the environment" LODESTONE_LLM_URL="$plain" LODESTONE_LLM_PROXY=$nobody no_proxy='*' NO_PROXY='*'

# ---- .netrc, cookies, redirects ----
mkdir -p "$work/home"
echo 'default login somebody password secret' >"$work/home/.netrc"
chmod 600 "$work/home/.netrc"
model "$work/netrc.log" --scenario no_change
says "" "a .netrc" LODESTONE_LLM_URL="http://127.0.0.1:$model_port/v1" LODESTONE_LLM_KEY_FILE= HOME="$work/home" NETRC="$work/home/.netrc"
grep -q -i '"authorization"' "$work/netrc.log" && fail "a login of .netrc was sent: $(cat "$work/netrc.log")"
cat >"$work/cookies.json" <<'END'
[{"content": "no JSON", "headers": {"Set-Cookie": "crumb=1; Path=/"}}, "no_change"]
END
model "$work/cookies.log" --script "$work/cookies.json"
says "" "a cookie" LODESTONE_LLM_URL="http://127.0.0.1:$model_port/v1"
[ "$(wc -l <"$work/cookies.log")" = 2 ] || fail "the cookie was not given a chance"
grep -q crumb "$work/cookies.log" && fail "a cookie came back"
model "$work/other.log" --scenario no_change
cat >"$work/redirect.json" <<END
[{"status": 307, "headers": {"Location": "http://127.0.0.1:$model_port/v1/chat/completions"}, "body": ""}]
END
model "$work/redirect.log" --script "$work/redirect.json"
says redirected "a redirect" LODESTONE_LLM_URL="http://127.0.0.1:$model_port/v1"
[ ! -s "$work/other.log" ] || fail "a redirect was followed, with $(grep -c "$key" "$work/other.log") keys"
passed
