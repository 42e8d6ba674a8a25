"""What every importer returns: who answered what, who was right, at what cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from ..errors import TableError
from ..tables.checking import check_table
from ..tables.rows import Rows
from ..tables.shards import sample_numbers
from ..tables.types import polars_schema
from .input_schemas import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Results:
    """Per-sample results of one benchmark, whatever program they come from."""

    name: str
    """Name of the benchmark."""
    parts: Rows
    """One row per answer. `sample_id`, `state` and `correct`; optionally `target` and `prediction` (places in
    `class_names`; a null prediction is an unanswered sample), `confidence` (0 to 1), `cost` (of this answer, in
    `cost_unit`; null where unknown), `category`, `family`, and what the table *predictions* has beside them. An answer
    that is not there is a missing cell, not a wrong answer."""
    source: str
    """Where the results come from, in words: a program's name, or `predictions:FILE`. Never a path."""
    task: str = "other"
    """`image-classification`, `multiple-choice` or `other`."""
    class_names: tuple[str, ...] = ()
    """Names of the classes; empty where only right and wrong are known."""
    class_ids: tuple[str, ...] = ()
    """What the source calls the classes; empty where these are their names."""
    cost_unit: str | None = None
    """Unit of `cost`: `usd`, `tokens`, `seconds`, `gflops`, …; None where answers have no costs of their own."""
    states: pl.DataFrame | None = None
    """What the source itself says of the states: `state`, and columns of the table *states* (`family`, `source`,
    `parameters`, `gflops`, …)."""
    licence: str | None = None
    """Licence of the results, as the Hub writes it, where the source says."""
    notes: tuple[str, ...] = ()
    """What was left out or assumed, one sentence each; shown to the user and kept with the labels."""

    @property
    def rows(self) -> pl.DataFrame:
        """All answers in memory."""
        return self.parts.frame()

    @property
    def has_answers(self) -> bool:
        """Whether the answers are known, not only whether they are right."""
        return "target" in self.parts.columns

    @property
    def state_names(self) -> list[str]:
        """Names of the states, in the order in which they first appear."""
        return self.parts.distinct("state")["state"].to_list()

    @classmethod
    def create(
        cls,
        name: str,
        rows: pl.DataFrame | Rows,
        source: str,
        *,
        where: str,
        task: str = "other",
        class_names: Sequence[str] = (),
        class_ids: Sequence[str] = (),
        cost_unit: str | None = None,
        states: pl.DataFrame | None = None,
        licence: str | None = None,
        notes: Sequence[str] = (),
    ) -> Results:
        """Check rows, and put their columns in order.

        Args:
            name: Name of the benchmark.
            rows: As described under `parts`, in any order of columns; rows without `correct` are left out as missing.
                Where identifiers repeat between categories, the category is put before them.
            source: Where the results come from, in words.
            where: File or folder to name in messages.
            task: As the field.
            class_names: As the field.
            class_ids: As the field.
            cost_unit: As the field; `cost` alone is in unit `cost`.
            states: As the field.
            licence: As the field.
            notes: As the field.

        Raises:
            TableError: A name is empty, a confidence is not a probability, a cost is below 0, or a state answers a
                sample twice.
        """
        given = Rows.of(rows) if isinstance(rows, pl.DataFrame) else rows
        types = polars_schema(ANSWERS, optional=given.columns)
        typed = [pl.col(column).cast(dtype) for column, dtype in types.items() if column in given.columns]
        kept = given.each(lambda part: part.select(typed).filter(pl.col("correct").is_not_null())).stored()
        if not kept.gather(lambda part: part.select(pl.len()))["len"].sum():
            raise TableError(f"{where}: no answers; every row lacks whether it is right")
        for part in kept.parts:
            _check_part(part.collect(), where)
        kept, prefixed = _unique_samples(kept)
        for part in kept.parts:
            answers = part.collect()
            _check_pairs(answers, where)
            _check_targets(answers, where)
        unit = (cost_unit or "cost") if "cost" in kept.columns else None
        told = (*notes, *prefixed)
        return cls(
            name,
            kept,
            source,
            task=task,
            class_names=tuple(class_names),
            class_ids=tuple(class_ids),
            cost_unit=unit,
            states=states,
            licence=licence,
            notes=tuple(dict.fromkeys(told)),
        )

    def only(self, category: str, where: str) -> Results:
        """The results of one category.

        Raises:
            TableError: There is no such category.
        """
        known = self.parts.distinct("category")["category"].to_list() if "category" in self.parts.columns else []
        if category not in known:
            has = f"there are {', '.join(map(str, known[:20]))}" if known else "there is no column 'category'"
            raise TableError(f"{where}: no task {category!r}; {has}")
        parts = self.parts.each(lambda part: part.filter(pl.col("category") == category))
        note = f"Only {category!r} of {len(known)} tasks was taken."
        return replace(self, parts=parts, notes=(*self.notes, note) if len(known) > 1 else self.notes)

    def with_rows(self, rows: pl.DataFrame) -> Results:
        """The same results with other answers, of the form of these."""
        return replace(self, parts=Rows.of(rows))

    def with_notes(self, *notes: str) -> Results:
        """The same results with further notes."""
        return replace(self, notes=(*self.notes, *notes))


def of_task(files: dict[tuple[str, str], Path], task: str | None) -> dict[tuple[str, str], Path]:
    """Files by model and task: those of one task, where one is asked for; all where there is no such task."""
    return {key: file for key, file in files.items() if key[1] == task} or files


def results_of_tasks(
    rows: pl.DataFrame,
    source: str,
    where: Path,
    *,
    task: str | None,
    cost_unit: str | None = None,
    states: pl.DataFrame | None = None,
    notes: Sequence[str] = (),
) -> Results:
    """Results of logs that say which task each answer is of: one task names them, several become categories.

    Args:
        rows: As `Results.rows`, with the task as `category`; `cost` may be null throughout.
        source: As of `Results.create`.
        where: The file or folder.
        task: The one task to take; None takes all.
        cost_unit: As of `Results.create`.
        states: As of `Results.create`.
        notes: As of `Results.create`.

    Raises:
        TableError: As of `Results.create`, or there is no such task.
    """
    if "cost" in rows.columns and rows["cost"].null_count() == len(rows):
        rows = rows.drop("cost")
    tasks = rows["category"].unique(maintain_order=True).to_list()
    results = Results.create(
        tasks[0] if len(tasks) == 1 else where.resolve().stem,
        rows.drop("category") if len(tasks) == 1 and task is None else rows,
        source,
        where=str(where),
        cost_unit=cost_unit,
        states=states,
        notes=notes,
    )
    return results if task is None else results.only(task, str(where))


def _check_part(rows: pl.DataFrame, where: str) -> None:
    check_table(rows, ANSWERS, where, lambda row: f"sample {rows['sample_id'][row]!r} of {rows['state'][row]!r}")


def _unique_samples(rows: Rows) -> tuple[Rows, list[str]]:
    """Identifiers that name one sample each: some benchmarks count from 0 in every task."""
    if "category" not in rows.columns:
        return rows, []
    categories = pl.col("category").n_unique()
    repeated = rows.gather(
        lambda part: part.group_by("sample_id").agg(categories).select((pl.col("category") > 1).any())
    )
    if not repeated["category"].any():
        return rows, []
    named = pl.when(pl.col("category").is_null()).then("sample_id")
    whole = named.otherwise(pl.format("{}-{}", "category", "sample_id")).alias("sample_id")
    told = ["Identifiers repeat between tasks, so the task's name was put before them."]
    return rows.each(lambda part: part.with_columns(whole)), told


def _check_pairs(rows: pl.DataFrame, where: str) -> None:
    """No state answers a sample twice. Whole numbers stand for names: they take a fifth of the memory."""
    if rows.is_empty():  # nothing of a part was answered
        return
    named = pl.struct("family", "state") if "family" in rows.columns else pl.col("state")
    states = rows.select(state=named.rank("dense").cast(pl.UInt64))["state"]
    n_states = int(states.n_unique())
    pairs = sample_numbers(rows["sample_id"], n_states) * (n_states + 1) + states
    if pairs.n_unique() == len(pairs):
        return
    twice = rows.filter(pairs.is_duplicated())
    row = twice.row(0, named=True)
    raise TableError(
        f"{where}: sample {row['sample_id']!r} and state {row['state']!r} come more than once ({len(twice)} such rows)"
    )


def _check_targets(rows: pl.DataFrame, where: str) -> None:
    if "target" not in rows.columns:
        return
    different = pl.col("target").min() != pl.col("target").max()
    unsure = rows.group_by("sample_id", maintain_order=True).agg(different).filter("target")["sample_id"]
    if len(unsure):
        raise TableError(f"{where}: states disagree on the target of sample {unsure[0]!r} ({len(unsure)} in all)")
