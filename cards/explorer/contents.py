"""What the explorer shows, gathered from a dataset folder.

All families label the same samples. Their states lie side by side, so that the page can show each family, and all of
them as one pool, from the same arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from ...labels.bounds.patterns import pattern_of_each
from ...labels.errors import TableError
from ...labels.tables.costs import default_cost_metric
from ...labels.tables.layout import shards_pattern
from ...labels.tables.vocabulary import COST_METRICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...labels.tables.folder import DatasetFolder

MOST_ANSWERS = 4_000_000
"""Answers (samples times states) that the page holds in full; of larger folders it lists every n-th sample. Figures
come from all samples all the same."""
CONFIDENCE_LEVELS: NDArray[np.float64] = np.unique(
    [
        *(n / 1_000 for n in range(1_000)),
        *(n / 10_000 for n in range(9_990, 10_000)),
        *(n / 100_000 for n in range(99_990, 100_001)),
    ]
)
"""Confidences are kept as the highest of these levels that they reach: thousandths, finer where networks are very sure.
A cascade whose threshold is one of the levels stops exactly where it would with the folder's own confidences."""
UNKNOWN_CONFIDENCE = 2**16 - 1
UNKNOWN_ANSWER = 2**15
"""No two classes, which are below 2^15, differ by this much."""
CATEGORY = "category"
ATTRIBUTES = (CATEGORY, "split_type", "fold")
"""Columns of *labels* by which the page filters, where a folder has them."""
AGENT_COLUMNS = ("agent", "setting", "accuracy", "mean_cost")


@dataclass(frozen=True, eq=False)
class Details:
    """What is known of single samples, those that the page can list."""

    sample_ids: list[str]
    """Identifiers (n_shown,)."""
    pattern: NDArray[np.uint32]
    """Place of each sample's pattern in `Contents.patterns` (n_shown,)."""
    target: NDArray[np.uint16] | None
    """The right answers (n_shown,); None where the folder does not tell."""
    answers: NDArray[np.uint16] | None
    """Answer less target modulo 2^16 (n_shown, n_states), or `UNKNOWN_ANSWER`; None where no answer is known."""
    confidence: NDArray[np.uint16] | None
    """Places in `CONFIDENCE_LEVELS` (n_shown, n_states), or `UNKNOWN_CONFIDENCE`; None where none is known."""
    attributes: dict[str, tuple[list[str], NDArray[np.uint16]]]
    """For each column to filter by: its values, and the place of each sample's value among them (n_shown,), which is
    past their end where a sample has none."""


@dataclass(frozen=True, eq=False)
class Contents:
    """What the page knows of a folder's samples and states; states lie family by family, in order of index."""

    states: pl.DataFrame
    """Table *states* in that order."""
    files: dict[str, str]
    """For each family the file of its labels, or the pattern of its files, relative to the folder."""
    n_samples: int
    """Number of samples."""
    patterns: NDArray[np.uint8]
    """Distinct patterns of right and wrong, bit i (of byte i // 8, lowest first) for state i (n_patterns, n_bytes)."""
    counts: NDArray[np.uint32]
    """Samples of each pattern (n_patterns,)."""
    step: int
    """The page lists every `step`-th sample."""
    details: Details
    """What is known of those samples."""


def gather(folder: DatasetFolder) -> Contents:
    """Everything that the page shows of a folder's samples and states.

    Args:
        folder: The dataset folder.

    Raises:
        TableError: A table is missing or breaks its schema, or the families have not the same samples.
    """
    samples = folder.labels(folder.families[0], ["sample_id"])
    correct = np.concatenate([_correct(folder, family, samples) for family in folder.families], axis=1)
    patterns, pattern = pattern_of_each(correct)
    step = -(-correct.size // MOST_ANSWERS)
    shown = [_labels_of(folder, family, samples.gather_every(step)) for family in folder.families]
    return Contents(
        states=pl.concat([folder.family_states(family) for family in folder.families]),
        files={family: _files(folder, family) for family in folder.families},
        n_samples=len(correct),
        patterns=np.packbits(patterns, axis=1, bitorder="little"),
        counts=np.bincount(pattern).astype(np.uint32),
        step=step,
        details=_details(shown, pattern[::step].astype(np.uint32)),
    )


def describe(contents: Contents) -> dict[str, Any]:
    """What the page needs before it reads any array."""
    metrics = [metric for metric in COST_METRICS if metric in contents.states.columns]
    states = [_describe_state(row, metrics) for row in contents.states.iter_rows(named=True)]
    details = contents.details
    return {
        "states": states,
        "spaces": _spaces(contents.states, states),
        "files": contents.files,
        "samples": contents.n_samples,
        "step": contents.step,
        "attributes": {name: values for name, (values, _) in details.attributes.items()},
        "category": CATEGORY if CATEGORY in details.attributes else None,
        "has": {
            "target": details.target is not None,
            "answers": details.answers is not None,
            "confidence": details.confidence is not None,
        },
    }


def gather_agents(folder: DatasetFolder) -> list[dict[str, Any]]:
    """What the page shows of the folder's table *agents*; nothing where there is no such table."""
    if "agents" not in folder.tables:
        return []
    return folder.tables["agents"].frame(("family", "cost_metric", *AGENT_COLUMNS)).to_dicts()


def _correct(folder: DatasetFolder, family: str, samples: pl.DataFrame) -> NDArray[np.bool_]:
    """Which of a family's states are right (n_samples, n_states), in the order of some samples."""
    own, found = folder.labels(family, ["sample_id"]), folder.correct(family)
    if own.equals(samples):
        return found
    places = samples.join(own.with_row_index("place"), on="sample_id", how="left", maintain_order="left")["place"]
    if len(own) != len(samples) or places.null_count():
        raise TableError(
            f"{folder.labels_path(family)}: column 'sample_id' has other samples than family {folder.families[0]!r}"
        )
    return np.take(found, places.to_numpy(), axis=0)


def _labels_of(folder: DatasetFolder, family: str, samples: pl.DataFrame) -> pl.DataFrame:
    """A family's labels of some samples, in their order."""
    found = [shard.join(samples, on="sample_id", how="semi") for shard in folder.tables[family].shards()]
    return samples.join(pl.concat(found), on="sample_id", how="left", maintain_order="left")


def _files(folder: DatasetFolder, family: str) -> str:
    """The file of a family's labels, relative to the folder; of several, the pattern of their names."""
    paths = [file.path for file in folder.tables[family].files]
    name = paths[0] if len(paths) == 1 else paths[0].with_name(shards_pattern(folder.split))
    return name.relative_to(folder.path).as_posix()


def _details(tables: list[pl.DataFrame], pattern: NDArray[np.uint32]) -> Details:
    first = tables[0]
    known = "target" in first.columns and first["target"].null_count() == 0
    target = first["target"].to_numpy().astype(np.uint16) if known else None
    answers = _cells(tables, "prediction", pl.Int32, UNKNOWN_ANSWER)
    if answers is not None:
        base = 0 if target is None else target[:, None].astype(np.int32)
        answers = np.where(answers == UNKNOWN_ANSWER, answers, answers - base)
    confidence = _cells(tables, "confidence", pl.Float32, np.nan)
    return Details(
        sample_ids=first["sample_id"].to_list(),
        pattern=pattern,
        target=target,
        answers=None if answers is None else (answers & 0xFFFF).astype(np.uint16),
        confidence=None if confidence is None else _to_levels(confidence),
        attributes={
            name: _attribute(first[name])
            for name in ATTRIBUTES
            if name in first.columns and 1 < first[name].n_unique() <= UNKNOWN_CONFIDENCE
        },
    )


def _cells(tables: list[pl.DataFrame], column: str, kind: type[pl.DataType], unknown: float) -> NDArray[Any] | None:
    """A list column of all families side by side (n_samples, n_states); None where nothing is known."""
    found = []
    for table in tables:
        if column not in table.columns or table[column].null_count() == len(table):
            width = table["correct"].list.len()[0]
            found.append(np.full((len(table), width), unknown))
            continue
        cells = table[column].explode(empty_as_null=True).cast(kind).fill_null(unknown).to_numpy()
        found.append(cells.reshape(len(table), -1))
    values = np.concatenate(found, axis=1)
    missing = np.isnan(values) if np.isnan(unknown) else values == unknown
    return None if missing.all() else values.astype(np.float32 if np.isnan(unknown) else np.int32)


def _to_levels(confidence: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The highest level that each confidence reaches, compared in the folder's own precision."""
    places = np.searchsorted(CONFIDENCE_LEVELS.astype(np.float32), confidence, side="right") - 1
    return np.where(np.isnan(confidence), UNKNOWN_CONFIDENCE, places).astype(np.uint16)


def _attribute(column: pl.Series) -> tuple[list[str], NDArray[np.uint16]]:
    values = column.drop_nulls().unique().sort()
    places = column.replace_strict(values, range(len(values)), default=len(values), return_dtype=pl.UInt16)
    return [str(value) for value in values], places.to_numpy()


def _describe_state(row: dict[str, Any], metrics: list[str]) -> dict[str, Any]:
    """A state with its place in the list columns (from 1, as SQL counts) and the costs that are known of it."""
    return {
        "name": row["state"],
        "family": row["family"],
        "place": row["index"] + 1,
        "costs": {metric: float(row[metric]) for metric in metrics if row[metric] is not None and row[metric] > 0},
    }


def _spaces(table: pl.DataFrame, states: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The families, and where there are several, all of them as one pool; a space needs a cost that all states have."""
    families: dict[str, list[int]] = {}
    for place, state in enumerate(states):
        families.setdefault(state["family"], []).append(place)
    members: dict[tuple[str, ...], list[int]] = {(family,): places for family, places in families.items()}
    members.setdefault(tuple(families), [*range(len(states))])
    return [
        {
            "name": "+".join(names),
            "pool": len(names) > 1,
            "states": places,
            "metrics": metrics,
            "default": default_cost_metric(table.filter(pl.col("family").is_in(names))),
        }
        for names, places in members.items()
        if (metrics := [m for m in COST_METRICS if all(m in states[place]["costs"] for place in places)])
    ]
