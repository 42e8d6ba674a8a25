"""The tables, each column defined once: type, range, meaning.

Everything else that knows about columns is derived from here: the types of files (`types`), the checks (`checking`),
and the column tables in the card. Lists of numbers are float64: the Hub's viewer takes a list of float32 for a time
series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl

from ..folds import N_FOLDS
from .vocabulary import BOUNDS, CHEAPEST_RIGHT, COST_METRICS, LARGEST_CLASS, N_CORRECT, STATE, TARGET, WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandera.api.polars.types import PolarsData


def column(
    dtype: Any,  # noqa: ANN401 - polars takes both classes and instances
    description: str,
    *checks: pa.Check,
    nullable: bool = False,
    unique: bool = False,
    required: bool = True,
    names: str | None = None,
) -> pa.Column:
    """A column with its meaning, and whose names it shows where it is a class label."""
    return pa.Column(
        dtype,
        checks=list(checks),
        nullable=nullable,
        unique=unique,
        required=required and not nullable,  # files leave out what holds nothing
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
        "sample_id": column(pl.String, "Identifier of the sample in the source dataset", unique=True),
        "target": column(pl.Int64, _TARGET, _NOT_NEGATIVE, names=TARGET, required=False),
        "targets": column(pl.List(pl.Int16), _TARGETS, _NO_NULLS, required=False),
        "category": column(pl.String, "Class, activity or subject that the sample belongs to", nullable=True),
        "split_type": column(
            pl.String,
            "Part of the split, such as in-domain or zero-shot, where the source says",
            nullable=True,
        ),
        "source_id": column(
            pl.String,
            "Document that the sample is from, where the benchmark says; several samples may be from one",
            nullable=True,
        ),
        "fold": column(
            pl.Int8,
            "0 to 9, a hash of `source_id`, or of `sample_id` where there is none: agents learn from folds 0-4 and are"
            " judged on 5-9",
            pa.Check.in_range(0, N_FOLDS - 1),
        ),
        "pattern": column(pl.String, "1 for each state that is right, 0 for each that is wrong, states by cost"),
        "cheapest_right": column(
            pl.Int64, "Cheapest state that is right, or `none`", _NOT_NEGATIVE, names=CHEAPEST_RIGHT
        ),
        "prediction": column(
            pl.List(pl.Int16), "Answer of each state, states ascending by cost", _NO_NULLS, required=False
        ),
        "correct": column(pl.List(pl.Boolean), "Whether each state is right", _NO_NULLS),
        "confidence": column(
            pl.List(pl.Float64),
            "Probability that each state gives its answer; null where unknown",
            _PROBABILITIES,
            nullable=True,
        ),
        "n_correct": column(pl.Int64, "Number of states that are right", _NOT_NEGATIVE, names=N_CORRECT),
        "solvable": column(pl.Boolean, "Whether some state is right"),
        "oracle_state": column(
            pl.Int64, "Cheapest state that is right; the first where none is", _NOT_NEGATIVE, names=STATE
        ),
        "oracle_cost": column(
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
        "sample_id": column(pl.String, "Identifier of the sample in the source dataset"),
        "family": column(pl.String, "State space"),
        "state": column(pl.Int64, "State that was run", _NOT_NEGATIVE, names=STATE),
        "target": column(pl.Int16, _TARGET, _CLASS, required=False),
        "targets": column(pl.List(pl.Int16), _TARGETS, _NO_NULLS, required=False),
        "prediction": column(pl.Int16, "The state's answer", _CLASS, required=False),
        "correct": column(pl.Boolean, "Whether the answer is right"),
        "confidence": column(pl.Float32, "Probability of the answer", _SHARE, nullable=True),
        "margin": column(pl.Float32, "Probability of the answer less that of the next best", _SHARE, nullable=True),
        "entropy": column(pl.Float32, "Entropy of the probabilities, in nats", _NOT_NEGATIVE, nullable=True),
        "scores": column(
            pl.List(pl.Float64),
            "Multiple choice: summed log-likelihood of every choice. Images: the highest log-probabilities",
            nullable=True,
        ),
        "classes": column(pl.List(pl.Int16), "Images: the classes that `scores` belong to", nullable=True),
        "prediction_acc": column(
            pl.Int16,
            "Multiple choice: the answer by summed log-likelihood alone (`acc`); `prediction` is that by `acc_norm`"
            " where the task has it",
            _CLASS,
            required=False,
        ),
        "gflops": column(
            pl.Float64,
            "Multiple choice: 10^9 operations of this sample, each choice a full sequence",
            pa.Check.gt(0),
            required=False,
        ),
        "gflops_run": column(
            pl.Float64,
            "The same as it was run: what choices share once, the head at scored tokens only",
            pa.Check.gt(0),
            required=False,
        ),
        "cost": column(
            pl.Float64, "Cost of this inference, in the state's `cost_unit`", pa.Check.gt(0), required=False
        ),
    },
    name="predictions",
    strict=True,
    ordered=True,
)

STATES = pa.DataFrameSchema(
    {
        "family": column(pl.String, "State space"),
        "state": column(pl.String, "Name of the state"),
        "index": column(pl.Int64, "Place in ascending order of cost, from 0", _NOT_NEGATIVE),
        "source": column(
            pl.String, "Where the weights come from (Hub id); `provider/model` of a closed model", nullable=True
        ),
        "revision": column(pl.String, "Commit of the weights; version or date of a closed model", nullable=True),
        "weights": column(
            pl.String,
            "`pretrained`, `trained-here`, `random`, or `api` where only the provider has them",
            pa.Check.isin(WEIGHTS),
            nullable=True,
        ),
        "weights_sha256": column(pl.String, "SHA-256 of the weight files", nullable=True),
        "exit": column(
            pl.Int64,
            "Early exit: blocks of the network that run before its norm and head; null for all",
            pa.Check.gt(0),
            nullable=True,
        ),
        "parameters": column(pl.Int64, "Number of parameters", _NOT_NEGATIVE, nullable=True),
        "gflops": column(
            pl.Float64,
            "10^9 floating-point operations per sample, 2 per multiply-add",
            pa.Check.gt(0),
            nullable=True,
        ),
        "input_size": column(pl.String, "Height x width of an image model's input; null for language", nullable=True),
        "accuracy": column(pl.Float64, "Share of samples that the state gets right", _SHARE),
        "alpha": column(
            pl.Float64,
            "Error correlation: share of its errors on which all smaller states err too",
            _SHARE,
            nullable=True,
        ),
        "oracle_share": column(pl.Float64, "Share of samples on which the oracle takes this state", _SHARE),
        "utility": column(
            pl.Float64,
            "What leaving the state out would cost by Eq. 10, in the unit of the costs; below 0 it would save",
            nullable=True,
            required=False,
        ),
        "auroc": column(
            pl.Float64,
            "Chance that a right answer has more confidence than a wrong one; 0.5 says nothing",
            _SHARE,
            nullable=True,
            required=False,
        ),
        "ece": column(
            pl.Float64,
            "Expected calibration error of the confidence, over 15 bins of equal width",
            _SHARE,
            nullable=True,
            required=False,
        ),
        "aurc": column(
            pl.Float64,
            "Area under the risk-coverage curve: mean error rate on the n most confident samples, over all n",
            _SHARE,
            nullable=True,
            required=False,
        ),
        "reference_accuracy": column(pl.Float64, "Published accuracy", _SHARE, nullable=True),
        "latency_ms_p50": column(pl.Float64, "Median latency at batch 1, milliseconds", _NOT_NEGATIVE, nullable=True),
        "latency_ms_p95": column(
            pl.Float64,
            "95th percentile of the latency at batch 1, milliseconds",
            _NOT_NEGATIVE,
            nullable=True,
        ),
        "throughput": column(pl.Float64, "Samples per second", _NOT_NEGATIVE, nullable=True),
        "peak_memory_bytes": column(pl.Int64, "Peak device memory, bytes", _NOT_NEGATIVE, nullable=True),
        "energy_j": column(pl.Float64, "Energy per sample, joules", _NOT_NEGATIVE, nullable=True),
        "dtype": column(pl.String, "Precision of weights and arithmetic", nullable=True),
        "device": column(pl.String, "Device that the state ran on", nullable=True),
        "environment": column(pl.String, "Versions of the libraries, JSON", nullable=True),
        "cost": column(
            pl.Float64,
            "Cost given with predictions made elsewhere",
            pa.Check.gt(0),
            nullable=True,
        ),
        "cost_unit": column(pl.String, "Unit of `cost`: `usd`, `tokens`, `seconds`, …", nullable=True),
        "gflops_run": column(
            pl.Float64,
            "Multiple choice: 10^9 operations per sample as it was run, shared tokens once; null for other tasks",
            pa.Check.gt(0),
            nullable=True,
        ),
    },
    name="states",
    strict=True,
    ordered=True,
)

BOUNDS_TABLE = pa.DataFrameSchema(
    {
        "family": column(pl.String, "State space"),
        "bound": column(pl.String, "Which bound: " + ", ".join(f"`{name}`" for name in BOUNDS), pa.Check.isin(BOUNDS)),
        "cost_metric": column(pl.String, "Column of the table states that is the cost", pa.Check.isin(COST_METRICS)),
        "alpha": column(pl.Float64, "Error correlation that the bound assumes", _SHARE, nullable=True),
        "accuracy": column(pl.Float64, "Accuracy of the adaptive oracle", _SHARE),
        "mean_cost": column(pl.Float64, "Mean cost of the adaptive oracle per sample"),
        "gain": column(
            pl.Float64,
            "Cost of always running the largest state over the oracle's mean cost; null where a form does not hold",
            nullable=True,
        ),
        "accuracy_gain": column(pl.Float64, "Accuracy of the oracle less that of the largest state"),
        "gain_low": column(pl.Float64, "Lower end of the gain's 95 % bootstrap interval", nullable=True),
        "gain_high": column(pl.Float64, "Upper end of the gain's 95 % bootstrap interval", nullable=True),
    },
    name="bounds",
    strict=True,
    ordered=True,
)

CLASSES = pa.DataFrameSchema(
    {
        "index": column(pl.Int16, "The class in `target`, `prediction` and `classes`", _CLASS, unique=True),
        "id": column(pl.String, "What the source dataset calls it", unique=True),
        "name": column(pl.String, "What people call it", unique=True),
    },
    name="classes",
    strict=True,
    ordered=True,
)
