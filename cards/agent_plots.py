"""Agents in the plane of cost and accuracy, beside everything that they are compared with on the same samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation

from ..labels.agents.curves import upper_hull
from .plots import AGENT_MARKS, BLUE, GREEN, GREY, ORANGE, PURPLE, STYLE, UNITS, VERMILION, save_figure

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from ..labels.agents.evaluations import Evaluation
    from ..labels.agents.figures import AgentFigures

WIDTH_INCHES, HEIGHT_INCHES = 6.4, 4.2
COLOURS = (VERMILION, PURPLE, ORANGE, "#56B4E9", "#F0E442")
"""Colours of given agents, in turn."""
MOST_NAMED = 12
"""Given agents that the legend names."""


def plot_agents(evaluation: Evaluation, path: Path) -> None:
    """Accuracy against mean cost: states and their mixture, frontier, oracle, built-in agents, and the given ones.

    Args:
        evaluation: What is drawn.
        path: PNG, SVG or PDF file to write.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
        axes = figure.subplots()
        _draw_references(axes, evaluation)
        _draw_built_in(axes, evaluation)
        _draw_given(axes, evaluation.of_kind("given"))
        _label(axes, evaluation)
        save_figure(figure, path)


def _draw_references(axes: Axes, evaluation: Evaluation) -> None:
    space = evaluation.space
    assert space.accuracies is not None, "an evaluation has accuracies"
    hull = upper_hull(space.costs, space.accuracies)
    axes.plot(space.costs, 100 * space.accuracies, "o", color=BLUE, markersize=4, label="single states")
    axes.plot(hull[0], 100 * hull[1], "--", color=BLUE, linewidth=0.9, label="their mixtures")
    cost, accuracy = evaluation.frontier
    axes.plot(cost, 100 * accuracy, "-", color=GREEN, label="frontier (clairvoyant)")
    oracle = evaluation.of_kind("oracle")[0]
    axes.plot(oracle.mean_cost, 100 * oracle.accuracy, "*", color=GREEN, markersize=10, label="oracle")


def _draw_built_in(axes: Axes, evaluation: Evaluation) -> None:
    for kind, mark in (("mixture", "mixing"), ("cascade", "cascade"), ("router", "router")):
        agents = evaluation.of_kind(kind)
        marker, title = AGENT_MARKS[mark]
        if agents:
            cost, accuracy = [a.mean_cost for a in agents], [100 * a.accuracy for a in agents]
            axes.plot(cost, accuracy, marker, color=GREY, markersize=5, mfc="none", label=title)


def _draw_given(axes: Axes, agents: list[AgentFigures]) -> None:
    by_name: dict[str, list[AgentFigures]] = {}
    for agent in agents:
        by_name.setdefault(agent.agent, []).append(agent)
    for place, (name, settings) in enumerate(by_name.items()):
        ordered = sorted(settings, key=lambda agent: (agent.mean_cost, agent.accuracy))
        cost, accuracy = [a.mean_cost for a in ordered], [100 * a.accuracy for a in ordered]
        label = name if place < MOST_NAMED else None
        axes.plot(cost, accuracy, ".-", color=COLOURS[place % len(COLOURS)], label=label, zorder=3)


def _label(axes: Axes, evaluation: Evaluation) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(LogFormatterSciNotation(minor_thresholds=(1, 0.4)))
    axes.xaxis.set_minor_formatter(LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(1, 0.4)))
    axes.tick_params(axis="x", which="both", labelsize=7)
    unit = UNITS.get(evaluation.space.cost_metric)
    axes.set_xlabel("mean cost per sample" + (f", {unit}" if unit else ""))
    axes.set_ylabel("accuracy (%)")
    axes.set_title(f"{evaluation.space.family}, {evaluation.samples:,} samples", loc="left", fontweight="bold")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
