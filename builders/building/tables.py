"""From parts to tables: what the store holds of a family becomes its labels, predictions and states."""

from __future__ import annotations

import json
import platform
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import polars as pl

from ...labels.errors import InputError, RunError
from ...labels.tables.labelling import ABOUT, check_predictions, label_family
from ...labels.tables.schemas import PREDICTIONS, STATES
from ...labels.tables.shards import in_shards
from ...labels.tables.types import polars_schema
from ..cache import versions
from ..running.scores import PART_SCHEMA
from .plan import fingerprint
from .scoring import part_of, part_print

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...labels.tables.made import FamilyTables
    from ..backbones.families import Backbone, Family
    from ..running.contract import LoadedState
    from .catalogue import Catalogue
    from .plan import BuildPlan
    from .store import Store

PARTS_AT_ONCE = 16
"""Parts that are read at once: a store behind a URL answers late, but to many."""


def make_tables(
    plan: BuildPlan,
    states: Sequence[LoadedState],
    catalogue: Catalogue,
    store: Store,
    observed: Mapping[str, Mapping[str, Any]],
    device: str,
) -> tuple[FamilyTables, dict[str, str]]:
    """The tables of one family, states in order of the cost that was found on these very items.

    Args:
        plan: The build.
        states: The family's states.
        catalogue: The items.
        store: Holds the parts.
        observed: For each state, by its key, what was measured of it: columns of *states*, and `environment`.
        device: Name of the hardware.

    Returns:
        The tables, and why samples were left out, by their identifier.

    Raises:
        InputError: An item cannot be used and unreadable ones are not left out, or two have one identifier.
        RunError: A part is missing.
    """
    whole = {state.key: _read(plan, state, catalogue, store) for state in states}
    items = catalogue.items()
    problems = _problems(plan, whole, items)
    items = items.filter(pl.col("target").is_not_null() & ~pl.col("sample_id").is_in(list(problems)))
    if items.is_empty():
        raise InputError(f"{plan.source.name}: no sample is left to label")
    if plan.runner.ordered_by_id:
        items = items.sort("sample_id")
    kept = {
        key: items.join(frame.drop("problem"), on="sample_id", how="left", maintain_order="left")
        for key, frame in whole.items()
    }
    gflops = {key: float(frame["gflops"].to_numpy().mean()) for key, frame in kept.items()}
    ordered = sorted(states, key=lambda state: gflops[state.key])
    rows = [
        _state_row(plan, state, index, gflops[state.key], observed.get(state.key, {}), device)
        | {"gflops_run": kept[state.key]["gflops_run"].mean()}
        for index, state in enumerate(ordered)
    ]
    table = pl.DataFrame(rows, schema=polars_schema(STATES, optional=plan.runner.state_columns))
    predictions = pl.concat(
        kept[state.key].with_columns(
            state=pl.lit(index, dtype=pl.Int64),
            family=pl.lit(state.family.name),
            correct=pl.col("prediction").cast(pl.Int16).is_in(pl.col("targets")),
        )
        for index, state in enumerate(ordered)
    )
    check_predictions(predictions, table["state"].to_list(), f"{plan.benchmark.name} items")
    optional = ["target", "prediction", *plan.runner.prediction_columns]
    if (items["targets"].list.len() > 1).any():
        optional.append("targets")
    columns = polars_schema(PREDICTIONS, optional=optional)
    predictions = predictions.select(*(pl.col(name).cast(dtype) for name, dtype in columns.items()), *ABOUT)
    return label_family(in_shards(predictions, len(table)), table), problems


def _read(plan: BuildPlan, state: LoadedState, catalogue: Catalogue, store: Store) -> pl.DataFrame:
    own = fingerprint(plan, state)
    prints = [part_print(own, items) for items in catalogue.prints]
    with ThreadPoolExecutor(PARTS_AT_ONCE) as pool:
        frames = list(pool.map(lambda shard: store.get(part_of(state, shard), prints[shard]), range(len(prints))))
    found = [frame for frame in frames if frame is not None]
    if len(found) < len(frames):
        raise RunError(
            f"state {state.backbone.name!r} lacks {len(frames) - len(found)} of {len(frames)} parts, though all were"
            " made; run the same command again"
        )
    return pl.concat(frame.cast(PART_SCHEMA) for frame in found)  # an earlier version may have kept other types


def _problems(plan: BuildPlan, whole: Mapping[str, pl.DataFrame], items: pl.DataFrame) -> dict[str, str]:
    """Why samples cannot be used, by their identifier; an error unless they may be left out."""
    found: dict[str, str] = {}
    for frame in whole.values():
        bad = frame.filter(pl.col("problem").is_not_null())
        found |= dict(zip(bad["sample_id"], bad["problem"], strict=True))
    if found and not plan.settings.skip_unreadable:
        first = next(iter(found))
        where = items.filter(pl.col("sample_id") == first)["where"][0]
        raise InputError(f"{where}: {found[first]}; fix it, or leave such images out with `skip_unreadable`")
    return dict(sorted(found.items()))


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
