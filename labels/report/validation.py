"""Checks across the tables of a dataset folder: do they say the same, and does it follow from the predictions?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError, TableError
from ..tables.checksums import CHECKSUMS, differing
from ..tables.writing import class_rows
from .derived import check_board, check_bounds
from .family_checks import check_family
from .problems import Problem, as_problem, offending, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tables.folder import DatasetFolder

CARD = "README.md"
"""File of the card."""
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
        problems += check_family(folder, family)
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
    samples = min(folder.tables[family].rows for family in folder.families)
    if not published or info.full_size is None or samples + len(info.skipped) >= info.full_size:
        return None
    return f"{samples:,} of {info.full_size:,} samples: accuracies are not comparable with the published ones"


def _check_files(folder: DatasetFolder) -> Iterator[Problem]:
    """Every file is the one that was written; tables were compared when they were read."""
    verified = {place_of(file.path, folder) for file in folder.files if file.sha256 is not None}
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
        if folder.info.full_size != folder.tables[row["family"]].rows + len(folder.info.skipped):
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


def _check_samples(folder: DatasetFolder) -> Iterator[Problem]:
    """All families label the same samples, with the same targets and folds."""
    if len(folder.families) == 1:
        return
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
    if "target" in folder.tables[family].columns:
        return folder.labels(family, ("sample_id", "target", "fold"))
    return folder.labels(family, ("sample_id", "fold")).with_columns(target=pl.lit(0, dtype=pl.Int64))
