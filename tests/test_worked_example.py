"""The numbers of docs/bounds.md come out of the functions that it names."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from adaptlabels.labels import (
    conservative_bound,
    constant_alpha_bound,
    continuous_bound,
    exact_bound,
    iso_accuracy_bound,
    select_conservative,
    smallest_sufficient,
    with_overhead,
)

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "bounds.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def published():
    (csv,) = re.findall(r"```csv\n(.*?)```", TEXT, re.DOTALL)
    return pl.read_csv(io.StringIO(csv))


@pytest.fixture(scope="module")
def figures():
    table = TEXT.split("| figure | value |", maxsplit=1)[1].split("\n\n", maxsplit=1)[0]
    rows = [row.strip("| ").split(" | ") for row in table.splitlines()[2:]]
    return {name: value.strip() for name, value in rows}


def test_every_figure_of_the_table_is_computed(published, figures):
    R, A = published["cost"].to_numpy(), published["accuracy"].to_numpy()
    names = published["state"].to_list()
    conservative, continuous = conservative_bound(R, A), continuous_bound(R, A)
    selections = select_conservative(R, A)
    three = next(s for s in selections if s.k == 3)
    assert figures == {
        "conservative mean cost": f"{conservative.mean_cost:.5f}",
        "conservative gain": f"{conservative.gain:.3f}",
        "continuous mean cost": f"{continuous.mean_cost:.5f}",
        "continuous gain": f"{continuous.gain:.3f}",
        "constant-alpha gain, alpha 0.5": f"{constant_alpha_bound(R, A, 0.5).gain:.3f}",
        "best 3 states": ", ".join(names[i] for i in three.indices),
        "their gain": f"{three.gain:.3f}",
        "fewest states that keep 90 % of the gain": str(smallest_sufficient(selections).k),
        "break-even overhead b0, b1 = 0": f"{with_overhead(conservative.mean_cost, R[-1]).break_even:.3f}",
    }


def test_the_two_state_counterexample():
    correct = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], dtype=bool)
    costs = [1.0, 10.0]
    exact, closed = exact_bound(correct, costs), conservative_bound(costs, correct.mean(axis=0))
    assert (closed.mean_cost, closed.gain) == (1.0, 10.0)
    assert (exact.mean_cost, round(exact.gain, 2), exact.accuracy) == (3.25, 3.08, 0.75)
    alpha_2 = 0.5
    difference = (costs[1] - costs[0]) * (1 - correct[:, 1].mean()) * (1 - alpha_2)
    assert exact.mean_cost - closed.mean_cost == pytest.approx(difference)
    assert iso_accuracy_bound(correct, costs).mean_cost == 1.0
