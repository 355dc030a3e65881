"""A log file for each run: a handler that is added when the run begins and removed when it ends."""

from __future__ import annotations

import contextvars
import logging
import os
from types import TracebackType
from typing import BinaryIO, Optional, Type

LOG = logging.getLogger("workflow_engine")
LOG.setLevel(logging.INFO)
LOG.propagate = False
# One logger for all runs: loggers are never freed, so that one for each run would be a leak.
CURRENT_RUN: "contextvars.ContextVar[str]" = contextvars.ContextVar("workflow_engine_run", default="-")


class RunHandler(logging.Handler):
    """Writes what one run logs, not what others log meanwhile.

    In bytes: opening a text file leaves something in CPython's caches every time, for some thousand times.
    """

    def __init__(self, run: str, path: "os.PathLike[str]") -> None:
        super().__init__(logging.INFO)
        self.run = run
        self.lines = 0
        self._file: BinaryIO = open(path, "ab")

    def filter(self, record: logging.LogRecord) -> bool:
        return CURRENT_RUN.get() == self.run

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1
        self._file.write(self.format(record).encode("utf-8") + b"\n")

    def close(self) -> None:
        self._file.close()
        super().close()


class RunLog:
    """`with RunLog(run, path):` what is logged inside goes to this file, too."""

    _format = logging.Formatter("%(levelname)-7s %(message)s")

    def __init__(self, run: str, path: "os.PathLike[str]") -> None:
        self._run = run
        self._path = path
        self._handler: Optional[RunHandler] = None
        self._token: Optional["contextvars.Token[str]"] = None

    def __enter__(self) -> "RunLog":
        self._handler = RunHandler(self._run, self._path)
        self._handler.setFormatter(self._format)
        self._token = CURRENT_RUN.set(self._run)
        LOG.addHandler(self._handler)
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        handler, self._handler = self._handler, None
        token, self._token = self._token, None
        if handler is not None and token is not None:
            LOG.removeHandler(handler)
            handler.close()
            CURRENT_RUN.reset(token)
