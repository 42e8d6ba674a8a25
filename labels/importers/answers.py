"""Answers and targets, in whatever form they were written down, as places in a list of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from ..errors import TableError
from ..tables.vocabulary import LARGEST_CLASS
from .files import some

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_NAME = 100
"""Characters of a class's name: answers that are longer are free text."""
UNANSWERED = -1
"""What some programs write where there is no answer."""
RIGHT, WRONG = ("true", "1", "1.0", "yes", "right", "correct"), ("false", "0", "0.0", "no", "wrong", "incorrect")
"""Words for right and wrong, in lower case."""


@dataclass(frozen=True)
class Answers:
    """Targets and predictions of some rows."""

    correct: pl.Series
    """Whether each prediction is the target; an unanswered sample is wrong."""
    target: pl.Series | None
    """Place of each target in `class_names`; None where answers are free text."""
    prediction: pl.Series | None
    """Place of each prediction in `class_names`, null where unanswered; None where answers are free text."""
    class_names: tuple[str, ...]
    """Names of the classes; empty where answers are free text."""
    notes: tuple[str, ...]
    """What was assumed."""

    def columns(self) -> dict[str, pl.Series]:
        """The columns that these answers give to `Results.rows`."""
        if self.target is None or self.prediction is None:
            return {"correct": self.correct}
        return {"correct": self.correct, "target": self.target, "prediction": self.prediction}


def read_answers(
    target: pl.Series, prediction: pl.Series, place: Callable[[int], str], counts: pl.Series | None = None
) -> Answers:
    """Encode targets and predictions as classes.

    Whole numbers from 0 (also as `3.0`) are classes as they are; other numbers and text become names of classes, in
    order. An empty prediction, or -1 where no target is -1, is unanswered.

    Args:
        target: The right answers.
        prediction: The answers, of the same length.
        place: How to name a row in a message.
        counts: How often each row occurs; once by default.

    Raises:
        TableError: A target is empty, or predictions look like scores.

    Example:
        >>> read = read_answers(pl.Series(["cat", "dog"]), pl.Series(["dog", "dog"]), str)
        >>> read.class_names, read.correct.to_list()
        (('cat', 'dog'), [False, True])
    """
    target, prediction = _as_whole(target), _as_whole(prediction)
    empty = _empty(target)
    if empty.any():
        raise TableError(f"{place(int(empty.arg_max() or 0))}: column 'target' is empty")
    _refuse_scores(target, prediction, place)
    unanswered = _empty(prediction)
    if not (target.cast(pl.String) == str(UNANSWERED)).any():
        unanswered = unanswered | (prediction.cast(pl.String) == str(UNANSWERED)).fill_null(value=False)
    prediction = prediction.set(unanswered, None)
    often = unanswered if counts is None else counts.filter(unanswered)
    notes = (_unanswered(int(often.sum())),) if unanswered.any() else ()
    if target.dtype.is_integer() and prediction.dtype.is_integer():
        values = pl.concat([target.cast(pl.Int64), prediction.cast(pl.Int64).drop_nulls()])
        least, most = int(values.min()), int(values.max())  # type: ignore[arg-type]
        if least >= 0 and most <= LARGEST_CLASS:
            right = (target == prediction).fill_null(value=False)
            names = tuple(str(index) for index in range(most + 1))
            return Answers(right, target.cast(pl.Int64), prediction.cast(pl.Int64), names, notes)
    return _by_name(target, prediction, notes)


def _by_name(target: pl.Series, prediction: pl.Series, notes: tuple[str, ...]) -> Answers:
    numeric = target.dtype.is_numeric() and prediction.dtype.is_numeric()
    if numeric:
        target, prediction = target.cast(pl.Float64), prediction.cast(pl.Float64)
    known = pl.concat([target.unique(), prediction.drop_nulls().unique()]) if numeric else None
    if known is not None:
        values = known.unique().sort()
        names = [f"{value:.17g}" for value in values]
        target, prediction = (
            series.replace_strict(values, names, default=None, return_dtype=pl.String)
            for series in (target, prediction)
        )
    else:
        target, prediction = target.cast(pl.String), prediction.cast(pl.String)
        names = sorted(set(target.unique()) | set(prediction.drop_nulls().unique()))
    right = (target == prediction).fill_null(value=False)
    if len(names) > LARGEST_CLASS or max(map(len, names)) > LONGEST_NAME:
        note = f"{len(names)} different answers are free text, so only right and wrong were kept."
        return Answers(right, None, None, (), (*notes, note))
    codes = [
        series.replace_strict(names, list(range(len(names))), default=None, return_dtype=pl.Int64)
        for series in (target, prediction)
    ]
    strange = [] if numeric else _only_predicted(target, prediction)
    return Answers(right, codes[0], codes[1], tuple(names), (*notes, *strange))


def _only_predicted(target: pl.Series, prediction: pl.Series) -> list[str]:
    """Classes that no target has: most often another spelling of one that a target has."""
    targets = set(target.unique())
    strange = sorted(set(prediction.drop_nulls().unique()) - targets)
    if not strange:
        return []
    spelled = {_spelling(name): name for name in targets}
    alike = [f"{name!r} (target {spelled[_spelling(name)]!r})" for name in strange if _spelling(name) in spelled]
    hint = f"; spelled otherwise are {', '.join(alike[:3])}" if alike else ""
    return [f"{len(strange)} class(es) occur only as predictions and so are always wrong: {some(strange, 5)}{hint}."]


def _spelling(name: str) -> str:
    """What is left of a name where spelling does not count."""
    return name.strip().casefold().removesuffix(".0")


def _as_whole(values: pl.Series) -> pl.Series:
    """Floats that are all whole as integers, NaN as null; other kinds as they are."""
    if values.dtype == pl.Boolean:
        return values.cast(pl.String).str.to_titlecase()
    if not values.dtype.is_float():
        return values
    filled = values.fill_nan(None)
    known = filled.drop_nulls()
    whole = bool((known == known.round()).all()) and bool((known.abs() < 2.0**53).all())
    return filled.cast(pl.Int64) if whole else filled


def _empty(values: pl.Series) -> pl.Series:
    return values.is_null() | (values.str.strip_chars() == "") if values.dtype == pl.String else values.is_null()


def _refuse_scores(target: pl.Series, prediction: pl.Series, place: Callable[[int], str]) -> None:
    """Predictions such as 0.5 for targets that are all 0 or 1 are scores, not answers."""
    if not prediction.dtype.is_float() or not target.dtype.is_integer() or not target.is_between(0, 1).all():
        return
    between = prediction.is_between(0, 1, closed="none").fill_null(value=False)
    if between.any() and prediction.drop_nulls().is_between(0, 1).all():
        row = int(between.arg_max() or 0)
        raise TableError(
            f"{place(row)}: prediction {prediction[row]:g} looks like a score, not an answer; call the column 'score'"
            " and say with `threshold` from which score an answer is right"
        )


def _unanswered(count: int) -> str:
    return f"{count} answer{' is' if count == 1 else 's are'} empty and counted as wrong."


def as_correct(
    values: pl.Series, threshold: float | None, place: Callable[[int], str], what: str | None = None
) -> pl.Series:
    """Right or wrong, from booleans, 0 and 1, words, or scores.

    Args:
        values: One value per answer; null, NaN and empty text mean that there is none.
        threshold: The least score that is right; needed where values are other than 0 and 1.
        place: How to name a row in a message.
        what: How to name the column; by default by its name.

    Raises:
        TableError: A value is no such thing, or scores lack a threshold.

    Example:
        >>> as_correct(pl.Series("score", [0.2, 0.8, None]), 0.5, str).to_list()
        [False, True, None]
    """
    what = what or f"column {values.name!r}"
    if values.dtype == pl.Boolean:
        return values
    if values.dtype == pl.String:
        words = values.str.strip_chars().str.to_lowercase()
        found = words.replace_strict(
            [*RIGHT, *WRONG, ""],
            [True] * len(RIGHT) + [False] * len(WRONG) + [None],
            default=None,
            return_dtype=pl.Boolean,
        )
        strange = found.is_null() & words.is_not_null() & (words != "")
        if strange.any():
            row = int(strange.arg_max() or 0)
            raise TableError(f"{place(row)}: {what} holds {values[row]!r}; expected true or false")
        return found.alias(values.name)
    if not values.dtype.is_numeric():
        raise TableError(f"{place(0)}: {what} holds {values[0]!r}; expected true or false")
    scores = values.cast(pl.Float64).fill_nan(None)
    if threshold is not None:
        return (scores >= threshold).alias(values.name)
    seen = scores.drop_nulls().unique().sort()
    if not seen.is_in([0.0, 1.0]).all():
        shown = ", ".join(f"{value:g}" for value in seen.head(4))
        more = f", … {seen[-1]:g}" if len(seen) > 4 else ""
        proposed = 0.5 if seen[-1] <= 1 else (50 if seen[-1] <= 100 else seen[-1])
        raise TableError(
            f"{place(int((~scores.is_in([0.0, 1.0])).fill_null(value=False).arg_max() or 0))}:"
            f" {what} holds scores ({shown}{more}); say with `threshold` from which score an answer is right,"
            f" such as {proposed:g}"
        )
    return (scores == 1).alias(values.name)
