"""What can go wrong with a workflow, each with the place where it did."""

from __future__ import annotations


class WorkflowError(Exception):
    """A workflow that cannot be read or run: where, and why."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


class StepTimeout(WorkflowError):
    """A step that took longer than it may."""

    def __init__(self, where: str, seconds: float) -> None:
        super().__init__(where, f"took longer than {seconds:g} s")


class ExpressionError(ValueError):
    """An expression that is not one, or that cannot be computed."""
