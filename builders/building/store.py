"""Finished work, in a folder or behind a URL: a part for each state and shard, never lost, never trusted without proof.

A part is a parquet file and, beside it, a mark in JSON with the file's SHA-256 and the fingerprint of everything that
the part depends on. The mark is written last, so that a killed build leaves either a whole part or none. A part
whose file does not match its mark, or whose fingerprint is another one, counts as absent and is made again.

Any file system of fsspec will do (`s3://bucket/folder`, `gs://…`), so that machines without a common folder can share a
store. Objects there appear whole or not at all; even where they do not, a torn part or mark only counts as absent.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from ...labels.errors import InputError, RunError, first_line
from ...labels.tables.parquet import atomic_file

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBE = "machines"
"""Name of the note by which a machine sees whether it has the store of the others."""


@dataclass(frozen=True)
class Part:
    """The stored answers of one state to one shard."""

    family: str
    """Name of the family."""
    state: str
    """Name of the state."""
    shard: int
    """Number of the shard."""

    def __str__(self) -> str:
        return f"{self.family}/{self.state}/{self.shard:05d}"


class Store:
    """Parts in a folder, or below a URL; a store can be sent to other machines."""

    def __init__(self, root: str | Path) -> None:
        """Open a store; its folder is made when the first part is written.

        Args:
            root: A folder, or a URL that fsspec knows.

        Raises:
            InputError: fsspec does not know the URL, or lacks the package for it.
        """
        text = str(root)
        self.local = "://" not in text
        """Whether it is a folder."""
        self.name = re.sub(r"://[^/@]*@", "://", text)
        """What messages call it: without a name and a password that a URL may hold."""
        try:
            fs, base = (LocalFileSystem(), str(Path(text).expanduser().absolute())) if self.local else url_to_fs(text)
        except (ImportError, ValueError) as error:
            raise InputError(f"`store` {self.name}: cannot be used ({first_line(error)})") from error
        self._fs, self._base = fs, str(base).rstrip("/")

    def has(self, part: Part, fingerprint: str) -> bool:
        """Whether the part is there, undamaged, and was made from the same things.

        Raises:
            RunError: The store cannot be read.
        """
        return self._content(part, fingerprint) is not None

    def get(self, part: Part, fingerprint: str) -> pl.DataFrame | None:
        """The part, if it is there, undamaged, and was made from the same things.

        Raises:
            RunError: The store cannot be read.
        """
        content = self._content(part, fingerprint)
        return None if content is None else pl.read_parquet(io.BytesIO(content))

    def _content(self, part: Part, fingerprint: str) -> bytes | None:
        mark = self._read_json(f"{part}.json")
        if mark is None:
            return None
        content = self._read(f"{part}.parquet")
        expected = {"fingerprint": fingerprint, "sha256": hashlib.sha256(content or b"").hexdigest()}
        return content if mark == expected else None

    def put(self, part: Part, fingerprint: str, frame: pl.DataFrame) -> None:
        """Write a part, then its mark.

        Raises:
            RunError: The store cannot be written.
        """
        content = io.BytesIO()
        frame.write_parquet(content)
        self._remove(f"{part}.json")  # the old mark must not outlive its part
        self._write(f"{part}.parquet", content.getvalue())
        mark = {"fingerprint": fingerprint, "sha256": hashlib.sha256(content.getvalue()).hexdigest()}
        self._write(f"{part}.json", json.dumps(mark).encode())

    def get_note(self, name: str, fingerprint: str) -> dict[str, Any] | None:
        """Plain data kept under a name, if it was made from the same things.

        Raises:
            RunError: The store cannot be read.
        """
        kept = self._read_json(f"{name}.note.json")
        return kept["content"] if isinstance(kept, dict) and kept.get("fingerprint") == fingerprint else None

    def put_note(self, name: str, fingerprint: str, content: dict[str, Any]) -> None:
        """Keep plain data under a name.

        Raises:
            RunError: The store cannot be written.
        """
        note = {"fingerprint": fingerprint, "content": content}
        self._write(f"{name}.note.json", json.dumps(note).encode())

    @contextmanager
    def probe(self) -> Iterator[str]:
        """A token that whoever sees this store finds in it (`sees`) for as long as the context lasts.

        Raises:
            RunError: The store cannot be written.
        """
        token = secrets.token_hex(16)
        self.put_note(PROBE, token, {})
        try:
            yield token
        finally:
            self._remove(f"{PROBE}.note.json")

    def sees(self, token: str) -> bool:
        """Whether this machine has the store in which a probe left its token."""
        return self.get_note(PROBE, token) is not None

    def _read_json(self, name: str) -> Any:  # noqa: ANN401 - any JSON document
        content = self._read(name)
        try:
            return None if content is None else json.loads(content)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return None

    def _read(self, name: str) -> bytes | None:
        with self._explained(), suppress(FileNotFoundError, NotADirectoryError):
            return bytes(self._fs.cat_file(f"{self._base}/{name}"))
        return None

    def _write(self, name: str, content: bytes) -> None:
        path = f"{self._base}/{name}"
        if self.local:
            with atomic_file(Path(path)) as temporary:
                temporary.write_bytes(content)
            return
        with self._explained():
            self._fs.pipe_file(path, content)

    def _remove(self, name: str) -> None:
        with self._explained(), suppress(FileNotFoundError):
            self._fs.rm_file(f"{self._base}/{name}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What goes wrong behind a URL becomes our error; the libraries' own have no common base."""
        try:
            yield
        except Exception as error:
            if self.local:
                raise
            raise RunError(f"`store` {self.name}: {first_line(error)}; run the same command again") from error
