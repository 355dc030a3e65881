"""The step types. Each takes the run, the step and its settings, filled in, and returns the step's value."""

from __future__ import annotations

import asyncio
from collections import ChainMap
from operator import itemgetter
from typing import Any, Dict, List, Mapping

from .engine import MOST_PASSES, Run, step_type
from .errors import WorkflowError
from .expressions import parse_expression, parse_template, render
from .model import Step

Settings = Mapping[str, Any]
Record = Dict[str, Any]


def _need(step: Step, settings: Settings, key: str) -> Any:
    if key not in settings:
        raise WorkflowError(step.id, f"a step of type {step.type} needs {key!r}")
    return settings[key]


def _records(step: Step, settings: Settings) -> List[Record]:
    records = _need(step, settings, "records")
    if not isinstance(records, list):
        raise WorkflowError(step.id, f"expected a list of records, found {type(records).__name__}")
    return records


# ---- variables and flow ----


@step_type
async def set_(run: Run, step: Step, settings: Settings) -> None:
    for name, value in settings.items():
        run.variables[name] = value


@step_type
async def for_each(run: Run, step: Step, settings: Settings) -> int:
    """Runs the inner steps for each of `items`; `as` names the item, `number` counts."""
    items = list(_need(step, settings, "items"))
    for number, item in enumerate(items):
        await run.run_pass(step.steps, **{settings.get("as", "item"): item, "number": number})
    return len(items)


@step_type
async def while_(run: Run, step: Step, settings: Settings) -> int:
    """Runs the inner steps as long as `condition`, an expression without "=", holds."""
    condition = parse_expression(_need(step, settings, "condition"))
    for number in range(int(settings.get("most", MOST_PASSES))):
        if not condition.value(run.variables):
            return number
        await run.run_pass(step.steps, number=number)
    raise WorkflowError(step.id, "the loop did not end")


@step_type
async def if_(run: Run, step: Step, settings: Settings) -> bool:
    holds = bool(_need(step, settings, "condition"))
    await run.run_steps(step.steps if holds else step.otherwise)
    return holds


@step_type
async def try_(run: Run, step: Step, settings: Settings) -> bool:
    """Runs the inner steps; where one fails, the others, with the reason in the variable `reason`."""
    try:
        await run.run_steps(step.steps)
        return True
    except WorkflowError as error:
        run.variables["reason"] = error.reason
    await run.run_steps(step.otherwise)
    return False


@step_type
async def call(run: Run, step: Step, settings: Settings) -> Any:
    return await run.engine.call(run, _need(step, settings, "workflow"), settings.get("variables", {}))


@step_type
async def wait(run: Run, step: Step, settings: Settings) -> None:
    await asyncio.sleep(settings.get("seconds", 0))


@step_type
async def emit(run: Run, step: Step, settings: Settings) -> None:
    run.publish("workflow." + _need(step, settings, "topic"), value=settings.get("value"))


@step_type
async def fail(run: Run, step: Step, settings: Settings) -> None:
    """Fails as long as `attempts` have not been made: a service that is not there at first."""
    name = f"_attempts_{step.id}"
    made = run.variables.get(name, 0) + 1
    run.variables[name] = made
    if made < settings.get("attempts", MOST_PASSES):
        raise WorkflowError(step.id, settings.get("reason", "failed on purpose"))


# ---- files ----


@step_type
async def read_csv(run: Run, step: Step, settings: Settings) -> List[Record]:
    return run.folder.read_csv(_need(step, settings, "file"))


@step_type
async def write_csv(run: Run, step: Step, settings: Settings) -> int:
    return run.folder.write_csv(_need(step, settings, "file"), _records(step, settings))


@step_type
async def read_json(run: Run, step: Step, settings: Settings) -> Any:
    return run.folder.read_json(_need(step, settings, "file"))


@step_type
async def write_json(run: Run, step: Step, settings: Settings) -> int:
    return run.folder.write_json(_need(step, settings, "file"), _need(step, settings, "value"))


@step_type
async def write_text(run: Run, step: Step, settings: Settings) -> int:
    return run.folder.write(_need(step, settings, "file"), str(_need(step, settings, "text")).encode("utf-8"))


# ---- records ----


@step_type
async def convert(run: Run, step: Step, settings: Settings) -> List[Record]:
    kinds = {"int": int, "float": float, "str": str}
    fields = [(name, kinds[kind]) for name, kind in _need(step, settings, "fields").items()]
    try:
        return [{**record, **{name: kind(record[name]) for name, kind in fields}} for record in _records(step, settings)]
    except (KeyError, ValueError) as error:
        raise WorkflowError(step.id, f"cannot convert: {error}") from error


@step_type
async def compute(run: Run, step: Step, settings: Settings) -> List[Record]:
    """Records with more fields, each an expression (without "=") over the record and the variables."""
    fields = [(name, parse_expression(text)) for name, text in _need(step, settings, "fields").items()]
    done = []
    for record in _records(step, settings):
        wider = dict(record)
        scope = ChainMap(wider, run.variables)
        for name, expression in fields:
            wider[name] = expression.value(scope)
        done.append(wider)
    return done


@step_type
async def filter_(run: Run, step: Step, settings: Settings) -> List[Record]:
    condition = parse_expression(_need(step, settings, "condition"))
    return [record for record in _records(step, settings) if condition.value(ChainMap(record, run.variables))]


@step_type
async def sort(run: Run, step: Step, settings: Settings) -> List[Record]:
    return sorted(_records(step, settings), key=itemgetter(_need(step, settings, "by")),
                  reverse=bool(settings.get("descending", False)))


@step_type
async def first(run: Run, step: Step, settings: Settings) -> List[Record]:
    return _records(step, settings)[: int(_need(step, settings, "count"))]


@step_type
async def select(run: Run, step: Step, settings: Settings) -> List[Record]:
    names = _need(step, settings, "fields")
    return [{name: record.get(name) for name in names} for record in _records(step, settings)]


@step_type
async def group(run: Run, step: Step, settings: Settings) -> List[Record]:
    """One record for each value of `by`: it, the count, and sum, least and most of the field `of`."""
    by, field = _need(step, settings, "by"), _need(step, settings, "of")
    groups: Dict[Any, List[Any]] = {}
    for record in _records(step, settings):
        groups.setdefault(record[by], []).append(record[field])
    return [
        {by: key, "count": len(values), "sum": round(sum(values), 2), "least": min(values), "most": max(values)}
        for key, values in sorted(groups.items())
    ]


@step_type
async def join(run: Run, step: Step, settings: Settings) -> List[Record]:
    """Records with the fields of the record in `with` that has the same `on`; without one they are left out."""
    on = _need(step, settings, "on")
    others = {record[on]: record for record in _need(step, settings, "with")}
    return [{**others[record[on]], **record} for record in _records(step, settings) if record.get(on) in others]


@step_type
async def letters(run: Run, step: Step, settings: Settings) -> str:
    """One text of all records, each through the `template` (as `$[field]`, since `${...}` is filled in before)."""
    template = str(_need(step, settings, "template")).replace("$[", "${").replace("]", "}")
    parse_template(template)
    return "\n".join([render(template, ChainMap(record, run.variables)) for record in _records(step, settings)])
