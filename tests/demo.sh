#!/usr/bin/env bash
# The whole way of a regression: a shipped scenario's program is built with a leak switched on, the gate turns red
# and says why; the leak is switched off, and the gate is green again. Called by `make demo`.
set -euo pipefail

build=${1:?usage: demo.sh BUILD-FOLDER}
program=$build/scenarios/roundtrip
kept=$build/demo/roundtrip.healthy

restore() {
    if [ -e "$kept" ]; then mv -f "$kept" "$program"; fi
}
trap restore EXIT

gate() {
    local wanted=$1 status=0
    "$build/heapgate" run xml-roundtrip || status=$?
    echo "exit status $status"
    if [ "$status" -ne "$wanted" ]; then
        echo "demo: expected exit status $wanted" >&2
        exit 1
    fi
}

echo "== the leak is on: copy_attribute() forgets to free a value"
cp -p "$program" "$kept"
cp -p "$build/demo/roundtrip" "$program"
gate 1

echo
echo "== the leak is off"
restore
gate 0
