#!/bin/sh
# The massif reader against ms_print and wc -l on one file: runs in turns, medians, in one session on one machine.
#
# usage: bench_massif.sh HEAPGATE FOLDER     (HEAPGATE: the program; FOLDER: with generate-massif and massif-memory)
# MEGABYTES (120) and ROUNDS (5; ms_print, which is slow, runs in the first 3) may be set.
set -eu
heapgate=$1
folder=$2
megabytes=${MEGABYTES:-120}
rounds=${ROUNDS:-5}
file=$folder/massif-$megabytes.out
small=$folder/massif-$((megabytes / 10)).out

generate() { [ -s "$2" ] || { "$folder/generate-massif" "$1" >"$2.new" && mv "$2.new" "$2"; }; }
generate "$megabytes" "$file"
generate $((megabytes / 10)) "$small"

now() { date +%s.%N; }
# measure NAME COMMAND...: adds one time to FOLDER/NAME.times
measure() {
    name=$1
    shift
    start=$(now)
    "$@" >/dev/null
    echo "$(now) $start" | awk '{printf "%.4f\n", $1 - $2}' >>"$folder/$name.times"
}
median() { sort -n "$folder/$1.times" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

rm -f "$folder"/*.times
cat "$file" >/dev/null # in the page cache for all of them alike
round=0
while [ $round -lt "$rounds" ]; do
    measure show "$heapgate" show --json "$file"
    measure wc wc -l "$file"
    if [ $round -lt 3 ] && command -v ms_print >/dev/null; then measure ms_print ms_print "$file"; fi
    round=$((round + 1))
done

bytes=$(wc -c <"$file")
echo "$bytes bytes, $(grep -c '^snapshot=' "$file") snapshots, $(grep -c '^heap_tree=[dp]' "$file") with a tree; medians of $rounds rounds"
base=$(median show)
for name in show wc ms_print; do
    [ -s "$folder/$name.times" ] || { echo "  $name: not here"; continue; }
    echo "$name $(median $name) $bytes $base" |
        awk '{printf "  %-10s %8.3f s  %8.1f MB/s  %7.2f x the time of heapgate show\n", $1, $2, $3 / $2 / 1e6, $2 / $4}'
done
echo "memory of the reader itself:"
for each in "$small" "$file"; do "$folder/massif-memory" "$each"; done
