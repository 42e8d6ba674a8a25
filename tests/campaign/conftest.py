"""A campaign against dataset folders and inputs: `make campaign` runs all of it, `make test` a tenth."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from ..labels.inputs import prediction_rows, write_inputs

FULL = "ADAPTLABELS_CAMPAIGN"
"""Environment variable that asks for the whole campaign."""


@dataclass
class Tally:
    """What became of one kind of accident."""

    tried: int = 0
    found: int = 0
    lost: int = 0


TALLIES: dict[str, Tally] = {}


def attempts(full: int) -> int:
    """How often to try: all of it in a campaign, else a tenth."""
    return full if FULL in os.environ else max(1, full // 10)


@pytest.fixture
def tally(request) -> Tally:
    """Counts of one test; they are printed at the end of a campaign."""
    return TALLIES.setdefault(request.node.name.removeprefix("test_").replace("_", " "), Tally())


@pytest.fixture(scope="session")
def changed(tmp_path_factory):
    """Inputs as those of `labelled`, with other answers."""
    root = tmp_path_factory.mktemp("changed")
    write_inputs(root, prediction_rows(60, seed=1))
    return root


def pytest_terminal_summary(terminalreporter) -> None:
    if FULL not in os.environ:
        return
    terminalreporter.section("campaign")
    terminalreporter.line(f"{'accident':70} {'tried':>6} {'found':>6} {'lost':>6}")
    for name, tally in TALLIES.items():
        terminalreporter.line(f"{name:70} {tally.tried:6} {tally.found:6} {tally.lost:6}")
