"""Writes a dataset folder from the tables of its families: bounds and card are added, and everything is checked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from ..errors import ChecksError
from ..tables.checksums import write_checksums
from ..tables.folder import DatasetFolder
from ..tables.layout import TABLE_FILES
from ..tables.replacing import files_like, replace_folder, sole_writer, staging_folder
from ..tables.staging import claim_folder, with_kept_families
from ..tables.writing import write_bounds, write_labels
from .board import make_board, write_board
from .family_report import FamilyReport
from .problems import place_of
from .report import report_folder
from .serialising import to_table
from .validation import CARD, validate_folder

if TYPE_CHECKING:
    from ..tables.info import DatasetInfo
    from ..tables.made import FamilyTables

CardWriter: TypeAlias = Callable[[DatasetFolder, Sequence[FamilyReport], Path], object]
"""Writes the card of a folder from the reports of its families to some place, as `cards.write_card` does."""
PROBLEMS_SHOWN = 3
"""Failed checks that an error quotes."""


def write_dataset(
    out: Path | str, info: DatasetInfo, families: Sequence[FamilyTables], *, card: CardWriter | None = None
) -> DatasetFolder:
    """Write a dataset folder whole, or not at all.

    Args:
        out: The folder; families that it already has stay.
        info: The benchmark.
        families: The tables of the families that were made.
        card: Writes the folder's card; None writes the tables alone.

    Returns:
        The folder, with tables *labels*, *predictions*, *states* and *bounds*.

    Raises:
        InputError: The folder holds something else, another run is writing it, or families that would stay have other
            samples.
        TableError: Choices on the folder's board do not fit the new labels.
        ChecksError: The tables do not agree with each other; the folder is as it was.
    """
    out = Path(out)
    claim_folder(out, info)
    with sole_writer(out), staging_folder(out) as staging:
        whole = with_kept_families(out, info, families)
        if len(whole) > len(families):
            info = replace(info, command=None)  # no single command made all of them
        write_labels(staging, info, whole)
        staged = DatasetFolder(staging)
        for family in staged.families:
            staged.tables[family].preload()
        reports = [report_folder(staged, family, agents=card is not None) for family in staged.families]
        write_bounds(staging, info, pl.concat([to_table(report) for report in reports]))
        if (out / "choices").is_dir():
            shutil.copytree(out / "choices", staging / "choices")
            write_board(staging, make_board(staged), info)
        if card is not None:
            card(staged, reports, staging)
        problems = [p for p in validate_folder(staged, files=False) if card is not None or p.file != CARD]
        if problems:
            shown = "".join(f"\n{problem}" for problem in problems[:PROBLEMS_SHOWN])
            raise ChecksError(f"{out}: {len(problems)} check(s) failed, so the folder was left as it was:{shown}")
        known = {place_of(file.path, staged): file.sha256 for file in staged.files if file.sha256 is not None}
        write_checksums(staging, base=out, gone=files_like(out, TABLE_FILES), known=known)
        replace_folder(staging, out, stale=TABLE_FILES)
    return DatasetFolder(out)
