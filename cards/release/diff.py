"""Compares two versions of a dataset folder, sample by sample."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import polars as pl

from ...labels.errors import InputError
from ...labels.tables.checking import ROWS_SHOWN
from ...labels.tables.parting import part_by_sample, parts_of
from .changes import FamilyDiff, Flips, FolderDiff, Moved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...labels.tables.folder import DatasetFolder

STATE_FACTS = (
    "source", "revision", "weights", "weights_sha256", "parameters", "gflops", "input_size", "dtype", "device",
)  # fmt: skip
"""Columns of *states* that say what a state is and how it was run."""
COMPARED = ("sample_id", "correct", "oracle_state")
"""Columns of *labels* whose changes are told sample by sample."""
ANSWERS = ("target", "prediction")
"""Further ones, where both versions have them."""
NEW = "_new"
"""What the new version's columns end in, where both versions stand in one table."""
RIGHT_OR_WRONG = ("wrong", "right")
PUBLISHING = re.compile(r"<!-- publishing -->.*?<!-- /publishing -->", re.DOTALL)
"""Parts of a card that say where and in which versions it is published."""
MOVED = 1e-9
"""Difference from which an accuracy, a gain or a score counts as moved."""


def diff_folders(old: DatasetFolder, new: DatasetFolder) -> FolderDiff:
    """Compare two versions of a dataset.

    Args:
        old: The version before.
        new: The version after.

    Raises:
        InputError: They are of different benchmarks or splits.
        TableError: A table is missing or breaks its schema.
    """
    if (old.info.name, old.split) != (new.info.name, new.split):
        raise InputError(
            f"{old.path} is {old.info.name} ({old.split}), {new.path} is {new.info.name} ({new.split}): they cannot be"
            " compared"
        )
    added, removed = _difference(old.families, new.families)
    diffs = [_diff_family(old, new, family) for family in old.families if family in new.families]
    boards = [_boards(folder) for folder in (old, new)]
    agents_added, agents_removed = _difference(*map(list, boards))
    return FolderDiff(
        added,
        removed,
        tuple(diff for diff in diffs if diff.level != "none"),
        agents_added=agents_added,
        agents_removed=agents_removed,
        agents_changed=tuple(name for name, rows in boards[1].items() if boards[0].get(name, rows) != rows),
        card_changed=old.info != new.info or _card_digest(old) != _card_digest(new),
    )


def _boards(folder: DatasetFolder) -> dict[str, list[tuple[object, ...]]]:
    """The rows of each agent on a folder's board, by `family/agent`."""
    if "agents" not in folder.tables:
        return {}
    table = folder.tables["agents"].frame()
    parts = table.partition_by("family", "agent", as_dict=True, maintain_order=True)
    return {f"{family}/{agent}": rows.rows() for (family, agent), rows in parts.items()}


def _diff_family(old: DatasetFolder, new: DatasetFolder, family: str) -> FamilyDiff:
    states = [folder.family_states(family) for folder in (old, new)]
    names = [frame["state"].to_list() for frame in states]
    answered = all(ANSWERS[0] in folder.tables[family].columns for folder in (old, new))
    shared = states[0].join(states[1], on="state", suffix=NEW, maintain_order="left")
    classes = [folder.info.class_names for folder in (old, new)]
    targets = FlipCounter("target", pl.col("target"), pl.col("target" + NEW), classes)
    answers = _state_counters(shared, "prediction", classes)
    labels = _state_counters(shared, "correct", [RIGHT_OR_WRONG] * 2)
    oracles = FlipCounter("oracle", pl.col("oracle_state"), pl.col("oracle_state" + NEW), names)
    samples_added: list[str] = []
    samples_removed: list[str] = []
    for before, after in _portions(old, new, family, family, (*COMPARED, *(ANSWERS if answered else ()))):
        samples_added += after.join(before, on="sample_id", how="anti", maintain_order="left")["sample_id"].to_list()
        samples_removed += before.join(after, on="sample_id", how="anti", maintain_order="left")["sample_id"].to_list()
        samples = before.join(after, on="sample_id", suffix=NEW).sort("sample_id")
        for counter in (*((targets, *answers) if answered else ()), *labels, oracles):
            counter.add(samples)
    states_added, states_removed = _difference(*names)
    columns_added, columns_removed = _difference(_columns(old, family), _columns(new, family))
    found = FamilyDiff(
        family,
        states_added=states_added,
        states_removed=states_removed,
        states_changed=_changed_states(shared),
        samples_added=tuple(samples_added),
        samples_removed=tuple(samples_removed),
        targets=targets.found,
        answers=_found(answers),
        labels=_found(labels),
        oracle=oracles.found,
        columns_added=columns_added,
        columns_removed=columns_removed,
        accuracies=_moved(shared, "state", "accuracy", MOVED),
        gains=_moved(_both_bounds(old, new, family), "bound", "gain", MOVED * pl.col("gain").abs()),
    )
    if found.level != "none":
        return found
    return FamilyDiff(family, values_changed=_changed_values(old, new, family))


def _portions(
    old: DatasetFolder, new: DatasetFolder, family: str, table: str, columns: Sequence[str] | None = None
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """A table's rows in both versions, of the same samples at a time, so that large ones need not fit into memory."""
    tables = [folder.tables[table] for folder in (old, new)]
    n_parts = parts_of(max(folder.tables[f"{family}-predictions"].rows for folder in (old, new)))
    before, after = (part_by_sample(table.shards(columns), n_parts) for table in tables)
    for one, other in zip(before.parts, after.parts, strict=True):
        yield one.collect(), other.collect()


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What only the new one has, and what only the old one has."""
    return tuple(name for name in new if name not in old), tuple(name for name in old if name not in new)


def _columns(folder: DatasetFolder, family: str) -> list[str]:
    tables = {"labels": folder.tables[family], "predictions": folder.tables[f"{family}-predictions"]}
    return [f"{name}.{column}" for name, table in tables.items() for column in table.columns]


def _changed_states(shared: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    changed = {
        row["state"]: tuple(fact for fact in STATE_FACTS if row[fact] != row[fact + NEW])
        for row in shared.iter_rows(named=True)
    }
    return {name: facts for name, facts in changed.items() if facts}


def _state_counters(shared: pl.DataFrame, column: str, names: Sequence[Sequence[str]]) -> list[FlipCounter]:
    """For each state, what looks at its element of a list column."""
    return [
        FlipCounter(
            row["state"],
            pl.col(column).list.get(row["index"]),
            pl.col(column + NEW).list.get(row["index" + NEW]),
            names,
        )
        for row in shared.iter_rows(named=True)
    ]


def _found(counters: Sequence[FlipCounter]) -> tuple[Flips, ...]:
    return tuple(counter.found for counter in counters if counter.found is not None)


class FlipCounter:
    """Finds the samples on which a value differs."""

    def __init__(self, what: str, old: pl.Expr, new: pl.Expr, names: Sequence[Sequence[str]]) -> None:
        """No samples yet.

        Args:
            what: A state, or what the values are.
            old: The value before.
            new: The value after.
            names: What values of either version mean: names by their places.
        """
        self._what, self._values = what, {"old": _named(old, names[0]), "new": _named(new, names[1])}
        self._count, self._first = 0, pl.DataFrame(schema=dict.fromkeys(("sample_id", "old", "new"), pl.String))

    def add(self, samples: pl.DataFrame) -> None:
        """Take samples that both versions have."""
        values = samples.select("sample_id", **self._values)
        changed = values.filter(pl.col("old").ne_missing(pl.col("new")))
        self._count += len(changed)
        self._first = pl.concat([self._first, changed]).sort("sample_id").head(ROWS_SHOWN)

    @property
    def found(self) -> Flips | None:
        """How many there are, and the first of them; None for none."""
        examples = tuple(f"{sample}: {old} → {new}" for sample, old, new in self._first.rows())
        return Flips(self._what, self._count, examples) if self._count else None


def _named(values: pl.Expr, names: Sequence[str]) -> pl.Expr:
    """Names in place of places in a list of names; a place without a name stays a number."""
    codes = values.cast(pl.Int64)
    return codes.replace_strict(
        list(range(len(names))), list(names), default=codes.cast(pl.String), return_dtype=pl.String
    )


def _both_bounds(old: DatasetFolder, new: DatasetFolder, family: str) -> pl.DataFrame:
    before, after = (folder.bounds.filter(pl.col("family") == family) for folder in (old, new))
    return before.join(after, on="bound", suffix=NEW, maintain_order="left")


def _moved(both: pl.DataFrame, key: str, figure: str, least: float | pl.Expr) -> tuple[Moved, ...]:
    """Figures that are known in both versions and differ by more than `least`."""
    old, new = pl.col(figure), pl.col(figure + NEW)
    return tuple(Moved(*row) for row in both.filter((old - new).abs() > least).select(key, old, new).rows())


def _changed_values(old: DatasetFolder, new: DatasetFolder, family: str) -> tuple[str, ...]:
    """Columns whose values differ though states, samples and answers are the same, as after another run."""
    states = ((folder.family_states(family) for folder in (old, new)),)
    tables = {
        "labels": (_portions(old, new, family, family), ["sample_id"]),
        "predictions": (_portions(old, new, family, f"{family}-predictions"), ["sample_id", "state"]),
        "states": (states, ["state"]),
    }
    found: dict[str, None] = {}
    for name, (portions, keys) in tables.items():
        for portion in portions:
            one, two = (frame.sort(keys) for frame in portion)
            shared = [column for column in one.columns if column in two.columns]
            differing = (column for column in shared if not one[column].equals(two[column], null_equal=True))
            found |= dict.fromkeys(f"{name}.{column}" for column in differing)
    return tuple(found)


def _card_digest(folder: DatasetFolder) -> str:
    """Hash of card and plots; the card's history, version and place come from publishing, and do not count."""
    whole = hashlib.sha256()
    readme = folder.path / "README.md"
    if readme.is_file():
        whole.update(card_words(readme.read_text(encoding="utf-8")).encode())
    for file in sorted((folder.path / "assets").glob("*")):
        whole.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def card_words(text: str) -> str:
    """What a card says, but for where and in which versions it is published."""
    return " ".join(PUBLISHING.sub("", text).split())
