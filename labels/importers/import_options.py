"""What a person may say about files that are imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class ImportOptions:
    """Choices that importers know; each takes those that its format has."""

    split: str = "test"
    """Name of the split, for identifiers of samples that have none."""
    task: str | None = None
    """The one task to take of files that hold several; None takes all, as categories."""
    threshold: float | None = None
    """The least score that counts as right, where answers have scores."""
    metric: str | None = None
    """The metric that says who is right, where answers have several."""
    filter: str | None = None
    """lm-evaluation-harness: the filter whose answers count, where a task has several; None takes the last."""
    targets: Path | None = None
    """Table of `sample_id,target`, for files that hold predictions alone."""
    cost_unit: str | None = None
    """Unit of the answers' own costs or of the states' `cost`, or which of those that a log has: `usd`, `tokens`, …"""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Names that a table's columns get, by the names that it has."""
    state_names: tuple[str, ...] = ()
    """States that are known, to find their columns in a wide table."""


def parse_columns(text: str | None) -> dict[str, str]:
    """`ours=theirs,…` as the names that a file's columns get.

    Example:
        >>> parse_columns("sample_id=id,correct=acc_norm")
        {'id': 'sample_id', 'acc_norm': 'correct'}

    Raises:
        InputError: A part is no such pair, or a column is given twice.
    """
    found: dict[str, str] = {}
    for part in text.split(",") if text else ():
        ours, equals, theirs = part.partition("=")
        if not equals or not ours.strip() or not theirs.strip():
            raise InputError(f"`columns` {part!r}: expected our name and the file's, such as sample_id=id")
        if theirs.strip() in found or ours.strip() in found.values():
            raise InputError(f"`columns` {part!r}: a column is given twice")
        found[theirs.strip()] = ours.strip()
    return found
