"""timm's own tables of published accuracies and costs, as one state space of hundreds of models.

`results-imagenet.csv` and its sisters have `model,top1,…,param_count,img_size,…`: accuracies in percent, parameters in
millions (`1,014.45`), names with the weights' tag (`resnet50.a1_in1k`). `benchmark-infer-….csv` has costs by
architecture and input size, `model,infer_img_size,…,infer_gmacs,…`, without tags. Both lie in the folder `results` of
huggingface/pytorch-image-models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from ..bounds.states import StateSpace
from ..errors import InputError, TableError
from .files import GLIMPSE, is_table, open_table, some, stem
from .published import matching
from .table import require

if TYPE_CHECKING:
    from pathlib import Path

    from .files import Table

ACCURACY = "top1"
"""Column that is the accuracy, unless another is named."""
METRICS = {"gflops": ("infer_gmacs", 2.0), "parameters": ("param_count", 1e6)}
"""Cost metrics, each by its column and what that is multiplied by: two operations per multiply-add, millions."""
SIZED = ("architecture", "img_size")
"""What a cost in the benchmark's table belongs to."""


@dataclass(frozen=True, eq=False)
class PublishedModels:
    """What a table of published models holds."""

    space: StateSpace
    """Every model that has a cost, dominated ones included."""
    notes: tuple[str, ...]
    """What was left out, a sentence each."""


def is_timm_results(path: Path) -> bool:
    """Whether a file is one of timm's tables of results."""
    return is_table(path) and {"model", "param_count", "img_size"} <= set(open_table(path, most=GLIMPSE).frame.columns)


def read_timm_results(
    path: Path,
    costs: Path | None = None,
    *,
    accuracy: str = ACCURACY,
    cost: str | None = None,
    pattern: str | None = None,
) -> PublishedModels:
    """Read timm's published models.

    Args:
        path: `results-imagenet.csv`, or another of its form.
        costs: `benchmark-infer-….csv`; without it the cost is the number of parameters.
        accuracy: Column that is the accuracy, in percent.
        cost: `gflops` (twice `infer_gmacs`), `parameters`, or another numeric column of either table, as it is; by
            default `gflops` where `costs` are given, else `parameters`.
        pattern: Regular expression that the names to take contain; None takes all.

    Returns:
        The models as one state space, named after the file. A name that comes with several input sizes is
        `model@size`. Models without a cost are left out, and noted.

    Raises:
        InputError: A file cannot be read, or fewer than two models are left.
        TableError: A column is missing or holds what it should not.
    """
    table = open_table(path)
    metric = cost or ("parameters" if costs is None else "gflops")
    column, factor = METRICS.get(metric, (metric, 1.0))
    require(table, ("model", "img_size", accuracy))
    given = pl.DataFrame(
        {
            "model": table.frame["model"].cast(pl.String),
            "img_size": numbers(table, "img_size").cast(pl.Int64),
            "accuracy": numbers(table, accuracy) / 100,
        }
    )
    if column in table.frame.columns:
        models = given.with_columns(cost=numbers(table, column))
    elif costs is None:
        raise InputError(f"`costs`: {path} has no column {column!r}; give timm's table benchmark-infer-….csv")
    else:
        models = _with_costs(given, open_table(costs), column)
    chosen = matching(models, "model", pattern, path)
    known = chosen.filter(pl.col("cost") > 0).with_columns(cost=pl.col("cost") * factor)
    named = _named(known)
    if len(named) < 2:
        raise InputError(f"{path}: {len(named)} of {len(chosen)} models have a cost; at least two states are needed")
    space = StateSpace.create(
        named["state"].to_list(), named["cost"], named["accuracy"], family=stem(path), cost_metric=metric
    )
    return PublishedModels(space, _notes(chosen, known, named, metric))


def numbers(table: Table, column: str) -> pl.Series:
    """A column of numbers, thousands set apart by commas or not; null where there is none.

    Raises:
        TableError: It holds something else.
    """
    values = table.frame[column]
    if values.dtype != pl.String:
        return values.cast(pl.Float64)
    found = values.str.replace_all(",", "").cast(pl.Float64, strict=False)
    wrong = found.is_null() & values.is_not_null()
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        raise TableError(f"{table.path} {table.place(row)}: column {column!r} holds {values[row]!r}; expected a number")
    return found


def _with_costs(models: pl.DataFrame, benchmark: Table, column: str) -> pl.DataFrame:
    """The models with the cost of their architecture at their input size, null where it was not measured."""
    require(benchmark, ("model", "infer_img_size", column))
    measured = pl.DataFrame(
        {
            "architecture": _architecture(benchmark.frame["model"].cast(pl.String)),
            "img_size": numbers(benchmark, "infer_img_size").cast(pl.Int64),
            "cost": numbers(benchmark, column),
        }
    ).unique(SIZED, keep="first", maintain_order=True)
    named = models.with_columns(architecture=_architecture(models["model"]))
    return named.join(measured, on=SIZED, how="left", maintain_order="left")


def _architecture(names: pl.Series) -> pl.Series:
    """Names without the tag of their weights."""
    return names.str.split(".").list.first()


def _named(models: pl.DataFrame) -> pl.DataFrame:
    """One row for each model and input size, the most accurate one, with a name of its own as `state`."""
    best = models.sort("accuracy", descending=True, maintain_order=True).unique(
        ["model", "img_size"], keep="first", maintain_order=True
    )
    sized = pl.format("{}@{}", "model", "img_size")
    return best.with_columns(state=pl.when(pl.col("model").is_duplicated()).then(sized).otherwise("model"))


def _notes(chosen: pl.DataFrame, known: pl.DataFrame, named: pl.DataFrame, metric: str) -> tuple[str, ...]:
    notes = []
    if len(known) < len(chosen):
        lacking = chosen.filter(~(pl.col("cost") > 0).fill_null(value=False))["model"].to_list()
        notes.append(f"Left out models without {metric} at their input size: {some(lacking, 3)}.")
    if len(named) < len(known):
        notes.append(f"Left out {len(known) - len(named)} rows of a model and input size that come again.")
    return tuple(notes)
