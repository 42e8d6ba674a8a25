"""What all plots share: one style, the axis of costs, and how a file is written.

A plot is as wide as the column of a card, about 730 pixels, and is also read on a phone, at about 340. So text is
large, every image holds one idea, and figures grow downwards only. The background is white, on dark pages too. Colours
are those of Okabe and Ito, which the colour-blind tell apart, darkened until each has a contrast of 3:1 to white.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from textwrap import fill
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ..labels.bounds.pools import is_pool
from ..labels.tables.parquet import atomic_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from ..labels.bounds.states import StateSpace

BLUE, AMBER, GREEN, VERMILION, PURPLE, GREY = "#0072B2", "#A87000", "#008A65", "#C85400", "#AA4499", "#666666"
BOUNDS = {
    "exact": ("*", VERMILION, "oracle"),
    "iso-accuracy": ("D", AMBER, "at equal accuracy"),
    "conservative": ("s", PURPLE, "alpha = 1 (Eq. 9)"),
}
"""Mark, colour and words of the bounds that are drawn."""
AGENTS = {"mixing": "random mixing", "cascade": "confidence cascade", "router": "learned router"}
PIXELS_PER_INCH = 200
"""Twice what a card's column shows, for screens with small pixels."""
WIDTH_INCHES, HEIGHT_INCHES = 7.3, 4.9
TITLE_LETTERS, NAME_LETTERS = 46, 24
"""Letters that fit into a line of the title, and that a name may have."""
STYLE: dict[Any, Any] = {
    "font.size": 14,
    "axes.titlesize": 14,
    "axes.labelsize": 14,
    "xtick.labelsize": 14,
    "ytick.labelsize": 14,
    "legend.fontsize": 14,
    "figure.titlesize": 16,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.1,
    "lines.linewidth": 2,
    "lines.markersize": 8,
    "legend.frameon": False,
    "svg.hashsalt": "adaptlabels",
}
UNITS = {
    "gflops": ("FLOPs", 1e9),
    "parameters": ("parameters", 1.0),
    "latency_ms_p50": ("median latency, ms", None),
    "latency_ms_p95": ("95th percentile of latency, ms", None),
    "energy_j": ("J", 1.0),
    "peak_memory_bytes": ("bytes of peak memory", 1.0),
}
"""What a cost metric counts, and how many of it one unit of the metric is; None where it takes no prefix."""
PREFIXES = {-6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
TICKS = (
    (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8),
    (1, 1.5, 2, 3, 5, 7),
    (1, 2, 5),
    (1, 3),
    (1,),
)
"""Numbers that are labelled in each decade of a logarithmic axis: the most that leave room for one another."""
MOST_TICKS = 7
MOST_NAMES = 24
"""Names that an axis of states holds; of more states every second, third, … is named."""


@contextmanager
def styled() -> Iterator[None]:
    """Everything is drawn in the one style; a script that no installed font has becomes boxes, without a word."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def new_figure(title: str, height: float = HEIGHT_INCHES) -> Figure:
    """An empty figure, as wide as all of them."""
    figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
    figure.suptitle(
        fill(title.replace("+", "+ "), TITLE_LETTERS).replace("+ ", "+"), fontweight="bold", x=0.01, ha="left"
    )
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG, SVG or PDF file. Without date and version in it, the same numbers give the same file."""
    metadata = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}[path.suffix]
    with atomic_file(path) as temporary, styled():
        figure.savefig(temporary, format=path.suffix[1:], dpi=PIXELS_PER_INCH, metadata=metadata)


def cost_axis(axes: Axes, space: StateSpace, words: str = "mean cost per sample") -> None:
    """Make the horizontal axis one of costs: logarithmic, with plain numbers, in a unit that keeps them short.

    Everything must have been drawn, as the ticks follow from the limits.
    """
    unit, scale = UNITS.get(space.cost_metric, ("", None))
    prefix = 0
    if scale is not None:
        prefix = int(np.clip(3 * np.floor(np.log10(space.costs[-1] * scale) / 3), min(PREFIXES), max(PREFIXES)))
    factor = 1.0 if scale is None else scale / 10.0**prefix
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(FixedLocator([tick / factor for tick in ticks_between(low * factor, high * factor)]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * factor:.6g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(low, high)
    axes.set_xlabel(words + (f" ({PREFIXES[prefix]}{unit})" if unit else ""))


def ticks_between(low: float, high: float) -> list[float]:
    """Round numbers to label between two ends of a logarithmic axis, at most seven.

    Example:
        >>> ticks_between(0.7, 4), ticks_between(0.02, 30)
        ([0.7, 1.0, 1.5, 2.0, 3.0], [0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
    """
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for numbers in TICKS:
        found = [float(f"{number}e{decade}") for decade in decades for number in numbers]
        inside = [tick for tick in found if low <= tick <= high]
        if len(inside) <= MOST_TICKS:
            break
    return inside[:: -(-len(inside) // MOST_TICKS)] if inside else [low, high]


def name_axis(axis: Axis, names: Sequence[str], most: int = MOST_NAMES, **text: Any) -> None:  # noqa: ANN401
    """Name the places 0, 1, … of an axis, as many as have room; further arguments are matplotlib's for texts."""
    step = -(-len(names) // most)
    axis.set_ticks(range(0, len(names), step), list(names[::step]), **text)


def short_names(space: StateSpace) -> list[str]:
    """Names of the states without their family's, as far as they have it, and not too long to be drawn."""
    names = [name.partition(":")[2] if is_pool(space.family) else name for name in space.names]
    return [shortened(name.removeprefix(f"{space.family}-")) for name in names]


def shortened(name: str) -> str:
    """A name with its middle left out where it is long.

    Example:
        >>> shortened("tf_efficientnet_b7.ns_jft_in1k")
        'tf_efficient…ns_jft_in1k'
    """
    half = NAME_LETTERS // 2
    return name if len(name) <= NAME_LETTERS else f"{name[:half]}…{name[1 - half :]}"
