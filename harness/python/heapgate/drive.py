"""Runs unmodified code as a workflow that heapgate can count; what a scenario's `python:` key starts.

    python -m heapgate.drive --call package.module:function --iterations 20 --warmup 3
    python -m heapgate.drive --script job.py --function main --args '["orders.json", 3]'

Modules are looked for in the working folder first, a script's neighbours in the script's. The function may be async; all
passes then run in one event loop. Garbage is collected and "iteration" marked after each pass, "end" after the last.

Exit status: 0; 1 if the function raised; 2 if it was not found or the command line is wrong. Then the traceback, if there
is one, and a sentence as the last line are on standard error.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import importlib.util
import json
import os
import sys
import traceback
from typing import Any, Callable, List, Optional, Sequence

from .marks import mark
from .passes import Passes, check_passes, collect

RAISED, NOT_FOUND = 1, 2


class DriveError(Exception):
    """What is to be run cannot be; the sentence says why. With a cause, its traceback is shown, too."""


def _load_module(name: str) -> Any:
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name + ".").startswith(error.name + "."):
            raise DriveError(f"{name} cannot be imported: it needs {error.name}, which is not there") from error
        raise DriveError(
            f"there is no module {error.name} in {os.getcwd()} or on sys.path; correct the name, "
            "or name its file or folder under the scenario's files"
        ) from None
    except BaseException as error:
        raise DriveError(f"{name} cannot be imported: {_said(error)}") from error


def _load_script(path: str) -> Any:
    if not os.path.isfile(path):
        raise DriveError(f"there is no script {path} in {os.getcwd()}; correct the path")
    folder, base = os.path.split(os.path.abspath(path))
    sys.path.insert(0, folder)
    name = os.path.splitext(base)[0]
    if name in sys.modules:
        name = "__heapgate_script__"
    try:
        spec = importlib.util.spec_from_file_location(name, os.path.join(folder, base))
        if spec is None or spec.loader is None:
            raise DriveError(f"{path} is no Python script; its name must end in .py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    except DriveError:
        raise
    except BaseException as error:
        raise DriveError(f"{path} cannot be loaded: {_said(error)}") from error
    return module


def _find(module: Any, place: str, name: str) -> Callable[..., Any]:
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise DriveError(f"{place} has no function {name}; correct the name")
        found = getattr(found, part)
    if not callable(found):
        raise DriveError(f"{name} of {place} is a {type(found).__name__}, not a function")
    return found  # type: ignore[no-any-return]


def find_function(call: Optional[str], script: Optional[str], name: Optional[str]) -> Callable[..., Any]:
    """The function that "package.module:function", or a script and a name, stand for. DriveError."""
    if script is not None:
        return _find(_load_script(script), script, name or "main")
    module, separator, function = (call or "").partition(":")
    if not (module and separator and function):
        raise DriveError(f'expected "package.module:function", found "{call}"')
    return _find(_load_module(module), module, function)


def _said(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _arguments_of(text: str) -> List[Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise DriveError(f"--args: expected a list in JSON, found {text}: {error}") from None
    if not isinstance(value, list):
        raise DriveError(f"--args: expected a list in JSON, found {text}")
    return value


def drive(function: Callable[..., Any], iterations: int) -> Optional[BaseException]:
    """Runs and marks the passes. What the function raised, if it did."""
    done = 0
    try:
        with Passes(function) as passes:
            for done in range(iterations):
                passes.run_one()
                collect()
                mark("iteration")
            collect()
            mark("end")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        traceback.print_exc()
        print(f"heapgate.drive: pass {done + 1} of {iterations} failed: {_said(error)}", file=sys.stderr)
        return error
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m heapgate.drive", description="Runs a function as a workflow.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--call", metavar="PACKAGE.MODULE:FUNCTION", help="a function of a module")
    what.add_argument("--script", metavar="PATH", help="a script that has the function")
    parser.add_argument("--function", metavar="NAME", help="the script's function (main)")
    parser.add_argument("--args", metavar="JSON", default="[]", help="a list of arguments")
    parser.add_argument("--iterations", metavar="N", type=int, default=20, help="passes in all (20)")
    parser.add_argument("--warmup", metavar="M", type=int, default=3, help="of these, the first that do not count (3)")
    return parser


def main(words: Optional[Sequence[str]] = None) -> int:
    """The command. Returns the exit status."""
    options = _parser().parse_args(words)
    try:
        if options.call is not None and options.function is not None:
            raise DriveError("--function goes with --script; --call names its function itself")
        check_passes(options.iterations, options.warmup)
        arguments = _arguments_of(options.args)
        function = find_function(options.call, options.script, options.function)
    except (DriveError, ValueError) as error:
        if error.__cause__ is not None:
            traceback.print_exception(type(error.__cause__), error.__cause__, error.__cause__.__traceback__)
        print(f"heapgate.drive: {error}", file=sys.stderr)
        return NOT_FOUND
    return RAISED if drive(functools.partial(function, *arguments), options.iterations) is not None else 0


if __name__ == "__main__":
    sys.exit(main())
