"""How long work tells what it does, whoever listens: the command line draws bars, a library user sees nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager


class Progress(Protocol):
    """What a listener takes."""

    def say(self, message: str) -> None:
        """A line about what is done or will be done."""
        ...

    def task(self, description: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A task of `total` steps; the context yields a function that advances it."""
        ...


class Silent:
    """Listens to nothing."""

    def say(self, message: str) -> None:
        """Drop the line."""

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        """A task that nobody watches."""
        yield lambda steps: None
