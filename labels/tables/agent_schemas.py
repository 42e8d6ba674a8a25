"""The tables of the board: *agents*, and the choices that prove each of its rows."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from .schemas import column
from .vocabulary import COST_METRICS

WEB_ADDRESS = r"https?://[^\s<>()\[\]\"'`|\\]+"
"""Addresses as they may stand in a card's link."""
_SHARE = pa.Check.in_range(0, 1)
_ADDRESS = pa.Check.str_matches(f"^{WEB_ADDRESS}$", error="an address that begins with https:// or http://")

AGENTS = pa.DataFrameSchema(
    {
        "family": column(pl.String, "State space"),
        "agent": column(pl.String, "Name of the agent; its choices are in `choices/<family>/<agent>.parquet`"),
        "setting": column(pl.Float64, "Setting of an agent with a dial, such as a threshold", nullable=True),
        "url": column(pl.String, "Where the agent is described", _ADDRESS, nullable=True),
        "cost_metric": column(pl.String, "Column of the table states that is the cost", pa.Check.isin(COST_METRICS)),
        "samples": column(pl.Int64, "Samples that it was judged on: those of folds 5-9", pa.Check.gt(0)),
        "accuracy": column(pl.Float64, "Share of samples that it gets right", _SHARE),
        "mean_cost": column(pl.Float64, "Mean of all that it pays per sample", pa.Check.gt(0)),
        "gain": column(pl.Float64, "Cost of always running the largest state over its mean cost", pa.Check.gt(0)),
        "accuracy_difference": column(pl.Float64, "Its accuracy less that of the largest state"),
        "share_of_saving": column(pl.Float64, "Share of the oracle's saving at equal accuracy", nullable=True),
        "agreement": column(pl.Float64, "Share of samples on which its state is the oracle's", _SHARE, nullable=True),
        "answers_lost": column(pl.Float64, "Share of samples that it gets wrong though a state is right", _SHARE),
        "cost_wasted": column(
            pl.Float64, "Mean cost beyond the cheapest right state, where it is right", pa.Check.ge(0)
        ),
    },
    name="agents",
    strict=True,
    ordered=True,
)

CHOICES = pa.DataFrameSchema(
    {
        "agent": column(pl.String, "Name of the agent"),
        "url": column(pl.String, "Where it is described", _ADDRESS, nullable=True),
        "cost_metric": column(pl.String, "Column of the table states that is the cost", pa.Check.isin(COST_METRICS)),
        "setting": column(pl.Float64, "Setting of an agent with a dial", nullable=True),
        "sample_id": column(pl.String, "Identifier of the sample"),
        "state": column(pl.String, "State whose answer it gives", required=False),
        "correct": column(pl.Boolean, "Whether it is right, where the answer is its own", required=False),
        "cost": column(
            pl.Float64, "All that it paid, where that is not the cost of `state`", pa.Check.gt(0), required=False
        ),
    },
    name="choices",
    strict=True,
    ordered=True,
)
