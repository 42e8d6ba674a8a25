"""What changed between two versions of a dataset, and the least step of the version that this requires."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ...labels.tables.checking import ROWS_SHOWN

if TYPE_CHECKING:
    from .versions import Level


@dataclass(frozen=True)
class Flips:
    """Values that differ in the new version."""

    what: str
    """A state, or `oracle`."""
    count: int
    """Samples on which they differ."""
    examples: tuple[str, ...]
    """The first ones, as `sample: old → new`."""


@dataclass(frozen=True)
class Moved:
    """A figure that differs in the new version."""

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
    """For each state that is not the same although its name is, the columns of *states* that differ."""
    samples_added: tuple[str, ...] = ()
    """Samples that only the new version has."""
    samples_removed: tuple[str, ...] = ()
    """Samples that only the old version has."""
    targets: Flips | None = None
    """Samples with another right answer."""
    answers: tuple[Flips, ...] = ()
    """States that give other answers."""
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
        """The least step of the version."""
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
    agents_added: tuple[str, ...] = ()
    """Agents that only the new version's board has, as `family/agent`."""
    agents_removed: tuple[str, ...] = ()
    """Agents that only the old version's board has."""
    agents_changed: tuple[str, ...] = ()
    """Agents with other figures."""
    card_changed: bool = False
    """Whether card or plots differ, or what the tables say of their source."""

    @property
    def level(self) -> Level:
        """The least step of the version: labels changed or gone, something added, only the card, nothing."""
        levels = {family.level for family in self.families}
        if self.families_removed or "major" in levels:
            return "major"
        board = (self.agents_added, self.agents_removed, self.agents_changed)
        if self.families_added or any(board) or "minor" in levels:
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
        for word in ("added", "removed", "changed"):
            found += [f"agent {name} {word}" for name in getattr(self, f"agents_{word}")]
        if self.card_changed and not found:
            found.append("only the card changed")
        return found


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
