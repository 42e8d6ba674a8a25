"""Missing cells: samples that some state did not answer."""

from __future__ import annotations

from typing import Literal

import polars as pl

from ..errors import InputError, TableError
from .files import some

Missing = Literal["error", "drop-samples", "drop-states"]
CHOICES = ("error", "drop-samples", "drop-states")


def without_missing(rows: pl.DataFrame, missing: Missing, where: str) -> tuple[pl.DataFrame, list[str]]:
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
    states = rows.group_by("family", "state", maintain_order=True).len()
    n_samples = rows["sample_id"].n_unique()
    if len(states) * n_samples == len(rows):
        return rows, []
    lacking = states.filter(pl.col("len") < n_samples)
    samples = rows.group_by("sample_id", maintain_order=True).len()
    dropped = samples.filter(pl.col("len") < len(states))["sample_id"]
    if missing == "error":
        raise TableError(_message(rows, lacking, len(states), len(dropped), n_samples, where))
    if missing == "drop-samples":
        if len(dropped) == n_samples:
            raise TableError(f"{where}: no sample has an answer of every state; `missing` 'drop-states' may help")
        note = f"{len(dropped)} of {n_samples} samples were left out, as some state did not answer them."
        return rows.join(dropped.to_frame(), on="sample_id", how="anti", maintain_order="left"), [note]
    if len(lacking) == len(states):
        raise TableError(f"{where}: every state lacks some sample; `missing` 'drop-samples' may help")
    names = some(lacking["state"].to_list())
    note = f"{len(lacking)} of {len(states)} states were left out, as they did not answer every sample: {names}."
    kept = rows.join(lacking.select("family", "state"), on=["family", "state"], how="anti", maintain_order="left")
    return kept, [note]


def _message(
    rows: pl.DataFrame, lacking: pl.DataFrame, n_states: int, n_dropped: int, n_samples: int, where: str
) -> str:
    state = lacking.row(0, named=True)
    own = rows.filter((pl.col("family") == state["family"]) & (pl.col("state") == state["state"]))
    first = rows.join(own, on="sample_id", how="anti", maintain_order="left")["sample_id"][0]
    return (
        f"{where}: state {state['state']!r} has no answer for sample {first!r}"
        f" ({n_samples - state['len']} in all); `missing` 'drop-samples' leaves out {n_dropped} of {n_samples}"
        f" samples, 'drop-states' {len(lacking)} of {n_states} states"
    )
