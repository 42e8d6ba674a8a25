"""The user's cache folder: converted weights, counted costs. Everything in it can be made again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE_VARIABLE = "ADAPTLABELS_CACHE"
"""Environment variable that names another cache folder."""


def cache_folder(*parts: str) -> Path:
    """A folder inside the cache; it is made."""
    root = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("adaptlabels", appauthor=False)
    folder = Path(root, *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def versions(*libraries: str) -> dict[str, str]:
    """Installed versions of some libraries."""
    return {name: version(name) for name in libraries}


def key_of(content: dict[str, Any]) -> str:
    """Hash of plain data, as hexadecimal digits; the order of keys does not matter."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


@contextmanager
def made_once(target: Path) -> Iterator[Path | None]:
    """Make a folder that several processes may want at once.

    Yields:
        A temporary folder to fill, which then becomes the target; None where the target exists already.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f".{target.name}.lock")):
        if target.exists():
            yield None
            return
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        try:
            yield temporary
            temporary.replace(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def file_digest(file: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
