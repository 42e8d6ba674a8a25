"""How the report on a family looks on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import console
from .numbers import number, p_value, points, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...labels.report.family_report import FamilyReport, SelectionResult


SIZES_SHOWN = 12
"""Sizes of a state space that are listed; more where it takes more to keep most of the gain."""
PARTS_SHOWN = 10
"""Parts that are listed from each end."""


def print_report(report: FamilyReport) -> None:
    """Print every table of a report, and its warnings."""
    samples = ", published numbers" if report.samples is None else f", {report.samples:,} samples"
    if report.cluster is not None:
        samples += f", intervals by {report.cluster}"
    _print_states(report, f"\n{report.space.family}{samples}")
    _print_bounds(report)
    _print_alpha_range(report)
    _print_selection(report, report.selection)
    _print_selection(report, report.selection_iso_accuracy)
    _print_growing(report)
    _print_overlap(report)
    _print_parts(report)
    _print_agents(report)
    for warning in report.warnings:
        console.out.print(f"warning: {warning}", markup=False)


def _print_states(report: FamilyReport, title: str) -> None:
    columns = ["state", report.space.cost_metric, "accuracy", "alpha", "oracle takes", "utility (Eq. 10)"]
    rows: list[list[object]] = [
        [
            state.state,
            state.cost,
            console.percent(state.accuracy),
            number(state.alpha, state.alpha_interval),
            console.percent(state.oracle_share),
            number(state.utility),
        ]
        for state in report.states
    ]
    if report.oracle is not None:
        columns += ["exact", "iso-accuracy"]
        for row, state in zip(rows, report.states, strict=True):
            row += [number(state.utility_exact), number(state.utility_iso)]
    console.print_table(title, columns, rows)


def _print_bounds(report: FamilyReport) -> None:
    columns = ["bound", "alpha", "accuracy", "mean cost", "gain (95 %)"]
    rows: list[list[object]] = [
        [
            entry.bound.bound,
            entry.bound.alpha,
            console.percent(entry.bound.accuracy),
            entry.bound.mean_cost,
            number(entry.bound.gain, entry.gain_interval),
        ]
        for entry in report.bounds
    ]
    if report.decision_cost is not None:
        columns += ["with overhead", "break-even b0"]
        for row, entry in zip(rows, report.bounds, strict=True):
            row.extend([None] * 2 if entry.overhead is None else [entry.overhead.gain, entry.overhead.break_even])
    console.print_table("", columns, rows)
    if report.sample_costs:
        console.out.print("exact and iso-accuracy by each sample's own GFLOPs, the rest by the states' means")


def _print_alpha_range(report: FamilyReport) -> None:
    """What the closed form promises at both ends of alpha, and what no constant alpha can do."""
    span = report.alpha_range
    low, high = span.gains
    falls = "less" if span.reversed else "more"
    console.out.print(
        f"alpha from {number(span.least.alpha)} to 1: gain {number(low)} to {number(high)}; a smaller alpha promises"
        f" {falls} (dR/dalpha = {number(span.slope)})"
    )
    if report.oracle is not None:
        cost, accuracy = number(span.alpha_of_cost), number(span.alpha_of_accuracy)
        console.out.print(f"the exact mean cost has alpha = {cost}, the exact accuracy alpha = {accuracy}")


def _print_growing(report: FamilyReport) -> None:
    """Which state to add next, one line for each bound; of long paths the part that matters."""
    for path in report.growing:
        first, *others = path.steps
        others = others[: max(SIZES_SHOWN, path.enough()) - 1]
        added = ", ".join(f"{report.space.names[step.state]} {number(step.gain)}" for step in others)
        console.out.print(
            f"\nwhat to add to {report.space.names[first.state]}, by {path.bound} gain: {added}", markup=False
        )


def _print_overlap(report: FamilyReport) -> None:
    """Each state against the next: how far their errors are shared, and McNemar's exact test."""
    if report.overlap is None:
        return
    names, shares = report.space.names, report.overlap.wrong_given_wrong
    rows = [
        (
            f"{names[pair.smaller]} – {names[pair.smaller + 1]}",
            share(float(shares[pair.smaller, pair.smaller + 1])),
            pair.smaller_only,
            pair.larger_only,
            p_value(pair.p_value),
        )
        for pair in report.overlap.neighbours
    ]
    columns = ("neighbours", "larger's errors shared", "smaller alone right", "larger alone right", "p (McNemar)")
    console.print_table("\nwhich states err together", columns, rows)


def _print_parts(report: FamilyReport) -> None:
    """The least and the most adaptive parts, and what a router that knows the part alone would save."""
    if report.parts is None:
        return
    parts, router = report.parts.parts, report.parts.router
    shown = parts if len(parts) <= 2 * PARTS_SHOWN else (*parts[:PARTS_SHOWN], *parts[-PARTS_SHOWN:])
    rows = [
        (
            part.value,
            part.samples,
            console.percent(float(part.accuracies[0])),
            console.percent(float(part.accuracies[-1])),
            number(part.exact.gain, part.exact_gain_interval),
            number(part.iso_accuracy.gain, part.iso_accuracy_gain_interval),
            report.space.names[part.state],
        )
        for part in shown
    ]
    columns = (
        str(report.by), "samples", "smallest", "largest", "exact gain (95 %)", "iso-accuracy gain (95 %)", "one state",
    )  # fmt: skip
    console.print_table(f"\nby {report.by}, the least adaptive first", columns, rows)
    if len(shown) < len(parts):
        console.out.print(f"{len(parts) - len(shown):,} more between the first and the last {PARTS_SHOWN}")
    console.out.print(
        f"one state per {report.by} has {share(router.share_of_saving)} of the oracle's saving at equal accuracy: mean"
        f" cost {number(router.mean_cost)}, {number(router.blind_mean_cost)} without knowing it; with states chosen on"
        f" other samples {number(router.held_out_mean_cost)} at {points(-router.held_out_loss)} points of accuracy",
        markup=False,
    )


def _print_selection(report: FamilyReport, found: Sequence[SelectionResult]) -> None:
    """The best states of every size, and the fewest that keep most of the gain."""
    from ...labels.bounds.growing import KEPT_SHARE

    if not found:
        return
    chosen, names = [entry.selection for entry in found], report.space.names
    enough = next((selection for selection in chosen if selection.share_of_full_gain >= KEPT_SHARE), None)
    shown = found
    if len(found) > SIZES_SHOWN:
        most = max(SIZES_SHOWN, 0 if enough is None else enough.k)
        shown = [entry for entry in found if entry.selection.k <= most or entry.selection.k == len(names)]
    greedy = [selection.k for selection in chosen if selection.method == "greedy"]
    columns = ["k", "gain (95 %)", "of full gain", *(["off by at most"] if greedy else []), "states"]
    rows = [
        [
            entry.selection.k,
            number(entry.selection.gain, entry.gain_interval),
            console.percent(entry.selection.share_of_full_gain),
            *([console.percent(entry.selection.loss_at_most)] if greedy else []),
            "all" if entry.selection.k == len(names) else ", ".join(names[i] for i in entry.selection.indices),
        ]
        for entry in shown
    ]
    console.print_table(f"\nbest states by {chosen[0].bound} gain", columns, rows)
    if enough is not None:
        console.out.print(f"{enough.k} states keep {KEPT_SHARE:.0%} of the gain")
    if greedy:
        console.out.print(
            f"k = {greedy[0]} to {greedy[-1]} were searched greedily: there may be better states; how far off these may"
            " be at most is in the table"
        )


def _print_agents(report: FamilyReport) -> None:
    if not report.agents:
        return
    rows = [
        (
            agent.agent,
            f"{100 * agent.allowed_loss:.1f}",
            f"{100 * agent.loss:.1f}",
            console.percent(agent.accuracy),
            agent.mean_cost,
            report.baseline.cost / agent.mean_cost,
            share(agent.share_of_saving, agent.share_interval),
        )
        for agent in report.agents
    ]
    columns = ("agent", "points to lose", "points lost", "accuracy", "mean cost", "gain", "of the oracle's saving")
    first = report.agents[0]
    title = f"\nreal agents, learned from {first.learned_from:,} samples, judged on {first.judged_on:,} others"
    console.print_table(title, columns, rows)
