"""From a table in pieces to results, whatever its form: one row for each answer, dealt to parts by its sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING

from ..tables.parting import part_by_sample, parts_of
from .files import left_out, stem
from .results import Results
from .seen_answers import SeenAnswers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from .files import Table, TablePieces
    from .import_options import ImportOptions


class AnswerPieces(ABC):
    """The answers of a table piece by piece, and what they hold."""

    def __init__(self, table: TablePieces, right: str | None = None) -> None:
        """Nothing is read yet.

        Args:
            table: The table.
            right: As of `SeenAnswers`.
        """
        self.table = table
        """The table."""
        self.seen = SeenAnswers(table.path, right)
        """The different answers of the pieces that were read."""
        self.unknown: Counter[str] = Counter()
        """How many values of a column were written as no number."""
        self._told: dict[str, None] = {}

    @abstractmethod
    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Each piece, one row for each answer."""

    def tell(self, piece: Table, unused: Sequence[str]) -> None:
        """Note what was left out of a piece."""
        self._told |= dict.fromkeys((*piece.notes, *([left_out(piece.path, list(unused))] if unused else [])))

    def results(self, n_answers: int, options: ImportOptions) -> Results:
        """Read all pieces.

        Args:
            n_answers: Number of answers, at most.
            options: What a person says about the table.

        Raises:
            InputError: The file cannot be read.
            TableError: An answer is none, or the answers do not fit each other.
        """
        rows = part_by_sample(self, parts_of(n_answers))
        answers, path = self.seen.read(options.threshold), self.table.path
        results = Results.create(
            stem(path),
            rows.each(answers.put_into),
            f"predictions:{path.name}",
            where=str(path),
            class_names=answers.class_names,
            cost_unit=options.cost_unit,
            notes=[*_unknown_numbers(self.unknown), *self._told, *answers.notes],
        )
        return results if options.task is None else results.only(options.task, str(path))


def _unknown_numbers(counts: Mapping[str, int]) -> list[str]:
    """The notes on values that were written as no number, by column."""
    return [
        f"{count} value{'s' if count > 1 else ''} of {column!r} that are no number count as unknown."
        for column, count in counts.items()
        if count
    ]
