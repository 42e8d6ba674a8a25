"""Checks of the tables that follow from others: *bounds* from the labels, *agents* from the stored choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..errors import TableError
from ..tables.layout import agents_path
from .board import FIGURES, make_board
from .problems import Problem, as_problem, place_of
from .report import report_folder
from .serialising import to_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tables.folder import DatasetFolder
    from .family_report import FamilyReport

TOLERANCE = 1e-9
"""Relative difference at which two figures that were computed twice count as equal."""


def check_bounds(folder: DatasetFolder) -> Iterator[Problem]:
    """Every row of *bounds* follows from the labels, and no family lacks its rows."""
    try:
        bounds = folder.bounds
    except TableError as error:
        yield as_problem(error, folder.bounds_path, folder)
        return
    file = place_of(folder.bounds_path, folder)
    for name in bounds["family"].unique(maintain_order=True):
        if name not in folder.families:
            yield Problem(file, "family", f"{name!r} has bounds but no states")
    for family in folder.families:
        found = bounds.filter(pl.col("family") == family)
        expected = report_folder(folder, family, replicates=None, agents=False)
        yield from _compare_bounds(found, expected, file)


def _compare_bounds(found: pl.DataFrame, report: FamilyReport, file: str) -> Iterator[Problem]:
    family = report.space.family
    rows = {(row["bound"], row["cost_metric"]): row for row in found.iter_rows(named=True)}
    if len(rows) < len(found):
        yield Problem(file, "bound", f"family {family!r} has a bound more than once")
    for row in found.iter_rows(named=True):
        if row["gain_low"] is not None and not row["gain_low"] <= row["gain_high"]:
            yield Problem(file, "gain_low", f"{family}, {row['bound']}: is above gain_high")
    for row in to_table(report).iter_rows(named=True):
        stored = rows.get((row["bound"], row["cost_metric"]))
        if stored is None:
            yield Problem(file, "bound", f"family {family!r} lacks the bound {row['bound']!r}")
            continue
        for column in ("alpha", "accuracy", "mean_cost", "gain", "accuracy_gain"):
            if not _close(stored[column], row[column]):
                message = f"{family}, {row['bound']}: {stored[column]!r} where the labels give {row[column]!r}"
                yield Problem(file, column, message)


def _close(stored: float | None, expected: float | None) -> bool:
    if stored is None or expected is None:
        return stored is expected
    return abs(stored - expected) <= TOLERANCE * max(1.0, abs(expected))


def check_board(folder: DatasetFolder) -> Iterator[Problem]:
    """Every row of *agents* follows from the choices that lie beside it, and no agent lacks its rows."""
    path = agents_path(folder.path, folder.split)
    try:
        expected = make_board(folder)
        found = folder.tables["agents"].frame() if path.is_file() else expected.clear()
    except TableError as error:
        yield as_problem(error, path, folder)
        return
    file, key = place_of(path, folder), ["family", "agent", "setting"]
    for one, other, what in ((found, expected, "has no choices"), (expected, found, "is missing")):
        for family, agent, *_ in one.join(other, on=key, how="anti", nulls_equal=True).iter_rows():
            yield Problem(file, "agent", f"agent {agent!r} of family {family!r} {what}")
    both = found.join(expected, on=key, how="inner", suffix="_expected", nulls_equal=True)
    for row in both.iter_rows(named=True):
        for column in ("samples", *FIGURES):
            if not _close(row[column], row[f"{column}_expected"]):
                stored, follows = row[column], row[f"{column}_expected"]
                yield Problem(
                    file, column, f"{row['family']}, {row['agent']}: {stored!r} where its choices give {follows!r}"
                )
