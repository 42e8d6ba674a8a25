"""Checks of one family: labels and figures of states follow from the predictions, shard by shard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError, TableError
from ..tables.labelling import ABOUT, check_predictions, label_shard
from ..tables.state_figures import FIGURES, StateFigures
from ..tables.types import class_label_kind, class_label_names
from .derived import TOLERANCE
from .problems import Problem, as_problem, offending, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tables.folder import DatasetFolder

LATER_FIGURES = ("utility", "auroc", "ece", "aurc")
"""Figures of states that older folders lack."""
LABELLED_BY = ("sample_id", "state", "correct", "confidence")
"""Columns of predictions that labels follow from, beside answers and targets where they are known."""


def check_family(folder: DatasetFolder, family: str) -> list[Problem]:
    """Check the tables of a family. Each shard of the labels has the samples of the same shard of the predictions."""
    labels, predictions = folder.tables[family], folder.tables[f"{family}-predictions"]
    if len(labels.files) != len(predictions.files):
        message = f"comes in {len(predictions.files)} files, the labels in {len(labels.files)}"
        return [Problem(place_of(predictions.path, folder), None, message)]
    figures, problems = StateFigures(), []
    for number in range(len(labels.files)):
        problems += _check_shard(folder, family, number, figures)
    if problems:
        return problems
    if len(labels.files) > 1 and len(twice := _in_several_files(folder, family)):
        return [offending(place_of(labels.path, folder), "sample_id", "is in several files", twice)]
    problems += _check_names(folder, family)
    return problems + _check_states(folder, family, figures)


def _in_several_files(folder: DatasetFolder, family: str) -> pl.Series:
    """Samples that more than one shard has; the names are held only if their hashes say that there are any."""
    shards = folder.tables[family].shards(["sample_id"])
    hashes = pl.concat([shard["sample_id"].hash() for shard in shards]).sort().to_numpy()
    if not (hashes[1:] == hashes[:-1]).any():
        return pl.Series(dtype=pl.String)
    samples = folder.labels(family, ["sample_id"])["sample_id"]
    return samples.filter(samples.is_duplicated()).unique(maintain_order=True)


def _check_shard(folder: DatasetFolder, family: str, number: int, figures: StateFigures) -> list[Problem]:
    tables = folder.tables[family], folder.tables[f"{family}-predictions"]
    paths = [table.files[number].path for table in tables]
    states = folder.family_states(family)
    try:
        labels = tables[0].shard(number)
    except TableError as error:
        return [as_problem(error, paths[0], folder)]
    try:
        predictions = tables[1].shard(number)
        check_predictions(predictions, states["state"].to_list(), str(paths[1]))
    except TableError as error:
        return [as_problem(error, paths[1], folder)]
    files = place_of(paths[0], folder), place_of(paths[1], folder)
    right, rule = pl.col("prediction") == pl.col("target"), "prediction == target"
    if "targets" in predictions.columns:
        right, rule = pl.col("prediction").is_in(pl.col("targets")), "prediction among targets"
        strange = predictions.filter(~pl.col("target").is_in(pl.col("targets")))
        if len(strange):
            return [offending(files[1], "targets", "do not hold the target", strange["sample_id"])]
    answered = "target" in predictions.columns
    wrong = predictions.filter(pl.col("correct") != right) if answered else pl.DataFrame()
    problems = [offending(files[1], "correct", f"is not {rule}", wrong["sample_id"])] if len(wrong) else []
    strange = predictions.filter(pl.col("family") != family)
    if len(strange):
        problems.append(offending(files[1], "family", f"is not {family!r}", strange["sample_id"]))
    predictions = predictions.select(*LABELLED_BY, "^targets?|prediction$")  # the others need not stay in memory
    about = labels.select("sample_id", *ABOUT)
    try:
        expected = label_shard(predictions, states, figures, about)
    except InputError as error:
        return [*problems, Problem(place_of(folder.states_path, folder), None, str(error))]
    return [*problems, *_compare_labels(labels, expected, files[0])]


def _check_names(folder: DatasetFolder, family: str) -> Iterator[Problem]:
    """The class labels that the files declare must be the states and classes of the folder."""
    names = class_label_names(folder.family_states(family)["state"].to_list(), folder.info.class_names)
    for file in (*folder.tables[family].files, *folder.tables[f"{family}-predictions"].files):
        for column in file.footer.columns:
            kind = class_label_kind(file.schema, column)
            if kind is not None and file.footer.class_names.get(column) != names[kind]:
                yield Problem(
                    place_of(file.path, folder), column, "its metadata declares other class names than the folder has"
                )


def _compare_labels(found: pl.DataFrame, expected: pl.DataFrame, file: str) -> list[Problem]:
    problems = []
    if found["sample_id"].equals(expected["sample_id"]):  # as they are where nobody changed a file
        both = found.hstack(expected.rename({name: f"{name}_expected" for name in expected.columns}))
    else:
        for this, other, message in (
            (expected, found, "is missing, though predictions have it"),
            (found, expected, "has no predictions"),
        ):
            lacking = this.join(other, on="sample_id", how="anti")["sample_id"]
            if len(lacking):
                problems.append(offending(file, "sample_id", message, lacking))
        both = found.join(expected, on="sample_id", suffix="_expected")
    for column in expected.columns:
        if column not in found.columns:
            problems.append(Problem(file, column, "is missing, though predictions have it"))
            continue
        if column == "sample_id":
            continue
        differs = both.filter(~_equal(pl.col(column), pl.col(f"{column}_expected"), expected.schema[column]))
        if len(differs):
            message = "does not follow from predictions and states"
            problems.append(offending(file, column, message, differs["sample_id"]))
    return problems


def _equal(left: pl.Expr, right: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Equal, nulls included; sums computed twice may differ in their last bits."""
    if dtype.is_float():
        close = (left - right).abs() <= TOLERANCE * pl.max_horizontal(left.abs(), right.abs())
        return (left.eq_missing(right) | close).fill_null(value=False)
    return left.eq_missing(right)


def _check_states(folder: DatasetFolder, family: str, figures: StateFigures) -> list[Problem]:
    found, file = folder.family_states(family), place_of(folder.states_path, folder)
    try:
        expected = figures.fill(found)
    except InputError as error:
        return [Problem(file, None, str(error))]
    problems = []
    both = found.join(expected.select("state", *FIGURES), on="state", suffix="_expected")
    for column in FIGURES:
        known = pl.col(column).is_not_null() | (column not in LATER_FIGURES)
        differs = both.filter(known & ~_equal(pl.col(column), pl.col(f"{column}_expected"), pl.Float64()))
        if len(differs):
            problems.append(offending(file, column, "does not follow from the labels", differs["state"], "state"))
    return problems
