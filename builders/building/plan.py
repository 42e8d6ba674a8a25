"""What a build will do: which states, in which passes, over which shards of items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...labels.errors import InputError
from ..backbones.weights import config_text, resolve_weights
from ..cache import key_of
from ..running.contract import LoadedState, Runner, RunSettings

if TYPE_CHECKING:
    from ..backbones.families import Family
    from ..progress import Progress
    from ..sources.benchmarks import Benchmark
    from ..sources.items import Item, Source

SHARD_SIZE = 1024
"""Samples of a shard: what a killed build does again at most, for each state."""


def _vision() -> Runner:
    from ..vision.runner import VisionRunner

    return VisionRunner()


def _language() -> Runner:
    from ..language.runner import LanguageRunner

    return LanguageRunner()


RUNNERS: dict[str, Callable[[], Runner]] = {"vision": _vision, "language": _language}
"""What makes a runner, by its name; its libraries take seconds to import, and only one kind is needed."""


@dataclass(frozen=True)
class BuildPlan:
    """What a build will do."""

    benchmark: Benchmark
    """The benchmark."""
    source: Source[Item]
    """Its items."""
    families: tuple[Family, ...]
    """The state spaces."""
    settings: RunSettings
    """How states run."""
    random: bool = False
    """Whether weights are initialised at random instead of loaded."""
    shard_size: int = SHARD_SIZE
    """Samples of a shard."""
    store: str | None = None
    """Folder or URL of finished parts, where they are not kept inside the dataset folder."""
    measure: bool = False
    """Whether latency, throughput, memory and energy are measured."""
    compare_reference: int = 0
    """Samples on which answers are compared with the float32 reference; 0 for none."""

    @cached_property
    def runner(self) -> Runner:
        """What runs the states; what it keeps for the next state goes with the plan."""
        return RUNNERS[self.benchmark.runner]()


States = Mapping[str, "list[LoadedState]"]
"""For each family, by name, its states in ascending order of cost."""


def check_fit(plan: BuildPlan) -> None:
    """Every family must be of the benchmark's kind.

    Raises:
        InputError: One is not.
    """
    for family in plan.families:
        if family.runner != plan.benchmark.runner:
            raise InputError(
                f"family {family.name!r} is run by {family.runner!r}, dataset {plan.benchmark.name!r} needs"
                f" {plan.benchmark.runner!r}"
            )


def load_states(plan: BuildPlan, progress: Progress) -> States:
    """Find weights and count costs.

    Raises:
        InputError: Weights are missing, or a state cannot answer the benchmark's question.
        RunError: The Hub cannot be reached.
    """
    found = {}
    for family in plan.families:
        states = []
        for backbone in family.states:
            weights = resolve_weights(family, backbone, random=plan.random, progress=progress)
            state = LoadedState(family, backbone, weights, plan.runner.cost(backbone, weights.folder))
            plan.runner.check(state, plan.benchmark.answers)
            states.append(state)
        found[family.name] = sorted(states, key=lambda state: state.cost.nominal_gflops())
    return found


def fingerprint(plan: BuildPlan, state: LoadedState, settings: RunSettings | None = None) -> str:
    """Hash of everything that a state's answers depend on, but the items.

    Args:
        plan: The build.
        state: The state.
        settings: How it runs, where that is not as the plan says.
    """
    backbone, settings, answers = state.backbone, settings or plan.settings, plan.benchmark.answers
    return key_of(
        {
            "runner": state.family.runner,
            "architecture": backbone.architecture,
            "config": backbone.config,
            **({} if backbone.exit is None else {"exit": backbone.exit}),
            "weights": state.weights.sha256 or state.weights.kind,
            # Model and preprocessing come from this file where there is one.
            "config.json": None if state.weights.folder is None else config_text(state.weights.folder),
            "gflops": state.cost.nominal_gflops(),
            "dtype": settings.dtype,
            "fast_modes": settings.fast_modes,
            "device": settings.device.type,
            "subset": answers.subset,
            **plan.runner.identity(state, answers),
        }
    )
