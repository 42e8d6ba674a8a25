"""The files of a version: the folder's tables and plots, and a card and changelog that name the version."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ...labels.errors import InputError
from ...labels.report.report import report_folder
from ...labels.tables.checksums import CHECKSUMS, checksum_lines, read_checksums
from ...labels.tables.layout import FOLDER_FILES
from ..card import render_card
from ..changelog import with_entry
from .diff import card_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...labels.tables.folder import DatasetFolder
    from .versions import Version

CARD, CHANGELOG = "README.md", "CHANGELOG.md"
OURS = tuple(pattern.split("*")[0] for pattern in FOLDER_FILES if pattern not in (CARD, CHANGELOG))
"""How the names of our files begin; whatever else a repository holds is its owner's, and stays."""

Content: TypeAlias = bytes | Path
"""A file's bytes, or the file that holds them."""


def version_files(
    folder: DatasetFolder,
    repository: str,
    version: Version,
    changes: Sequence[str],
    changelog: str,
    *,
    space: str | None = None,
) -> dict[str, Content]:
    """Content of every file of a version, by its place in the repository.

    Args:
        folder: The dataset folder.
        repository: Hub id.
        version: The version.
        changes: What changed since the version before, one line each; none for the first version.
        changelog: The changelog so far.
        space: Hub id of the Space that shows the explorer, which the card links to.

    Raises:
        InputError: The card was changed by hand, which would be lost.
        TableError: A table is missing or breaks its schema.
    """
    text = with_entry(changelog, str(version), changes)
    reports = [report_folder(folder, family) for family in folder.families]
    card = render_card(folder, reports, place=repository, revision=version.tag, space=space, changelog=text)
    own = folder.path / CARD
    if card_words(own.read_text(encoding="utf-8")) != card_words(card):
        raise InputError(
            f"{own}: differs from what `adaptlabels card` writes, and changes by hand would be lost; run it, then"
            " publish again"
        )
    files: dict[str, Content] = {
        path.relative_to(folder.path).as_posix(): path
        for pattern in FOLDER_FILES
        for path in sorted(folder.path.glob(pattern))
    }
    files |= {CARD: card.encode(), CHANGELOG: text.encode()}
    files.pop(CHECKSUMS, None)
    listed = read_checksums(folder.path)  # the checks have compared the files with it
    digests = {
        name: hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else listed[name]
        for name, content in files.items()
    }
    return files | {CHECKSUMS: checksum_lines(digests).encode()}


def is_ours(path: str) -> bool:
    """Whether a file of a repository belongs to the dataset, card and changelog aside."""
    return path.startswith(OURS)


def holds_same(remote: Mapping[str, str], files: Mapping[str, Content]) -> bool:
    """Whether a commit holds these files and no others of ours.

    Args:
        remote: Hash of every file of the commit, by its path.
        files: Content of every file that is expected.
    """
    if set(filter(is_ours, remote)) != set(filter(is_ours, files)):
        return False
    return all(remote.get(path) in hashes(content) for path, content in files.items())


def hashes(content: Content) -> tuple[str, str]:
    """Both hashes that the Hub knows a file by: git's of its blob, and SHA-256 of large files."""
    data = content if isinstance(content, bytes) else content.read_bytes()
    blob = hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
    return blob, hashlib.sha256(data).hexdigest()


def size_of(content: Content) -> int:
    """Bytes of a file."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size
