"""How long work tells what it does, whoever listens: the command line draws bars, a library user sees nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


FOUND = "found"
"""What bounds steps that were finished before: they say nothing about the rate."""


class Advance(Protocol):
    """Moves a task on."""

    def __call__(self, steps: int, *, bound_by: str | None = None) -> None:
        """Some steps are done.

        Args:
            steps: How many.
            bound_by: What the work waits for, such as `decode` or `device`, where that is known.
        """
        ...


class Progress(Protocol):
    """What a listener takes."""

    def say(self, message: str) -> None:
        """A line about what is done or will be done."""
        ...

    def task(self, description: str, total: int, *, per: int = 1, unit: str = "") -> AbstractContextManager[Advance]:
        """A task of `total` steps; the context yields what advances it.

        Args:
            description: What is done.
            total: Number of steps.
            per: Steps that make one unit, of which the rate is told.
            unit: Name of the unit, as `images`; empty where a rate says nothing.
        """
        ...


class Silent:
    """Listens to nothing."""

    def say(self, message: str) -> None:
        """Drop the line."""

    @contextmanager
    def task(self, description: str, total: int, *, per: int = 1, unit: str = "") -> Iterator[Advance]:
        """A task that nobody watches."""

        def advance(steps: int, *, bound_by: str | None = None) -> None:
            pass

        yield advance
