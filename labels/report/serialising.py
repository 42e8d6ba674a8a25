"""A report as plain data: the JSON of `adaptlabels bounds`, and the rows of table *bounds*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from ..agents.baselines import AgentResult
    from ..bounds.interval import Interval
    from .results import BoundResult, DecisionCost, FamilyReport, SelectionResult, StateResult


def to_json(report: FamilyReport) -> dict[str, Any]:
    """One entry of `families` in the JSON of `adaptlabels bounds`; what is undefined is None.

    Example:
        >>> from adaptlabels.labels import StateSpace, report_family
        >>> space = StateSpace.create(["small", "large"], [1.0, 10.0], [0.6, 0.8], family="demo")
        >>> to_json(report_family(space))["baseline"]
        {'state': 'large', 'cost': 10.0, 'accuracy': 0.8}
    """
    base = report.baseline
    return {
        "family": report.space.family,
        "cost_metric": report.space.cost_metric,
        "samples": report.samples,
        "sample_costs": report.sample_costs,
        "baseline": {"state": base.state, "cost": base.cost, "accuracy": base.accuracy},
        "states": [_state(state) for state in report.states],
        "bounds": [{**_bound(entry), **_overhead(entry, report.decision_cost)} for entry in report.bounds],
        "selection": [_selection(entry, report) for entry in report.selection],
        "selection_iso_accuracy": [_selection(entry, report) for entry in report.selection_iso_accuracy],
        "agents": [_agent(agent, base.cost) for agent in report.agents],
        "warnings": list(report.warnings),
    }


def to_table(report: FamilyReport) -> pl.DataFrame:
    """The family's rows of table *bounds*."""
    import polars as pl

    from ..tables.schemas import BOUNDS_TABLE  # pandera is slow to load, and JSON does not need it
    from ..tables.types import polars_schema  # pandera is slow to load, and JSON does not need it

    schema = polars_schema(BOUNDS_TABLE)
    about = {"family": report.space.family, "cost_metric": report.space.cost_metric}
    rows = [{**_bound(entry), **about} for entry in report.bounds]
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)


def _state(state: StateResult) -> dict[str, Any]:
    return {
        "state": state.state,
        "cost": state.cost,
        "accuracy": state.accuracy,
        "alpha": state.alpha,
        "oracle_share": state.oracle_share,
        **_ends("accuracy", state.accuracy_interval),
        **_ends("alpha", state.alpha_interval),
        **_ends("oracle_share", state.oracle_share_interval),
    }


def _bound(entry: BoundResult) -> dict[str, Any]:
    bound = entry.bound
    return {
        "bound": bound.bound,
        "alpha": bound.alpha,
        "accuracy": bound.accuracy,
        "accuracy_gain": bound.accuracy_gain,
        "mean_cost": bound.mean_cost,
        "gain": _defined(bound.gain),
        **_ends("gain", entry.gain_interval),
        **_ends("mean_cost", entry.mean_cost_interval),
        **_ends("accuracy", entry.accuracy_interval),
    }


def _overhead(entry: BoundResult, cost: DecisionCost | None) -> dict[str, Any]:
    if cost is None:
        return {}
    found = entry.overhead
    figures = {
        "mean_cost": None if found is None else found.mean_cost,
        "gain": None if found is None else found.gain,
        "break_even_b0": None if found is None else found.break_even,
    }
    return {"overhead": {"b0": cost.b0, "b1": cost.b1, **figures}}


def _selection(entry: SelectionResult, report: FamilyReport) -> dict[str, Any]:
    chosen = entry.selection
    return {
        "k": chosen.k,
        "states": [report.space.names[i] for i in chosen.indices],
        "gain": chosen.gain,
        "share_of_full_gain": chosen.share_of_full_gain,
        "bound": chosen.bound,
        "method": chosen.method,
        "greedy_loss": chosen.greedy_loss,
        **_ends("gain", entry.gain_interval),
    }


def _agent(agent: AgentResult, largest_cost: float) -> dict[str, Any]:
    return {
        "agent": agent.agent,
        "allowed_loss": agent.allowed_loss,
        "loss": agent.loss,
        "learned_from": agent.learned_from,
        "judged_on": agent.judged_on,
        "accuracy": agent.accuracy,
        "mean_cost": agent.mean_cost,
        "gain": largest_cost / agent.mean_cost,
        "share_of_saving": _defined(agent.share_of_saving),
        **_ends("accuracy", agent.accuracy_interval),
        **_ends("mean_cost", agent.mean_cost_interval),
        **_ends("share_of_saving", agent.share_interval),
    }


def _ends(name: str, found: Interval | None) -> dict[str, float | None]:
    low, high = (None, None) if found is None else (found.low, found.high)
    return {f"{name}_low": low, f"{name}_high": high}


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else value
