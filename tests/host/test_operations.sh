#!/bin/bash
# Every operation of the real host, once quietly, once while a background thread does the same all the time.
. "$(dirname "$0")/lib.sh"

with_preload "$hosts/host_ops" "$work/ops" || fail "host_ops"
with_preload "$hosts/host_c" "$work/c" || fail "host_c"
with_preload "$hosts/host_plugin" "$work/plugin" || fail "host_plugin"
with_preload "$hosts/host_cache" "$work/cache" || fail "host_cache"
LODE_TEST_BACKGROUND=1 with_preload "$hosts/host_c" "$work/c2" || fail "host_c with a busy agent"
echo "operations: fine"
