"""Who carries a plan out: this process, pass by pass and shard by shard, or a cluster (`cluster`).

The plan, the units and the store are the same for every engine, so that one may finish what another began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from ..running.devices import choose_device, device_name
from ..running.memory import available_bytes
from ..sources.items import read_ahead, shards
from .catalogue import Catalogue
from .pass_plan import Placement
from .scoring import Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    import torch

    from ..progress import Advance, Progress
    from ..running.contract import LoadedState
    from .plan import BuildPlan
    from .store import Store

    OnDevice = Callable[[BuildPlan, Sequence[LoadedState], Progress], dict[str, Any]]
    """Work on the states of one pass that is done where the device is; what it returns it calls by the states' keys."""

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


class Engine(Protocol):
    """Carries a plan out; use it in a `with` statement."""

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Give back what was started."""
        ...

    def choose_device(self, name: str) -> torch.device:
        """The device of a name, as the engine's workers have it.

        Raises:
            InputError: There is no such device.
        """
        ...

    def device_name(self, device: torch.device) -> str:
        """Name of the hardware, for table *states*."""
        ...

    def make_passes(self, plan: BuildPlan, states: Sequence[LoadedState]) -> list[Placement]:
        """Which states run together, and what a worker of theirs takes.

        Raises:
            InputError: A state fits nowhere.
        """
        ...

    def run(self, plan: BuildPlan, passes: Sequence[Placement], store: Store, progress: Progress) -> Catalogue:
        """Run every pass over every shard.

        Args:
            plan: The build.
            passes: States that run together.
            store: Takes the parts; what it has already is not made again.
            progress: Told what happens.

        Returns:
            What was seen of the items.

        Raises:
            InputError: An item cannot be used.
            RunError: A state cannot be run; what was finished is kept.
        """
        ...

    def on_device(
        self, work: OnDevice, plan: BuildPlan, passes: Sequence[Placement], progress: Progress
    ) -> dict[str, Any]:
        """Do some work with the states of every pass where the device is, and gather what it returns."""
        ...

    def each(self, work: Callable[[Store, TaskT], ResultT], store: Store, tasks: Sequence[TaskT]) -> Iterator[ResultT]:
        """Do tasks that need nothing but the store, and give back what each returns, in order.

        Raises:
            RunError: A task failed.
        """
        ...

    def capacity(self, device: torch.device) -> float:
        """GPUs, or cores, over which passes are spread; 1 where they run one after the other."""
        ...

    def workers(self, placement: Placement, units: int) -> int:
        """Workers that run a pass of so many units at once."""
        ...


class LocalEngine:
    """Takes passes and shards one after the other, in this process."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def choose_device(self, name: str) -> torch.device:
        """The device of a name."""
        return choose_device(name)

    def device_name(self, device: torch.device) -> str:
        """Name of the hardware."""
        return device_name(device)

    def make_passes(self, plan: BuildPlan, states: Sequence[LoadedState]) -> list[Placement]:
        """As many states in a pass as fit into the device's memory, whatever their families."""
        groups = plan.runner.group(states, plan.settings, available_bytes(plan.settings.device))
        return [Placement(tuple(group), plan.runner.needs(group, plan.settings)) for group in groups]

    def run(self, plan: BuildPlan, passes: Sequence[Placement], store: Store, progress: Progress) -> Catalogue:
        """Run every pass over every shard; the next shard is read while one is scored."""
        catalogue = Catalogue()
        with build_task(plan, passes, progress) as advance:
            for one in passes:
                with Scorer(plan, one.states, store) as scorer:
                    for shard in read_ahead(shards(plan.source, plan.shard_size)):
                        catalogue.add(scorer.score(shard, advance))
        return catalogue

    def on_device(
        self, work: OnDevice, plan: BuildPlan, passes: Sequence[Placement], progress: Progress
    ) -> dict[str, Any]:
        """Do the work here, pass by pass."""
        return {key: found for one in passes for key, found in work(plan, one.states, progress).items()}

    def each(self, work: Callable[[Store, TaskT], ResultT], store: Store, tasks: Sequence[TaskT]) -> Iterator[ResultT]:
        """Do one task after the other."""
        return (work(store, task) for task in tasks)

    def capacity(self, device: torch.device) -> float:
        """One pass at a time."""
        return 1.0

    def workers(self, placement: Placement, units: int) -> int:
        """This process."""
        return 1


def build_task(plan: BuildPlan, passes: Sequence[Placement], progress: Progress) -> AbstractContextManager[Advance]:
    """The task of running all states over all items, in (sample, state) pairs."""
    n_states = sum(len(one.states) for one in passes)
    return progress.task(
        f"{n_states} states on {plan.benchmark.title}",
        len(plan.source) * n_states,
        per=n_states,
        unit=plan.runner.samples_are,
    )
