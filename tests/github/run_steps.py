"""Plays GitHub's runner: executes a composite action's own steps, in order, as the runner would.

Each `run` step is started by `bash --noprofile --norc -eo pipefail FILE` with stand-in GITHUB_* files; its `env` is
evaluated, its `if` respected, its outputs read back. `uses` steps have stand-ins: the cache misses or restores a
folder, the upload copies into a folder. What happened is printed as one JSON object.

    run_steps.py ACTION.yml --workspace DIR --scratch DIR [--restore DIR] [--input NAME=VALUE]...
    run_steps.py --shellcheck FILE.yml...      ShellCheck over every script in them
    run_steps.py --safety FILE.yml...          what keeps a pull request from a fork harmless
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ruamel.yaml import YAML

from expressions import condition, interpolate

SHELL = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]


def load(path):
    return YAML(typ="safe", pure=True).load(Path(path).read_text())


def read_outputs(path):
    """NAME=VALUE lines; and the NAME<<END form is not used here, so it is refused."""
    outputs = {}
    for line in path.read_text().splitlines():
        name, sign, value = line.partition("=")
        if not sign or "<<" in name:
            sys.exit(f"not an output line: {line}")
        outputs[name] = value
    return outputs


class Job:
    def __init__(self, arguments):
        self.action_path = Path(arguments.action).resolve().parent
        self.action = load(arguments.action)
        self.workspace = Path(arguments.workspace).resolve()
        self.scratch = Path(arguments.scratch).resolve()
        self.restore = arguments.restore
        self.home = self.scratch / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.summary = self.scratch / "summary.md"
        self.summary.touch()
        self.path = self.scratch / "path"
        self.path.touch()
        self.failed, self.log = False, ""
        self.contexts = {"inputs": self.inputs(arguments.input), "steps": {}}
        self.steps, self.artifacts, self.cache_keys = [], {}, []

    def inputs(self, given):
        values = {name: str(row.get("default", "")) for name, row in self.action["inputs"].items()}
        for pair in given:
            name, _, value = pair.partition("=")
            if name not in values:
                sys.exit(f"the action has no input {name}")
            values[name] = value
        return values

    def run_script(self, number, step):
        script = self.scratch / f"step-{number}.sh"
        script.write_text(interpolate(step["run"], self.contexts))
        output = self.scratch / f"output-{number}"
        output.touch()
        # The runner is not started by a make.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        environment = dict(inherited, HOME=str(self.home), CI="true", GITHUB_ACTIONS="true",
                           GITHUB_WORKSPACE=str(self.workspace), GITHUB_ACTION_PATH=str(self.action_path),
                           GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY=str(self.summary),
                           GITHUB_PATH=str(self.path))
        for name, value in step.get("env", {}).items():
            environment[name] = interpolate(value, self.contexts)
        done = subprocess.run(SHELL + [str(script)], cwd=self.workspace, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.log += done.stdout.decode(errors="replace")
        return done.returncode, read_outputs(output)

    def use(self, step):
        given = {name: interpolate(value, self.contexts) for name, value in step["with"].items()}
        name = step["uses"].split("@")[0]
        if name == "actions/cache":
            self.cache_keys.append(given["key"])
            if self.restore:
                target = Path(given["path"].replace("~", str(self.home), 1))
                shutil.copytree(self.restore, target, dirs_exist_ok=True)
            return 0, {"cache-hit": str(bool(self.restore)).lower()}
        if name == "actions/upload-artifact":
            if "/" in given["name"]:  # as GitHub does
                self.log += f"The artifact name is not valid: {given['name']}\n"
                return 1, {}
            source = self.workspace / given["path"]
            self.artifacts[given["name"]] = sorted(path.name for path in source.glob("*")) if source.is_dir() else []
            return 0, {}
        sys.exit(f"no stand-in for {step['uses']}")

    def run(self):
        for number, step in enumerate(self.action["runs"]["steps"]):
            if not condition(step.get("if", "success()"), self.contexts, self.failed):
                self.steps.append({"name": step["name"], "outcome": "skipped", "status": 0})
                continue
            status, outputs = self.run_script(number, step) if "run" in step else self.use(step)
            outcome = "failure" if status else "success"
            self.failed = self.failed or (status != 0 and not step.get("continue-on-error", False))
            self.steps.append({"name": step["name"], "outcome": outcome, "status": status})
            if "id" in step:
                self.contexts["steps"][step["id"]] = {"outputs": outputs, "outcome": outcome}

    def report(self):
        outputs = {name: interpolate(row["value"], self.contexts) for name, row in self.action["outputs"].items()}
        return {"conclusion": "failure" if self.failed else "success", "steps": self.steps, "outputs": outputs,
                "summary": self.summary.read_text(), "path": self.path.read_text(), "artifacts": self.artifacts, "cache_keys": self.cache_keys,
                "log": self.log}


def run_steps_of(file):
    """Every step with a script, of an action or a workflow."""
    loaded = load(file)
    jobs = [loaded["runs"]] if "runs" in loaded else loaded["jobs"].values()
    return [step for job in jobs for step in job["steps"] if "run" in step]


def shellcheck(files):
    for file in files:
        for step in run_steps_of(file):
            with tempfile.NamedTemporaryFile("w", suffix=".sh") as script:
                script.write("#!/bin/bash\nset -eo pipefail\n" + step["run"])
                script.flush()
                # SC1091: /etc/os-release is the machine's, not ours to follow.
                done = subprocess.run(["shellcheck", "--exclude=SC1091", script.name], stdout=subprocess.PIPE, text=True)
            if done.returncode != 0:
                yield f"{file}: {step['name']}:\n{done.stdout.replace(script.name, 'script')}"


def make_targets():
    """Every target that our makefiles name."""
    root = Path(__file__).resolve().parents[2]
    text = "".join(file.read_text() for file in [root / "Makefile", *root.glob("*/*.mk"), *root.glob("*/*/*.mk")])
    return {word for line in re.findall(r"^([a-z][a-z -]*):", text, re.M) for word in line.split()}


def safety(files):
    for file in files:
        for step in run_steps_of(file):
            for target in re.findall(r"^(?:.*&& )?make ([a-z][a-z-]*)", step["run"], re.M):
                if target not in make_targets():
                    yield f"{file}: {step['name']}: there is no make {target}"
        loaded = load(file)
        for step in run_steps_of(file):
            if "${{" in step["run"]:
                yield f"{file}: {step['name']}: an expression inside a script; hand it over by env"
        if "jobs" not in loaded:
            continue
        if loaded.get("permissions") != {"contents": "read"}:
            yield f"{file}: permissions must be contents: read and nothing else"
        # YAML 1.1 would read the key `on` as true; this loader follows 1.2.
        if "pull_request_target" in loaded["on"]:
            yield f"{file}: pull_request_target would run a fork's code with this repository's rights"
        for name, job in loaded["jobs"].items():
            if "permissions" in job:
                yield f"{file}: {name}: permissions are the workflow's"
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout") and \
                        step.get("with", {}).get("persist-credentials") is not False:
                    yield f"{file}: {name}: the checkout must not leave its token behind"


def complain(problems):
    found = list(problems)
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("action", nargs="?")
    parser.add_argument("--workspace")
    parser.add_argument("--scratch")
    parser.add_argument("--restore")
    parser.add_argument("--input", action="append", default=[])
    parser.add_argument("--shellcheck", nargs="+", default=[])
    parser.add_argument("--safety", nargs="+", default=[])
    arguments = parser.parse_args()
    if arguments.shellcheck or arguments.safety:
        sys.exit(complain([*shellcheck(arguments.shellcheck), *safety(arguments.safety)]))
    job = Job(arguments)
    job.run()
    json.dump(job.report(), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
