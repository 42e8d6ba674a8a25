"""What a build would do, and the workers, memory and time that it would take; nothing is run in full."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..backbones.costs import shipped_cost
from ..backbones.weights import Weights
from ..progress import Silent
from ..running.contract import LoadedState, networks
from .engine import LocalEngine
from .plan import check_fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..progress import Progress
    from .engine import Engine
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
    """Memory of the device that they take, by estimate."""
    gflops: float
    """10^9 operations for each sample."""
    workers: int
    """Workers that run it at once."""
    cpus: int
    """Cores of each worker; 0 where it has all."""
    gpus: float
    """GPUs of each worker; 0 on cores, and where it has the chosen one."""
    seconds: float
    """Time over all samples, by estimate, if nothing else ran."""


@dataclass(frozen=True)
class Forecast:
    """What a build would do."""

    passes: tuple[PassForecast, ...]
    """Its passes, in order."""
    samples: int
    """Samples of the source."""
    units: int
    """Shards of each pass."""
    gflops_per_second: dict[str, float]
    """For each family, the rate at which its cheapest state ran here, with random weights in full batches."""
    data_seconds: float
    """Time of one thread to read, decode and resize a sample."""
    seconds: float
    """Time of the whole build, by estimate."""


def forecast(plan: BuildPlan, engine: Engine | None = None) -> Forecast:
    """Plan a build and estimate what it takes; no weights are fetched, nothing is written.

    The rate of a family is that of its cheapest state, tried for a few seconds with random weights; larger states use a
    device better, so that the time is rather too long than too short.

    Raises:
        InputError: A family does not fit the benchmark, the source cannot be used, or a state fits nowhere.
        RunError: A cheapest state does not fit into memory.
    """
    engine = engine or LocalEngine()
    check_fit(plan)
    runner, settings = plan.runner, plan.settings
    states = [
        LoadedState(family, backbone, RANDOM, shipped_cost(family, backbone) or runner.cost(backbone, None))
        for family in plan.families
        for backbone in family.states
    ]
    placements = engine.make_passes(plan, states)
    cheapest = [
        min((state for state in states if state.family is family), key=lambda state: state.cost.nominal_gflops())
        for family in plan.families
    ]
    alone = [one for state in cheapest for one in engine.make_passes(plan, [state])]
    rates = engine.on_device(_try_rates, plan, alone, Silent())
    items = list(islice(plan.source.items(), TRIED_ITEMS))
    data = engine.on_device(partial(_try_data, items=items), plan, placements, Silent())
    units = -(-len(plan.source) // plan.shard_size)
    passes, work = [], 0.0
    for one in placements:
        # Of the exits of one network the deepest runs, and the others with it.
        run = [exits[-1] for exits in networks(one.states, settings)]
        device = sum(state.cost.nominal_gflops() / rates[state.family.name] for state in run)
        loading = data[one.states[0].key] / (one.cpus or settings.threads)
        # On a CPU, loading and models share the cores; a GPU works while the CPU loads.
        each = device + loading if settings.device.type == "cpu" else max(device, loading)
        workers = engine.workers(one, units)
        width = max(1.0, one.gpus or one.cpus)  # GPUs, or cores, at the rate that was tried
        work += each * len(plan.source) * width
        passes.append(
            PassForecast(
                states=tuple(state.key for state in one.states),
                parameters=sum(state.cost.parameters for state in run),
                memory_bytes=one.device_bytes,
                gflops=sum(state.cost.nominal_gflops() for state in run),
                workers=workers,
                cpus=one.cpus,
                gpus=one.gpus,
                seconds=each * len(plan.source) / min(workers, engine.capacity(settings.device) / width),
            )
        )
    # Passes share what there is, and none is quicker than its own workers.
    seconds = max(work / engine.capacity(settings.device), *(one.seconds for one in passes))
    return Forecast(tuple(passes), len(plan.source), units, rates, max(data.values()), seconds)


def _try_rates(plan: BuildPlan, states: Sequence[LoadedState], progress: Progress) -> dict[str, float]:
    """GFLOP/s of states, by their family."""
    found = {}
    for state in states:
        with plan.runner.open([state], plan.settings, plan.benchmark.answers) as opened:
            found[state.family.name] = opened.measure(state.key).throughput * state.cost.nominal_gflops()
    return found


def _try_data(
    plan: BuildPlan, states: Sequence[LoadedState], progress: Progress, *, items: Sequence[Any]
) -> dict[str, float]:
    """Seconds of one thread to make a sample ready, by the key of a pass's first state."""
    return {states[0].key: plan.runner.data_seconds(states, plan.settings, items)}
