#!/bin/bash
# Options written where RocksDB cannot write its OPTIONS file, where bytes_per_sync is 0, and while the application sets options too: on Debian's own RocksDB.
. "$(dirname "$0")/lib.sh"

with_preload timeout 300 "$hosts/host_options_file" "$work/file" || fail "host_options_file: $?"
echo "setoptions, file: fine"
