"""Real Python code to measure on: packages to import, and test suites from their source distributions.

usage: corpus.py FOLDER        makes FOLDER/venv and FOLDER/suites from PyPI, and says by name what it could not get

Versions are those of corpus-requirements.txt. PYTHON names the interpreter; else it is the newest CPython 3.12 below
~/.pyenv, or /usr/bin/python3, for which some of these versions may not exist.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "corpus-requirements.txt"
IMPORTS = ["django", "sqlalchemy", "pydantic", "aiohttp", "pandas", "jinja2", "fastapi"]
# What is imported of them besides, as applications do.
MODULES = IMPORTS + ["django.db.models", "django.forms", "django.http", "django.template", "django.views.generic",
                     "sqlalchemy.orm", "aiohttp.web"]
# Nothing is written beside the sources, and hashes do not change.
ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
OTHERS = ["memray", "numpy", "gevent", "greenlet", "pytest"]


class Suite:
    """needed: what its tests import; options: of pytest, whose plugins are loaded only where they are named."""

    def __init__(self, needed, options):
        self.needed, self.options = needed, options


SUITES = {
    "jinja2": Suite(["trio"], []),
    "click": Suite(["click"], []),
    "attrs": Suite(["attrs", "hypothesis", "cloudpickle", "pympler"],
                   # Fails without any tracer.
                   ["-p", "_hypothesis_pytestplugin", "--deselect", "tests/test_converters.py::TestPipe::test_wrapped_annotation"]),
    "pydantic": Suite(["pytz", "dirty-equals", "pytest-mock", "pytest-examples", "faker", "pytest-benchmark", "pytest-run-parallel",
                       "jsonschema", "time-machine", "email-validator", "cloudpickle"],
                      [word for plugin in ("pytest_benchmark.plugin", "pytest_mock", "pytest_examples", "pytest_run_parallel.plugin",
                                           "faker.contrib.pytest.plugin", "time_machine") for word in ("-p", plugin)]
                      # Its files are not in the distribution.
                      + ["--ignore", "tests/test_docs.py"]),
}


def interpreter():
    known = sorted(pathlib.Path.home().glob(".pyenv/versions/3.12.*/bin/python"))
    return os.environ.get("PYTHON") or str(known[-1] if known else "/usr/bin/python3")


class Corpus:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.python = str(self.folder / "venv" / "bin" / "python")
        self.left_out = self.folder / "left-out"

    def has(self, name):
        return (self.folder / "ready").exists() and name not in self.missing()

    def missing(self):
        """Name and reason of what is not there."""
        lines = self.left_out.read_text(encoding="utf-8").splitlines() if self.left_out.exists() else []
        return dict(line.split(": ", 1) for line in lines)

    def imports(self):
        """The modules of an import of everything."""
        return [name for name in MODULES if self.has(name.partition(".")[0])]

    def suite(self, name):
        """The command that runs a suite, and its folder; in ENVIRONMENT."""
        command = [self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITES[name].options, "tests"]
        return command, self.folder / "suites" / name

    # ---- making ----

    def pip(self, *arguments):
        """Why it failed, or None."""
        done = subprocess.run([self.python, "-m", "pip", "--disable-pip-version-check", *arguments], capture_output=True, text=True,
                              check=False)
        return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["pip failed"])[-1]

    def install(self, *names):
        return self.pip("install", "--quiet", "--constraint", str(REQUIREMENTS), *names)

    def fetch(self, name):
        """The source distribution of the version that is installed, unpacked as suites/NAME."""
        version = next(line.split("==")[1].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines()
                       if line.lower().startswith(name + "=="))
        suites = self.folder / "suites"
        reason = self.pip("download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(suites), "%s==%s" % (name, version))
        if reason is not None:
            return reason
        archive = next(suites.glob("%s-%s*.tar.gz" % (name, version)))
        with tarfile.open(archive) as file:
            file.extractall(suites)
        archive.unlink()
        (suites / archive.name[:-len(".tar.gz")]).rename(suites / name)
        return None

    def make(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "suites").mkdir(parents=True)
        subprocess.run([interpreter(), "-m", "venv", str(self.folder / "venv")], check=True)
        reasons = {name: self.install(name) for name in IMPORTS + OTHERS}
        for name, suite in SUITES.items():
            reasons[name] = reasons.get(name) or self.install(name, "pytest", *suite.needed) or self.fetch(name)
        lines = ["%s: %s" % (name, reason) for name, reason in reasons.items() if reason is not None]
        self.left_out.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        (self.folder / "ready").touch()
        for line in lines:
            print("corpus: could not get " + line)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    Corpus(sys.argv[1]).make()
