"""Checks across the tables of a dataset folder: do they say the same, and does it follow from the predictions?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError, TableError
from ..tables.checksums import CHECKSUMS, differing
from ..tables.labelling import check_predictions, make_labels
from ..tables.types import class_label_kind, class_label_names
from ..tables.writing import class_rows
from .derived import TOLERANCE, check_board, check_bounds
from .problems import Problem, as_problem, offending, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tables.folder import DatasetFolder

CARD = "README.md"
"""File of the card."""
LATER_FIGURES = ("utility", "auroc", "ece", "aurc")
"""Figures of states that older folders lack."""
LABELLED_BY = ("sample_id", "state", "correct", "confidence")
"""Columns of predictions that labels follow from, beside answers and targets where they are known."""
LOOK_AT = {
    "image-classification": "look at crop and interpolation (the model's config.json), weights and precision",
    "multiple-choice": "look at the harness behind the published figure, tokenizer, weights and precision",
    "other": "look at preprocessing, weights and precision",
}
"""What to look at where an accuracy is not the published one, by task."""


def validate_folder(folder: DatasetFolder, *, files: bool = True) -> list[Problem]:
    """Check every table against its schema, and the tables against each other.

    The checks: `correct` is `prediction == target` (or the prediction is among `targets`); labels and predictions
    agree, and neither lacks a sample; `oracle_state` and `oracle_cost` follow from `correct` and *states*; states
    ascend by cost; accuracies, alphas and shares follow from the rows; accuracies lie within tolerance of published
    ones; *bounds* follows from the labels, and *agents* from the stored choices; files are those that were written.

    Args:
        folder: The dataset folder.
        files: Whether to compare every file with its checksum.

    Returns:
        The checks that failed; empty when all passed.
    """
    try:
        problems = [*_check_states(folder), *_check_classes(folder)]
    except TableError as error:
        return [as_problem(error, folder.states_path, folder)]
    for family in folder.families:
        problems += _check_family(folder, family)
    if not problems:
        problems += [*_check_samples(folder), *check_bounds(folder), *check_board(folder)]
    if not (folder.path / CARD).is_file():
        problems.append(Problem(CARD, None, "no such file; `adaptlabels card` writes it"))
    if files:
        named = {problem.file for problem in problems}
        problems += [problem for problem in _check_files(folder) if problem.file not in named]
    return problems


def not_comparable(folder: DatasetFolder) -> str | None:
    """Says so where accuracies of a part of a split stand beside published ones of the whole; None elsewhere.

    Example:
        `250 of 50,000 samples: accuracies are not comparable with the published ones`
    """
    info, published = folder.info, folder.states["reference_accuracy"].is_not_null().any()
    samples = min(folder.tables[family].footer.rows for family in folder.families)
    if not published or info.full_size is None or samples + len(info.skipped) >= info.full_size:
        return None
    return f"{samples:,} of {info.full_size:,} samples: accuracies are not comparable with the published ones"


def _check_files(folder: DatasetFolder) -> Iterator[Problem]:
    """Every file is the one that was written; tables were compared when they were read."""
    verified = {place_of(table.path, folder) for table in folder.tables.values() if table.sha256 is not None}
    try:
        wrong = differing(folder.path, verified)
    except TableError as error:
        yield as_problem(error, folder.path / CHECKSUMS, folder)
        return
    for name, what in wrong.items():
        yield Problem(name, None, what)


def _check_states(folder: DatasetFolder) -> Iterator[Problem]:
    file = place_of(folder.states_path, folder)
    for name in sorted(path.name for path in (folder.path / "data").glob("*/") if path.is_dir()):
        if name not in folder.families:
            yield Problem(file, "family", f"data/{name} exists, but no state of family {name!r} does")
    for family in folder.families:
        states = folder.family_states(family)
        if states["index"].to_list() != list(range(len(states))):
            yield Problem(file, "index", f"family {family!r} has {states['index'].to_list()}; 0, 1, 2 … is expected")
        if states["state"].is_duplicated().any():
            yield Problem(file, "state", f"family {family!r} names a state twice")
        try:
            space = folder.state_space(family)
        except InputError as error:
            yield Problem(file, None, str(error))
            continue
        if list(space.names) != states["state"].to_list():
            yield Problem(file, space.cost_metric, f"states of family {family!r} do not ascend by cost")
        yield from _check_published(folder, states, file)


def _check_classes(folder: DatasetFolder) -> Iterator[Problem]:
    """Image datasets say what their classes are called."""
    if not folder.info.has_classes:
        return
    try:
        found = folder.tables["classes"].frame()
    except TableError as error:
        yield as_problem(error, folder.classes_path, folder)
        return
    if not found.equals(class_rows(folder.info)):
        yield Problem(place_of(folder.classes_path, folder), None, "its classes are not those of the other tables")


def _check_published(folder: DatasetFolder, states: pl.DataFrame, file: str) -> Iterator[Problem]:
    """Published accuracies are of trained weights on the whole split; anything less is not compared."""
    if folder.info.accuracy_note:
        return
    compared = states.filter((pl.col("weights") == "pretrained") & pl.col("reference_accuracy").is_not_null())
    for row in compared.iter_rows(named=True):
        if folder.info.full_size != folder.tables[row["family"]].footer.rows + len(folder.info.skipped):
            return
        off = abs(row["accuracy"] - row["reference_accuracy"])
        if off > folder.info.reference_tolerance:
            yield Problem(
                file,
                "accuracy",
                f"{row['state']} has {row['accuracy']:.4f}, published is {row['reference_accuracy']:.4f}; more than"
                f" {folder.info.reference_tolerance:g} apart: {LOOK_AT[folder.info.task]}; or give the"
                " reason as `accuracy_note`",
            )


def _check_family(folder: DatasetFolder, family: str) -> list[Problem]:
    paths = folder.labels_path(family), folder.predictions_path(family)
    try:
        labels = folder.labels(family)
    except TableError as error:
        return [as_problem(error, paths[0], folder)]
    try:
        predictions = folder.predictions(family)
        check_predictions(predictions, folder.family_states(family)["state"].to_list(), str(paths[1]))
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
    problems += _check_names(folder, family)
    strange = predictions.filter(pl.col("family") != family)
    if len(strange):
        problems.append(offending(files[1], "family", f"is not {family!r}", strange["sample_id"]))
    predictions = predictions.select(*LABELLED_BY, "^targets?|prediction$")  # the others need not stay in memory
    states = folder.family_states(family)
    try:
        expected = make_labels(predictions, states, labels)
    except InputError as error:
        return [*problems, Problem(place_of(folder.states_path, folder), None, str(error))]
    problems += _compare_labels(labels, expected.labels, files[0])
    return problems + _compare_states(states, expected.states, place_of(folder.states_path, folder))


def _check_names(folder: DatasetFolder, family: str) -> Iterator[Problem]:
    """The class labels that the files declare must be the states and classes of the folder."""
    names = class_label_names(folder.family_states(family)["state"].to_list(), folder.info.class_names)
    for table in (folder.tables[family], folder.tables[f"{family}-predictions"]):
        for column in table.footer.columns:
            kind = class_label_kind(table.schema, column)
            if kind is not None and table.footer.class_names.get(column) != names[kind]:
                yield Problem(
                    place_of(table.path, folder), column, "its metadata declares other class names than the folder has"
                )


def _check_samples(folder: DatasetFolder) -> Iterator[Problem]:
    """All families label the same samples, with the same targets and folds."""
    first = _samples(folder, folder.families[0])
    for family in folder.families[1:]:
        both = _samples(folder, family).join(first, on="sample_id", how="full", suffix="_first")
        for column in ("target", "fold"):
            differs = both.filter(pl.col(column).ne_missing(pl.col(f"{column}_first")))
            if len(differs):
                file = place_of(folder.labels_path(family), folder)
                ids = differs.select(pl.coalesce("sample_id", "sample_id_first")).to_series()
                yield offending(file, column, f"differs from that of family {folder.families[0]!r}", ids)


def _samples(folder: DatasetFolder, family: str) -> pl.DataFrame:
    """Samples with targets and folds; where only right and wrong are known, with one target that is always the same."""
    if "target" in folder.tables[family].footer.columns:
        return folder.labels(family, ("sample_id", "target", "fold"))
    return folder.labels(family, ("sample_id", "fold")).with_columns(target=pl.lit(0, dtype=pl.Int64))


def _compare_labels(found: pl.DataFrame, expected: pl.DataFrame, file: str) -> list[Problem]:
    problems = []
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


def _compare_states(found: pl.DataFrame, expected: pl.DataFrame, file: str) -> list[Problem]:
    problems = []
    figures = ("accuracy", "alpha", "oracle_share", *LATER_FIGURES)
    both = found.join(expected.select("state", *figures), on="state", suffix="_expected")
    for column in figures:
        known = pl.col(column).is_not_null() | (column not in LATER_FIGURES)
        differs = both.filter(known & ~_equal(pl.col(column), pl.col(f"{column}_expected"), pl.Float64()))
        if len(differs):
            problems.append(offending(file, column, "does not follow from the labels", differs["state"], "state"))
    return problems
