"""Predictions of image classifiers, one file per model: `file_name,predicted_class,predicted_probability`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError, TableError
from .answers import read_answers
from .files import GLIMPSE, Table, is_table, known_names, open_table, stem
from .import_options import ImportOptions
from .real_targets import has_several_targets, image_name, with_real_targets
from .results import Results
from .table import as_numbers, require

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = "predictions of image classifiers"
NAMES = ("file_name", "predicted_class", "predicted_probability", "sample_id", "target")
"""Columns that are read."""


def is_timm(where: Path) -> bool:
    """Whether a path is such a file, or a folder with some."""
    return any(True for _ in _tables(where, GLIMPSE))


def _tables(where: Path, most: int | None = None) -> Iterator[Table]:
    for file in [where] if where.is_file() else sorted(where.glob("*")):
        if is_table(file):
            table = known_names(open_table(file, most=most), NAMES)
            if {"file_name", "predicted_class"} <= set(table.frame.columns):
                yield table


def read_timm(where: Path, options: ImportOptions | None = None) -> Results:
    """Read a folder of predictions, one file for each model, named after it.

    Args:
        where: The folder, or one file.
        options: `targets`, a table of `sample_id` (or `file_name`) and `target`, or the ReaL labels, is required.

    Returns:
        The results; a sample's name is its file's name without folder and suffix.

    Raises:
        InputError: No targets are given, or there are no such files.
        TableError: An image has no target, or a column is missing.
    """
    options = options or ImportOptions()
    if options.targets is None:
        raise InputError(f"{where}: predictions alone; give a table of sample_id,target with `targets`")
    rows = _answers(where)
    name = where.resolve().name if where.is_dir() else stem(where)
    if has_several_targets(options.targets):
        return _by_several_targets(rows, name, where, options.targets)
    known = known_names(open_table(options.targets), NAMES)
    key = "sample_id" if "sample_id" in known.frame.columns else "file_name"
    require(known, (key, "target"))
    targets = known.frame.select(sample_id=_image(known, key), target="target")
    if targets["sample_id"].is_duplicated().any():
        raise TableError(f"{options.targets}: an image has several targets")
    rows = rows.join(targets, on="sample_id", how="left", maintain_order="left")
    if rows["target"].null_count():
        lost = rows.filter(pl.col("target").is_null())["sample_id"]
        raise TableError(f"{options.targets}: no target for image {lost[0]!r} ({lost.n_unique()} such images)")
    read = read_answers(rows["target"], rows["prediction"], lambda row: f"{where}, image {rows['sample_id'][row]!r}")
    return Results.create(
        name,
        rows.drop("target", "prediction").with_columns(**read.columns()),
        SOURCE,
        where=str(where),
        task="image-classification",
        class_names=read.class_names,
        notes=read.notes,
    )


def _by_several_targets(rows: pl.DataFrame, name: str, where: Path, targets: Path) -> Results:
    """Answers of which several may be right."""
    if not rows["prediction"].dtype.is_integer():
        raise TableError(f"{where}: predicted_class must be whole numbers, which {targets.name} has as right classes")
    judged, notes = with_real_targets(rows.with_columns(pl.col("prediction").cast(pl.Int64)), targets)
    largest = max(int(judged["prediction"].max()), int(judged["targets"].list.max().max()))  # type: ignore[arg-type]
    names = [str(index) for index in range(largest + 1)]
    task = "image-classification"
    return Results.create(name, judged, SOURCE, where=str(where), task=task, class_names=names, notes=notes)


def _answers(where: Path) -> pl.DataFrame:
    """Image, answer and confidence of every model."""
    frames = []
    for table in _tables(where):
        columns = {"sample_id": _image(table, "file_name"), "prediction": table.frame["predicted_class"]}
        if "predicted_probability" in table.frame.columns:
            columns["confidence"] = as_numbers(table, "predicted_probability")[0]
        frames.append(pl.DataFrame(columns).with_columns(state=pl.lit(stem(table.path))))
    if not frames:
        raise InputError(f"{where}: no table of file_name,predicted_class there")
    return pl.concat(frames, how="diagonal_relaxed")


def _image(table: Table, column: str) -> pl.Series:
    """Names of images without folder and suffix, which differ between machines."""
    return pl.Series([image_name(str(name)) for name in table.frame[column]], dtype=pl.String)
