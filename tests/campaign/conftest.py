"""A campaign against dataset folders and inputs: `make campaign` runs all of it, `make test` a tenth."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import dataclass

import pytest
from adaptlabels.labels import label_predictions, write_dataset

from ..labels.inputs import prediction_rows, write_inputs

FULL = "ADAPTLABELS_CAMPAIGN"
"""Environment variable that asks for the whole campaign."""
PRELOADED = ["adaptlabels.cards.card", "adaptlabels.labels.importers.from_results", "adaptlabels.labels.report.whole_folder",
             "pandera.polars", "matplotlib.figure"]  # fmt: skip


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
def processes():
    """Starts processes that have imported everything already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A dataset folder with card, plots and a second version of its inputs; tests work on copies."""
    from adaptlabels.cards import write_card

    root = tmp_path_factory.mktemp("whole")
    made = label_predictions(*write_inputs(root / "inputs", prediction_rows(60)))
    write_dataset(root / "out", made.info, made.families, card=write_card)
    write_inputs(root / "changed", prediction_rows(60, seed=1))
    return root


def pytest_terminal_summary(terminalreporter) -> None:
    if FULL not in os.environ:
        return
    terminalreporter.section("campaign")
    terminalreporter.line(f"{'accident':70} {'tried':>6} {'found':>6} {'lost':>6}")
    for name, tally in TALLIES.items():
        terminalreporter.line(f"{name:70} {tally.tried:6} {tally.found:6} {tally.lost:6}")
