"""The contract of a runner: what the engine asks of whatever runs backbones.

A runner groups states into passes, opens a pass (which loads its states), scores items with it, and closes it. It says
what its scores depend on, so that the store can tell a part that still holds from one that does not.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import torch

from ..sources.items import Item

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..backbones.families import Backbone, Family
    from ..backbones.weights import Weights
    from ..progress import Advance
    from ..sources.benchmarks import AnswerSpace
    from .device_costs import DeviceCosts
    from .scores import Answers

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
    compiled: bool = False
    """Whether models are compiled (`torch.compile`): faster, and their last bits differ."""
    channels_last: bool = False
    """Whether images lie in memory with their channels last: faster on some devices, and last bits differ."""
    skip_unreadable: bool = False
    """Whether an image that cannot be decoded is left out of all states; otherwise it stops the build."""
    threads: int = field(
        default_factory=lambda: (
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        )
    )
    """Threads that decode and resize images."""

    @property
    def torch_dtype(self) -> torch.dtype:
        """The precision as torch has it."""
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[self.dtype]

    @property
    def fast_modes(self) -> tuple[str, ...]:
        """What is switched on beside the precision, as *states* records it."""
        return ("compile",) * self.compiled + ("channels-last",) * self.channels_last

    def reference(self) -> RunSettings:
        """The same in float32 and without fast modes."""
        return replace(self, dtype="float32", compiled=False, channels_last=False)


class Costs(Protocol):
    """Counted cost of a state."""

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        ...

    @property
    def input_sides(self) -> tuple[int, ...]:
        """Height and width of the input; empty where it has none, as texts."""
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

    @property
    def key(self) -> str:
        """Name that no other state of any family has."""
        return f"{self.family.name}/{self.backbone.name}"

    @property
    def network(self) -> tuple[str, ...]:
        """What states have in common that are exits of one network."""
        made = () if self.weights.folder else (self.backbone.architecture, repr(self.backbone.config))
        return self.family.name, str(self.weights.folder), *made


def networks(states: Sequence[LoadedState], settings: RunSettings) -> list[tuple[LoadedState, ...]]:
    """The states, those together that are exits of one network, shallowest first.

    A compiled model is one program from input to answer, so that its exits are models of their own.
    """
    exits = {state.network for state in states if state.backbone.exit is not None and not settings.compiled}
    found: dict[tuple[str, ...], list[LoadedState]] = {}
    for state in states:
        found.setdefault(state.network if state.network in exits else (state.key,), []).append(state)
    return [tuple(sorted(some, key=lambda state: state.cost.parameters)) for some in found.values()]


class Pass(Protocol[ItemT_contra]):
    """States that are loaded together."""

    def __enter__(self) -> Self:
        """Use the pass in a `with` statement."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Free what the states hold."""
        ...

    def score(self, items: Sequence[ItemT_contra], wanted: Sequence[str], advance: Advance) -> Answers:
        """Answers of the wanted states to the items, in the items' order.

        Args:
            items: Samples, with their content.
            wanted: Keys of states of this pass.
            advance: Called with the number of (sample, state) pairs that were done.

        Raises:
            InputError: An item cannot be used; names it.
            RunError: A sample does not fit into memory, or the scores are not finite.
        """
        ...

    def measure(self, key: str) -> DeviceCosts:
        """What a state takes on the device: latency, throughput, memory, energy."""
        ...


class Runner(Protocol):
    """Runs backbones of one kind."""

    @property
    def samples_are(self) -> str:
        """What its samples are called, as `images`."""
        ...

    @property
    def ordered_by_id(self) -> bool:
        """Whether tables list samples by `sample_id`, so that every source gives the same; otherwise in its order."""
        ...

    @property
    def prediction_columns(self) -> tuple[str, ...]:
        """Optional columns of table *predictions* that it fills."""
        ...

    @property
    def state_columns(self) -> tuple[str, ...]:
        """Optional columns of table *states* that it fills."""
        ...

    @property
    def splits_models(self) -> bool:
        """Whether a state whose weights are larger than a GPU is spread over several."""
        ...

    def check_settings(self, settings: RunSettings) -> None:
        """Raise `InputError` for settings that mean nothing to it."""
        ...

    def group(self, states: Sequence[LoadedState], settings: RunSettings, memory: int) -> list[tuple[LoadedState, ...]]:
        """The states in passes, each of which fits into that many bytes of memory."""
        ...

    def needs(self, states: Sequence[LoadedState], settings: RunSettings) -> int:
        """Bytes that states take when they run together, by estimate."""
        ...

    def data_seconds(self, states: Sequence[LoadedState], settings: RunSettings, items: Sequence[Any]) -> float:
        """Time of one thread to make a sample ready for the states, tried on some."""
        ...

    def cost(self, backbone: Backbone, folder: Path | None) -> Costs:
        """Counted cost of a state."""
        ...

    def default_dtype(self, device: torch.device) -> str:
        """Precision where the user leaves it to us."""
        ...

    def libraries(self, backbone: Backbone) -> tuple[str, ...]:
        """Libraries whose versions a state's scores depend on."""
        ...

    def identity(self, state: LoadedState, answers: AnswerSpace) -> dict[str, Any]:
        """What scores depend on beside items, weights, settings and the subset of the answers."""
        ...

    def check(self, state: LoadedState, answers: AnswerSpace) -> None:
        """Raise `InputError` for a state that cannot answer the benchmark's question."""
        ...

    def open(self, states: Sequence[LoadedState], settings: RunSettings, answers: AnswerSpace) -> Pass[Any]:
        """Load the states of a pass."""
        ...
