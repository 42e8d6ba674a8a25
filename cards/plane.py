"""The plane of cost and accuracy: states with their names, the frontier, the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..labels.bounds import formulas
from ..labels.bounds.forms import FORMS
from ..labels.bounds.frontier import from_counts
from .drawing import BLUE, BOUNDS, GREEN, cost_axis, new_figure, short_names
from .placing import Name, place_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ..labels.bounds.states import StateSpace
    from ..labels.report.family_report import FamilyReport


def draw_accuracy_cost(report: FamilyReport) -> Figure:
    """Accuracy against mean cost: states, frontier and oracle; from published numbers the closed form."""
    figure = new_figure(f"{report.space.family}: accuracy and cost")
    axes, space = figure.subplots(), report.space
    names, lines = draw_states(axes, space)
    from_labels = report.oracle is not None
    if report.oracle is not None and report.samples is not None:
        solved = np.rint(formulas.solved_shares(report.oracle.error_profile) * report.samples).astype(np.int64)
        curve = from_counts(solved, space.costs, report.samples)
        lines.append(draw_frontier(axes, curve.mean_cost, curve.accuracy))
    marks = []
    for entry in report.bounds:
        mark, colour, words = BOUNDS.get(entry.bound.bound, ("", "", ""))
        if mark and np.isfinite(entry.bound.gain) and FORMS[entry.bound.bound].needs_labels == from_labels:
            x, y = entry.bound.mean_cost, 100 * entry.bound.accuracy
            axes.plot(x, y, mark, color=colour, markersize=15 if mark == "*" else 8, zorder=4)
            marks.append(Name(x, y, f"{words}: {entry.bound.gain:.3g}x", colour, needed=True))
    finish_plane(axes, space, [*marks, *names], lines)
    return figure


def draw_states(
    axes: Axes, space: StateSpace, *, joined: bool = True
) -> tuple[list[Name], list[tuple[NDArray[np.float64], ...]]]:
    """States as dots; those that another one dominates are hollow, and the others may be joined.

    Returns:
        The names of the dots, those on the line first, and the line.
    """
    assert space.accuracies is not None, "what is drawn has accuracies"
    percents, dominated = 100 * space.accuracies, space.dominated()
    line = [i for i in range(len(space)) if i not in dominated]
    axes.plot(space.costs[line], percents[line], "o-" if joined else "o", color=BLUE, linewidth=1.2)
    axes.plot(space.costs[list(dominated)], percents[list(dominated)], "o", color=BLUE, mfc="white")
    texts = short_names(space)
    names = [Name(space.costs[i], percents[i], texts[i], BLUE) for i in (*reversed(line), *dominated)]
    return names, [(space.costs[line], percents[line])]


def draw_frontier(
    axes: Axes, cost: NDArray[np.float64], accuracy: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """The clairvoyant frontier; returns the line."""
    axes.plot(cost, 100 * accuracy, "-", color=GREEN, label="frontier: least cost of each accuracy, answers known")
    return cost, 100 * accuracy


def finish_plane(
    axes: Axes, space: StateSpace, names: list[Name], lines: list[tuple[NDArray[np.float64], ...]]
) -> None:
    """Axes, legend and names of a plot of accuracy against cost, once everything is drawn."""
    axes.margins(0.12, 0.14)
    cost_axis(axes, space)
    axes.set_ylabel("accuracy (%)")
    axes.set_ylim(axes.get_ylim())
    if axes.get_legend_handles_labels()[0]:
        figure = axes.get_figure(root=True)
        assert figure is not None, "axes that are drawn have a figure"
        figure.legend(loc="outside lower left")
    place_names(axes, names, [(line[0], line[1]) for line in lines])
