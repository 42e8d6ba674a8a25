"""Missing cells: samples that some state did not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl

from ..errors import InputError, TableError
from .files import some

if TYPE_CHECKING:
    from ..tables.rows import Rows

Missing = Literal["error", "drop-samples", "drop-states"]
CHOICES = ("error", "drop-samples", "drop-states")


def without_missing(rows: Rows, missing: Missing, where: str) -> tuple[Rows, list[str]]:
    """Rows in which every state answered every sample.

    Args:
        rows: Columns `sample_id`, `family`, `state`, each answer once.
        missing: `error` refuses gaps and says what each choice would cost; `drop-samples` leaves out samples that some
            state lacks; `drop-states` leaves out states that lack some sample.
        where: File to name in messages.

    Returns:
        The rows that are kept, and a note on what was left out.

    Raises:
        InputError: `missing` is no such choice.
        TableError: There are gaps and `missing` is `error`, or nothing is left.
    """
    if missing not in CHOICES:
        raise InputError(f"`missing` {missing!r} is not one of {', '.join(CHOICES)}")
    counts = rows.gather(lambda part: part.group_by("family", "state", maintain_order=True).len())
    states = counts.group_by("family", "state", maintain_order=True).sum()
    n_samples = int(rows.gather(lambda part: part.select(pl.col("sample_id").n_unique()))["sample_id"].sum())
    if len(states) * n_samples == states["len"].sum():
        return rows, []
    lacking = states.filter(pl.col("len") < n_samples)
    incomplete = pl.col("len") < len(states)
    dropped = rows.gather(
        lambda part: part.group_by("sample_id", maintain_order=True).len().filter(incomplete).select("sample_id")
    )
    if missing == "error":
        raise TableError(_message(rows, lacking, len(states), len(dropped), n_samples, where))
    if missing == "drop-samples":
        if len(dropped) == n_samples:
            raise TableError(f"{where}: no sample has an answer of every state; `missing` 'drop-states' may help")
        note = f"{len(dropped)} of {n_samples} samples were left out, as some state did not answer them."
        return rows.each(lambda part: _without(part, dropped, ["sample_id"])), [note]
    if len(lacking) == len(states):
        raise TableError(f"{where}: every state lacks some sample; `missing` 'drop-samples' may help")
    names = some(lacking["state"].to_list())
    note = f"{len(lacking)} of {len(states)} states were left out, as they did not answer every sample: {names}."
    return rows.each(lambda part: _without(part, lacking, ["family", "state"])), [note]


def _without(rows: pl.LazyFrame, others: pl.DataFrame, key: list[str]) -> pl.LazyFrame:
    return rows.join(others.lazy(), on=key, how="anti", maintain_order="left")


def _message(rows: Rows, lacking: pl.DataFrame, n_states: int, n_dropped: int, n_samples: int, where: str) -> str:
    state = lacking.row(0, named=True)
    answered = rows.gather(
        lambda part: part.filter(pl.col("family") == state["family"], pl.col("state") == state["state"])
    )
    unanswered = rows.gather(lambda part: _without(part, answered, ["sample_id"]).select("sample_id").head(1))
    first = unanswered["sample_id"][0]
    return (
        f"{where}: state {state['state']!r} has no answer for sample {first!r}"
        f" ({n_samples - state['len']} in all); `missing` 'drop-samples' leaves out {n_dropped} of {n_samples}"
        f" samples, 'drop-states' {len(lacking)} of {n_states} states"
    )
