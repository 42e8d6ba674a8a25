"""Predictions of image classifiers, one file per model: `file_name,predicted_class,predicted_probability`."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError, TableError
from .answers import read_answers
from .files import Table, is_table, known_names, open_table, stem
from .import_options import ImportOptions
from .results import Results
from .table import as_numbers, require

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("file_name", "predicted_class", "predicted_probability", "sample_id", "target")
"""Columns that are read."""


def is_timm(where: Path) -> bool:
    """Whether a path is such a file, or a folder with some."""
    return any(True for _ in _tables(where))


def _tables(where: Path) -> Iterator[Table]:
    for file in [where] if where.is_file() else sorted(where.glob("*")):
        if is_table(file):
            table = known_names(open_table(file), NAMES)
            if {"file_name", "predicted_class"} <= set(table.frame.columns):
                yield table


def read_timm(where: Path, options: ImportOptions | None = None) -> Results:
    """Read a folder of predictions, one file for each model, named after it.

    Args:
        where: The folder, or one file.
        options: `targets`, a table of `sample_id` (or `file_name`) and `target`, is required.

    Returns:
        The results; a sample's name is its file's name without folder and suffix.

    Raises:
        InputError: No targets are given, or there are no such files.
        TableError: An image has no target, or a column is missing.
    """
    options = options or ImportOptions()
    if options.targets is None:
        raise InputError(f"{where}: predictions alone; give a table of sample_id,target with `targets`")
    known = known_names(open_table(options.targets), NAMES)
    name = "sample_id" if "sample_id" in known.frame.columns else "file_name"
    require(known, (name, "target"))
    targets = known.frame.select(sample_id=_image(known, name), target="target")
    if targets["sample_id"].is_duplicated().any():
        raise TableError(f"{options.targets}: an image has several targets")
    frames = []
    for table in _tables(where):
        columns = {"sample_id": _image(table, "file_name"), "prediction": table.frame["predicted_class"]}
        if "predicted_probability" in table.frame.columns:
            columns["confidence"] = as_numbers(table, "predicted_probability")[0]
        frames.append(pl.DataFrame(columns).with_columns(state=pl.lit(stem(table.path))))
    if not frames:
        raise InputError(f"{where}: no table of file_name,predicted_class there")
    rows = pl.concat(frames, how="diagonal_relaxed").join(targets, on="sample_id", how="left", maintain_order="left")
    if rows["target"].null_count():
        lost = rows.filter(pl.col("target").is_null())["sample_id"]
        raise TableError(f"{options.targets}: no target for image {lost[0]!r} ({lost.n_unique()} such images)")
    read = read_answers(rows["target"], rows["prediction"], lambda row: f"{where}, image {rows['sample_id'][row]!r}")
    return Results.create(
        where.resolve().name if where.is_dir() else stem(where),
        rows.drop("target", "prediction").with_columns(**read.columns()),
        "predictions of image classifiers",
        where=str(where),
        task="image-classification",
        class_names=read.class_names,
        notes=read.notes,
    )


def _image(table: Table, column: str) -> pl.Series:
    """Names of images without folder and suffix, which differ between machines."""
    return pl.Series([PurePosixPath(str(name)).stem for name in table.frame[column]], dtype=pl.String)
