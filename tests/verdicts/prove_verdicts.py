"""Verdicts, counted: programs whose call sites are drawn from a seed, clean and leaking, gated as a user gates them.

usage: prove_verdicts.py BUILD [PART]     BUILD: the build folder; PART: of the full counts (1), as 0.1

Each row captures baselines of clean programs (heapgate update), and then runs heapgate on the same or on leaking ones:

  clean          deterministic programs, unchanged                                none may be red
  noisy          sizes and lifetimes differ from run to run                       two in 500 at most
  every N        16 B leak in every N-th iteration, at a call site of its own     all red by growth, and named
  chance 25 %    16 B leak in one iteration of four, by chance                    95 of 100
  busy           16 B leak in every iteration at one of the program's own sites   all red and named
  bound          what the clean run said that it sees leaks from, at a random site, in every iteration: all red
Exit status 1 where a row misses.
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import typing

HERE = pathlib.Path(__file__).resolve().parent
CHUNK = 50  # scenarios of one call of heapgate
SITES = 20


class Found(typing.NamedTuple):
    verdict: str
    red: list  # metrics
    named: set  # allocating functions of their call sites
    growth: int
    smallest: int


class Proof:
    def __init__(self, build, share):
        self.build, self.share = pathlib.Path(build).resolve(), share
        self.folder = self.build / "verdicts"
        self.environment = {**os.environ, "NO_COLOR": "1"}
        self.missed = 0
        self.only = os.environ.get("ROWS", "").split()

    def scenarios(self, project, programs):
        """programs: name -> arguments."""
        folder = project / "scenarios"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, arguments in programs.items():
            words = json.dumps([str(self.folder / "workload"), *map(str, arguments)])
            allow = "allow: {retained: {floor: 1 MiB}, call_site: {floor: 1 MiB}, peak: {floor: 4 MiB}}\n" if self.loose else ""
            (folder / (name + ".yaml")).write_text("run: %s\ninstruments: [heap]\n%s" % (words, allow), encoding="utf-8")

    def call(self, project, *arguments):
        done = subprocess.run([str(self.build / "heapgate"), *arguments], cwd=project, env=self.environment,
                              capture_output=True, text=True, errors="replace", check=False)
        return done

    def captured(self, project, programs):
        self.scenarios(project, programs)
        done = self.call(project, "update", "--quiet", "--reason", "proof")
        if done.returncode != 0:
            sys.exit("verdicts: update: %s%s" % (done.stdout[-2000:], done.stderr[-2000:]))

    def judged(self, project, programs):
        """name -> Found, by result.json."""
        self.scenarios(project, programs)
        done = self.call(project, "run", "--quiet")
        result = project / "reports" / "result.json"
        if done.returncode not in (0, 1) or not result.exists():
            sys.exit("verdicts: run ended with %d: %s" % (done.returncode, done.stderr[-2000:]))
        found, result = {}, json.loads(result.read_text(encoding="utf-8"))
        function = lambda stack: result["frames"][result["stacks"][stack][0]]["function"]
        for scenario in result["scenarios"]:
            heap = scenario["instruments"][0]
            red = [one for one in heap["comparisons"] if one["verdict"] == "regressed"]
            named = {function(delta["stack"]) for one in red for delta in one["deltas"]}
            growth = next(one for one in heap["measurement"]["figures"] if one["metric"] == "growth")
            found[scenario["name"]] = Found(scenario["verdict"], [one["metric"] for one in red], named,
                                            growth["value"], growth["sees"])
        return found

    def row(self, title, count, iterations, clean, leaking, right, least, loose=False):
        """least: of 1,000 verdicts so many must be right."""
        if self.only and not any(word in title for word in self.only):
            return
        count, self.loose = max(10, round(count * self.share)), loose
        good, wrong, dice = 0, [], random.Random(title)
        for first in range(0, count, CHUNK):
            project = self.folder / "project"
            shutil.rmtree(project, ignore_errors=True)
            seeds = {"p%d" % n: dice.randrange(1 << 30) for n in range(first, min(first + CHUNK, count))}
            programs = {name: [seed, iterations, *clean] for name, seed in seeds.items()}
            self.captured(project, programs)
            before = self.judged(project, programs) if callable(leaking) else {}
            for name in programs:
                extra = leaking(dice, before[name]) if callable(leaking) else leaking
                programs[name] = programs[name] + extra
            for name, found in self.judged(project, programs).items():
                if right(found, programs[name]):
                    good += 1
                else:
                    wrong.append((programs[name], found))
        met = 1000 * good >= least * count
        self.missed += not met
        print("%-34s %5d programs, %5d right%s" % (title, count, good, "" if met else "   MISSED"), flush=True)
        for program, found in wrong[:6]:
            print("    %s: %s" % (" ".join(map(str, program)), found), flush=True)


def is_green(found, _):
    return found.verdict in ("pass", "improved") and found.growth == 0


def names(found, program):
    site = next((word[5:] for word in program if str(word).startswith("site=")), "0")
    return "new_%s" % site in found.named


def is_named(found, program):
    return found.verdict == "regressed" and names(found, program)


def by_growth(found, program):
    return is_named(found, program) and "growth" in found.red


def busy(dice, _):
    return ["site=%d" % (1 + dice.randrange(SITES)), "every=1"]


def at_bound(dice, found):
    return ["site=%d" % dice.randrange(SITES + 1), "every=1", "bytes=%d" % max(found.smallest, 1)]


def main():
    proof = Proof(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1)
    proof.row("clean", 1000, 30, [], [], is_green, 1000)
    proof.row("noisy", 500, 30, ["noise"], [], is_green, 996)
    proof.row("leak in every iteration", 500, 20, [], ["every=1"], by_growth, 1000)
    proof.row("leak in every iteration, noisy", 500, 20, ["noise"], ["every=1"], by_growth, 1000, loose=True)
    proof.row("every 3rd of 60", 250, 60, [], ["every=3"], by_growth, 1000)
    proof.row("every 5th of 60", 250, 60, [], ["every=5"], by_growth, 1000)
    proof.row("every 3rd of 60, noisy", 250, 60, ["noise"], ["every=3"], by_growth, 1000, loose=True)
    proof.row("chance 25 % of 60", 250, 60, [], ["chance=25"], by_growth, 950)
    proof.row("at a busy site, every iteration", 500, 40, [], busy, is_named, 1000)
    proof.row("the bound, at any site", 500, 30, [], at_bound, is_named, 1000)
    proof.row("the bound, noisy", 250, 30, ["noise"], at_bound, by_growth, 1000, loose=True)
    sys.exit(proof.missed > 0)


main()
