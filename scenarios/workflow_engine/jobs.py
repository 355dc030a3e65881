"""The job queue: jobs wait in an asyncio queue of limited length, several workers run them."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .engine import Engine
from .errors import WorkflowError


class Job:
    """A workflow to run with these variables. state: waiting, running, done or failed."""

    __slots__ = ("number", "workflow", "variables", "state", "result", "reason", "__weakref__")

    def __init__(self, number: int, workflow: str, variables: Mapping[str, Any]) -> None:
        self.number = number
        self.workflow = workflow
        self.variables = variables
        self.state = "waiting"
        self.result: Any = None
        self.reason: Optional[str] = None


class JobQueue:
    """`async with JobQueue(engine, workers=4) as queue:` runs what is submitted; leaving the block waits for all of it.

    A job is the queue's only until it is done; whoever submitted it holds its result.
    """

    def __init__(self, engine: Engine, workers: int = 4, length: int = 64) -> None:
        self._engine = engine
        self._workers = workers
        self._length = length
        self._queue: Optional["asyncio.Queue[Job]"] = None
        self._tasks: List["asyncio.Task[None]"] = []
        self.counts: Dict[str, int] = {"done": 0, "failed": 0}

    async def __aenter__(self) -> "JobQueue":
        self._queue = asyncio.Queue(self._length)
        self._tasks = [asyncio.ensure_future(self._work(self._queue)) for _ in range(self._workers)]
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            if self._queue is not None:
                await self._queue.join()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._tasks.clear()
            self._queue = None

    async def submit(self, job: Job) -> Job:
        """Waits while the queue is full."""
        if self._queue is None:
            raise RuntimeError("jobs are submitted inside the queue's `async with` block")
        await self._queue.put(job)
        return job

    async def _work(self, queue: "asyncio.Queue[Job]") -> None:
        while True:
            job = await queue.get()
            try:
                await self._run(job)
            finally:
                queue.task_done()
            # Waiting for the next one must not hold the last one.
            del job

    async def _run(self, job: Job) -> None:
        job.state = "running"
        self._engine.bus.publish("job.started", job=job.number)
        try:
            job.result = await self._engine.run(job.workflow, job.variables)
            job.state = "done"
        except WorkflowError as error:
            # The sentence alone: the error holds its traceback, and that all frames with what they had at hand.
            job.reason = str(error)
            job.state = "failed"
        self.counts[job.state] += 1
        self._engine.bus.publish("job." + job.state, job=job.number, reason=job.reason)


async def run_jobs(engine: Engine, work: Sequence[Tuple[str, Mapping[str, Any]]], workers: int = 4) -> List[Job]:
    """Runs all of this work, (workflow, variables) each; returns its jobs in the order given."""
    jobs = [Job(number, workflow, variables) for number, (workflow, variables) in enumerate(work, 1)]
    async with JobQueue(engine, workers) as queue:
        for job in jobs:
            await queue.submit(job)
    return jobs
