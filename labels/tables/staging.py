"""What a dataset folder may take: the same benchmark, and families that label the same samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError
from .folder import DatasetFolder
from .made import FamilyTables
from .replacing import WORK

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .info import DatasetInfo


SAMPLE = ("sample_id", "target")
"""Columns that families of a folder have in common, the second where targets are known."""


def claim_folder(path: Path, info: DatasetInfo) -> None:
    """Make sure that a folder may take this dataset; nothing is written.

    Args:
        path: The folder; it may be missing, empty, a dataset folder of the same benchmark and split, or hold an
            unfinished build.
        info: The benchmark.

    Raises:
        InputError: It is a file, holds something else, or holds another dataset.
    """
    for place in (path, *path.parents):
        if (place.is_symlink() and not place.exists()) or (place.exists() and not place.is_dir()):
            raise InputError(f"{path}: {place} is a file; choose another folder")
    if not path.exists():
        return
    if not any(path.iterdir()):
        return
    try:
        there = DatasetFolder(path).info
    except InputError as error:
        if (path / WORK).is_dir():
            return
        raise InputError(f"{path}: holds something else; choose an empty or a new folder") from error
    if (there.name, there.split) != (info.name, info.split):
        raise InputError(
            f"{path}: holds {there.name} ({there.split}), not {info.name} ({info.split}); choose another folder"
        )


def with_kept_families(path: Path, info: DatasetInfo, families: Sequence[FamilyTables]) -> list[FamilyTables]:
    """The given families, and those that the folder already has and that are not made anew.

    Raises:
        InputError: A family that would stay has other samples than the new ones.
    """
    try:
        folder = DatasetFolder(path)
    except InputError:
        return list(families)
    new = {tables.family for tables in families}
    staying = [family for family in folder.families if family not in new]
    if not staying:
        return list(families)
    samples = pl.concat(
        [shard.labels.select(name for name in SAMPLE if name in shard.labels.columns) for shard in families[0].shards]
    ).sort("sample_id")
    kept = []
    for family in staying:
        if folder.info.class_names != info.class_names:
            raise InputError(
                f"{path}: its family {family!r} has {len(folder.info.class_names)} classes, the new one"
                f" {len(info.class_names)}; make both in one command, or choose another folder"
            )
        labels = folder.tables[family]
        there = labels.frame([name for name in SAMPLE if name in labels.columns]).sort("sample_id")
        if not there.equals(samples):
            raise InputError(
                f"{path}: its family {family!r} has {len(there)} other samples or other targets; build it again in the"
                " same command, or choose another folder"
            )
        kept.append(FamilyTables(folder.family_states(family), folder.shards(family)))
    return [*kept, *families]
