"""Names at their dots: where a name has room beside a dot, without covering other dots, lines or names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from .drawing import GREY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SIDES = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, -1), (-1, 1), (1, 1), (-1, -1))
"""Directions in which a name is tried: right is (1, 0), above (0, 1)."""
DISTANCES_POINTS = (9, 20, 34, 50, 70)
FAR_POINTS = 15
"""From this distance on a line leads from the name to its dot."""
DOT_POINTS, EDGE_POINTS = 5, 3
NAME_WEIGHT = 100
"""A hidden name weighs as much as this many hidden dots."""
LINE_STEP_POINTS = 4
"""Lines count as dots this far apart."""


@dataclass(frozen=True)
class Name:
    """A name and its dot, in the units of the axes."""

    x: float
    """Where the dot lies."""
    y: float
    """The same, upwards."""
    text: str
    """The name."""
    colour: str
    """Its colour."""
    needed: bool = False
    """Whether it is drawn even where it hides something."""


def place_names(axes: Axes, names: Sequence[Name], lines: Iterable[tuple[Floats, Floats]] = ()) -> None:
    """Write names beside their dots, the first ones first; those that find no room are left out.

    Args:
        axes: Axes with everything else drawn, and with their final limits.
        names: The names; dots without one have the empty name.
        lines: Horizontal and vertical places of the lines that names must not cover.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None, "axes that are drawn have a figure"
    figure.draw_without_rendering()  # settles where the axes lie
    points = figure.dpi / 72
    inside = axes.get_window_extent()
    limits = np.asarray(inside.padded(-EDGE_POINTS * points).extents)
    dots = np.array([[name.x, name.y] for name in names]).reshape(-1, 2)
    blocked = [axes.transData.transform(dots)]
    blocked += [_stepwise(axes.transData.transform(np.column_stack(line)), LINE_STEP_POINTS * points) for line in lines]
    obstacles = np.concatenate(blocked)
    taken: list[Floats] = []
    for name, dot in zip(names, blocked[0], strict=True):
        if not name.text:
            continue
        drawn = axes.text(name.x, name.y, name.text)
        drawn.set_in_layout(False)
        size = np.array(drawn.get_window_extent().size)
        drawn.remove()
        places = [
            (_hidden(box, limits, taken, obstacles, points), far, side, box)
            for far, side in product(DISTANCES_POINTS, SIDES)
            for box in [_box(dot, size, np.array(side), far * points)]
        ]
        hidden, far, side, box = min(places, key=lambda place: place[0])  # of equal ones the nearest
        if hidden and not name.needed:
            continue
        taken.append(box)
        arrow = (
            {"arrowstyle": "-", "color": GREY, "linewidth": 0.8, "shrinkB": DOT_POINTS} if far >= FAR_POINTS else None
        )
        horizontal, vertical = ("center", "left", "right")[side[0]], ("center", "bottom", "top")[side[1]]
        axes.annotate(
            name.text, (name.x, name.y), (far * side[0], far * side[1]), textcoords="offset points",
            color=name.colour, ha=horizontal, va=vertical, arrowprops=arrow,
        ).set_in_layout(False)  # fmt: skip


def _box(dot: Floats, size: Floats, side: NDArray[np.int64], far: float) -> Floats:
    """Left, lower, right and upper end of a name of a size, so far from its dot to one side."""
    low = dot + far * side + size * (side - 1) / 2
    return np.concatenate([low, low + size])


def _hidden(box: Floats, limits: Floats, taken: list[Floats], obstacles: Floats, points: float) -> float:
    """How much a name would hide: 0 where it has room, infinite outside of the axes."""
    if (box[:2] < limits[:2]).any() or (box[2:] > limits[2:]).any():
        return float(np.inf)
    names = sum(bool((box[:2] < other[2:]).all() and (other[:2] < box[2:]).all()) for other in taken)
    margin = DOT_POINTS * points
    dots = ((obstacles > box[:2] - margin).all(axis=1) & (obstacles < box[2:] + margin).all(axis=1)).sum()
    return float(NAME_WEIGHT * names + dots)


def _stepwise(corners: Floats, step: float) -> Floats:
    """Points along a line (n, 2), no further apart than a step."""
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    parts = np.maximum(np.ceil(lengths / step).astype(int), 1)
    found = [
        start + (end - start) * np.linspace(0, 1, count, endpoint=False)[:, None]
        for start, end, count in zip(corners[:-1], corners[1:], parts, strict=True)
    ]
    return np.concatenate([*found, corners[-1:]])
