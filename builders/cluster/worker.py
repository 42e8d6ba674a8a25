"""What runs on the machines of a cluster: the worker, which holds the states of one pass at a time."""

from __future__ import annotations

import platform
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
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
    from ..building.pass_plan import Placement
    from ..building.plan import BuildPlan
    from ..building.store import Store
    from ..running.contract import LoadedState
    from ..sources.items import Portion, Shard


@dataclass(frozen=True)
class Done:
    """What a worker answers when it has scored a unit."""

    seen: Seen
    """What it saw of the shard's items."""
    steps: Mapping[str | None, int]
    """Number of (sample, state) pairs that were found or scored, by what bounded their speed."""


class ScoringWorker:
    """A worker, where it runs: it loads the states of a pass with the first unit and keeps them for the next.

    It scores on the main thread of its process, as the local engine does, while another thread reads the shard of the
    next unit. It answers when both are through: a worker that has answered does nothing that could still kill it, so
    that `Pool` knows which units a lost worker had.
    """

    def __init__(self, plan: BuildPlan, store: Store) -> None:
        """Load nothing yet.

        Args:
            plan: The build, without its items.
            store: Where parts go.
        """
        self._plan, self._store = plan, store
        self._prints: Mapping[str, str] = {}
        self._scorer: Scorer | None = None
        self._reader = ThreadPoolExecutor(1)
        self._ahead: dict[int, Future[Shard[Any]]] = {}

    def ready(self) -> None:
        """Answer: this process runs."""

    def score(
        self, placement: Placement, prints: Mapping[str, str], shard: Portion[Any], ahead: Portion[Any] | None
    ) -> Done:
        """Score a unit: read its shard and make the parts that are missing.

        Args:
            placement: The pass.
            prints: Fingerprints of its states, as the machine that began the build has them.
            shard: The shard.
            ahead: The shard of the unit that probably comes next.

        Raises:
            InputError: An item cannot be used.
            RunError: A state cannot be run, or this machine has other weights or packages.
        """
        torch.set_num_threads(max(1, placement.cpus))
        done: Counter[str | None] = Counter()

        def advance(steps: int, *, bound_by: str | None = None) -> None:
            done[bound_by] += steps

        read = self._ahead.pop(shard.index, None)
        items = shard.read() if read is None else read.result()
        self._ahead = {} if ahead is None else {ahead.index: self._reader.submit(ahead.read)}
        try:
            if self._scorer is None or self._prints != prints:
                self._scorer, self._prints = self._opened(placement, prints), prints
            seen = self._scorer.score(items, advance)
            return Done(seen, dict(done))
        finally:
            wait(self._ahead.values())

    def _opened(self, placement: Placement, prints: Mapping[str, str]) -> Scorer:
        if self._scorer is not None:
            self._scorer.close()
        self._scorer = None
        threads = max(1, placement.cpus)
        if self._plan.settings.threads != threads:  # a plan that stays keeps what its runner holds for the next state
            self._plan = on_this_worker(self._plan, placement)
        plan = self._plan
        scorer = Scorer(plan, [localised(state, plan) for state in placement.states], self._store)
        for key, expected in prints.items():
            if scorer.prints[key] != expected:
                raise RunError(
                    f"state {key.split('/')[1]!r} would give other answers on {platform.node()}, whose packages have"
                    " other versions; install the same versions on all machines"
                )
        return scorer


def do_on_device(work: OnDevice, plan: BuildPlan, placement: Placement) -> dict[str, Any]:
    """Do some work on the states of a pass, on this machine."""
    plan = on_this_worker(plan, placement)
    torch.set_num_threads(plan.settings.threads)
    return work(plan, [localised(state, plan) for state in placement.states], Silent())


def without_items(plan: BuildPlan) -> BuildPlan:
    """The plan as workers get it: without items, which come with the units."""
    return replace(plan, source=Held(plan.source.name, plan.source.revision, ()))


def on_this_worker(plan: BuildPlan, placement: Placement) -> BuildPlan:
    """The plan with the threads of a worker."""
    return replace(plan, settings=replace(plan.settings, threads=max(1, placement.cpus)))


def localised(state: LoadedState, plan: BuildPlan) -> LoadedState:
    """The state with its weights on this machine: from the same folder if it is here too, or else resolved again.

    Raises:
        RunError: The weights on this machine differ.
    """
    weights, backbone = state.weights, state.backbone
    if weights.folder is None:
        return state
    if weights.folder.is_dir():
        # The Hub's cache never changes the folder of a commit; any other folder may have other content here.
        found = weights if weights.revision else replace(weights, sha256=weights_digest(weights.folder))
    else:
        if weights.revision is not None:
            backbone = backbone.model_copy(update={"source": f"{weights.source}@{weights.revision}"})
        found = resolve_weights(state.family, backbone, random=plan.random, progress=Silent())
    if found.sha256 != weights.sha256:
        raise RunError(
            f"state {backbone.name!r}: the weights on {platform.node()} differ from those on the machine that began the"
            " build; share the folder of the weights (or ADAPTLABELS_CACHE) between the machines"
        )
    return replace(state, weights=found)
