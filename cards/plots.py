"""The plots of a card: one style, colours that the colour-blind tell apart (Okabe and Ito), legible at column width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, MaxNLocator

from ..labels.bounds import formulas
from ..labels.bounds.frontier import from_counts
from ..labels.tables.parquet import atomic_file

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from ..labels.bounds.interval import Interval
    from ..labels.report.results import FamilyReport, SelectionResult

BLUE, ORANGE, GREEN, VERMILION, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#666666"
STYLE: dict[Any, Any] = {
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "svg.hashsalt": "adaptlabels",
}
PANEL_WIDTH_INCHES, PANEL_HEIGHT_INCHES, DOTS_PER_INCH = 4.3, 3.3, 160
UNITS = {
    "gflops": "GFLOPs",
    "parameters": "parameters",
    "latency_ms_p50": "median latency (ms)",
    "latency_ms_p95": "95th percentile latency (ms)",
    "energy_j": "energy (J)",
    "peak_memory_bytes": "peak memory (bytes)",
}
BOUND_MARKS = {
    "exact": ("*", VERMILION, "oracle"),
    "iso-accuracy": ("D", ORANGE, "oracle at equal accuracy"),
    "conservative": ("s", PURPLE, "conservative (Eq. 9)"),
}
AGENT_MARKS = {
    "mixing": ("v", "random mixing"),
    "cascade": ("^", "confidence cascade"),
    "router": ("P", "learned router"),
}


def plot_family(report: FamilyReport, path: Path) -> None:
    """Everything about a family in one figure: four panels from labels, two from published numbers.

    Args:
        report: The family's bounds.
        path: PNG, SVG or PDF file to write.
    """
    from_labels = report.oracle is not None
    rows = 2 if from_labels else 1
    with mpl.rc_context(STYLE):
        size = (2 * PANEL_WIDTH_INCHES, rows * PANEL_HEIGHT_INCHES)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(rows, 2, squeeze=False)
        draw_accuracy_cost(panels[0][0], report)
        draw_selection(panels[0][1], report)
        if from_labels:
            draw_alpha(panels[1][0], report)
            draw_shares(panels[1][1], report)
        figure.suptitle(report.space.family, fontweight="bold", x=0.01, ha="left")
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without date and version in it, the same numbers give the same file.
        metadata = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}[path.suffix]
        with atomic_file(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:], dpi=DOTS_PER_INCH, metadata=metadata)


def draw_accuracy_cost(axes: Axes, report: FamilyReport) -> None:
    """Accuracy against mean cost: states, clairvoyant frontier, oracle, closed form, and real agents."""
    space = report.space
    assert space.accuracies is not None, "a report has accuracies"
    axes.plot(space.costs, 100 * space.accuracies, "o-", color=BLUE, label="static states", markersize=4)
    if report.oracle is not None and report.samples is not None:
        solved = np.rint(formulas.solved_shares(report.oracle.error_profile) * report.samples).astype(np.int64)
        curve = from_counts(solved, space.costs, report.samples)
        axes.plot(curve.mean_cost, 100 * curve.accuracy, "-", color=GREEN, label="frontier (clairvoyant)")
    for entry in report.bounds:
        if entry.bound.bound in BOUND_MARKS:
            marker, colour, name = BOUND_MARKS[entry.bound.bound]
            point = (entry.bound.mean_cost, 100 * entry.bound.accuracy)
            label = f"{name}: gain {entry.bound.gain:.3g}"
            axes.plot(*point, marker, color=colour, markersize=10 if marker == "*" else 5, label=label, zorder=3)
    for name, (marker, title) in AGENT_MARKS.items():
        points = [(a.mean_cost, 100 * a.accuracy) for a in report.agents if a.agent == name]
        if points:
            axes.plot(*zip(*points, strict=True), marker, color=GREY, markersize=5, label=title, mfc="none")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(LogFormatterSciNotation(minor_thresholds=(1, 0.4)))
    axes.xaxis.set_minor_formatter(LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(1, 0.4)))
    axes.tick_params(axis="x", which="both", labelsize=7)
    unit = UNITS.get(space.cost_metric)
    axes.set_xlabel("mean cost per sample" + (f", {unit}" if unit else ""))
    axes.set_ylabel("accuracy (%)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)


def draw_selection(axes: Axes, report: FamilyReport) -> None:
    """Gain of the best k states against k."""
    marks = {"exact": ("*-", VERMILION), "iso-accuracy": ("D-", ORANGE), "conservative": ("s-", PURPLE)}
    for selection in (report.selection, report.selection_iso_accuracy):
        if selection:
            mark, colour = marks[selection[0].selection.bound]
            _gain_line(axes, selection, mark, colour)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("number of states (the largest always stays)")
    axes.set_ylabel("gain of the best states")
    if axes.containers:
        axes.legend(loc="lower right")


def _gain_line(axes: Axes, selection: tuple[SelectionResult, ...], mark: str, colour: str) -> None:
    sizes = [entry.selection.k for entry in selection]
    gains = [entry.selection.gain for entry in selection]
    ends = np.array([_distances(entry.selection.gain, entry.gain_interval) for entry in selection]).T
    label = selection[0].selection.bound
    axes.errorbar(sizes, gains, yerr=ends, fmt=mark, color=colour, markersize=5, capsize=2, elinewidth=0.8, label=label)


def draw_alpha(axes: Axes, report: FamilyReport) -> None:
    """Error correlation of each state with its interval."""
    assert report.oracle is not None, "alpha comes from labels"
    alpha = report.oracle.alpha
    places = [i for i in range(len(alpha)) if np.isfinite(alpha[i])]
    ends = np.array([_distances(alpha[i], report.states[i].alpha_interval) for i in places]).T
    axes.errorbar(places, alpha[places], yerr=ends, fmt="o", color=BLUE, capsize=3, markersize=4)
    axes.axhline(1, color=GREY, linewidth=0.8, linestyle="--")
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("alpha (1: errors are nested)")
    _name_states(axes, report)


def draw_shares(axes: Axes, report: FamilyReport) -> None:
    """Share of samples on which the oracle takes each state, those that nobody solves apart."""
    assert report.oracle is not None, "shares come from labels"
    shares, unsolved = 100 * report.oracle.shares, 100 * (1 - report.oracle.accuracy)
    solved = shares.copy()
    solved[0] -= unsolved
    places = np.arange(len(shares))
    axes.bar(places, solved, color=GREEN, label="right")
    if unsolved > 0:
        axes.bar(places[:1], [unsolved], bottom=solved[:1], color=GREY, label="no state is right")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.set_ylabel("oracle takes (% of samples)")
    _name_states(axes, report)


def _name_states(axes: Axes, report: FamilyReport) -> None:
    names = [name.removeprefix(f"{report.space.family}-") for name in report.space.names]
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=7)
    axes.grid(visible=False, axis="x")


def _distances(value: float, found: Interval | None) -> tuple[float, float]:
    """How far the ends of an interval lie from the value, as error bars are drawn."""
    return (0.0, 0.0) if found is None else (max(value - found.low, 0.0), max(found.high - value, 0.0))
