"""Which column of table *states* is the cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InputError
from .vocabulary import COST_METRICS

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


def default_cost_metric(states: pl.DataFrame) -> str:
    """The first cost that is known for all states: `gflops`, then `cost`, then the other metrics."""
    return next((metric for metric in ("gflops", "cost", *COST_METRICS) if _is_known(states, metric)), "gflops")


def cost_metric(states: pl.DataFrame, asked: str | None, where: Path) -> str:
    """The cost that was asked for, if it is known for all states of a family; by default the first one that is.

    Raises:
        InputError: It is not known, or no such metric.
    """
    metric = asked or default_cost_metric(states)
    if metric not in COST_METRICS:
        raise InputError(f"cost metric {metric!r} is not one of {', '.join(COST_METRICS)}")
    if not _is_known(states, metric):
        known = [name for name in COST_METRICS if _is_known(states, name)]
        raise InputError(
            f"{where}: {metric!r} is not known for every state of family {states['family'][0]!r};"
            f" known are {', '.join(known) or 'none'}"
        )
    return metric


def _is_known(states: pl.DataFrame, metric: str) -> bool:
    return metric in states.columns and states[metric].null_count() == 0
