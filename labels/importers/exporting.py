"""The way back: a dataset folder's labels as files that other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError
from ..tables.labelling import ABOUT
from ..tables.parquet import atomic_file
from .every_eval_ever import instance_lines
from .results import Results

if TYPE_CHECKING:
    from pathlib import Path

    from ..tables.folder import DatasetFolder

EXPORTS = ("every-eval-ever", "csv-wide")
"""Formats that labels are exported to."""


def folder_results(folder: DatasetFolder, family: str) -> Results:
    """The results that a family's labels were made of.

    Raises:
        InputError: There is no such family.
        TableError: A table breaks its schema.
    """
    names = folder.family_states(family)["state"].to_list()
    states = folder.family_states(family)
    rows = folder.predictions(family).with_columns(
        pl.col("state").replace_strict(dict(enumerate(names)), return_dtype=pl.String)
    )
    about = folder.labels(family, ["sample_id", *ABOUT])
    rows = rows.join(about, on="sample_id", how="left", maintain_order="left")
    unit = states["cost_unit"][0] if "cost_unit" in states.columns else None
    if "cost" not in rows.columns and "gflops" in rows.columns:
        rows, unit = rows.rename({"gflops": "cost"}), "gflops"
    empty = [name for name in rows.columns if rows[name].null_count() == len(rows)]
    return Results.create(
        folder.info.name,
        rows.drop(empty),
        folder.info.source,
        where=str(folder.predictions_path(family)),
        task=folder.info.task,
        class_names=folder.info.class_names if "target" in rows.columns else (),
        class_ids=folder.info.class_ids,
        cost_unit=unit,
        states=states,
        licence=folder.info.licence,
    )


def wide_table(results: Results) -> pl.DataFrame:
    """Results as a wide table: right and wrong of each state, and beside them costs and confidences."""
    rows = results.rows
    about = [name for name in ("sample_id", "category") if name in rows.columns]
    wide = rows.select(about).unique(maintain_order=True)
    for column, suffix in (("correct", ""), ("cost", "|cost"), ("confidence", "|confidence")):
        if column in rows.columns:
            part = rows.pivot("state", index="sample_id", values=column, maintain_order=True)
            part = part.rename({name: f"{name}{suffix}" for name in part.columns if name != "sample_id"})
            wide = wide.join(part, on="sample_id", how="left", maintain_order="left")
    return wide


def export_family(folder: DatasetFolder, family: str, form: str, out: Path) -> Path:
    """Write a family's labels in another format, whole or not at all.

    Args:
        folder: The dataset folder.
        family: Name of the family.
        form: One of `EXPORTS`.
        out: Folder to write into; it is made.

    Returns:
        The file: `<family>.jsonl` or `<family>.csv`.

    Raises:
        InputError: There is no such family or format.
    """
    if form not in EXPORTS:
        raise InputError(f"`form` {form!r} is not one of {', '.join(EXPORTS)}")
    results = folder_results(folder, family)
    path = out / f"{family}.{'csv' if form == 'csv-wide' else 'jsonl'}"
    with atomic_file(path) as temporary:
        if form == "csv-wide":
            wide_table(results).write_csv(temporary)
        else:
            with temporary.open("w", encoding="utf-8") as lines:
                lines.writelines(f"{line}\n" for line in instance_lines(results))
    return path
