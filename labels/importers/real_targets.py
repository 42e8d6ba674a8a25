"""Several right classes per image, as the ReaL labels have them: `{"file": [classes]}`, or a list in the images' order.

Beyer et al., "Are we done with ImageNet?", arXiv 2006.07159; `real.json` of google-research/reassessed-imagenet is a
list.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import polars as pl

from ..errors import TableError
from ..tables.vocabulary import LARGEST_CLASS
from .json_files import read_json

if TYPE_CHECKING:
    from typing import Any

IMAGE = "ILSVRC2012_val_{:08d}"
"""Name of an image of ImageNet's validation split, by its number from 1."""


def image_name(name: str) -> str:
    """An image's name without folder and suffix, which differ between machines.

    Example:
        >>> image_name("val/n01440764/ILSVRC2012_val_00000293.JPEG")
        'ILSVRC2012_val_00000293'
    """
    return PurePosixPath(name).stem


def has_several_targets(path: Path) -> bool:
    """Whether a file of targets is of this kind."""
    return path.suffix == ".json"


def read_real_targets(path: Path) -> pl.DataFrame:
    """Read all right classes of every image.

    Args:
        path: JSON, an object of lists by file name, or a list of lists in the order of ImageNet's validation images.

    Returns:
        `sample_id`, and `targets`, lists of classes, which are empty where people saw none.

    Raises:
        InputError: The file cannot be read.
        TableError: It holds something else.
    """
    found = read_json(path)
    if isinstance(found, list):
        found = {IMAGE.format(number): classes for number, classes in enumerate(found, start=1)}
    if not isinstance(found, dict) or not found:
        raise TableError(f"{path}: expected lists of classes by file name, or a list of them")
    strange = next((name for name, classes in found.items() if not _are_classes(classes)), None)
    if strange is not None:
        raise TableError(
            f"{path}: {strange!r} has {found[strange]!r}; expected a list of classes, whole numbers from 0"
        )
    names = [image_name(name) for name in found]
    frame = pl.DataFrame({"sample_id": names, "targets": pl.Series(list(found.values()), dtype=pl.List(pl.Int64))})
    if frame["sample_id"].is_duplicated().any():
        twice = frame["sample_id"].filter(frame["sample_id"].is_duplicated())[0]
        raise TableError(f"{path}: image {twice!r} comes more than once")
    return frame


def _are_classes(value: Any) -> bool:  # noqa: ANN401 - whatever the file holds
    return isinstance(value, list) and all(type(each) is int and 0 <= each <= LARGEST_CLASS for each in value)


def with_real_targets(rows: pl.DataFrame, path: Path) -> tuple[pl.DataFrame, list[str]]:
    """Answers judged by all right classes of their images.

    Args:
        rows: `sample_id`, `prediction` (classes, null where unanswered), and `target` where one is known already: it
            stays the target where it is among the right classes, else the first of them is.
        path: As of `read_real_targets`.

    Returns:
        The rows with `targets`, `target` and `correct`, and notes. Images without a right class are left out.

    Raises:
        InputError: The file cannot be read.
        TableError: It holds something else, or lacks an image.
    """
    joined = rows.join(read_real_targets(path), on="sample_id", how="left", maintain_order="left")
    if joined["targets"].null_count():
        lost = joined.filter(pl.col("targets").is_null())["sample_id"]
        raise TableError(f"{path}: no classes for image {lost[0]!r} ({lost.n_unique()} such images)")
    kept = joined.filter(pl.col("targets").list.len() > 0)
    if kept.is_empty():
        raise TableError(f"{path}: no image has a right class")
    first = pl.col("targets").list.first()
    if "target" in rows.columns:
        first = pl.when(pl.col("target").is_in(pl.col("targets"))).then("target").otherwise(first)
    right = pl.col("prediction").is_in(pl.col("targets")).fill_null(value=False)
    left, all_images = joined["sample_id"].n_unique() - kept["sample_id"].n_unique(), joined["sample_id"].n_unique()
    note = f"{left} of {all_images} samples were left out, as they have no right class in {path.name}."
    return kept.with_columns(target=first.cast(pl.Int64), correct=right), [note] if left else []
