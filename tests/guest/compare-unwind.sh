#!/usr/bin/env bash
# Every Nth allocation's stack of real programs, walked by ours and by _Unwind_Backtrace: prints the counts a program,
# and fails where one stack differs.   tests/guest/compare-unwind.sh BUILD
set -euo pipefail
build=$(realpath "${1:-build}")
root=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

run() { # EVERY COMMAND...
    local every=$1
    shift
    command -v "$1" >/dev/null || { echo "  (no $1 here)" && return 0; }
    COMPARE_OUTPUT=$work/counts COMPARE_EVERY=$every LD_PRELOAD=$build/tests/compare_unwind.so "$@" >"$work/stdout" 2>"$work/stderr" ||
        { echo "compare-unwind: $* failed" && tail -n 5 "$work/stderr" && exit 1; }
}

cat >script.py <<'PY'
import ctypes, json, re, signal, threading, zlib, sqlite3, decimal, functools
data = [{"key": i, "text": str(i) * 40, "list": list(range(i % 50))} for i in range(3000)]
text = json.dumps(data)
for _ in range(3):
    json.loads(text)
re.sub(r"(\d+)x?", lambda m: m.group(1) * 2, text[:200000])
zlib.compress(text.encode())
def deep(n):
    return [n] if n == 0 else deep(n - 1) + [bytes(600)]
deep(150)
base = sqlite3.connect(":memory:")
base.execute("create table t(a, b)")
base.executemany("insert into t values(?, ?)", [(i, str(i)) for i in range(2000)])
sorted(base.execute("select * from t"), key=functools.cmp_to_key(lambda a, b: a[0] - b[0]))
signal.signal(signal.SIGALRM, lambda *a: bytearray(5000))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda a, b: len(bytearray(1000)) * 0 - 1)
array = (ctypes.c_int * 200)(*range(200))
ctypes.CDLL(None).qsort(array, 200, 4, compare)
threads = [threading.Thread(target=lambda: json.loads(text[:text.index("}, ") + 1] + "]")) for _ in range(4)]
[t.start() for t in threads], [t.join() for t in threads]
signal.setitimer(signal.ITIMER_REAL, 0)
PY
{
    echo "create table t(a integer primary key, b text, c real); begin;"
    for ((i = 0; i < 2000; i++)); do echo "insert into t values($i, 'row $i', $i.5);"; done
    echo "commit; select b, sum(c) over (order by a) from t where a in (select a+1 from t) order by b limit 500; select group_concat(b) from t group by a % 7;"
} >script.sql
{
    echo "<root>"
    for ((i = 0; i < 3000; i++)); do echo "<item id='$i' class='c$((i % 7))'><name>n$i</name>text &amp; $i</item>"; done
    echo "</root>"
} >large.xml

every=${COMPARE_EVERY:-1}
run $((every * 7)) env PYTHONMALLOC=malloc /usr/bin/python3 script.py
run "$every" /usr/bin/python3 script.py
run "$every" sqlite3 :memory: ".read script.sql"
run "$every" xmllint --format --xpath "//item[@class='c3']/name/text()" large.xml
# shellcheck disable=SC2016 # the programs' own words
run "$every" bash -c 'f() { [ "$1" -eq 0 ] || { local -a a=("$@"); x=$(echo "$1"); f $(($1 - 1)); }; }; f 30; for i in {1..300}; do m[$i]="${i//1/one}"; done'
run "$every" git -C "$root" log --stat --max-count=50
run $((every * 20)) cc -std=gnu11 -O2 -D_GNU_SOURCE -iquote "$root/harness/guest" -c -o cache.o "$root/harness/guest/unwind/stack_cache.c"
# shellcheck disable=SC2016
run "$every" perl -e 'my %h; $h{$_} = [1 .. $_ % 10] for 1 .. 5000; print join ",", sort { $a <=> $b } keys %h;'
run $((every * 5)) "$build/heapgate" --help
run "$every" env -i HOME=/nonexistent PATH=/usr/bin:/bin COMPARE_OUTPUT="$work/counts" LD_PRELOAD="$build/tests/compare_unwind.so" make --version

sort "$work/counts" >/dev/null # must be there
awk '/ stacks / { for (i = 2; i < NF; i++) if ($(i + 1) ~ /^[0-9]+$/) sum[$1, $i] += $(i + 1); programs[$1] }
    !/ stacks / { details = details $0 "\n" }
    END { names = split("stacks equal different truncated theirs-shorter hits shared wrong-hits wrong-walks", name, " ")
        printf "%-22s", "program"; for (n = 1; n <= names; n++) printf " %11s", name[n]; print ""
        for (p in programs) { short = p; sub(".*/", "", short); printf "%-22s", short
            for (n = 1; n <= names; n++) { printf " %11d", sum[p, name[n]]; total[n] += sum[p, name[n]] }; print "" }
        printf "%-22s", "all"; for (n = 1; n <= names; n++) printf " %11d", total[n]; print ""
        printf "%s", details
        exit total[3] + total[4] + total[8] + total[9] > 0 || total[1] == 0 }' "$work/counts"
