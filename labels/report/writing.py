"""Writes a dataset folder from the tables of its families: adds bounds, checks everything, moves it into place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..bounds.states import StateSpace
from ..errors import ChecksError
from ..tables.folder import DatasetFolder, default_cost_metric, matrix, write_folder
from ..tables.staging import move_into_place, staging_folder, with_kept_families
from .report import report_family
from .validation import validate_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ..tables.folder import FamilyTables
    from ..tables.info import DatasetInfo

CARD = "README.md"
PROBLEMS_SHOWN = 3
"""Failed checks that an error quotes."""


def write_dataset(
    out: Path,
    info: DatasetInfo,
    families: Sequence[FamilyTables],
    *,
    card: Callable[[DatasetFolder], object] | None = None,
) -> DatasetFolder:
    """Write a dataset folder whole, or not at all.

    Args:
        out: The folder; families that it already has stay.
        info: The benchmark.
        families: The tables of the families that were made.
        card: Writes the card of the folder that it is given, as `adaptlabels.cards.write_card` does; None for no card.

    Raises:
        InputError: Families that would stay have other samples.
        ChecksError: The tables do not agree with each other; the folder is as it was.
    """
    whole = with_kept_families(out, info, families)
    with staging_folder(out) as staging:
        write_folder(staging, info, whole, pl.concat([_bounds(tables) for tables in whole]))
        staged = DatasetFolder(staging)
        if card is not None:
            card(staged)
        problems = [problem for problem in validate_folder(staged) if card is not None or problem.file != CARD]
        if problems:
            shown = "; ".join(map(str, problems[:PROBLEMS_SHOWN])) + ("; …" if len(problems) > PROBLEMS_SHOWN else "")
            raise ChecksError(f"{out}: {len(problems)} check(s) failed, so the folder was left as it was: {shown}")
        move_into_place(staging, out)
    return DatasetFolder(out)


def _bounds(tables: FamilyTables) -> pl.DataFrame:
    metric = default_cost_metric(tables.states)
    space = StateSpace.create(
        tables.states["state"].to_list(), tables.states[metric].to_numpy(), family=tables.family, cost_metric=metric
    )
    return report_family(space, matrix(tables.labels, "correct", tables.family)).to_table()
