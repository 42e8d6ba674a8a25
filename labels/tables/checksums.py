"""SHA-256 of every file of a dataset folder, in the form that `sha256sum --check` reads.

Tables carry page checksums of their own, plots and card do not: a half-written card or a flipped bit in a plot shows
here. The list is written after everything else.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ..errors import TableError
from .parquet import atomic_file

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

CHECKSUMS = "SHA256SUMS"
"""Name of the list."""


def write_checksums(folder: Path, *, base: Path | None = None, gone: Collection[str] = ()) -> None:
    """List the files of a folder.

    Args:
        folder: The folder that gets the list.
        base: A folder whose other files will lie beside these, as when a staging folder is moved over it.
        gone: Files of `base` that will go, relative to it.
    """
    found = {name: folder / name for name in files_of(folder)}
    if base is not None:
        found |= {name: base / name for name in files_of(base) if name not in found and name not in gone}
    with atomic_file(folder / CHECKSUMS) as temporary:
        temporary.write_text("".join(f"{sha256_of(found[name])}  {name}\n" for name in sorted(found)), encoding="utf-8")


def read_checksums(folder: Path) -> dict[str, str]:
    """The list, by file.

    Raises:
        TableError: The list is missing, or a line is not one of it.
    """
    path = folder / CHECKSUMS
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise TableError(f"{path}: no such file; `adaptlabels card` writes it") from error
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: cannot be read ({error})") from error
    found = {}
    for number, line in enumerate(lines, start=1):
        digest, _, name = line.partition("  ")
        if len(digest) != 2 * hashlib.sha256().digest_size or not name:
            raise TableError(f"{path} line {number}: expected a SHA-256, two spaces and a file name")
        found[name] = digest
    return found


def differing(folder: Path) -> dict[str, str]:
    """Files that are not what the list says, with what is wrong.

    Raises:
        TableError: The list is missing or broken.
    """
    listed, there = read_checksums(folder), set(files_of(folder))
    wrong = dict.fromkeys(listed.keys() - there, "is missing")
    wrong |= dict.fromkeys(there - listed.keys(), f"is not in {CHECKSUMS}")
    wrong |= {
        name: f"differs from its SHA-256 in {CHECKSUMS}"
        for name in listed.keys() & there
        if sha256_of(folder / name) != listed[name]
    }
    return dict(sorted(wrong.items()))


def files_of(folder: Path) -> list[str]:
    """The files that are listed, relative to the folder: all but the list itself, unfinished work and hidden files."""
    found = []
    for file in folder.rglob("*"):
        name = file.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        if file.is_file() and not hidden and name.as_posix() != CHECKSUMS:
            found.append(name.as_posix())
    return sorted(found)


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
