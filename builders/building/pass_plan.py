"""A pass is states that run together; its placement adds what a worker takes of a machine to run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..running.contract import LoadedState


@dataclass(frozen=True)
class Placement:
    """A pass, and what one worker takes that runs it."""

    states: tuple[LoadedState, ...]
    """States that run together."""
    device_bytes: int
    """Memory of the device that they take, by estimate."""
    cpus: int = 0
    """Cores of a worker."""
    gpus: float = 0.0
    """GPUs of a worker: a share of one, or several whole ones over which the state is spread."""
    memory_bytes: int = 0
    """Memory of the machine that a worker takes, where the device is its CPU."""

    @property
    def shape(self) -> tuple[int, float, int]:
        """What a worker takes; passes of one shape can have the same workers."""
        return self.cpus, self.gpus, self.memory_bytes
