"""How a judgement of agents looks on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import console
from .numbers import number, p_value, points, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...labels.agents.evaluations import Evaluation
    from ...labels.agents.figures import AgentFigures


def print_evaluation(found: Evaluation) -> None:
    """Print every table of a judgement, and its warnings."""
    folds = f"fold {found.folds[0]}" if len(found.folds) == 1 else f"folds {', '.join(map(str, found.folds))}"
    subset = f" (a subset: {found.samples_left_out:,} are left out)" if found.samples_left_out else ""
    title = f"\n{found.space.family}: judged on {found.samples:,} samples of {folds}{subset}"
    _print_agents(title, found.agents, found.space.cost_metric)
    _print_curves(found)
    _print_beside(found)
    _print_spending(found)
    _print_comparisons(found)
    for group in found.groups:
        name = "no value" if group.group is None else group.group
        _print_agents(f"\n{name}: {group.samples:,} samples", group.agents, found.space.cost_metric)
    _print_confidence(found)
    for warning in found.warnings:
        console.out.print(f"warning: {warning}", markup=False)


def _print_agents(title: str, agents: Sequence[AgentFigures], metric: str) -> None:
    columns = (
        "agent", "setting", "kind", "accuracy (95 %)", metric, "gain (95 %)", "to largest", "p",
        "of the oracle's saving", "agrees", "lost", "wasted",
    )  # fmt: skip
    rows = [
        (
            agent.agent,
            agent.setting,
            agent.kind,
            share(agent.accuracy, agent.intervals.get("accuracy")),
            agent.mean_cost,
            number(agent.gain, agent.intervals.get("gain")),
            f"{100 * agent.accuracy_difference:+.1f}",
            p_value(agent.p_value),
            share(agent.share_of_saving, agent.intervals.get("share_of_saving")),
            share(agent.agreement),
            share(agent.answers_lost),
            agent.cost_wasted,
        )
        for agent in agents
    ]
    console.print_table(title, columns, rows)


def _print_curves(found: Evaluation) -> None:
    if not found.curves:
        return
    rows = [
        (
            curve.agent,
            curve.settings,
            number(curve.area, curve.area_interval),
            number(curve.aiq),
            number(curve.qnc),
            number(curve.apgr),
            share(curve.cpt_50),
            share(curve.cpt_80),
        )
        for curve in found.curves
    ]
    columns = ("curve", "settings", "area (95 %)", "AIQ", "QNC", "APGR", "CPT(50%)", "CPT(80%)")
    console.print_table("\nover all settings", columns, rows)


def _print_beside(found: Evaluation) -> None:
    rows = [
        (
            agent.agent,
            agent.setting,
            "–" if agent.best_single is None else f"{agent.best_single} {share(agent.best_single_accuracy)}",
            share(agent.mixture_accuracy),
            share(agent.accuracy),
            share(agent.frontier_accuracy),
            agent.mean_cost,
            agent.frontier_cost,
        )
        for agent in found.of_kind("given")
    ]
    columns = (
        "agent", "setting", "best state", "mixture", "agent", "frontier", "its cost", "least cost",
    )  # fmt: skip
    console.print_table("\naccuracy at equal cost; cost at equal accuracy", columns, rows)


def _print_spending(found: Evaluation) -> None:
    given = [agent for agent in found.of_kind("given") if agent.spending]
    if len(given) != 1:  # a table for each of many settings would be no help; the JSON has them
        return
    rows = [
        (
            entry.state,
            share(entry.share),
            share(entry.exact),
            share(entry.overspent),
            share(entry.underspent),
            share(entry.unsolvable),
            entry.cost_wasted,
        )
        for entry in given[0].spending
    ]
    columns = ("state", "answers", "exact", "overspent", "underspent", "no state is right", "wasted")
    console.print_table(f"\nwhere {given[0].agent} over- and underspends (% of all samples)", columns, rows)


def _print_comparisons(found: Evaluation) -> None:
    if not found.comparisons:
        return
    rows = [
        (
            pair.agent,
            pair.setting,
            pair.against,
            pair.against_setting,
            points(pair.accuracy_difference, pair.accuracy_interval),
            p_value(pair.p_value),
            number(pair.cost_difference, pair.cost_interval),
        )
        for pair in found.comparisons
    ]
    columns = ("agent", "setting", "against", "setting", "points of accuracy (95 %)", "p", "cost (95 %)")
    console.print_table("\npaired differences", columns, rows)


def _print_confidence(found: Evaluation) -> None:
    if found.confidence:
        rows = [(q.state, number(q.auroc), number(q.ece), number(q.aurc)) for q in found.confidence]
        console.print_table("\nquality of confidence", ("state", "AUROC", "ECE", "AURC"), rows)
