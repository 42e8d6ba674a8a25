"""The four tables, each column defined once: type, range, meaning.

Everything else that knows about columns is derived from here: the parquet schema, the features that `datasets` and the
Hub's viewer read, and the column tables in the card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl
import pyarrow

from ..errors import TableError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pandera.api.polars.types import PolarsData

BOUNDS = ("exact", "iso-accuracy", "conservative", "constant-alpha", "continuous")
WEIGHTS = ("pretrained", "trained-here", "random")
COST_METRICS = (
    "gflops",
    "parameters",
    "latency_ms_p50",
    "latency_ms_p95",
    "energy_j",
    "peak_memory_bytes",
    "cost",
)
"""Columns of *states* that can serve as the cost of a state."""
TARGET, STATE = "target", "state"
"""Kinds of class label: the benchmark's classes, and the states of the table's family."""
LARGEST_CLASS = 2**15 - 1
"""Largest class: `prediction` in *labels* holds int16."""
ROWS_SHOWN = 3
"""Offending rows that a message names."""


def _column(
    dtype: Any,  # noqa: ANN401 - polars takes both classes and instances
    description: str,
    *checks: pa.Check,
    nullable: bool = False,
    unique: bool = False,
    required: bool = True,
    names: str | None = None,
) -> pa.Column:
    return pa.Column(
        dtype,
        checks=list(checks),
        nullable=nullable,
        unique=unique,
        required=required,
        description=description,
        metadata={"class_label": names},
    )


def _all_elements(name: str, condition: Callable[[pl.Expr], pl.Expr]) -> pa.Check:
    """A check of every element of a list column."""

    def check(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(condition(pl.col(data.key)))

    return pa.Check(check, name=name, error=name)


_SHARE = pa.Check.in_range(0, 1)
_CLASS = pa.Check.in_range(0, LARGEST_CLASS)
_NOT_NEGATIVE = pa.Check.ge(0)
_PROBABILITIES = _all_elements(
    "probabilities from 0 to 1",
    lambda values: values.list.eval(pl.element().is_between(0, 1).fill_null(value=True)).list.all(),
)
_NO_NULLS = _all_elements(
    "no nulls inside the list", lambda values: values.list.eval(pl.element().is_null()).list.any().not_()
)

_TARGET = "The right answer; absent, as are predictions, where only right and wrong are known"
_TARGETS = "All right answers, where a dataset knows of several (ReaL); absent elsewhere"

LABELS = pa.DataFrameSchema(
    {
        "sample_id": _column(pl.String, "Identifier of the sample in the source dataset", unique=True),
        "target": _column(pl.Int64, _TARGET, _NOT_NEGATIVE, names=TARGET, required=False),
        "targets": _column(pl.List(pl.Int16), _TARGETS, _NO_NULLS, required=False),
        "group": _column(pl.String, "Class or activity that the sample belongs to", nullable=True),
        "split_type": _column(
            pl.String, "Part of the split, such as in-domain or zero-shot, where the source says", required=False
        ),
        "prediction": _column(
            pl.List(pl.Int16), "Answer of each state, states ascending by cost", _NO_NULLS, required=False
        ),
        "correct": _column(pl.List(pl.Boolean), "Whether each state is right", _NO_NULLS),
        "confidence": _column(
            pl.List(pl.Float32),
            "Probability that each state gives its answer; null where unknown",
            _PROBABILITIES,
        ),
        "n_correct": _column(pl.Int8, "Number of states that are right", _NOT_NEGATIVE),
        "solvable": _column(pl.Boolean, "Whether some state is right"),
        "oracle_state": _column(
            pl.Int64, "Cheapest state that is right; the first where none is", _NOT_NEGATIVE, names=STATE
        ),
        "oracle_cost": _column(
            pl.Float64,
            "Cost of the oracle's state (GFLOPs unless the states carry only `cost`)",
            pa.Check.gt(0),
        ),
    },
    name="labels",
    strict=True,
    ordered=True,
)

PREDICTIONS = pa.DataFrameSchema(
    {
        "sample_id": _column(pl.String, "Identifier of the sample in the source dataset"),
        "family": _column(pl.String, "State space"),
        "state": _column(pl.Int64, "State that was run", _NOT_NEGATIVE, names=STATE),
        "target": _column(pl.Int64, _TARGET, _NOT_NEGATIVE, names=TARGET, required=False),
        "targets": _column(pl.List(pl.Int16), _TARGETS, _NO_NULLS, required=False),
        "prediction": _column(pl.Int64, "The state's answer", _CLASS, names=TARGET, required=False),
        "correct": _column(pl.Boolean, "Whether the answer is right"),
        "confidence": _column(pl.Float32, "Probability of the answer", _SHARE, nullable=True),
        "margin": _column(pl.Float32, "Probability of the answer less that of the next best", _SHARE, nullable=True),
        "entropy": _column(pl.Float32, "Entropy of the probabilities, in nats", _NOT_NEGATIVE, nullable=True),
        "scores": _column(
            pl.List(pl.Float32),
            "Multiple choice: summed log-likelihood of every choice. Images: the highest log-probabilities",
            nullable=True,
        ),
        "classes": _column(pl.List(pl.Int16), "Images: the classes that `scores` belong to", nullable=True),
        "prediction_acc": _column(
            pl.Int64,
            "Multiple choice: the answer by summed log-likelihood alone (`acc`); `prediction` is that by `acc_norm`",
            _CLASS,
            required=False,
            names=TARGET,
        ),
        "gflops": _column(
            pl.Float64,
            "Multiple choice: 10^9 operations of this sample, each choice a full sequence",
            pa.Check.gt(0),
            required=False,
        ),
        "gflops_run": _column(
            pl.Float64,
            "The same as it was run: what choices share once, the head at scored tokens only",
            pa.Check.gt(0),
            required=False,
        ),
        "cost": _column(
            pl.Float64, "Cost of this inference, in the state's `cost_unit`", pa.Check.gt(0), required=False
        ),
    },
    name="predictions",
    strict=True,
    ordered=True,
)

STATES = pa.DataFrameSchema(
    {
        "family": _column(pl.String, "State space"),
        "state": _column(pl.String, "Name of the state"),
        "index": _column(pl.Int64, "Place in ascending order of cost, from 0", _NOT_NEGATIVE),
        "source": _column(pl.String, "Where the weights come from (Hub id)", nullable=True),
        "revision": _column(pl.String, "Commit of the weights", nullable=True),
        "weights": _column(
            pl.String, "`pretrained`, `trained-here` or `random`", pa.Check.isin(WEIGHTS), nullable=True
        ),
        "weights_sha256": _column(pl.String, "SHA-256 of the weight files", nullable=True),
        "parameters": _column(pl.Int64, "Number of parameters", _NOT_NEGATIVE, nullable=True),
        "gflops": _column(
            pl.Float64,
            "10^9 floating-point operations per sample, 2 per multiply-add",
            pa.Check.gt(0),
            nullable=True,
        ),
        "input_size": _column(pl.String, "Height x width of an image model's input; null for language", nullable=True),
        "accuracy": _column(pl.Float64, "Share of samples that the state gets right", _SHARE),
        "alpha": _column(
            pl.Float64,
            "Error correlation: share of its errors on which all smaller states err too",
            _SHARE,
            nullable=True,
        ),
        "oracle_share": _column(pl.Float64, "Share of samples on which the oracle takes this state", _SHARE),
        "reference_accuracy": _column(pl.Float64, "Published accuracy", _SHARE, nullable=True),
        "latency_ms_p50": _column(pl.Float64, "Median latency at batch 1, milliseconds", _NOT_NEGATIVE, nullable=True),
        "latency_ms_p95": _column(
            pl.Float64,
            "95th percentile of the latency at batch 1, milliseconds",
            _NOT_NEGATIVE,
            nullable=True,
        ),
        "throughput": _column(pl.Float64, "Samples per second", _NOT_NEGATIVE, nullable=True),
        "peak_memory_bytes": _column(pl.Int64, "Peak device memory, bytes", _NOT_NEGATIVE, nullable=True),
        "energy_j": _column(pl.Float64, "Energy per sample, joules", _NOT_NEGATIVE, nullable=True),
        "dtype": _column(pl.String, "Precision of weights and arithmetic", nullable=True),
        "device": _column(pl.String, "Device that the state ran on", nullable=True),
        "environment": _column(pl.String, "Versions of the libraries, JSON", nullable=True),
        "cost": _column(
            pl.Float64,
            "Cost given with predictions made elsewhere",
            pa.Check.gt(0),
            nullable=True,
            required=False,
        ),
        "cost_unit": _column(pl.String, "Unit of `cost`: `usd`, `tokens`, `seconds`, …", nullable=True, required=False),
        "gflops_run": _column(
            pl.Float64,
            "Multiple choice: 10^9 operations per sample as it was run, shared tokens once; null for other tasks",
            pa.Check.gt(0),
            nullable=True,
            required=False,
        ),
    },
    name="states",
    strict=True,
    ordered=True,
)

BOUNDS_TABLE = pa.DataFrameSchema(
    {
        "family": _column(pl.String, "State space"),
        "bound": _column(pl.String, "Which bound: " + ", ".join(f"`{name}`" for name in BOUNDS), pa.Check.isin(BOUNDS)),
        "cost_metric": _column(pl.String, "Column of the table states that is the cost", pa.Check.isin(COST_METRICS)),
        "alpha": _column(pl.Float64, "Error correlation that the bound assumes", _SHARE, nullable=True),
        "accuracy": _column(pl.Float64, "Accuracy of the adaptive oracle", _SHARE),
        "mean_cost": _column(pl.Float64, "Mean cost of the adaptive oracle per sample"),
        "gain": _column(
            pl.Float64,
            "Cost of always running the largest state over the oracle's mean cost; null where a form does not hold",
            nullable=True,
        ),
        "accuracy_gain": _column(pl.Float64, "Accuracy of the oracle less that of the largest state"),
        "gain_low": _column(pl.Float64, "Lower end of the gain's 95 % bootstrap interval", nullable=True),
        "gain_high": _column(pl.Float64, "Upper end of the gain's 95 % bootstrap interval", nullable=True),
    },
    name="bounds",
    strict=True,
    ordered=True,
)


def check_table(frame: pl.DataFrame, schema: pa.DataFrameSchema, where: str) -> pl.DataFrame:
    """The table, if it keeps its schema.

    Args:
        frame: The table.
        schema: One of this module's schemas.
        where: File or table to name in the message.

    Raises:
        TableError: A column is missing, unknown, of another type or out of range; names the column, the first
            offending rows (from 0) and how many there are.
    """
    check_columns(frame.columns, schema, where)
    for name, dtype in frame.schema.items():
        if dtype.is_float() and frame[name].is_nan().any():
            row = int(frame[name].is_nan().arg_max() or 0)
            raise TableError(f"{where}: column {name!r}, row {row}: expected a number, found NaN")
    try:
        schema.validate(frame, lazy=True)
    except (pa.errors.SchemaErrors, pa.errors.SchemaError) as error:
        raise TableError(f"{where}: {_explain(error)}") from error
    return frame


def check_columns(columns: Sequence[str], schema: pa.DataFrameSchema, where: str) -> None:
    """Check the names of a table's columns.

    Args:
        columns: The names, in order.
        schema: One of this module's schemas.
        where: File or table to name in the message.

    Raises:
        TableError: A column is missing, unknown or out of order.
    """
    missing = [name for name, column in schema.columns.items() if column.required and name not in columns]
    if missing:
        raise TableError(f"{where}: column {', '.join(map(repr, missing))} is missing")
    unknown = [name for name in columns if name not in schema.columns]
    if unknown:
        raise TableError(f"{where}: column {', '.join(map(repr, unknown))} is not one of {', '.join(schema.columns)}")
    ordered = [name for name in schema.columns if name in columns]
    if ordered != list(columns):
        raise TableError(f"{where}: its columns are {', '.join(columns)}; the order is {', '.join(ordered)}")


def _explain(error: Any) -> str:  # noqa: ANN401 - two unrelated pandera classes with the same attributes
    cases = getattr(error, "failure_cases", None)
    if not isinstance(cases, pl.DataFrame) or "check" not in cases.columns:
        return str(error).splitlines()[0]
    first = cases.row(0, named=True)
    same = cases.filter(pl.col("column").eq_missing(first["column"]) & pl.col("check").eq_missing(first["check"]))
    rows = [str(row) for row in same["index"].drop_nulls().head(ROWS_SHOWN)]
    place = f", row{'s' if len(same) > 1 else ''} {', '.join(rows)}" if rows else ""
    count = f" ({len(same)} in all)" if len(same) > len(rows) > 0 else ""
    value = f", found {first['failure_case']!r}" if first["failure_case"] is not None else ""
    return f"column {first['column']!r}{place}{count}: expected {first['check']}{value}"


def polars_schema(schema: pa.DataFrameSchema, *, optional: Collection[str] | None = None) -> pl.Schema:
    """Column names and polars types of a table.

    Args:
        schema: One of this module's schemas.
        optional: Columns to keep of those that a table may lack; None for all.
    """
    return pl.Schema(
        {
            name: column.dtype.type
            for name, column in schema.columns.items()
            if column.required or optional is None or name in optional
        }
    )


def arrow_schema(schema: pa.DataFrameSchema, columns: Sequence[str]) -> pyarrow.Schema:
    """The parquet schema of a table, for the columns that a file has."""
    empty = pl.DataFrame(schema=polars_schema(schema)).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return pyarrow.schema([pyarrow.field(name, _small(empty.field(name).type)) for name in columns])


def _small(kind: pyarrow.DataType) -> pyarrow.DataType:
    """Arrow types with 32-bit offsets, which is what `datasets` writes; polars has only the 64-bit ones."""
    if pyarrow.types.is_large_string(kind):
        return pyarrow.string()
    if pyarrow.types.is_large_list(kind) or pyarrow.types.is_list(kind):
        return pyarrow.list_(_small(kind.value_type))
    return kind


def features(
    schema: pa.DataFrameSchema, columns: Sequence[str], names: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """The features of a table as `datasets.Features.to_dict` writes them.

    Args:
        schema: One of this module's schemas.
        columns: Columns that the table has.
        names: Names of the class labels of each kind (`target`, `state`); a kind that is absent stays an integer.
    """
    types = arrow_schema(schema, columns)
    found: dict[str, dict[str, Any]] = {}
    for name in columns:
        kind = str((schema.columns[name].metadata or {}).get("class_label"))
        if kind in names:
            found[name] = {"names": list(names[kind]), "_type": "ClassLabel"}
        elif pyarrow.types.is_list(types.field(name).type):
            found[name] = {"feature": _value(types.field(name).type.value_type), "_type": "List"}
        else:
            found[name] = _value(types.field(name).type)
    return found


def _value(kind: pyarrow.DataType) -> dict[str, str]:
    arrow_to_datasets = {"float": "float32", "double": "float64"}
    return {"dtype": arrow_to_datasets.get(str(kind), str(kind)), "_type": "Value"}
