"""The plots of a card: one style, colours that the colour-blind tell apart (Okabe and Ito), legible at column width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, MaxNLocator

from ..labels.bounds import formulas
from ..labels.bounds.frontier import from_counts
from ..labels.bounds.growing import KEPT_SHARE
from ..labels.bounds.pools import is_pool
from ..labels.tables.parquet import atomic_file

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from ..labels.bounds.growing import GreedyPath
    from ..labels.bounds.interval import Interval
    from ..labels.bounds.overlap import ErrorOverlap
    from ..labels.report.family_report import FamilyReport, SelectionResult

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
    "conservative": ("s", PURPLE, "alpha = 1 (Eq. 9)"),
}
GAIN_MARKS = {"exact": ("*-", VERMILION), "iso-accuracy": ("D-", ORANGE), "conservative": ("s-", PURPLE)}
MOST_NAMED = 16
"""States whose names still fit below a panel."""
INCHES_PER_NAME, MOST_NAMED_PAIRS = 0.2, 40
"""Room that the plot of pairs grows by for each state, and states up to which it does."""
MOST_NUMBERED = 12
"""States of which each pair still has room for a number."""
DARK_PERCENT = 60
"""Share from which a cell is so dark that its number is white."""
AGENT_MARKS = {
    "mixing": ("v", "random mixing"),
    "cascade": ("^", "confidence cascade"),
    "router": ("P", "learned router"),
}


def plot_family(report: FamilyReport, path: Path) -> list[Path]:
    """The plots of a family: an overview, what each state adds, and which states err together.

    Args:
        report: The family's bounds.
        path: PNG, SVG or PDF file of the overview; the others are `<name>-states` and `<name>-overlap` beside it.

    Returns:
        The files that were written. Published numbers have no overlap.
    """
    written = [path]
    with mpl.rc_context(STYLE):
        _write(_overview(report), report, path)
        if report.growing:
            written.append(path.with_stem(f"{path.stem}-states"))
            _write(_growing(report), report, written[-1])
        if report.overlap is not None:
            written.append(path.with_stem(f"{path.stem}-overlap"))
            _write(_overlap(report, report.overlap), report, written[-1])
    return written


def _overview(report: FamilyReport) -> Figure:
    """Four panels from labels, two from published numbers."""
    from_labels = report.oracle is not None
    figure, panels = _panels(2 if from_labels else 1, 2)
    draw_accuracy_cost(panels[0][0], report)
    draw_selection(panels[0][1], report)
    if from_labels:
        draw_alpha(panels[1][0], report)
        draw_shares(panels[1][1], report)
    return figure


def _growing(report: FamilyReport) -> Figure:
    """One panel for each path."""
    figure, panels = _panels(1, len(report.growing))
    for axes, path in zip(panels[0], report.growing, strict=True):
        draw_growing(axes, report, path)
    return figure


def _overlap(report: FamilyReport, overlap: ErrorOverlap) -> Figure:
    """One square panel."""
    n_states = len(report.space)
    side = max(PANEL_WIDTH_INCHES, INCHES_PER_NAME * n_states if n_states <= MOST_NAMED_PAIRS else 0)
    figure, panels = _panels(1, 1, side, side)
    draw_overlap(panels[0][0], report, overlap)
    return figure


def _panels(
    rows: int, columns: int, width: float = PANEL_WIDTH_INCHES, height: float = PANEL_HEIGHT_INCHES
) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()


def _write(figure: Figure, report: FamilyReport, path: Path) -> None:
    figure.suptitle(report.space.family, fontweight="bold", x=0.01, ha="left")
    save_figure(figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG, SVG or PDF file. Without date and version in it, the same numbers give the same file."""
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
    for selection in (report.selection, report.selection_iso_accuracy):
        if selection:
            mark, colour = GAIN_MARKS[selection[0].selection.bound]
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


def draw_growing(axes: Axes, report: FamilyReport, path: GreedyPath) -> None:
    """Gain against number of states as the space grows from its largest state, with 90 % of the full gain marked."""
    mark, colour = GAIN_MARKS[path.bound]
    sizes = np.arange(1, len(path.steps) + 1)
    gains = [step.gain for step in path.steps]
    enough, kept = path.enough(), KEPT_SHARE * gains[-1]
    axes.plot(sizes, gains, mark, color=colour, markersize=5)
    axes.axhline(kept, color=GREY, linewidth=0.8, linestyle="--")
    axes.annotate(f"{KEPT_SHARE:.0%} of the full gain", (sizes[-1], kept), (0, -3), textcoords="offset points",
                  ha="right", va="top", color=GREY, fontsize=7.5)  # fmt: skip
    axes.plot(
        enough, gains[enough - 1], "o", color=BLUE, markersize=11, mfc="none", label=f"{enough} states are enough"
    )
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"{path.bound} gain")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1))
    if len(sizes) > MOST_NAMED:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("number of states")
        return
    names = _short_names(report)
    places = [step.state for step in path.steps]
    axes.set_xticks(sizes, [f"{k}: {names[i]}" for k, i in zip(sizes, places, strict=True)],
                    rotation=45, ha="right", fontsize=7)  # fmt: skip
    axes.set_xlabel("states, in the order in which they join")


def draw_overlap(axes: Axes, report: FamilyReport, overlap: ErrorOverlap) -> None:
    """How often each state errs where another one does."""
    shares, names = 100 * overlap.wrong_given_wrong, _short_names(report)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    places = range(len(names))
    if len(names) <= MOST_NAMED_PAIRS:
        axes.set_xticks(places, names, rotation=45, ha="right", fontsize=7)
        axes.set_yticks(places, names, fontsize=7)
    if len(names) <= MOST_NUMBERED:
        for i, j in np.argwhere(np.isfinite(shares)):
            shade = "white" if shares[i, j] > DARK_PERCENT else "black"
            axes.text(j, i, f"{shares[i, j]:.0f}", ha="center", va="center", color=shade, fontsize=7)
    axes.grid(visible=False)
    axes.set_xlabel("where this state is wrong …")
    axes.set_ylabel("… this one is wrong as well (%)")
    axes.figure.colorbar(image, ax=axes, shrink=0.7)


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
    names = _short_names(report)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=7)
    axes.grid(visible=False, axis="x")


def _short_names(report: FamilyReport) -> list[str]:
    """Names of the states without their family's, as far as they have it."""
    family = report.space.family
    names = report.space.names
    if is_pool(family):
        names = tuple(name.partition(":")[2] for name in names)
    return [name.removeprefix(f"{family}-") for name in names]


def _distances(value: float, found: Interval | None) -> tuple[float, float]:
    """How far the ends of an interval lie from the value, as error bars are drawn."""
    return (0.0, 0.0) if found is None else (max(value - found.low, 0.0), max(found.high - value, 0.0))
