"""From items to tables: plan the units, run what the store lacks, gather the parts.

The plan is the same whoever carries it out. Passes come one after the other; a pass's states are loaded only when
one of its parts is missing, so that a finished build runs again in the time it takes to read its parts.
"""

from __future__ import annotations

import json
import platform
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
import torch

from ..labels.errors import InputError, RunError
from ..labels.folder import FamilyTables
from ..labels.labelling import check_predictions, make_labels
from ..labels.schemas import PREDICTIONS, STATES, polars_schema
from .cache import key_of, versions
from .items import shards
from .language import LanguageRunner
from .measure import VisionCost
from .runner import LoadedState, Pass, Runner, RunSettings
from .scores import part_frame
from .store import Store, Unit
from .vision import VisionRunner
from .weights import config_text, resolve_weights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .benchmarks import Benchmark
    from .items import Item, Shard, Source
    from .progress import Progress
    from .spaces import Backbone, Family

SHARD_SIZE = 1024
"""Samples of a shard: what a killed build does again at most, for each state."""
RUNNERS: dict[str, Runner] = {"vision": VisionRunner(), "language": LanguageRunner()}


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


def run_build(plan: BuildPlan, work: Path, progress: Progress) -> list[FamilyTables]:
    """Run every state over every item and label the outcome.

    Args:
        plan: What to do.
        work: Folder of the store; what is finished there is not done again.
        progress: Told what happens.

    Returns:
        The tables of each family.

    Raises:
        InputError: A family does not fit the benchmark, or a source or its items cannot be used.
        RunError: A state cannot be run.
    """
    check_fit(plan)
    train_missing(plan, progress)
    store = Store(work / "parts")
    tables = []
    for family in plan.families:
        runner = RUNNERS[family.runner]
        states = load_states(plan, family, runner, progress)
        parts = _run_family(plan, runner, states, store, progress)
        tables.append(_gather(plan, runner, states, parts))
    return tables


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


def train_missing(plan: BuildPlan, progress: Progress) -> None:
    """Train the miniatures whose weights are not in the cache yet."""
    wanted = [(family, state) for family in plan.families for state in family.states if state.recipe is not None]
    if wanted and not plan.random:
        from .training import train_all

        train_all(wanted, progress)


def load_states(plan: BuildPlan, family: Family, runner: Runner, progress: Progress) -> list[LoadedState]:
    """Find weights, count costs, and put the states in ascending order of cost.

    Raises:
        InputError: Weights are missing, or a state cannot answer the benchmark's question.
        RunError: The Hub cannot be reached.
    """
    states = []
    for backbone in family.states:
        weights = resolve_weights(family, backbone, random=plan.random, progress=progress)
        state = LoadedState(family, backbone, weights, runner.cost(backbone, weights.folder))
        runner.check(state, len(plan.benchmark.class_names))
        states.append(state)
    return sorted(states, key=lambda state: state.cost.nominal_gflops())


def fingerprint(plan: BuildPlan, runner: Runner, state: LoadedState) -> str:
    """Hash of everything that a state's answers depend on, but the items."""
    backbone = state.backbone
    return key_of(
        {
            "runner": state.family.runner,
            "architecture": backbone.architecture,
            "config": backbone.config,
            "weights": state.weights.sha256 or state.weights.kind,
            # Model and preprocessing come from this file where there is one.
            "config.json": None if state.weights.folder is None else config_text(state.weights.folder),
            "gflops": state.cost.nominal_gflops(),
            "dtype": plan.settings.dtype,
            "device": plan.settings.device.type,
            **runner.identity(state),
        }
    )


def _run_family(
    plan: BuildPlan, runner: Runner, states: Sequence[LoadedState], store: Store, progress: Progress
) -> dict[str, list[pl.DataFrame]]:
    """All parts of a family, by state, each list in order of shards."""
    prints = {state.backbone.name: fingerprint(plan, runner, state) for state in states}
    parts: dict[str, list[pl.DataFrame]] = {state.backbone.name: [] for state in states}
    title = states[0].family.title or states[0].family.name
    with progress.task(f"{title} on {plan.benchmark.title}", len(plan.source) * len(states)) as advance:
        for group in runner.plan(states):
            with ExitStack() as resources:
                opened: Pass[Any] | None = None
                for shard in shards(plan.source, plan.shard_size):
                    found = _from_store(store, group, shard, prints)
                    missing = [state.backbone.name for state in group if state.backbone.name not in found]
                    advance(len(shard.items) * len(found))
                    if missing:
                        opened = opened or resources.enter_context(runner.open(group, plan.settings))
                        for name, scores in opened.score(shard.items, missing, advance).items():
                            found[name] = part_frame(shard.items, scores)
                            unit = Unit(group[0].family.name, name, shard.index)
                            store.put(unit, _unit_print(prints[name], shard.fingerprint()), found[name])
                    for name, frame in found.items():
                        parts[name].append(frame)
    return parts


def _from_store(
    store: Store, group: Sequence[LoadedState], shard: Shard[Any], prints: dict[str, str]
) -> dict[str, pl.DataFrame]:
    items = shard.fingerprint()
    found = {}
    for state in group:
        name = state.backbone.name
        frame = store.get(Unit(state.family.name, name, shard.index), _unit_print(prints[name], items))
        if frame is not None:
            found[name] = frame
    return found


def _unit_print(state: str, items: str) -> str:
    return key_of({"state": state, "items": items})


def _gather(
    plan: BuildPlan, runner: Runner, states: Sequence[LoadedState], parts: dict[str, list[pl.DataFrame]]
) -> FamilyTables:
    """Parts → the family's tables. States are in order of the cost that was found on these very items."""
    whole = {name: pl.concat(frames) for name, frames in parts.items()}
    for name, frame in whole.items():
        if len(frame) != len(plan.source):
            raise RunError(
                f"state {name!r} has {len(frame)} of {len(plan.source)} samples; the source changed meanwhile"
            )
    gflops = {name: float(frame["gflops"].to_numpy().mean()) for name, frame in whole.items()}
    ordered = sorted(states, key=lambda state: gflops[state.backbone.name])
    table = pl.DataFrame(
        [_state_row(plan, runner, state, index, gflops[state.backbone.name]) for index, state in enumerate(ordered)],
        schema={name: dtype for name, dtype in polars_schema(STATES).items() if name != "cost"},
    )
    predictions = pl.concat(
        whole[state.backbone.name].with_columns(
            state=pl.lit(index, dtype=pl.Int64),
            family=pl.lit(state.family.name),
            correct=pl.col("prediction") == pl.col("target"),
        )
        for index, state in enumerate(ordered)
    )
    check_predictions(predictions, table["state"].to_list(), f"{plan.benchmark.name} items")
    groups = whole[ordered[0].backbone.name].select("sample_id", "group")
    kept = predictions.select(PREDICTIONS.columns.keys())
    labelled = make_labels(kept, table, groups)
    return FamilyTables(labelled.labels, kept, labelled.states)


def _state_row(plan: BuildPlan, runner: Runner, state: LoadedState, index: int, gflops: float) -> dict[str, Any]:
    environment = {"python": platform.python_version(), **versions("adaptlabels", *runner.libraries)}
    row = dict.fromkeys(name for name in polars_schema(STATES) if name != "cost")
    return row | {
        "family": state.family.name,
        "state": state.backbone.name,
        "index": index,
        "source": state.weights.source,
        "revision": state.weights.revision,
        "weights": state.weights.kind,
        "weights_sha256": state.weights.sha256,
        "parameters": state.cost.parameters,
        "gflops": gflops,
        "input_size": _input_size(state),
        "reference_accuracy": None if plan.random else _reference(plan, state.backbone, state.family),
        "dtype": plan.settings.dtype,
        "device": device_name(plan.settings.device),
        "environment": json.dumps(environment, sort_keys=True),
    }


def _reference(plan: BuildPlan, backbone: Backbone, family: Family) -> float | None:
    """A published accuracy is of the family's own dataset."""
    return backbone.reference_accuracy if family.dataset == plan.benchmark.name else None


def _input_size(state: LoadedState) -> str | None:
    if isinstance(state.cost, VisionCost):
        return "x".join(str(side) for side in state.cost.input_size[1:])
    return None


def device_name(device: torch.device) -> str:
    """Name of the hardware, as `NVIDIA H200`, or `cpu`."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def choose_device(name: str) -> torch.device:
    """The device of a name; `auto` takes the first GPU where there is one.

    Raises:
        InputError: There is no such device.
    """
    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"--device {name!r}: expected auto, cpu, cuda or cuda:N") from error
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"--device {name!r}: expected auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"--device {name!r}: this machine has {torch.cuda.device_count()} GPU(s)")
    return device
