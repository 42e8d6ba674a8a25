"""From answers to tables: what was gathered of a family becomes its labels, predictions and states."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

import polars as pl

from ...labels.errors import InputError
from ...labels.tables.labelling import ABOUT, check_predictions, label_family
from ...labels.tables.schemas import PREDICTIONS, STATES
from ...labels.tables.shards import hold
from ...labels.tables.types import polars_schema
from ..cache import versions
from .gathering import Gathered, MeanCosts, gather, gather_tasks, without_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ...labels.tables.made import FamilyTables
    from ..backbones.families import Backbone, Family
    from ..running.contract import LoadedState
    from .catalogue import Catalogue
    from .engine import Engine
    from .plan import BuildPlan
    from .store import Store


def make_tables(
    plan: BuildPlan,
    states: Sequence[LoadedState],
    catalogue: Catalogue,
    store: Store,
    observed: Mapping[str, Mapping[str, Any]],
    engine: Engine,
) -> tuple[FamilyTables, dict[str, str]]:
    """The tables of one family, states in order of the cost that was found on these very items.

    Args:
        plan: The build.
        states: The family's states.
        catalogue: The items.
        store: Holds the parts.
        observed: For each state, by its key, what was measured of it: columns of *states*, and `environment`.
        engine: Gathers the parts, and knows the name of the hardware.

    Returns:
        The tables, and why samples were left out, by their identifier.

    Raises:
        InputError: An item cannot be used and unreadable ones are not left out, or two have one identifier.
        RunError: A part is missing.
    """
    device = engine.device_name(plan.settings.device)
    items = catalogue.items().filter(pl.col("target").is_not_null())
    if plan.runner.ordered_by_id:
        items = items.sort("sample_id")
    problems: dict[str, str] = {}
    costs = MeanCosts(len(states))
    tasks = gather_tasks(plan, states, catalogue, items)
    gathered = hold(_usable(plan, engine.each(gather, store, tasks), items, problems, costs), Gathered)
    if not len(gathered):
        raise InputError(f"{plan.source.name}: no sample is left to label")
    gflops = [float(mean or 0.0) for mean in costs.of("gflops")]
    ascending = sorted(range(len(states)), key=lambda state: gflops[state])
    rows = [
        _state_row(plan, states[state], index, gflops[state], observed.get(states[state].key, {}), device)
        | {"gflops_run": costs.of("gflops_run")[state]}
        for index, state in enumerate(ascending)
    ]
    table = pl.DataFrame(rows, schema=polars_schema(STATES, optional=plan.runner.state_columns))
    optional = ["target", "prediction", *plan.runner.prediction_columns]
    if (items["targets"].list.len() > 1).any():
        optional.append("targets")
    columns = polars_schema(PREDICTIONS, optional=optional)
    predictions = (_predictions(plan, shard.answers, table, ascending, columns) for shard in gathered)
    return label_family(predictions, table), dict(sorted(problems.items()))


def _usable(
    plan: BuildPlan, gathered: Iterable[Gathered], items: pl.DataFrame, problems: dict[str, str], costs: MeanCosts
) -> Iterator[Gathered]:
    """The samples of each shard that every state could use.

    Args:
        plan: The build.
        gathered: The shards.
        items: Rows of the catalogue.
        problems: Takes why samples cannot be used, by their identifiers.
        costs: Takes the costs of the others.

    Raises:
        InputError: There is such a sample, and such are not left out.
    """
    for shard in gathered:
        usable, found = without_problems(shard)
        if found and not plan.settings.skip_unreadable:
            sample, why = next(iter(found.items()))
            where = items.filter(pl.col("sample_id") == sample)["where"][0]
            raise InputError(f"{where}: {why}; fix it, or leave such images out with `skip_unreadable`")
        problems |= found
        if len(usable.answers):
            costs.add(usable)
            yield usable


def _predictions(
    plan: BuildPlan, answers: pl.DataFrame, states: pl.DataFrame, ascending: Sequence[int], columns: pl.Schema
) -> pl.DataFrame:
    """Table *predictions* of a shard, with what is known about samples; states are numbered in order of cost."""
    by_cost = pl.col("state").replace_strict(ascending, list(range(len(ascending))), return_dtype=pl.Int64)
    predictions = answers.with_columns(
        state=by_cost,
        family=pl.lit(states["family"][0]),
        correct=pl.col("prediction").cast(pl.Int16).is_in(pl.col("targets")),
    ).sort("state", maintain_order=True)
    check_predictions(predictions, states["state"].to_list(), f"{plan.benchmark.name} items")
    return predictions.select(*(pl.col(name).cast(dtype) for name, dtype in columns.items()), *ABOUT)


def _state_row(
    plan: BuildPlan, state: LoadedState, index: int, gflops: float, observed: Mapping[str, Any], device: str
) -> dict[str, Any]:
    environment: dict[str, Any] = {
        "python": platform.python_version(),
        **versions("adaptlabels", *plan.runner.libraries(state.backbone)),
        **observed.get("environment", {}),
    }
    if plan.settings.fast_modes:
        environment["fast_modes"] = list(plan.settings.fast_modes)
    row = dict.fromkeys(polars_schema(STATES, optional=()))
    return row | {
        "family": state.family.name,
        "state": state.backbone.name,
        "index": index,
        "source": state.weights.source,
        "revision": state.weights.revision,
        "weights": state.weights.kind,
        "weights_sha256": state.weights.sha256,
        "exit": state.backbone.exit,
        "parameters": state.cost.parameters,
        "gflops": gflops,
        "input_size": "x".join(map(str, state.cost.input_sides)) or None,
        "reference_accuracy": None if plan.random else _reference(plan, state.backbone, state.family),
        "dtype": plan.settings.dtype,
        "device": device,
        **{name: value for name, value in observed.items() if name != "environment"},
        "environment": json.dumps(environment, sort_keys=True),
    }


def _reference(plan: BuildPlan, backbone: Backbone, family: Family) -> float | None:
    """A published accuracy is of the family's own dataset."""
    return backbone.reference_accuracy if family.dataset == plan.benchmark.name else None
