"""A dataset folder is written all at once: whole in a staging folder, checked there, then moved into place."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import InputError
from .folder import WORK, DatasetFolder, FamilyTables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from .info import DatasetInfo

STAGING = "staging"
"""Folder inside the work folder in which the tables are written first."""
LAST = "states"
"""Folder that is moved last: a folder with states is a dataset folder."""


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
    samples = _samples(families[0].labels)
    kept = []
    for family in folder.families:
        if family in new:
            continue
        labels = folder.labels(family)
        if folder.info.class_names != info.class_names:
            raise InputError(
                f"{path}: its family {family!r} has {len(folder.info.class_names)} classes, the new one"
                f" {len(info.class_names)}; make both in one command, or choose another folder"
            )
        if not _samples(labels).equals(samples):
            raise InputError(
                f"{path}: its family {family!r} has {len(labels)} other samples or other targets; build it again in the"
                " same command, or choose another folder"
            )
        kept.append(FamilyTables(labels, folder.predictions(family), folder.family_states(family)))
    return [*kept, *families]


def _samples(labels: pl.DataFrame) -> pl.DataFrame:
    return labels.select("sample_id", "target").sort("sample_id")


@contextmanager
def staging_folder(path: Path) -> Iterator[Path]:
    """An empty staging folder inside a dataset folder; whatever happens, nothing of it is left behind."""
    staging = path / WORK / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        for folder in (path / WORK, path):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def move_into_place(staging: Path, path: Path) -> None:
    """Move a whole staged folder to its place, one rename for each file, states last; stale tables are removed."""
    files = sorted(file.relative_to(staging) for file in staging.rglob("*") if file.is_file())
    new = {str(file) for file in files}
    for pattern in ("data/*/*.parquet", "predictions/*/*.parquet", "states/*.parquet", "bounds/*.parquet"):
        for old in path.glob(pattern):
            if str(old.relative_to(path)) not in new:
                old.unlink()
    for file in sorted(files, key=lambda file: file.parts[0] == LAST):
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (staging / file).replace(path / file)
