"""The plots of a family: one idea an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from ..labels.bounds.growing import KEPT_SHARE
from .drawing import (
    AGENTS,
    BLUE,
    BOUNDS,
    GREEN,
    GREY,
    MOST_NAMES,
    VERMILION,
    WIDTH_INCHES,
    name_axis,
    new_figure,
    save_figure,
    short_names,
    styled,
)
from .plane import draw_accuracy_cost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..labels.bounds.growing import GreedyPath
    from ..labels.bounds.interval import Interval
    from ..labels.bounds.states import StateSpace
    from ..labels.report.family_report import FamilyReport

INCHES_PER_ROW, INCHES_AROUND = 0.38, 1.6
"""Height of a state in a plot of bars, and of everything else in it."""
MOST_NUMBERED = 12
"""States of which each pair still has room for a number, and names that stand beside such pairs."""
DARK_PERCENT = 60
"""Share from which a cell is so dark that its number is white."""


@dataclass(frozen=True)
class Plot:
    """One image of a family."""

    idea: str
    """What follows the family's name in the file's; empty for the first image."""
    alt: str
    """What it shows, for those who do not see it."""
    draw: Callable[[FamilyReport], Figure]
    """Draws it."""

    def beside(self, path: Path) -> Path:
        """Its file, beside that of the first image."""
        return path.with_stem(f"{path.stem}-{self.idea}") if self.idea else path


def plot_family(report: FamilyReport, path: Path) -> list[Path]:
    """Draw every plot that a family's report allows.

    Args:
        report: The family's bounds.
        path: PNG, SVG or PDF file of accuracy against cost; the others are `<name>-<idea>` beside it.

    Returns:
        The files that were written.
    """
    written = []
    for plot in plots_of(report):
        with styled():
            figure = plot.draw(report)
        save_figure(figure, plot.beside(path))
        written.append(plot.beside(path))
    return written


def plots_of(report: FamilyReport) -> list[Plot]:
    """The plots that a report allows; published numbers have fewer than labels."""
    name = report.space.family
    found = [Plot("", f"{name}: {_said_of_costs(report)}", draw_accuracy_cost)]
    if report.selection:
        found.append(Plot("selection", f"{name}: gain of the best k states, by k", draw_selection))
    if report.growing:
        found.append(Plot("growing", f"{name}: gain as states join the largest one, best first", draw_growing))
    if report.oracle is not None:
        found.append(Plot("shares", f"{name}: how often the oracle takes each state", draw_shares))
        found.append(Plot("alpha", f"{name}: error correlation of each state", draw_alpha))
    if report.overlap is not None:
        found.append(Plot("overlap", f"{name}: how often each state errs where another one does", draw_overlap))
    if report.agents:
        found.append(Plot("agents", f"{name}: share of the oracle's saving that real agents reach", draw_agents))
    return found


def _said_of_costs(report: FamilyReport) -> str:
    first = report.bounds[0].bound
    return (
        f"accuracy against cost of {len(report.space)} states; with {first.gain:.3g} times less than"
        f" {report.baseline.state} costs, {BOUNDS[first.bound][2]} is right on {100 * first.accuracy:.1f} %"
    )


def draw_selection(report: FamilyReport) -> Figure:
    """Gain of the best k states against k."""
    figure = new_figure(f"{report.space.family}: gain of the best k states")
    axes = figure.subplots()
    for selection in (report.selection, report.selection_iso_accuracy):
        if selection:
            mark, colour, words = BOUNDS[selection[0].selection.bound]
            gains = [entry.selection.gain for entry in selection]
            ends = np.array([_distances(entry.selection.gain, entry.gain_interval) for entry in selection]).T
            sizes = [entry.selection.k for entry in selection]
            axes.errorbar(sizes, gains, yerr=ends, fmt=f"{mark}-", color=colour, capsize=4, elinewidth=1.2, label=words)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("number of states (the largest always stays)")
    axes.set_ylabel("gain")
    axes.legend(loc="lower right")
    return figure


def draw_growing(report: FamilyReport) -> Figure:
    """Gain as the space grows from its largest state, with 90 % of the full gain marked; one panel for each gain.

    Of many states those that join first.
    """
    rows = len(report.growing) * (INCHES_AROUND - 0.3 + _rows_inches(len(report.space)))
    figure = new_figure(f"{report.space.family}: gain as states join", 0.5 + rows)
    for axes, path in zip(figure.subplots(len(report.growing), squeeze=False)[:, 0], report.growing, strict=True):
        _draw_path(axes, report.space, path)
    return figure


def _draw_path(axes: Axes, space: StateSpace, path: GreedyPath) -> None:
    _, colour, words = BOUNDS[path.bound]
    names, steps, full = short_names(space), path.steps[:MOST_NAMES], path.steps[-1].gain
    gains = [step.gain for step in steps]
    places = np.arange(len(gains))
    axes.barh(places, gains, color=[colour if place < path.enough() else GREY for place in places])
    axes.axvline(KEPT_SHARE * full, color="black", linestyle="--", linewidth=1.2)
    _number_bars(axes, gains, full)
    name_axis(axes.yaxis, [("+ " if k else "") + names[step.state] for k, step in enumerate(steps)])
    axes.set_title(
        words + (f", the first {len(steps)} of {len(space)} states" if len(steps) < len(space) else ""),
        loc="left",
        color=colour,
    )
    axes.set_xlabel(f"gain; dashed: {100 * KEPT_SHARE:.0f} % of the full gain")
    _end_rows(axes, len(steps))


def draw_alpha(report: FamilyReport) -> Figure:
    """Error correlation of each state with its interval."""
    assert report.oracle is not None, "alpha comes from labels"
    figure = new_figure(f"{report.space.family}: error correlation", _height(report))
    axes, alpha = figure.subplots(), report.oracle.alpha
    places = [i for i in range(len(alpha)) if np.isfinite(alpha[i])]
    ends = np.array([_distances(alpha[i], report.states[i].alpha_interval) for i in places]).T
    axes.errorbar(alpha[places], places, xerr=ends, fmt="o", color=BLUE, capsize=4)
    axes.axvline(1, color=GREY, linestyle="--", linewidth=1.2)
    axes.set_xlim(-0.03, 1.05)
    axes.set_xlabel("alpha (1: errors are nested)")
    name_axis(axes.yaxis, short_names(report.space))
    _end_rows(axes, len(alpha))
    return figure


def draw_shares(report: FamilyReport) -> Figure:
    """Share of samples on which each state is the cheapest right one, and on which none is right."""
    assert report.oracle is not None, "shares come from labels"
    figure = new_figure(f"{report.space.family}: the cheapest right state", _height(report))
    axes, unsolved = figure.subplots(), 100 * (1 - report.oracle.accuracy)
    shares = np.append(100 * report.oracle.shares, unsolved)
    shares[0] -= unsolved  # Eq. 4 counts samples that no state solves as the smallest state's
    axes.barh(np.arange(len(shares)), shares, color=[*[GREEN] * len(report.space), GREY])
    _number_bars(axes, list(shares))
    name_axis(axes.yaxis, [*short_names(report.space), "no state is right"])
    axes.set_xlabel("samples (%)")
    _end_rows(axes, len(shares))
    return figure


def draw_overlap(report: FamilyReport) -> Figure:
    """How often each state errs where another one does."""
    assert report.overlap is not None, "errors overlap in labels"
    figure = new_figure(f"{report.space.family}: which states err together", 0.9 * WIDTH_INCHES)
    axes, shares, names = figure.subplots(), 100 * report.overlap.wrong_given_wrong, short_names(report.space)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    name_axis(axes.xaxis, names, rotation=45, ha="right", rotation_mode="anchor", most=MOST_NUMBERED)
    name_axis(axes.yaxis, names, most=MOST_NUMBERED)
    if len(names) <= MOST_NUMBERED:
        for i, j in np.argwhere(np.isfinite(shares)):
            shade = "white" if shares[i, j] > DARK_PERCENT else "black"
            axes.text(j, i, f"{shares[i, j]:.0f}", ha="center", va="center", color=shade)
    axes.grid(visible=False)
    axes.set_xlabel("where this state is wrong …")
    axes.set_ylabel("… this one is wrong as well (%)")
    figure.colorbar(image, ax=axes, shrink=0.7)
    return figure


def draw_agents(report: FamilyReport) -> Figure:
    """Share of the oracle's saving that real agents reach, for each loss of accuracy that they were fitted to."""
    figure = new_figure(f"{report.space.family}: what real agents save")
    axes, kinds = figure.subplots(), [name for name in AGENTS if any(a.agent == name for a in report.agents)]
    losses = sorted({agent.allowed_loss for agent in report.agents})
    for nudge, loss in enumerate(losses):
        agents = [a for a in report.agents if a.allowed_loss == loss and np.isfinite(a.share_of_saving)]
        places = [kinds.index(a.agent) + 0.25 * (nudge - (len(losses) - 1) / 2) for a in agents]
        ends = 100 * np.array([_distances(a.share_of_saving, a.share_interval) for a in agents]).reshape(-1, 2).T
        colour, mark = ((BLUE, "o"), (VERMILION, "D"))[nudge % 2]
        words = f"fitted to lose {100 * loss:.3g} point{'' if loss == 0.01 else 's'} of accuracy"
        shares = [100 * a.share_of_saving for a in agents]
        axes.errorbar(shares, places, xerr=ends, fmt=mark, color=colour, capsize=4, label=words)
    axes.set_xlim(min(-3.0, axes.get_xlim()[0]), 103)
    axes.set_xlabel("share of the oracle's saving at equal accuracy (%)")
    name_axis(axes.yaxis, [AGENTS[name] for name in kinds])
    _end_rows(axes, len(kinds))
    figure.legend(loc="outside lower left")
    return figure


def _height(report: FamilyReport) -> float:
    return INCHES_AROUND + _rows_inches(len(report.space) + 1)


def _rows_inches(n_rows: int) -> float:
    return INCHES_PER_ROW * min(n_rows, MOST_NAMES)


def _number_bars(axes: Axes, values: list[float], end: float = 0.0) -> None:
    """Write each bar's length beside it, where rows have room for numbers."""
    if len(values) <= MOST_NAMES:
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        for place, value in enumerate(values):
            axes.annotate(
                f"{value:,.0f}" if value >= 1000 else f"{value:.3g}",
                (value, place),
                (5, 0),
                textcoords="offset points",
                va="center",
                bbox=box,
            )
    axes.set_xlim(0, 1.12 * max(end, *values))


def _end_rows(axes: Axes, n_rows: int) -> None:
    """The first row on top, and no lines along rows."""
    axes.set_ylim(n_rows - 0.4, -0.6)
    axes.grid(visible=False, axis="y")


def _distances(value: float, found: Interval | None) -> tuple[float, float]:
    """How far the ends of an interval lie from the value, as error bars are drawn."""
    return (0.0, 0.0) if found is None else (max(value - found.low, 0.0), max(found.high - value, 0.0))
