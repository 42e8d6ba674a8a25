"""SHA-256 of every file of a dataset folder, in the form that `sha256sum --check` reads.

Tables carry page checksums of their own, plots and card do not: a half-written card or a flipped bit in a plot shows
here. The list is written after everything else.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ..errors import TableError
from .layout import FOLDER_FILES
from .parquet import atomic_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

CHECKSUMS = "SHA256SUMS"
"""Name of the list."""
DIFFERS = f"differs from its SHA-256 in {CHECKSUMS}; restore it, or make the folder again"
"""What is said of a file that is not the one that was written."""
CARD_FILES = ("README.md", "index.html", "assets/")
"""How the names of the files begin that follow from the tables."""
CARD_DIFFERS = (
    "is not as `adaptlabels card` wrote it; run it again: changes by hand would be lost, and belong elsewhere"
)
"""What is said of these."""


def write_checksums(
    folder: Path, *, base: Path | None = None, gone: Collection[str] = (), known: Mapping[str, str] | None = None
) -> None:
    """List the files of a folder.

    Args:
        folder: The folder that gets the list.
        base: A folder whose other files will lie beside these, as when a staging folder is moved over it. What its own
            list says of them stays, so that damage is still found.
        gone: Files of `base` that will go, relative to it.
        known: SHA-256 of some files of `folder`, by name.
    """
    digests = {name: (known or {}).get(name) or sha256_of(folder / name) for name in files_of(folder)}
    if base is not None:
        listed = read_checksums(base) if (base / CHECKSUMS).exists() else {}
        kept = set(files_of(base)).difference(digests, gone)
        digests |= {name: listed.get(name) or sha256_of(base / name) for name in kept}
    with atomic_file(folder / CHECKSUMS) as temporary:
        temporary.write_text(checksum_lines(digests), encoding="utf-8")


def checksum_lines(digests: Mapping[str, str]) -> str:
    """The list as text: SHA-256 by the name of the file relative to the folder."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))


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


def differing(folder: Path, verified: Collection[str] = ()) -> dict[str, str]:
    """Files that are not what the list says, with what is wrong.

    Args:
        folder: The dataset folder.
        verified: Files that were compared when they were read.

    Raises:
        TableError: The list is missing or broken.
    """
    listed, there = read_checksums(folder), set(files_of(folder))
    wrong = dict.fromkeys(listed.keys() - there, "is missing")
    wrong |= dict.fromkeys(there - listed.keys(), f"is not in {CHECKSUMS}")
    wrong |= {
        name: CARD_DIFFERS if name.startswith(CARD_FILES) else DIFFERS
        for name in listed.keys() & there
        if name not in verified and sha256_of(folder / name) != listed[name]
    }
    return dict(sorted(wrong.items()))


def files_of(folder: Path) -> list[str]:
    """The files that are listed, relative to the folder: those of a dataset folder, but for the list itself."""
    found = {file.relative_to(folder).as_posix() for pattern in FOLDER_FILES for file in folder.glob(pattern)}
    return sorted(found - {CHECKSUMS})


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
