"""Workflows as they are read from JSON: checked once, never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from .errors import WorkflowError

DEEPEST = 8
_STEP_KEYS = {"id", "type", "settings", "when", "save", "retries", "pause", "timeout", "steps", "otherwise"}


@dataclass(frozen=True)
class Step:
    """One step. when: runs only if this holds. save: the variable that gets its value. steps: of loops and conditions."""

    id: str
    type: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    when: Optional[str] = None
    save: Optional[str] = None
    retries: int = 0
    pause: float = 0.0
    timeout: Optional[float] = None
    steps: Tuple["Step", ...] = ()
    otherwise: Tuple["Step", ...] = ()

    def walk(self) -> Iterator["Step"]:
        yield self
        for inner in self.steps + self.otherwise:
            yield from inner.walk()


@dataclass(frozen=True)
class Workflow:
    """A named list of steps, the variables they begin with, and the expression that is the workflow's value."""

    name: str
    about: str
    variables: Mapping[str, Any]
    steps: Tuple[Step, ...]
    result: Optional[str]

    def walk(self) -> Iterator[Step]:
        for step in self.steps:
            yield from step.walk()

    def count_steps(self) -> int:
        return sum(1 for _ in self.walk())


def _number(value: Any, where: str, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise WorkflowError(where, f"{key}: expected a number from 0 on, found {value!r}")
    return float(value)


def _read_steps(value: Any, where: str, depth: int) -> Tuple[Step, ...]:
    if not isinstance(value, list):
        raise WorkflowError(where, f"expected a list of steps, found {value!r}")
    if depth > DEEPEST:
        raise WorkflowError(where, f"steps inside steps, more than {DEEPEST} deep")
    return tuple(_read_step(item, f"{where}[{number}]", depth) for number, item in enumerate(value))


def _read_step(value: Any, where: str, depth: int) -> Step:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise WorkflowError(where, "expected a step with a type")
    unknown = value.keys() - _STEP_KEYS
    if unknown:
        raise WorkflowError(where, f"unknown keys {', '.join(sorted(unknown))}")
    name = value.get("id", value["type"])
    return Step(
        id=name,
        type=value["type"],
        settings=value.get("settings", {}),
        when=value.get("when"),
        save=value.get("save"),
        retries=int(_number(value.get("retries", 0), where, "retries")),
        pause=_number(value.get("pause", 0), where, "pause"),
        timeout=_number(value["timeout"], where, "timeout") if "timeout" in value else None,
        steps=_read_steps(value.get("steps", []), f"{where}.{name}", depth + 1),
        otherwise=_read_steps(value.get("otherwise", []), f"{where}.{name}", depth + 1),
    )


def parse_workflow(name: str, source: bytes) -> Workflow:
    """The workflow in this JSON; WorkflowError says which step is wrong, and how."""
    try:
        value = json.loads(source)
    except ValueError as error:
        raise WorkflowError(name, f"no JSON: {error}") from None
    if not isinstance(value, dict) or "steps" not in value:
        raise WorkflowError(name, "expected an object with steps")
    steps = _read_steps(value["steps"], name, 0)
    ids: List[str] = [step.id for step in steps]
    if len(set(ids)) != len(ids):
        raise WorkflowError(name, "two steps of one name")
    variables: Dict[str, Any] = value.get("variables", {})
    return Workflow(name, value.get("about", ""), variables, steps, value.get("result"))
