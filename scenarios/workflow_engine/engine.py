"""The engine: runs workflows step by step, with retries, timeouts, sub-workflows, events and a log."""

from __future__ import annotations

import asyncio
import pathlib
from collections import ChainMap
from typing import Any, Awaitable, Callable, Dict, Mapping, MutableMapping, Optional, Sequence

from .caches import LivingObjects, RecentCache
from .errors import ExpressionError, StepTimeout, WorkflowError
from .events import EventBus
from .expressions import parse_expression, resolve
from .files import RunFolder
from .model import Step, Workflow, parse_workflow
from .runlog import LOG, RunLog

DEEPEST_CALLS = 8
MOST_PASSES = 100000

StepFunction = Callable[["Run", Step, Mapping[str, Any]], Awaitable[Any]]
STEP_TYPES: Dict[str, StepFunction] = {}


def step_type(function: StepFunction) -> StepFunction:
    """Makes a function a step type of its name; a trailing underscore is not part of it."""
    STEP_TYPES[function.__name__.rstrip("_")] = function
    return function


class Library:
    """The workflows of a folder by name; the last 20 that were used stay parsed."""

    def __init__(self, folder: "str | pathlib.Path", limit: int = 20) -> None:
        self._folder = pathlib.Path(folder)
        self._parsed: RecentCache[str, Workflow] = RecentCache(limit)

    def find(self, name: str) -> Workflow:
        return self._parsed.get(name, self._read)

    def _read(self, name: str) -> Workflow:
        path = self._folder / (name + ".json")
        if not name.replace("-", "").isalnum() or not path.is_file():
            raise WorkflowError(name, f"there is no such workflow in {self._folder}")
        workflow = parse_workflow(name, path.read_bytes())
        for step in workflow.walk():
            if step.type not in STEP_TYPES:
                raise WorkflowError(f"{name}.{step.id}", f"there is no step type {step.type!r}")
        return workflow


class Run:
    """One run of one workflow: its variables, its folder, and how far it has come."""

    def __init__(self, engine: "Engine", name: str, workflow: Workflow, folder: RunFolder, depth: int = 0) -> None:
        self.engine = engine
        self.name = name
        self.workflow = workflow
        self.folder = folder
        self.depth = depth
        self.steps_done = 0
        self.retries = 0
        self.variables: MutableMapping[str, Any] = ChainMap({})

    def publish(self, topic: str, **details: Any) -> None:
        self.engine.bus.publish(topic, run=self.name, **details)

    async def run_all(self, variables: Mapping[str, Any]) -> Any:
        """Runs the workflow's steps with these variables over its own; returns the workflow's value."""
        self.variables = ChainMap({**resolve(dict(self.workflow.variables), {}), **variables})
        await self.run_steps(self.workflow.steps)
        result = self.workflow.result
        return parse_expression(result).value(self.variables) if result else None

    async def run_steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if step.when is None or parse_expression(step.when).value(self.variables):
                await self._run_step(step)

    async def run_pass(self, steps: Sequence[Step], **names: Any) -> None:
        """Runs the steps of a loop's pass: what they save goes to the loop's outside, `names` end with the pass."""
        outside = self.variables
        self.variables = _LoopScope(names, outside)
        try:
            await self.run_steps(steps)
        finally:
            self.variables = outside

    async def _run_step(self, step: Step) -> None:
        where = f"{self.workflow.name}.{step.id}"
        for attempt in range(step.retries + 1):
            try:
                value = await self._attempt(step, where)
                break
            except (WorkflowError, ExpressionError) as error:
                if attempt == step.retries:
                    self.publish("step.failed", step=where, reason=str(error))
                    raise error if isinstance(error, WorkflowError) else WorkflowError(where, str(error)) from error
                self.retries += 1
                LOG.warning("%s: attempt %d: %s", where, attempt + 1, error)
                await asyncio.sleep(step.pause)
        if step.save is not None:
            self.variables[step.save] = value
        self.steps_done += 1
        self.publish("step.done", step=where)

    async def _attempt(self, step: Step, where: str) -> Any:
        settings = resolve(step.settings, self.variables)
        work = STEP_TYPES[step.type](self, step, settings)
        if step.timeout is None:
            return await work
        try:
            return await asyncio.wait_for(work, step.timeout)
        except asyncio.TimeoutError:
            raise StepTimeout(where, step.timeout) from None


class _LoopScope(ChainMap):  # type: ignore[type-arg]
    """A pass's own names in front; everything else is written behind them."""

    def __init__(self, names: Dict[str, Any], outside: MutableMapping[str, Any]) -> None:
        super().__init__(names, outside)

    def __setitem__(self, key: str, value: Any) -> None:
        self.maps[0 if key in self.maps[0] else 1][key] = value


class Engine:
    """Runs workflows of a library, each run in a folder of its own below `folder`.

    shared: a folder that all runs may read. keep: leaves the runs' folders where they are.
    """

    def __init__(
        self,
        library: Library,
        folder: "str | pathlib.Path",
        shared: "str | pathlib.Path" = ".",
        bus: Optional[EventBus] = None,
        keep: bool = False,
    ) -> None:
        self.library = library
        self.bus = bus if bus is not None else EventBus()
        self.running: LivingObjects[str, Run] = LivingObjects()
        self.runs = 0
        self._folder = pathlib.Path(folder)
        self._shared = pathlib.Path(shared)
        self._keep = keep

    async def run(self, name: str, variables: Optional[Mapping[str, Any]] = None) -> Any:
        """Runs a workflow; returns its value, or raises WorkflowError."""
        workflow = self.library.find(name)
        self.runs += 1
        run_name = f"{name}-{self.runs:05d}"
        folder = RunFolder(self._folder / run_name, self._shared)
        run = Run(self, run_name, workflow, folder)
        self.running.add(run_name, run)
        try:
            with RunLog(run_name, folder.path / "run.log"):
                LOG.info("%s: %d steps", name, workflow.count_steps())
                run.publish("run.started", workflow=name)
                value = await run.run_all(variables or {})
                LOG.info("%s: %d steps done, %d retries", name, run.steps_done, run.retries)
                run.publish("run.done", workflow=name, steps=run.steps_done)
                return value
        finally:
            if not self._keep:
                folder.remove()

    async def call(self, caller: Run, name: str, variables: Mapping[str, Any]) -> Any:
        """Runs a sub-workflow inside a run: its folder and log, variables of its own."""
        if caller.depth >= DEEPEST_CALLS:
            raise WorkflowError(name, f"workflows call each other more than {DEEPEST_CALLS} deep")
        run = Run(self, caller.name, self.library.find(name), caller.folder, caller.depth + 1)
        value = await run.run_all(variables)
        caller.steps_done += run.steps_done
        caller.retries += run.retries
        return value


from . import steps as _steps  # noqa: E402,F401  (fills STEP_TYPES)
