"""Compares two versions of a dataset folder, sample by sample."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import polars as pl

from ...labels.errors import InputError
from ...labels.tables.checking import ROWS_SHOWN
from .changes import FamilyDiff, Flips, FolderDiff, Moved

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    labels = [folder.labels(family, (*COMPARED, *(ANSWERS if answered else ()))) for folder in (old, new)]
    samples = labels[0].join(labels[1], on="sample_id", suffix=NEW).sort("sample_id")
    shared = states[0].join(states[1], on="state", suffix=NEW, maintain_order="left")
    classes = [folder.info.class_names for folder in (old, new)]
    states_added, states_removed = _difference(*names)
    samples_added, samples_removed = (
        tuple(one.join(other, on="sample_id", how="anti", maintain_order="left")["sample_id"])
        for one, other in (reversed(labels), labels)
    )
    columns_added, columns_removed = _difference(_columns(old, family), _columns(new, family))
    found = FamilyDiff(
        family,
        states_added=states_added,
        states_removed=states_removed,
        states_changed=_changed_states(shared),
        samples_added=samples_added,
        samples_removed=samples_removed,
        targets=_flips("target", samples, "target", classes) if answered else None,
        answers=_state_flips(shared, samples, "prediction", classes) if answered else (),
        labels=_state_flips(shared, samples, "correct", [RIGHT_OR_WRONG] * 2),
        oracle=_flips("oracle", samples, "oracle_state", names),
        columns_added=columns_added,
        columns_removed=columns_removed,
        accuracies=_moved(shared, "state", "accuracy", MOVED),
        gains=_moved(_both_bounds(old, new, family), "bound", "gain", MOVED * pl.col("gain").abs()),
    )
    if found.level != "none":
        return found
    return FamilyDiff(family, values_changed=_changed_values(old, new, family))


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


def _flips(what: str, samples: pl.DataFrame, column: str, names: Sequence[Sequence[str]]) -> Flips | None:
    """Samples on which a column differs; its values mean what the version's own names say."""
    return _changed(what, samples, _named(pl.col(column), names[0]), _named(pl.col(column + NEW), names[1]))


def _state_flips(
    shared: pl.DataFrame, samples: pl.DataFrame, column: str, names: Sequence[Sequence[str]]
) -> tuple[Flips, ...]:
    """For each state, the samples on which its element of a list column differs."""
    flips = (
        _changed(
            row["state"],
            samples,
            _named(pl.col(column).list.get(row["index"]), names[0]),
            _named(pl.col(column + NEW).list.get(row["index" + NEW]), names[1]),
        )
        for row in shared.iter_rows(named=True)
    )
    return tuple(found for found in flips if found is not None)


def _changed(what: str, samples: pl.DataFrame, old: pl.Expr, new: pl.Expr) -> Flips | None:
    changed = samples.select("sample_id", old=old, new=new).filter(pl.col("old").ne_missing(pl.col("new")))
    if changed.is_empty():
        return None
    return Flips(what, len(changed), tuple(f"{x}: {one} → {two}" for x, one, two in changed.head(ROWS_SHOWN).rows()))


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
    tables = {
        "labels": (old.labels(family), new.labels(family), ["sample_id"]),
        "predictions": (old.predictions(family), new.predictions(family), ["sample_id", "state"]),
        "states": (old.family_states(family), new.family_states(family), ["state"]),
    }
    return tuple(
        f"{name}.{column}"
        for name, (one, two, keys) in tables.items()
        for column in one.columns
        if column in two.columns and not one.sort(keys)[column].equals(two.sort(keys)[column], null_equal=True)
    )


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
