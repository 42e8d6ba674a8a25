"""The tables that importers hand on, each column defined once: answers, and what is known of states."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from ..tables.schemas import STATES
from ..tables.vocabulary import COST_METRICS

_NAME = pa.Check.str_length(min_value=1, error="a name in every row")
_POSITIVE = pa.Check.in_range(
    0,
    float("inf"),
    include_min=False,
    include_max=False,
    error="a number above 0 (a cost of 0 is most often one that was not logged)",
)

ANSWERS = pa.DataFrameSchema(
    {
        "sample_id": pa.Column(pl.String, _NAME),
        "state": pa.Column(pl.String, _NAME),
        "correct": pa.Column(pl.Boolean),
        "target": pa.Column(pl.Int64, required=False),
        "targets": pa.Column(pl.List(pl.Int64), required=False),
        "prediction": pa.Column(pl.Int64, nullable=True, required=False),
        "confidence": pa.Column(
            pl.Float32,
            pa.Check.in_range(0, 1, error="a probability from 0 to 1 (divide percentages by 100)"),
            nullable=True,
            required=False,
        ),
        "cost": pa.Column(pl.Float64, pa.Check.ge(0, error="a cost of at least 0"), nullable=True, required=False),
        "category": pa.Column(pl.String, nullable=True, required=False),
        "family": pa.Column(pl.String, _NAME, required=False),
        "margin": pa.Column(pl.Float32, nullable=True, required=False),
        "entropy": pa.Column(pl.Float32, nullable=True, required=False),
        "scores": pa.Column(pl.List(pl.Float32), nullable=True, required=False),
        "prediction_acc": pa.Column(pl.Int64, nullable=True, required=False),
        "split_type": pa.Column(pl.String, nullable=True, required=False),
        "source_id": pa.Column(pl.String, nullable=True, required=False),
    },
    name="answers",
    strict=True,
    ordered=True,
)
"""Who answered what, who was right, at what cost: `Results.rows`."""

KNOWN_STATES = pa.DataFrameSchema(
    {
        **{name: pa.Column(required=False, nullable=True) for name in STATES.columns},
        **{name: pa.Column(STATES.columns[name].dtype, _POSITIVE, required=False) for name in COST_METRICS},
        "state": pa.Column(pl.String, _NAME),
    },
    name="known states",
    strict=True,
)
"""What a person says of states: `state`, and any columns of the table *states*. Costs are known of all states or of
none; other columns get their types with the table *states*."""

PUBLISHED = pa.DataFrameSchema(
    {
        "family": pa.Column(pl.String, _NAME),
        "state": pa.Column(pl.String, _NAME),
        "cost": pa.Column(pl.Float64, _POSITIVE),
        "accuracy": pa.Column(pl.Float64, pa.Check.in_range(0, 1, error="a fraction from 0 to 1 (or say `percent`)")),
    },
    name="published",
    strict=True,
    ordered=True,
)
"""Published numbers of state spaces."""
