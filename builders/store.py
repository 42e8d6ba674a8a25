"""Finished work on disk: one part for each state and shard, never lost, never trusted without proof.

A part is a parquet file and, beside it, a mark in JSON with the file's SHA-256 and the fingerprint of everything that
the part depends on. The mark is written last, so that a killed build leaves either a whole part or none. A part
whose file does not match its mark, or whose fingerprint is another one, counts as absent and is made again.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from ..labels.parquet import atomic_file

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Unit:
    """The smallest piece of work that is kept: one state on one shard."""

    family: str
    """Name of the family."""
    state: str
    """Name of the state."""
    shard: int
    """Place of the shard."""

    def __str__(self) -> str:
        return f"{self.family}/{self.state}/{self.shard:05d}"


class Store:
    """Parts in a folder."""

    def __init__(self, root: Path) -> None:
        """Open a store; its folder is made when the first part is written.

        Args:
            root: The folder.
        """
        self.root = root

    def has(self, unit: Unit, fingerprint: str) -> bool:
        """Whether the part is there, undamaged, and was made from the same things."""
        return self._content(unit, fingerprint) is not None

    def get(self, unit: Unit, fingerprint: str) -> pl.DataFrame | None:
        """The part, if it is there, undamaged, and was made from the same things."""
        content = self._content(unit, fingerprint)
        return None if content is None else pl.read_parquet(io.BytesIO(content))

    def _content(self, unit: Unit, fingerprint: str) -> bytes | None:
        path = self._path(unit)
        try:
            mark = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            content = path.read_bytes()
        except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
            return None
        expected = {"fingerprint": fingerprint, "sha256": hashlib.sha256(content).hexdigest()}
        return content if mark == expected else None

    def put(self, unit: Unit, fingerprint: str, frame: pl.DataFrame) -> None:
        """Write a part, then its mark."""
        path = self._path(unit)
        content = io.BytesIO()
        frame.write_parquet(content)
        path.with_suffix(".json").unlink(missing_ok=True)  # the old mark must not outlive its part
        with atomic_file(path) as temporary:
            temporary.write_bytes(content.getvalue())
        mark = {"fingerprint": fingerprint, "sha256": hashlib.sha256(content.getvalue()).hexdigest()}
        with atomic_file(path.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps(mark), encoding="utf-8")

    def get_note(self, name: str, fingerprint: str) -> dict[str, Any] | None:
        """Plain data kept under a name, if it was made from the same things."""
        try:
            kept = json.loads((self.root / f"{name}.note.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
            return None
        return kept["content"] if isinstance(kept, dict) and kept.get("fingerprint") == fingerprint else None

    def put_note(self, name: str, fingerprint: str, content: dict[str, Any]) -> None:
        """Keep plain data under a name."""
        path = self.root / f"{name}.note.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps({"fingerprint": fingerprint, "content": content}), encoding="utf-8")

    def _path(self, unit: Unit) -> Path:
        return self.root / f"{unit}.parquet"
