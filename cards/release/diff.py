"""What changed between two versions of a dataset folder, sample by sample, and which version the change asks for."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from ...labels.errors import InputError
from ...labels.tables.folder import matrix
from ...labels.tables.schemas import ROWS_SHOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...labels.tables.folder import DatasetFolder
    from .versions import Level

STATE_FACTS = (
    "source", "revision", "weights", "weights_sha256", "parameters", "gflops", "input_size", "dtype", "device",
)  # fmt: skip
"""Columns of *states* that say what a state is and how it was run."""
PUBLISHING = re.compile(r"<!-- publishing -->.*?<!-- /publishing -->", re.DOTALL)
"""Parts of a card that say where and in which versions it is published."""
MOVED = 1e-9
"""Difference from which an accuracy, a gain or a score counts as moved."""


@dataclass(frozen=True)
class Flips:
    """Values that are other ones in the new version."""

    what: str
    """A state, or `oracle`."""
    count: int
    """Samples on which they differ."""
    examples: tuple[str, ...]
    """The first ones, as `sample: old → new`."""


@dataclass(frozen=True)
class Moved:
    """A figure that is another one in the new version."""

    what: str
    """A state or a bound."""
    old: float
    """Before."""
    new: float
    """After."""


@dataclass(frozen=True)
class FamilyDiff:
    """What changed in one family that both versions have."""

    family: str
    """Its name."""
    states_added: tuple[str, ...] = ()
    """States that only the new version has."""
    states_removed: tuple[str, ...] = ()
    """States that only the old version has."""
    states_changed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For each state that is another one under its name, the columns of *states* that tell."""
    samples_added: tuple[str, ...] = ()
    """Samples that only the new version has."""
    samples_removed: tuple[str, ...] = ()
    """Samples that only the old version has."""
    targets: Flips | None = None
    """Samples whose right answer is another one."""
    answers: tuple[Flips, ...] = ()
    """States that answer otherwise."""
    labels: tuple[Flips, ...] = ()
    """States that are right where they were wrong, or the other way round."""
    oracle: Flips | None = None
    """Samples on which the oracle takes another state."""
    columns_added: tuple[str, ...] = ()
    """Columns that only the new version has, as `table.column`."""
    columns_removed: tuple[str, ...] = ()
    """Columns that only the old version has."""
    accuracies: tuple[Moved, ...] = ()
    """States whose accuracy moved."""
    gains: tuple[Moved, ...] = ()
    """Bounds whose gain moved."""
    values_changed: tuple[str, ...] = ()
    """Columns with other values, of tables that agree in everything above."""

    @property
    def level(self) -> Level:
        """What the change asks for."""
        # An oracle that takes another state because there is one more to take is no change of labels.
        flipped = self.oracle is not None and not self.states_added
        gone = (self.states_removed, self.samples_removed, self.columns_removed)
        if any(gone) or self.targets or self.answers or self.labels or flipped:
            return "major"
        added = (self.states_added, self.samples_added, self.columns_added)
        if any(added) or self.states_changed or self.accuracies or self.gains or self.values_changed:
            return "minor"
        return "none"


@dataclass(frozen=True)
class FolderDiff:
    """What changed between two versions."""

    families_added: tuple[str, ...] = ()
    """Families that only the new version has."""
    families_removed: tuple[str, ...] = ()
    """Families that only the old version has."""
    families: tuple[FamilyDiff, ...] = ()
    """What changed in families that both have; those without a change are left out."""
    card_changed: bool = False
    """Whether card or plots differ, or what the tables say of their source."""

    @property
    def level(self) -> Level:
        """The least step of the version: labels changed or gone, something added, only the card, nothing."""
        levels = {family.level for family in self.families}
        if self.families_removed or "major" in levels:
            return "major"
        if self.families_added or "minor" in levels:
            return "minor"
        return "patch" if self.card_changed else "none"

    def to_json(self) -> dict[str, Any]:
        """The diff as plain data."""
        return {"level": self.level, **asdict(self)}

    def lines(self) -> list[str]:
        """The diff as a person reads it, one change a line."""
        found = [f"family {name} added" for name in self.families_added]
        found += [f"family {name} removed" for name in self.families_removed]
        for family in self.families:
            found += [f"{family.family}: {line}" for line in _family_lines(family)]
        if self.card_changed and not found:
            found.append("only the card changed")
        return found


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
    both = [family for family in old.families if family in new.families]
    diffs = [_diff_family(old, new, family) for family in both]
    return FolderDiff(
        tuple(name for name in new.families if name not in old.families),
        tuple(name for name in old.families if name not in new.families),
        tuple(diff for diff in diffs if diff.level != "none"),
        old.info != new.info or _card_digest(old) != _card_digest(new),
    )


def _diff_family(old: DatasetFolder, new: DatasetFolder, family: str) -> FamilyDiff:
    states = old.family_states(family), new.family_states(family)
    names = tuple(frame["state"].to_list() for frame in states)
    shared = [name for name in names[0] if name in names[1]]
    labels = old.labels(family), new.labels(family)
    samples = tuple(frame["sample_id"] for frame in labels)
    rows = [
        frame.with_row_index("_row").filter(pl.col("sample_id").is_in(other.implode())).sort("sample_id")
        for frame, other in zip(labels, reversed(samples), strict=True)
    ]
    added, removed = _difference(*names)
    samples_added, samples_removed = _difference(*(series.to_list() for series in samples))
    columns = {
        "labels": _difference(labels[0].columns, labels[1].columns),
        "predictions": _difference(old.predictions(family).columns, new.predictions(family).columns),
    }
    found = FamilyDiff(
        family,
        states_added=added,
        states_removed=removed,
        states_changed=_changed_states(states, shared),
        samples_added=samples_added,
        samples_removed=samples_removed,
        targets=_flips(
            "target", rows, *(_named(of, frame["target"]) for of, frame in zip((old, new), rows, strict=True))
        ),
        answers=_state_flips(old, new, rows, names, shared, "prediction"),
        labels=_state_flips(old, new, rows, names, shared, "correct"),
        oracle=_flips(
            "oracle", rows, *([of[i] for i in frame["oracle_state"]] for of, frame in zip(names, rows, strict=True))
        ),
        columns_added=tuple(f"{table}.{name}" for table, (come, _) in columns.items() for name in come),
        columns_removed=tuple(f"{table}.{name}" for table, (_, gone) in columns.items() for name in gone),
        accuracies=_moved_accuracies(states, shared),
        gains=_moved_gains(old, new, family),
    )
    if found.level != "none":
        return found
    return FamilyDiff(family, values_changed=_changed_values(old, new, family))


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What only the new one has, and what only the old one has."""
    before, after = set(old), set(new)
    return tuple(name for name in new if name not in before), tuple(name for name in old if name not in after)


def _changed_states(states: tuple[pl.DataFrame, pl.DataFrame], shared: Sequence[str]) -> dict[str, tuple[str, ...]]:
    old, new = ({row["state"]: row for row in frame.iter_rows(named=True)} for frame in states)
    changed = {name: tuple(fact for fact in STATE_FACTS if old[name][fact] != new[name][fact]) for name in shared}
    return {name: facts for name, facts in changed.items() if facts}


def _named(folder: DatasetFolder, values: pl.Series) -> list[str]:
    names = folder.info.class_names
    return [names[value] if value < len(names) else str(value) for value in values]


def _flips(what: str, rows: Sequence[pl.DataFrame], old: Sequence[object], new: Sequence[object]) -> Flips | None:
    places = [place for place, (one, two) in enumerate(zip(old, new, strict=True)) if one != two]
    if not places:
        return None
    samples = rows[0]["sample_id"]
    return Flips(what, len(places), tuple(f"{samples[p]}: {old[p]} → {new[p]}" for p in places[:ROWS_SHOWN]))


def _state_flips(
    old: DatasetFolder,
    new: DatasetFolder,
    rows: Sequence[pl.DataFrame],
    names: Sequence[Sequence[str]],
    shared: Sequence[str],
    column: str,
) -> tuple[Flips, ...]:
    if rows[0].is_empty():
        return ()
    values = [matrix(frame, column, str(folder.path)) for frame, folder in zip(rows, (old, new), strict=True)]
    words = {False: "wrong", True: "right"}
    found = []
    for name in shared:
        columns = [table[:, of.index(name)] for table, of in zip(values, names, strict=True)]
        if np.array_equal(columns[0], columns[1]):
            continue
        if column == "correct":
            texts = [[words[bool(value)] for value in one] for one in columns]
        else:
            texts = [_named(folder, pl.Series(one)) for folder, one in zip((old, new), columns, strict=True)]
        flips = _flips(name, rows, *texts)
        if flips is not None:
            found.append(flips)
    return tuple(found)


def _moved_accuracies(states: tuple[pl.DataFrame, pl.DataFrame], shared: Sequence[str]) -> tuple[Moved, ...]:
    old, new = (dict(zip(frame["state"], frame["accuracy"], strict=True)) for frame in states)
    return tuple(Moved(name, old[name], new[name]) for name in shared if abs(old[name] - new[name]) > MOVED)


def _moved_gains(old: DatasetFolder, new: DatasetFolder, family: str) -> tuple[Moved, ...]:
    of_family = (folder.bounds.filter(pl.col("family") == family) for folder in (old, new))
    before, after = (dict(zip(frame["bound"], frame["gain"], strict=True)) for frame in of_family)
    pairs = [(name, before[name], after[name]) for name in before if before[name] and after.get(name)]
    return tuple(Moved(name, one, two) for name, one, two in pairs if abs(one - two) > MOVED * abs(one))


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


def _family_lines(diff: FamilyDiff) -> list[str]:
    lines = [f"state {name} added" for name in diff.states_added]
    lines += [f"state {name} removed" for name in diff.states_removed]
    lines += [f"state {name} changed ({', '.join(facts)})" for name, facts in diff.states_changed.items()]
    for word, samples in (("added", diff.samples_added), ("removed", diff.samples_removed)):
        if samples:
            shown = ", ".join(samples[:ROWS_SHOWN]) + (" …" if len(samples) > ROWS_SHOWN else "")
            lines.append(f"{len(samples):,} sample(s) {word} ({shown})")
    lines += [f"column {name} added" for name in diff.columns_added]
    lines += [f"column {name} removed" for name in diff.columns_removed]
    if diff.targets:
        lines.append(f"target changed on {_flip_text(diff.targets)}")
    lines += [f"label of {flips.what} flipped on {_flip_text(flips)}" for flips in diff.labels]
    flipped = {flips.what for flips in diff.labels}
    lines += [f"answer of {f.what} changed on {_flip_text(f)}" for f in diff.answers if f.what not in flipped]
    if diff.oracle:
        lines.append(f"oracle takes another state on {_flip_text(diff.oracle)}")
    lines += [f"accuracy of {m.what} {100 * m.old:.2f} % → {100 * m.new:.2f} %" for m in diff.accuracies]
    lines += [f"{m.what} gain {m.old:.4g} → {m.new:.4g}" for m in diff.gains]
    if diff.values_changed:
        lines.append(f"other values in {', '.join(diff.values_changed)}")
    return lines


def _flip_text(flips: Flips) -> str:
    return f"{flips.count:,} sample(s) ({'; '.join(flips.examples)}{' …' if flips.count > len(flips.examples) else ''})"
