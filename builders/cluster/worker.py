"""A worker of a cluster, where it runs: it holds the states of one pass at a time."""

from __future__ import annotations

import platform
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from ...labels.errors import RunError
from ..backbones.weights import resolve_weights, weights_digest
from ..building.scoring import Scorer
from ..progress import Silent
from ..sources.items import Held

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from ..building.catalogue import Seen
    from ..building.engine import OnDevice
    from ..building.passes import Placement
    from ..building.plan import BuildPlan
    from ..building.store import Store
    from ..running.contract import LoadedState
    from ..sources.items import Portion, Shard


@dataclass(frozen=True)
class Done:
    """What a worker says of a unit that is done."""

    seen: Seen
    """What it saw of the shard's items."""
    steps: Mapping[str | None, int]
    """(Sample, state) pairs that were found or done, by what bounded them."""


class Hand:
    """A worker, where it runs: it loads the states of a pass with the first unit, and keeps them for the next.

    It scores on its process's main thread, as the local engine does; another thread reads the unit that comes next.
    """

    def __init__(self, plan: BuildPlan, store: Store) -> None:
        """Nothing is loaded yet.

        Args:
            plan: The build, without its items.
            store: Where parts go.
        """
        self._plan, self._store = plan, store
        self._prints: Mapping[str, str] = {}
        self._scorer: Scorer | None = None
        self._reader = ThreadPoolExecutor(1)
        self._read: dict[int, Future[Shard[Any]]] = {}

    def hello(self) -> None:
        """Say that this worker is there."""

    def run(
        self, placement: Placement, prints: Mapping[str, str], unit: Portion[Any], coming: Portion[Any] | None
    ) -> Done:
        """Read a shard and make its missing parts.

        Args:
            placement: The pass.
            prints: Fingerprints of its states, where the build began.
            unit: The shard.
            coming: The shard that will probably come next.

        Raises:
            InputError: An item cannot be used.
            RunError: A state cannot be run, or the weights or packages of this machine are others.
        """
        torch.set_num_threads(max(1, placement.cpus))
        done: Counter[str | None] = Counter()

        def advance(steps: int, *, bound_by: str | None = None) -> None:
            done[bound_by] += steps

        read = self._read.pop(unit.index, None)
        shard = unit.read() if read is None else read.result()
        self._read = {} if coming is None else {coming.index: self._reader.submit(coming.read)}
        if self._scorer is None or self._prints != prints:
            self._scorer, self._prints = self._opened(placement, prints), prints
        seen = self._scorer.score(shard, advance)
        return Done(seen, dict(done))

    def _opened(self, placement: Placement, prints: Mapping[str, str]) -> Scorer:
        if self._scorer is not None:
            self._scorer.close()
        self._scorer = None
        threads = max(1, placement.cpus)
        if self._plan.settings.threads != threads:  # the same plan else, with what its runner keeps for the next state
            self._plan = on_this_worker(self._plan, placement)
        plan = self._plan
        scorer = Scorer(plan, [localised(state, plan) for state in placement.states], self._store)
        for key, expected in prints.items():
            if scorer.prints[key] != expected:
                raise RunError(
                    f"state {key.split('/')[1]!r} would answer otherwise on {platform.node()}: its packages have other"
                    " versions there; install the same on all machines"
                )
        return scorer


def do_on_device(work: OnDevice, plan: BuildPlan, placement: Placement) -> dict[str, Any]:
    """Do some work with the states of a pass on this machine."""
    plan = on_this_worker(plan, placement)
    torch.set_num_threads(plan.settings.threads)
    return work(plan, [localised(state, plan) for state in placement.states], Silent())


def without_items(plan: BuildPlan) -> BuildPlan:
    """The plan as workers get it: items come with the units."""
    return replace(plan, source=Held(plan.source.name, plan.source.revision, ()))


def on_this_worker(plan: BuildPlan, placement: Placement) -> BuildPlan:
    """The plan with the threads of a worker."""
    return replace(plan, settings=replace(plan.settings, threads=max(1, placement.cpus)))


def localised(state: LoadedState, plan: BuildPlan) -> LoadedState:
    """The state with its weights on this machine: where the driver has them, or fetched or trained again.

    Raises:
        RunError: The weights here are others.
    """
    weights, backbone = state.weights, state.backbone
    if weights.folder is None:
        return state
    if weights.folder.is_dir():
        # A commit's folder of the Hub's cache has no other content; any other folder may.
        found = weights if weights.revision else replace(weights, sha256=weights_digest(weights.folder))
    else:
        if weights.revision is not None:
            backbone = backbone.model_copy(update={"source": f"{weights.source}@{weights.revision}"})
        found = resolve_weights(state.family, backbone, random=plan.random, progress=Silent())
    if found.sha256 != weights.sha256:
        raise RunError(
            f"state {backbone.name!r}: its weights on {platform.node()} are not those of the machine that began the"
            " build; share the folder of weights (or ADAPTLABELS_CACHE) between the machines"
        )
    return replace(state, weights=found)
