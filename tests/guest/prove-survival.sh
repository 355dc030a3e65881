#!/usr/bin/env bash
# Real programs under `heapgate exec`: the same output and exit status as without, and a ledger for each process and
# program.   tests/guest/prove-survival.sh BUILD [NAME...]      (called by `make prove-survival`)
#
# Programs that are not installed are said and left out; PROVE_ALL=yes makes that a failure. PySide6, Playwright, gevent and
# numpy come from PyPI into BUILD/survival/venv, in the versions of survival/requirements.txt. `.ci/install-packages proof`
# installs the others.
set -euo pipefail
build=$(realpath "${1:-build}")
shift || true
only=" $* "
root=$(realpath "$(dirname "$0")/../..")
programs=$root/tests/guest/survival
work=$(mktemp -d)
chmod 755 "$work" # other users' servers work below it
trap 'rm -rf "$work"' EXIT
failures=0
export TZ=UTC LC_ALL=C.UTF-8 HOME=$work/home GIT_CONFIG_NOSYSTEM=1
mkdir "$HOME"

# prove NAME PROGRAMS COMMAND...: PROGRAMS, of whom ledgers must be there, separated by commas. The command is run in a
# folder of its own, once without and once with the tracer; output and standard error are compared (without what
# heapgate itself says at the end), and so are the files it leaves in `kept`.
prove() {
    local name=$1 expected=$2 status=(0 0) verdict=same ledgers line
    shift 2
    [ "$only" = "  " ] || [[ $only == *" $name "* ]] || return 0
    local ours=("$build/heapgate" exec --output "$work/ledgers" --)
    local began=$EPOCHREALTIME
    for run in 0 1; do
        rm -rf "$work/place" "$work/ledgers"
        mkdir -p "$work/place/kept"
        [ "$run" = 1 ] && began=$EPOCHREALTIME
        if [ "$run" = 0 ]; then
            (cd "$work/place" && timeout 300 "$@") >"$work/out.0" 2>"$work/err.0" </dev/null || status[0]=$?
        else
            (cd "$work/place" && timeout 300 "${ours[@]}" "$@") >"$work/out.1" 2>"$work/err.all" </dev/null || status[1]=$?
            awk '/^heapgate: / { exit } { print }' "$work/err.all" >"$work/err.1"
        fi
        (cd "$work/place/kept" && find . -type f -exec sha256sum {} + | sort) >"$work/kept.$run"
    done
    local seconds
    seconds=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
    [ "${status[0]}" = "${status[1]}" ] || verdict="exit status ${status[0]}, traced ${status[1]}"
    for file in out err kept; do
        cmp --silent "$work/$file.0" "$work/$file.1" || verdict="$verdict; other $file"
    done
    grep -q "^heapgate: .*cannot be used" "$work/err.all" && verdict="$verdict; $(grep 'cannot be used' "$work/err.all")"
    ledgers=$(find "$work/ledgers" -name '*.ledger' 2>/dev/null | wc -l)
    for program in ${expected//,/ }; do
        compgen -G "$work/ledgers/*$program*.ledger" >/dev/null || verdict="$verdict; no ledger of $program"
    done
    for ledger in "$work"/ledgers/*.ledger; do
        line=$("$build/heapgate" show --json "$ledger" 2>&1) || verdict="$verdict; $ledger does not open: $line"
    done
    printf '%-18s status %-4s %4d ledgers  %6s s  %s\n' "$name" "${status[0]}" "$ledgers" "$seconds" "$verdict"
    if [ "$verdict" != same ]; then
        failures=$((failures + 1))
        for file in out err kept; do
            diff "$work/$file.0" "$work/$file.1" | head -n 10 | sed 's/^/      /' || true
        done
        tail -n 5 "$work/err.all" | sed 's/^/      /'
    fi
}

have() { # PROGRAM...
    local program
    for program; do
        command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] && continue
        printf '%-18s not here\n' "$program"
        [ "${PROVE_ALL:-no}" = no ] || failures=$((failures + 1))
        return 1
    done
}

cat >"$work/suite.py" <<'PY'
import asyncio, concurrent.futures, ctypes, json, multiprocessing, os, pickle, re, signal, sqlite3, subprocess, sys
import tempfile, threading, unittest, zlib


def square(x):
    return x * x


class Suite(unittest.TestCase):
    def test_subprocess(self):
        done = subprocess.run([sys.executable, "-c", "print('child')"], capture_output=True, text=True)
        self.assertEqual(done.stdout, "child\n")

    def test_subprocess_with_an_empty_environment(self):
        done = subprocess.run(["/bin/sh", "-c", "/bin/ls / | /usr/bin/head -1"], env={}, capture_output=True)
        self.assertEqual(done.stderr, b"")

    def test_fork_pool(self):
        with multiprocessing.get_context("fork").Pool(3) as pool:
            self.assertEqual(pool.map(square, range(50)), [x * x for x in range(50)])

    def test_spawn_pool(self):
        with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            self.assertEqual(list(pool.map(square, range(20))), [x * x for x in range(20)])

    def test_threads(self):
        found = []
        threads = [threading.Thread(target=lambda i=i: found.append(len(json.dumps(list(range(i)))))) for i in range(20)]
        [t.start() for t in threads], [t.join() for t in threads]
        self.assertEqual(len(found), 20)

    def test_fork_in_a_thread(self):
        def work():
            pid = os.fork()
            if pid == 0:
                bytearray(100000)
                os._exit(7)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 7)
        thread = threading.Thread(target=work)
        thread.start(), thread.join()

    def test_signals(self):
        hits = []
        signal.signal(signal.SIGALRM, lambda *a: hits.append(bytearray(5000)))
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        while len(hits) < 5:
            re.sub("a+", "b", "aab" * 1000)
        signal.setitimer(signal.ITIMER_REAL, 0)

    def test_ctypes_callback(self):
        compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
        array = (ctypes.c_int * 200)(*reversed(range(200)))
        ctypes.CDLL(None).qsort(array, 200, 4, compare(lambda a, b: a[0] - b[0]))
        self.assertEqual(list(array), list(range(200)))

    def test_asyncio(self):
        async def main():
            process = await asyncio.create_subprocess_exec("/bin/echo", "hello", stdout=-1)
            return (await process.communicate())[0], await asyncio.gather(*[asyncio.sleep(0, i) for i in range(100)])
        self.assertEqual(asyncio.run(main()), (b"hello\n", list(range(100))))

    def test_killed_child(self):
        child = subprocess.Popen([sys.executable, "-c", "import time\nprint(1, flush=True)\nwhile 1: bytearray(99999)"],
                                 stdout=-1)
        child.stdout.readline()
        child.kill()
        self.assertEqual(child.wait(), -9)

    def test_data(self):
        base = sqlite3.connect(":memory:")
        base.execute("create table t(a, b)")
        base.executemany("insert into t values(?, ?)", [(i, zlib.compress(b"x" * i)) for i in range(2000)])
        rows = pickle.loads(pickle.dumps(list(base.execute("select * from t"))))
        self.assertEqual(len(rows), 2000)
        self.assertRaises(MemoryError, bytearray, 1 << 62)

    def test_closed_descriptors(self):
        done = subprocess.run([sys.executable, "-c", "import os; os.closerange(0, 1000)"], close_fds=True)
        self.assertEqual(done.returncode, 0)


class Order(unittest.TextTestResult):
    def printErrors(self):
        print(sorted(str(e[0]) + e[1] for e in self.errors + self.failures))


result = unittest.TextTestRunner(stream=open(os.devnull, "w"), resultclass=Order).run(
    unittest.defaultTestLoader.loadTestsFromTestCase(Suite) if __name__ == "__main__" else unittest.TestSuite())
if __name__ == "__main__":
    print(result.testsRun, len(result.failures), len(result.errors))
    sys.exit(3)
PY

cat >"$work/server.js" <<'JS'
const { Worker, isMainThread, parentPort } = require("worker_threads");
if (!isMainThread) {
    parentPort.postMessage(JSON.stringify(Array.from({ length: 1000 }, (_, i) => i)).length);
} else {
    const fs = require("fs"), http = require("http"), zlib = require("zlib"), crypto = require("crypto");
    const { execFileSync } = require("child_process");
    const text = Array.from({ length: 3000 }, (_, i) => ({ id: i, s: "x".repeat(i % 100) }));
    const hash = (data) => crypto.createHash("sha256").update(data).digest("hex");
    console.log(hash(zlib.gunzipSync(zlib.gzipSync(JSON.stringify(text)))));
    console.log(execFileSync("/bin/sh", ["-c", "echo child"]).toString());
    console.log(execFileSync(process.execPath, ["-e", "console.log(6 * 7)"]).toString());
    const workers = Array.from({ length: 2 }, () => new Promise((r) => new Worker(__filename).on("message", r)));
    const server = http.createServer((q, a) => a.end(hash(q.url))).listen(0, async () => {
        const port = server.address().port;
        for (let i = 0; i < 50; i++)
            await new Promise((r) => http.get({ port, path: "/" + i, agent: false }, (a) => a.on("data", (d) => i == 49 && console.log(d + "")).on("end", r)));
        console.log(await Promise.all(workers), fs.readdirSync("/").includes("usr"));
        server.close();
        process.exitCode = 5;
    });
}
JS

cat >"$work/redis.sh" <<'SH'
set -eu
redis-server --port 0 --unixsocket "$PWD/socket" --daemonize no --save '' --appendonly no --dir . >log &
server=$!
for _ in $(seq 300); do redis-cli -s ./socket ping >/dev/null 2>&1 && break; sleep 0.1; done
for i in $(seq 200); do echo "set key$i $(printf '%0*d' "$i" "$i")"; echo "lpush list $i"; echo "zadd z $i m$i"; done | redis-cli -s ./socket | tail -n 3
redis-benchmark -s ./socket -n 2000 -c 5 -t set,get,lpush,hset -q >/dev/null
redis-cli -s ./socket get key77
redis-cli -s ./socket --raw zrange z 0 5
redis-cli -s ./socket save
redis-cli -s ./socket bgrewriteaof >/dev/null
redis-cli -s ./socket debug reload >/dev/null || true
redis-cli -s ./socket dbsize
redis-cli -s ./socket shutdown nosave || true
wait $server
SH

cat >"$work/nginx.sh" <<'SH'
set -eu
mkdir -p logs www && seq 1 20000 >www/numbers
cat >nginx.conf <<CONF
daemon off; pid $PWD/nginx.pid; worker_processes 2; error_log $PWD/logs/error.log; user root;
events { worker_connections 64; }
http { access_log off; client_body_temp_path $PWD/a; proxy_temp_path $PWD/b; fastcgi_temp_path $PWD/c; uwsgi_temp_path $PWD/d; scgi_temp_path $PWD/e;
gzip on; gzip_types *; gzip_min_length 1;
server { listen unix:$PWD/socket; root $PWD/www; location /not { return 404 "no\n"; } } }
CONF
chmod -R a+rX .
nginx -e "$PWD/logs/error.log" -c "$PWD/nginx.conf" &
server=$!
for _ in $(seq 300); do curl -sf --unix-socket socket http://x/numbers >/dev/null && break; sleep 0.1; done
for i in $(seq 30); do curl -s --unix-socket socket --compressed http://x/numbers; done | sha256sum
curl -s --unix-socket socket http://x/not
kill -HUP $server
sleep 1
curl -s --unix-socket socket http://x/numbers | tail -n 1
kill -QUIT $server
wait $server
SH

cat >"$work/pipes.sh" <<'SH'
set -o pipefail
f() { [ "$1" -eq 0 ] && return 0; local -a a=("$@"); echo "$(f $(($1 - 1)))$1"; }
f 25
seq 1 3000 | sed 's/1/one/g' | sort -r | uniq -c | awk '{ s += length($2) } END { print s }' | tee >(cat >/dev/null)
seq 1 100000 | head -n 1; echo "pipe status ${PIPESTATUS[*]}"
diff <(seq 1 5) <(seq 2 6); echo $?
for i in {1..40}; do (exit "$i") & wait $!; s="$s $?"; done; echo "$s"
{ sh -c 'kill -SEGV $$'; } 2>/dev/null; echo "segv $?"
sh -c 'ulimit -n 3; echo few' ; (ulimit -v 400000; ls / >/dev/null; echo "limited $?")
env -i /bin/sh -c 'echo "bare: $(/usr/bin/env | /usr/bin/sort)"' | grep -vE 'PWD|HEAPGATE_SOCKET|HEAPGATE_PARENT|LD_PRELOAD' # put back by the tracer, or the child is lost
trap 'echo usr1' USR1; kill -USR1 $$; exec bash -c 'exit 42'
SH

cat >"$work/git.sh" <<'SH'
set -eu
git clone -q --no-local "$1" clone
cd clone
git -c gc.auto=0 log --stat --max-count=60 | sha256sum
git repack -adq && git fsck 2>/dev/null && git grep -c malloc -- harness | sha256sum
git blame Makefile | sha256sum
git archive HEAD | sha256sum
git checkout -q -b other && echo x >>README.md && git -c user.name=a -c user.email=b commit -qam x && git diff --stat HEAD~1
git no-such-command
SH

cat >"$work/make.sh" <<'SH'
cp -r "$1" project
cd project
rm -rf build reports .git
make SETUP=no -j2 build scenario-programs V=1 >/dev/null 2>../make.err
status=$?
grep -v jobserver ../make.err
build/heapgate --version
cp build/heapgate build/libheapgate.so build/scenarios/roundtrip ../kept/
exit $status
SH

python=/usr/bin/python3
prove python3 python3,sh,ls,head,echo $python -B "$work/suite.py"
have node && prove node node,sh node "$work/server.js"
have redis-server redis-cli && prove redis redis,bash bash "$work/redis.sh"
have nginx curl && prove nginx nginx,curl,bash env PATH="$PATH:/usr/sbin" bash "$work/nginx.sh"
have git && prove git git bash "$work/git.sh" "$root"
prove gcc gcc,cc1,as,ld,collect2 gcc -O2 -g -std=gnu11 -D_GNU_SOURCE -fPIC -shared -Wall -iquote "$root/harness/guest" \
    -Wno-unknown-pragmas -o kept/unwind.so "$root/harness/guest/unwind/cfi.c" "$root/harness/guest/unwind/unwind_fp.c"
prove gcc-error cc1 gcc -x c -c -o kept/x.o /dev/null -include /nonexistent.h
prove bash bash,seq,sed,sort,awk bash "$work/pipes.sh"
prove make make,cc1,as,heapgate bash "$work/make.sh" "$root"


# package NAME: from PyPI, or said and left out.
package() {
    local venv=$build/survival/venv
    [ "$only" = "  " ] || [[ $only == *" $2 "* ]] || return 1
    [ -x "$venv/bin/pip" ] || $python -m venv "$venv" || return 1
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$(grep "^$1==" "$programs/requirements.txt")" 2>"$work/pip" && return 0
    printf '%-18s not here: %s\n' "$1" "$(tail -n 1 "$work/pip")"
    [ "${PROVE_ALL:-no}" = no ] || failures=$((failures + 1))
    return 1
}
interpreter=$build/survival/venv/bin/python
package gevent gevent && prove gevent python3,echo "$interpreter" -B "$programs/gevent_work.py"
package numpy numpy && prove numpy python3 "$interpreter" -B "$programs/numpy_work.py"
package PySide6_Essentials pyside6 && prove pyside6 python3 env QT_QPA_PLATFORM=offscreen "$interpreter" -B "$programs/qt.py"
have chromium && package playwright playwright &&
    prove playwright python3,node "$interpreter" -B "$programs/browser.py" "$(command -v chromium)"
have_postgres() { # fills postgres
    postgres=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)" 2>/dev/null)
    [ -x "$postgres/initdb" ] || have initdb
}
have psql && have_postgres && prove postgres postgres,psql,initdb bash "$programs/postgres.sh" "$postgres"
if [ "$(id -u)" -eq 0 ] && id www-data >/dev/null 2>&1; then
    have nginx curl && prove nginx-root nginx,curl,ps env PATH="$PATH:/usr/sbin" bash "$programs/nginx_root.sh"
fi
"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O1 -g -o "$work/sandboxed" "$programs/sandboxed.c"
prove sandboxed sandboxed "$work/sandboxed"

if [ "$failures" -gt 0 ]; then
    echo "$failures programs or checks differ"
    exit 1
fi
echo "all as without the tracer"
