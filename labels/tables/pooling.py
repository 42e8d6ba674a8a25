"""A pool as a family of its own: the tables of families that answered the same samples, as those of one family."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

from ..bounds.pools import JOIN
from ..errors import InputError
from .costs import default_cost_metric
from .labelling import ABOUT, label_family
from .shards import in_shards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .made import FamilyTables


def pool_tables(families: Sequence[FamilyTables]) -> FamilyTables:
    """The tables of a pool.

    Args:
        families: Tables of the families, with the same targets.

    Returns:
        The family `a+b`: its states are named `family:state` and ascend by cost, then accuracy, then name, its samples
        are those that all families have. Of *predictions* it has the columns that all families have.

    Raises:
        InputError: Fewer than two families, no cost metric or unit that all states have, too many states, or no sample
            in common.
    """
    if len(families) < 2:
        raise InputError(f"`pool`: {len(families)} family is labelled here; a pool needs two")
    states = _states(families)
    shared = _shared_samples(families)
    coded = [_coded(tables, states, shared) for tables in families]
    columns = [name for name in coded[0].columns if all(name in rows.columns for rows in coded)]
    predictions = pl.concat(rows.select(columns) for rows in coded)
    about = families[0].labels.select("sample_id", *ABOUT)
    predictions = predictions.join(about, on="sample_id", how="left", maintain_order="left")
    return label_family(in_shards(predictions, len(states)), states)


def _states(families: Sequence[FamilyTables]) -> pl.DataFrame:
    """All states in order of cost, under the pool's name."""
    every = pl.concat([tables.states for tables in families], how="diagonal")
    metric = default_cost_metric(every)
    if metric not in every.columns or every[metric].is_null().any():
        raise InputError("`pool`: the families have no cost metric in common")
    if metric == "cost" and "cost_unit" in every.columns and every["cost_unit"].n_unique() > 1:
        units = ", ".join(str(unit) for unit in every["cost_unit"].unique(maintain_order=True))
        raise InputError(f"`pool`: costs are in several units ({units})")
    ordered = every.sort(metric, "accuracy", "family", "state", maintain_order=True)
    return ordered.with_columns(
        family=pl.lit(JOIN.join(tables.family for tables in families)),
        state=pl.format("{}:{}", "family", "state"),
        index=pl.int_range(pl.len(), dtype=pl.Int64),
    )


def _shared_samples(families: Sequence[FamilyTables]) -> pl.DataFrame:
    """Samples that all families have, in the first one's order."""
    samples = [tables.labels.select("sample_id") for tables in families]
    shared = reduce(lambda kept, other: kept.join(other, on="sample_id", how="semi", maintain_order="left"), samples)
    if shared.is_empty():
        raise InputError("`pool`: no sample is common to all families; do they label one split?")
    return shared


def _coded(tables: FamilyTables, states: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
    """A family's predictions on the shared samples, its states by their places in the pool."""
    place = dict(zip(states["state"], states["index"], strict=True))
    codes = {row["index"]: place[f"{row['family']}:{row['state']}"] for row in tables.states.iter_rows(named=True)}
    rows = tables.predictions.join(shared, on="sample_id", how="semi", maintain_order="left")
    return rows.with_columns(
        family=pl.lit(str(states["family"][0])), state=pl.col("state").replace_strict(codes, return_dtype=pl.Int64)
    )
