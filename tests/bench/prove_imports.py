"""The call sites of an imported application are the same whether its .pyc files are there (warm) or not (cold), so that a
baseline captured warm holds in a fresh checkout.

usage: prove_imports.py BUILD [MODULE...]        BUILD: the build folder, with corpus/ in it; without MODULE: all of the corpus

Prints for peak, retained and growth how many call sites each has, how many one alone has, and their bytes, and how many of
both's differ by more than the gate's own allowance of 16 KiB; then what the gate says of a cold run against a baseline
captured warm. Exit status 1: the gate does not pass, or growth has a call site that only one of both has.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from corpus import ENVIRONMENT, Corpus
from ledger_header import largest

HERE = pathlib.Path(__file__).resolve().parent
METRICS, CALL_SITE_BYTES = ["peak", "retained", "growth"], 16 << 10
SCENARIO = """run: [%s]
instruments: [heap]
timeout: 600 s
env: {PYTHONPATH: %s, PYTHONPYCACHEPREFIX: %s, PYTHONDONTWRITEBYTECODE: "1"}
# What the compiler makes once and keeps, its types (230 KiB in 3.12) and interned names, belongs to the import that compiles
# first: in a warm run to a later one. Small objects lie in free lists that others filled.
allow: {peak: {percent: 2, floor: 64 KiB}, retained: {percent: 2, floor: 64 KiB}, call_site: {percent: 100, floor: 512 KiB}}
"""


class Proof:
    def __init__(self, build, modules):
        self.build = pathlib.Path(build).resolve()
        corpus = Corpus(self.build / "corpus")
        self.python = corpus.python
        self.folder = self.build / "bench" / "imports"
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "scenarios").mkdir(parents=True)
        self.pyc = self.folder / "pyc"
        self.command = [corpus.python, str(HERE / "imported_loop.py"), *(modules or corpus.imports())]
        self.environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(HERE.parents[1] / "build" / "python"),
                            "PYTHONPYCACHEPREFIX": str(self.pyc)}

    def make(self, temperature):
        """Has the .pyc files there, or not."""
        shutil.rmtree(self.pyc, ignore_errors=True)
        if temperature == "warm":
            subprocess.run(self.command, env={**self.environment, "PYTHONDONTWRITEBYTECODE": ""}, check=True)

    def heapgate(self, *arguments):
        return subprocess.run([str(self.build / "heapgate"), *arguments], cwd=self.folder, env=self.environment, capture_output=True,
                              text=True, errors="replace", check=False)

    def sites(self, temperature):
        """{metric: {key: bytes}} of one run, by show --json; and the ledger's header."""
        self.make(temperature)
        output = self.folder / temperature
        done = self.heapgate("exec", "--output", str(output), "--", *self.command)
        ledgers = sorted(output.glob("*.ledger"), key=os.path.getsize)
        if done.returncode != 0 or not ledgers:
            sys.exit("imports: heapgate exec exited with %d: %s" % (done.returncode, done.stderr[-500:]))
        metrics = json.loads(self.heapgate("show", "--json", "--threshold=0", str(ledgers[-1])).stdout)["metrics"]
        found = {}
        for metric in METRICS:
            found[metric] = {}
            for site in metrics.get(metric, {}).get("call_sites", []):
                found[metric][site["key"]] = found[metric].get(site["key"], 0) + site["value"]
        return found, largest(output)

    def gate(self):
        """Whether a cold run passes against a baseline captured warm, and what was said."""
        quoted = ", ".join(json.dumps(word) for word in self.command)
        scenario = SCENARIO % (quoted, self.environment["PYTHONPATH"], self.pyc)
        (self.folder / "scenarios" / "imports.yaml").write_text(scenario, encoding="utf-8")
        self.make("warm")
        captured = self.heapgate("update", "--runs", "1", "--reason", "warm", "imports")
        if captured.returncode != 0:
            return False, captured.stdout + captured.stderr
        self.make("cold")
        ran = self.heapgate("run", "imports")
        return ran.returncode == 0, ran.stdout + ran.stderr


def alone(mine, theirs):
    return {key: value for key, value in mine.items() if key not in theirs}


def compare(warm, cold):
    """Prints the table; how many call sites of growth only one side has."""
    wrong = 0
    print("%-10s%8s%8s%10s%14s%10s%14s%10s" % ("", "warm", "cold", "only warm", "bytes", "only cold", "bytes", "differ"))
    for metric in METRICS:
        only = [alone(warm[metric], cold[metric]), alone(cold[metric], warm[metric])]
        differ = [key for key, value in warm[metric].items() if abs(cold[metric].get(key, value) - value) > CALL_SITE_BYTES]
        print("%-10s%8d%8d%10d%14d%10d%14d%10d" % (metric, len(warm[metric]), len(cold[metric]), len(only[0]), sum(only[0].values()),
                                                   len(only[1]), sum(only[1].values()), len(differ)))
        large = [site for each in only for site in each.items() if metric == "growth" or abs(site[1]) > CALL_SITE_BYTES]
        wrong += len(large) if metric == "growth" else 0
        for key, value in sorted(large, key=lambda site: -site[1])[:3]:
            print("    %10d B  %s" % (value, key[:150]))
    return wrong


def main(build, modules):
    proof = Proof(build, modules)
    (warm, warm_header), (cold, cold_header) = proof.sites("warm"), proof.sites("cold")
    print("nodes and sites: warm %d and %d, cold %d and %d" % (warm_header.nodes, warm_header.sites, cold_header.nodes, cold_header.sites))
    wrong = compare(warm, cold)
    passed, said = proof.gate()
    print("a cold run against a baseline captured warm: " + ("passes" if passed else "does not pass"))
    if not passed:
        print("".join("    " + line + "\n" for line in said.splitlines()[:24]))
    return 1 if wrong or not passed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
