"""Nothing is green unseen: rows.py's programs under heapgate, healthy and leaking.

usage: prove_coverage.py BUILD [NAME...]        names or their beginnings; JOBS (2) side by side; KEEP=yes keeps the projects

For each: it runs alone (else it is left out, with the reason), a baseline is captured of the healthy build, the healthy
build is run again, and then the leaking one. It comes out as

  closed    red, and the call site of the leak is among the output's
  seen      broken, and the sentence is printed
  UNSEEN    green
  unnamed   red, but nothing names the leak
  alarm     the healthy build is red or broken where the hole counts as closed
  HARMED    the program ends otherwise than alone

Exit status 1 if a program is less than rows.py says is right.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

from rows import CLOSED, SEEN, rows

HERE = pathlib.Path(__file__).resolve().parent
SCENARIO = """run: [%s]
instruments: [heap]
timeout: 120 s
allow:
  peak: {floor: %s}
  retained: {floor: %s}
  call_site: {floor: %s}
"""
CANNOT = 77
GOOD = {CLOSED: {CLOSED}, SEEN: {CLOSED, SEEN}}


class Outcome:
    def __init__(self, kind, sentence=""):
        self.kind, self.sentence = kind, sentence


class Project:
    """A project folder of one row: its programs and its scenario."""

    def __init__(self, build, row):
        self.build, self.row = build, row
        self.programs = build / "tests" / "coverage"
        self.folder = self.programs / "work" / row.name.replace("/", ".")
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "scenarios").mkdir(parents=True)
        self.command = [word.replace("{folder}", str(self.folder)) for word in row.command]
        quoted = ", ".join('"%s"' % word.replace("\\", "\\\\").replace('"', '\\"') for word in self.command)
        (self.folder / "scenarios" / "case.yaml").write_text(SCENARIO % (quoted, row.floor, row.floor, row.floor), encoding="utf-8")

    def install(self, version):
        for source in (self.programs / version).iterdir():
            target = self.folder / source.name
            target.unlink(missing_ok=True)
            shutil.copy(source, target)
        shutil.copy(HERE / "programs" / "coverage.py", self.folder)
        (self.folder / "leaking").unlink(missing_ok=True)
        if version == "leaking":
            (self.folder / "leaking").touch()
        # Of another user, so that the loader is careful.
        setuid = self.folder / "coverage-setuid"
        shutil.copy(self.folder / "coverage", setuid)
        if os.geteuid() == 0:
            os.chown(setuid, 65534, 65534)
            setuid.chmod(0o4755)

    def alone(self):
        """Why the program cannot be tried here, or None."""
        if self.row.root and os.geteuid() != 0:
            return "needs root"
        if not os.path.exists(self.command[0]) and shutil.which(self.command[0]) is None:
            return "there is no " + os.path.basename(self.command[0])
        done = subprocess.run(self.command, cwd=self.folder, capture_output=True, timeout=120, check=False)
        if done.returncode == CANNOT:
            return "it cannot be done on this machine"
        if done.returncode != 0:
            return "alone it exits with %d: %s" % (done.returncode, done.stderr.decode(errors="replace").strip()[-200:])
        return None

    def heapgate(self, *arguments):
        limit = self.row.files
        process = subprocess.Popen([str(self.build / "heapgate"), *arguments], cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace", env={**os.environ, "NO_COLOR": "1"},
                                   preexec_fn=limit and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))))
        if self.row.stopped and arguments[0] == "run":
            self.stop(process)
        output, _ = process.communicate(timeout=600)
        return process.returncode, output

    def stop(self, process):
        """Stops heapgate as soon as the program is there."""
        while process.poll() is None and not self.is_running():
            time.sleep(0.02)
        if process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            time.sleep(self.row.stopped)
            process.send_signal(signal.SIGCONT)

    def is_running(self):
        for link in pathlib.Path("/proc").glob("[0-9]*/exe"):
            try:
                if os.readlink(link) == self.command[0]:
                    return True
            except OSError:
                pass
        return False


def sentence_of(output):
    """What a broken measurement says."""
    lines = [line.strip() for line in output.splitlines()]
    for number, line in enumerate(lines):
        if "BROKEN" in line or "broken" in line:
            return " ".join(lines[number:number + 3])
    return lines[-1] if lines else ""


def broken(output):
    sentence = sentence_of(output)
    harmed = re.search(r"was killed by signal|exited with status|did not end|timeout", sentence)
    return Outcome("HARMED" if harmed else SEEN, sentence)


def judge(project):
    project.install("healthy")
    reason = project.alone()
    if reason is not None:
        return Outcome("left out", reason)
    status, output = project.heapgate("update", "case", "--runs", "1", "--reason", "healthy")
    if status != 0:
        return broken(output)
    status, output = project.heapgate("run", "case")
    if status != 0:
        return Outcome("alarm", sentence_of(output) if status == 3 else "exit status %d: %s" % (status, output.strip()[-400:]))
    project.install("leaking")
    status, output = project.heapgate("run", "case")
    if status == 3:
        return broken(output)
    if status == 1:
        return Outcome(CLOSED if "leak_here" in output else "unnamed")
    return Outcome("UNSEEN" if status == 0 else "alarm", output.strip()[-200:])


def tried(build, row):
    project = Project(build, row)
    try:
        return judge(project)
    except (OSError, subprocess.SubprocessError) as error:
        return Outcome("alarm", str(error))
    finally:
        if os.environ.get("KEEP") != "yes":
            shutil.rmtree(project.folder, ignore_errors=True)


def main(build, names):
    chosen = [row for row in rows() if not names or any(row.name.startswith(name) for name in names)]
    counts, wrong = collections.Counter(), 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        for row, outcome in zip(chosen, pool.map(lambda row: tried(build, row), chosen)):
            counts[outcome.kind] += 1
            bad = outcome.kind != "left out" and outcome.kind not in GOOD[row.want]
            wrong += bad
            print("%-9s%-2s%-40s%s" % (outcome.kind, "!" if bad else "", row.name, outcome.sentence.replace("\n", " ")[:300]),
                  flush=True)
    count = len(chosen) - counts["left out"]
    print("%d programs tried: %d holes closed, %d seen, %d unseen; %d unnamed, %d false alarms, %d harmed; %d left out" % (
        count, counts[CLOSED], counts[SEEN], counts["UNSEEN"], counts["unnamed"], counts["alarm"], counts["HARMED"],
        counts["left out"]))
    print("%d less than is right (!)" % wrong)
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]))
