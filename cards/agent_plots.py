"""Agents in the plane of cost and accuracy, beside everything that they are compared with on the same samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..labels.agents.curves import upper_hull
from .drawing import AGENTS, AMBER, BLUE, GREY, PURPLE, VERMILION, new_figure, save_figure, shortened, styled
from .placing import Name
from .plane import draw_frontier, draw_states, finish_plane

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from ..labels.agents.evaluations import Evaluation
    from ..labels.agents.figures import AgentFigures

HEIGHT_INCHES, INCHES_PER_ENTRY = 5.2, 0.26
"""Height of a plot without a legend, and what each entry of that adds."""
BUILT_IN = {"mixture": ("mixing", "v"), "cascade": ("cascade", "^"), "router": ("router", "P")}
"""Name and mark of each kind of agent that comes with the package."""
LOOKS = [(colour, mark) for mark in "ospX" for colour in (VERMILION, PURPLE, AMBER)]
"""Colour and mark of given agents, in turn; further ones have no entry in the legend."""


def plot_agents(evaluation: Evaluation, path: Path) -> None:
    """Accuracy against mean cost: states and their mixture, frontier, oracle, built-in agents, and the given ones.

    Args:
        evaluation: What is drawn.
        path: PNG, SVG or PDF file to write.
    """
    by_name: dict[str, list[AgentFigures]] = {}
    for agent in evaluation.of_kind("given"):
        by_name.setdefault(agent.agent, []).append(agent)
    entries = 2 + len(BUILT_IN) + min(len(by_name), len(LOOKS))
    title = f"{evaluation.space.family}: agents on {evaluation.samples:,} samples"
    with styled():
        figure = new_figure(title, HEIGHT_INCHES + INCHES_PER_ENTRY * entries)
        axes = figure.subplots()
        assert evaluation.space.accuracies is not None, "an evaluation has accuracies"
        hull = upper_hull(evaluation.space.costs, evaluation.space.accuracies)
        names, _ = draw_states(axes, evaluation.space, joined=False)
        axes.plot(hull[0], 100 * hull[1], "--", color=BLUE, linewidth=1.2, label="mixtures of single states")
        lines = [(hull[0], 100 * hull[1]), draw_frontier(axes, *evaluation.frontier)]
        oracle = evaluation.of_kind("oracle")[0]
        point = (oracle.mean_cost, 100 * oracle.accuracy)
        axes.plot(*point, "*", color=VERMILION, markersize=15, zorder=4)
        dots = _draw_built_in(axes, evaluation) + _draw_given(axes, by_name)
        finish_plane(axes, evaluation.space, [Name(*point, "oracle", VERMILION, needed=True), *names, *dots], lines)
    save_figure(figure, path)


def _draw_built_in(axes: Axes, evaluation: Evaluation) -> list[Name]:
    dots = []
    for kind, (name, mark) in BUILT_IN.items():
        agents = evaluation.of_kind(kind)
        if agents:
            dots += _draw(axes, agents, mark, GREY, AGENTS[name], mfc="white")
    return dots


def _draw_given(axes: Axes, by_name: dict[str, list[AgentFigures]]) -> list[Name]:
    dots = []
    for place, (name, settings) in enumerate(by_name.items()):
        colour, mark = LOOKS[place % len(LOOKS)]
        label = shortened(name) if place < len(LOOKS) else None
        ordered = sorted(settings, key=lambda agent: (agent.mean_cost, agent.accuracy))
        dots += _draw(axes, ordered, f"{mark}-", colour, label, markersize=6, zorder=3)
    return dots


def _draw(
    axes: Axes, agents: list[AgentFigures], look: str, colour: str, label: str | None, **more: object
) -> list[Name]:
    """Agents as dots of one look; returns where they lie, so that names keep clear of them."""
    cost, percents = [agent.mean_cost for agent in agents], [100 * agent.accuracy for agent in agents]
    axes.plot(cost, percents, look, color=colour, label=label, **more)  # type: ignore[arg-type]
    return [Name(x, y, "", colour) for x, y in zip(cost, percents, strict=True)]
