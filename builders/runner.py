"""The contract of a runner: what the engine asks of whatever runs backbones.

A runner groups states into passes, opens a pass (which loads its states), scores items with it, and closes it. It says
what its scores depend on, so that the store can tell a part that still holds from one that does not.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import torch

from .items import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .scores import Scores
    from .spaces import Backbone, Family
    from .weights import Weights

ItemT_contra = TypeVar("ItemT_contra", bound=Item, contravariant=True)


@dataclass(frozen=True)
class RunSettings:
    """How states run."""

    device: torch.device
    """Device that the states run on."""
    dtype: str = "float32"
    """Precision of weights and arithmetic: `float32`, `bfloat16` or `float16`."""
    batch_size: int | None = None
    """Samples per batch; None leaves it to the runner. Labels do not depend on it."""
    threads: int = max(1, os.cpu_count() or 1)
    """Threads that decode and resize images."""

    @property
    def torch_dtype(self) -> torch.dtype:
        """The precision as torch has it."""
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[self.dtype]


class Costs(Protocol):
    """Counted cost of a state."""

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        ...

    def nominal_gflops(self) -> float:
        """10^9 operations of a typical sample."""
        ...


@dataclass(frozen=True)
class LoadedState:
    """A state whose weights have been found and whose cost has been counted."""

    family: Family
    """Its family."""
    backbone: Backbone
    """Its line in the family's table."""
    weights: Weights
    """Its weights."""
    cost: Costs
    """Its counted cost."""


class Pass(Protocol[ItemT_contra]):
    """States that are loaded together."""

    def __enter__(self) -> Self:
        """Use the pass in a `with` statement."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Free what the states hold."""
        ...

    def score(
        self, items: Sequence[ItemT_contra], wanted: Sequence[str], advance: Callable[[int], None]
    ) -> dict[str, Scores]:
        """Answers of the wanted states to the items, in the items' order.

        Args:
            items: Samples, with their content.
            wanted: Names of states of this pass.
            advance: Called with the number of (sample, state) pairs that were done.

        Raises:
            InputError: An item cannot be used; names it.
            RunError: A sample does not fit into memory, or the scores are not finite.
        """
        ...


class Runner(Protocol):
    """Runs backbones of one kind."""

    @property
    def libraries(self) -> tuple[str, ...]:
        """Libraries whose versions scores depend on."""
        ...

    def plan(self, states: Sequence[LoadedState]) -> list[tuple[LoadedState, ...]]:
        """Which states run together."""
        ...

    def cost(self, backbone: Backbone, folder: Path | None) -> Costs:
        """Counted cost of a state."""
        ...

    def identity(self, state: LoadedState) -> dict[str, Any]:
        """What scores depend on beside items, weights and settings."""
        ...

    def check(self, state: LoadedState, n_classes: int) -> None:
        """Raise `InputError` for a state that cannot answer the benchmark's question."""
        ...

    def open(self, states: Sequence[LoadedState], settings: RunSettings) -> Pass[Any]:
        """Load the states of a pass."""
        ...
