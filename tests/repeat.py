"""Runs the gate again and again and counts the verdicts: a healthy scenario that fails once in twenty is a false alarm.

Usage: repeat.py HEAPGATE REPEATS [ARGUMENT...]      (called by `make repeat`)
"""

import collections
import json
import subprocess
import sys


def main() -> int:
    heapgate, repeats, arguments = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    passes: collections.Counter[str] = collections.Counter()
    others: list[str] = []
    for number in range(1, repeats + 1):
        run = subprocess.run([heapgate, "run", "--quiet", *arguments], capture_output=True, text=True, check=False)
        with open("reports/result.json", encoding="utf-8") as file:
            result = json.load(file)
        for scenario in result["scenarios"]:
            if scenario["verdict"] == "pass":
                passes[scenario["name"]] += 1
            else:
                others.append(f"run {number}: {scenario['name']} {scenario['verdict']}")
        if run.returncode != 0:
            print(run.stdout, run.stderr, sep="\n")
        print(f"run {number} of {repeats}: exit status {run.returncode}", flush=True)
    for name in sorted(passes):
        print(f"{name}: {passes[name]} of {repeats} passes")
    for line in others:
        print(line)
    return 1 if others or not passes else 0


if __name__ == "__main__":
    sys.exit(main())
