"""What a build would do and take, without doing it: passes, memory, time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from .memory import available_bytes
from .plan import check_fit
from .runner import LoadedState
from .weights import Weights

if TYPE_CHECKING:
    from .plan import BuildPlan

TRIED_ITEMS = 16
"""Samples on which the data path is timed."""
RANDOM = Weights("random", None, None, None, None)


@dataclass(frozen=True)
class PassForecast:
    """One pass."""

    states: tuple[str, ...]
    """Its states, as `family/state`."""
    parameters: int
    """Their parameters together."""
    memory_bytes: int
    """Memory that they take, by estimate."""
    gflops: float
    """10^9 operations for each sample."""
    seconds: float
    """Time over all samples, by estimate."""


@dataclass(frozen=True)
class Forecast:
    """What a build would do."""

    passes: tuple[PassForecast, ...]
    """Its passes, in order."""
    samples: int
    """Samples of the source."""
    available_bytes: int
    """Memory that a pass may take."""
    gflops_per_second: dict[str, float]
    """For each family, the rate at which its cheapest state ran here, with random weights in full batches."""
    data_seconds: float
    """Time of one thread to read, decode and resize a sample."""
    threads: int
    """Threads that do it."""

    @property
    def seconds(self) -> float:
        """Time of the whole build, by estimate."""
        return sum(one.seconds for one in self.passes)


def forecast(plan: BuildPlan) -> Forecast:
    """Plan a build and estimate what it takes; no weights are fetched, nothing is written.

    The rate of a family is that of its cheapest state, tried for a few seconds with random weights; larger states use a
    device better, so that the time is rather too long than too short.

    Raises:
        InputError: A family does not fit the benchmark, or the source cannot be used.
        RunError: A cheapest state does not fit into memory.
    """
    check_fit(plan)
    runner, settings = plan.runner, plan.settings
    states = [
        LoadedState(family, backbone, RANDOM, runner.cost(backbone, None))
        for family in plan.families
        for backbone in family.states
    ]
    memory = available_bytes(settings.device)
    rates = {}
    for family in plan.families:
        cheapest = min((s for s in states if s.family is family), key=lambda state: state.cost.nominal_gflops())
        with runner.open([cheapest], settings, plan.benchmark.answers) as opened:
            rates[family.name] = opened.measure(cheapest.key).throughput * cheapest.cost.nominal_gflops()
    passes = []
    data = 0.0
    for group in runner.plan(states, settings, memory):
        data = runner.data_seconds(group, settings, list(islice(plan.source.items(), TRIED_ITEMS)))
        device = sum(state.cost.nominal_gflops() / rates[state.family.name] for state in group)
        loading = data / settings.threads
        # On a CPU, loading and models share the cores; a GPU works while the CPU loads.
        each = device + loading if settings.device.type == "cpu" else max(device, loading)
        passes.append(
            PassForecast(
                states=tuple(state.key for state in group),
                parameters=sum(state.cost.parameters for state in group),
                memory_bytes=runner.needs(group, settings),
                gflops=sum(state.cost.nominal_gflops() for state in group),
                seconds=each * len(plan.source),
            )
        )
    return Forecast(tuple(passes), len(plan.source), memory, rates, data, settings.threads)
