"""What a plot must be to be read: names at dots that hide nothing, round ticks, strong colours, nothing outside."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from adaptlabels.cards import drawing
from adaptlabels.cards.drawing import STYLE, ticks_between
from adaptlabels.cards.plots import plots_of
from adaptlabels.labels import StateSpace, report_family
from matplotlib.colors import to_rgb
from matplotlib.text import Text


def report(n_states, family="demo", letters=3):
    """Labels on which harder samples are wrong in more states; some states are dominated."""
    rng = np.random.default_rng(n_states)
    correct = 0.7 * rng.random((400, 1)) + 0.3 * rng.random((400, n_states)) < rng.uniform(0.4, 0.9, n_states)
    names = [f"{place:0{letters}d}" for place in range(n_states)]
    space = StateSpace.create(names, np.geomspace(0.8, 40, n_states), family=family)
    confidence = np.clip(0.2 + 0.6 * correct + 0.2 * rng.random(correct.shape), 0, 1)
    return report_family(space, correct, confidence=confidence, replicates=20)


def drawn(found):
    """Every figure of a report by its idea, laid out."""
    with mpl.rc_context(STYLE):
        figures = {plot.idea: plot.draw(found) for plot in plots_of(found)}
        for figure in figures.values():
            figure.draw_without_rendering()
    return figures


@pytest.mark.parametrize(("n_states", "letters"), [(2, 3), (9, 60), (127, 12)])
def test_nothing_is_clipped_and_no_text_is_small(n_states, letters):
    family = "a+family+of+many+others+with+long+names" * 2
    for idea, figure in drawn(report(n_states, family, letters)).items():
        assert figure.get_facecolor() == (1, 1, 1, 1)
        used = figure.get_tightbbox()  # in inches
        assert (used.min > -0.01).all(), idea
        assert (used.max < figure.get_size_inches() + 0.01).all(), idea
        for text in figure.findobj(Text):
            assert text.get_fontsize() * 100 / 72 >= 12, text  # 730 pixels are 7.3 inches
        for name in figure.axes[0].texts if idea == "" else ():
            box = name.get_window_extent()
            assert all(figure.bbox.contains(*corner) for corner in box.corners()), name


def test_names_stand_beside_their_dots_and_hide_no_other_name():
    axes = drawn(report(9))[""].axes[0]
    named = [text for text in axes.texts if text.get_text().isdigit()]
    assert len(named) >= 5
    boxes = [Text.get_window_extent(text) for text in axes.texts]
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:place])
    for text in named:
        box = Text.get_window_extent(text)
        x, y = axes.transData.transform(text.xy)
        assert np.hypot(max(box.x0 - x, 0, x - box.x1), max(box.y0 - y, 0, y - box.y1)) < 100


def test_dominated_states_are_not_joined():
    found = report(9)
    axes = drawn(found)[""].axes[0]
    joined = axes.lines[0].get_xdata()
    dominated = found.space.costs[list(found.space.dominated())]
    assert 0 < len(dominated) < 8
    assert not set(joined) & set(dominated)
    assert set(axes.lines[1].get_xdata()) == set(dominated)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.7, 1.6, [0.8, 1, 1.2, 1.5]),
        (3, 28, [3, 5, 7, 10, 15, 20]),
        (1e-3, 1e9, [1e-3, 1e-1, 1e1, 1e3, 1e5, 1e7, 1e9]),
    ],
)
def test_ticks_of_costs_are_round(low, high, ticks):
    found = ticks_between(low, high)
    assert all(low <= tick <= high for tick in found)
    assert found == ticks


def test_costs_are_counted_in_a_unit_that_keeps_them_short():
    labels = set()
    for factor in (1e-6, 1, 1e4):
        space = StateSpace.create(["a", "b"], [0.8 * factor, 1.5 * factor], [0.5, 0.6], family="f")
        axes = drawn(report_family(space))[""].axes[0]
        labels.add(axes.get_xlabel())
        assert all(len(label.get_text()) < 5 for label in axes.get_xticklabels())
    assert labels == {f"mean cost per sample ({unit}FLOPs)" for unit in "kGT"}


@pytest.mark.parametrize("name", ["BLUE", "AMBER", "GREEN", "VERMILION", "PURPLE", "GREY"])
def test_colours_stand_out_from_white(name):
    channels = np.array(to_rgb(getattr(drawing, name)))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= 3


def test_samples_that_no_state_solves_have_a_bar_of_their_own():
    found = report(4)
    axes = drawn(found)["shares"].axes[0]
    lengths = [bar.get_width() for bar in axes.patches]
    assert [label.get_text() for label in axes.get_yticklabels()][-1] == "no state is right"
    assert lengths[-1] == pytest.approx(100 * (1 - found.oracle.accuracy))
    assert sum(lengths) == pytest.approx(100)
    assert axes.get_legend() is None
