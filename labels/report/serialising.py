"""A report as plain data: the JSON of `adaptlabels bounds`, and the rows of table *bounds*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from ..agents.baselines import AgentResult
    from ..bounds.alpha_range import AlphaRange
    from ..bounds.growing import GreedyPath
    from ..bounds.interval import Interval
    from ..bounds.overlap import ErrorOverlap
    from ..bounds.part_router import PartRouter
    from ..bounds.parts import Part
    from .family_report import BoundResult, DecisionCost, FamilyReport, SelectionResult, StateResult


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
        "alpha_range": _alpha_range(report.alpha_range),
        "selection_iso_accuracy": [_selection(entry, report) for entry in report.selection_iso_accuracy],
        "growing": [_path(path, report) for path in report.growing],
        "overlap": None if report.overlap is None else _overlap(report.overlap, report),
        "by": report.by,
        "parts": [] if report.parts is None else [_part(part, report) for part in report.parts.parts],
        "part_router": None if report.parts is None else _part_router(report.parts.router),
        "cluster": report.cluster,
        "left_out": {family: list(samples) for family, samples in report.left_out.items()},
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
        "utility": state.utility,
        "utility_exact": state.utility_exact,
        "utility_iso": state.utility_iso,
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
        "loss_at_most": chosen.loss_at_most,
        **_ends("gain", entry.gain_interval),
    }


def _alpha_range(span: AlphaRange) -> dict[str, Any]:
    ends = {
        name: {"alpha": bound.alpha, "mean_cost": bound.mean_cost, "gain": _defined(bound.gain)}
        for name, bound in (("least", span.least), ("one", span.one))
    }
    low, high = span.gains
    return {
        "slope": span.slope,
        "reversed": span.reversed,
        **ends,
        "gain_low": _defined(low),
        "gain_high": _defined(high),
        "alpha_of_cost": span.alpha_of_cost,
        "alpha_of_accuracy": span.alpha_of_accuracy,
    }


def _path(path: GreedyPath, report: FamilyReport) -> dict[str, Any]:
    steps = [
        {
            "k": k,
            "state": report.space.names[step.state],
            "mean_cost": step.mean_cost,
            "gain": step.gain,
            "share_of_full_gain": step.share_of_full_gain,
        }
        for k, step in enumerate(path.steps, 1)
    ]
    return {"bound": path.bound, "enough": path.enough(), "steps": steps}


def _overlap(overlap: ErrorOverlap, report: FamilyReport) -> dict[str, Any]:
    names = report.space.names
    neighbours = [
        {
            "smaller": names[pair.smaller],
            "larger": names[pair.smaller + 1],
            "smaller_only": pair.smaller_only,
            "larger_only": pair.larger_only,
            "p_value": pair.p_value,
        }
        for pair in overlap.neighbours
    ]
    shares = [[_defined(value) for value in row] for row in overlap.wrong_given_wrong.tolist()]
    return {"wrong_given_wrong": shares, "neighbours": neighbours}


def _part(part: Part, report: FamilyReport) -> dict[str, Any]:
    return {
        "value": part.value,
        "samples": part.samples,
        "accuracies": part.accuracies.tolist(),
        "exact_gain": part.exact.gain,
        **_ends("exact_gain", part.exact_gain_interval),
        "iso_accuracy_gain": part.iso_accuracy.gain,
        **_ends("iso_accuracy_gain", part.iso_accuracy_gain_interval),
        "state": report.space.names[part.state],
    }


def _part_router(router: PartRouter) -> dict[str, Any]:
    return {
        "mean_cost": router.mean_cost,
        "gain": router.gain,
        "share_of_saving": _defined(router.share_of_saving),
        "blind_mean_cost": router.blind_mean_cost,
        "held_out_mean_cost": router.held_out_mean_cost,
        "held_out_loss": router.held_out_loss,
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
