"""CHANGELOG.md of a dataset: one entry for each published version, written from what changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADING = re.compile(r"^## (\d+\.\d+\.\d+)$", re.MULTILINE)
TITLE = '# Changelog\n\nOne entry for each version; `revision="vMAJOR.MINOR.PATCH"` pins one.\n'
FIRST = "first version"
SHOWN = 5
"""Versions that the card's history shows."""


def with_entry(text: str, version: str, changes: Sequence[str]) -> str:
    """A changelog with one more version on top; an entry that it has already of the same version is replaced.

    Args:
        text: The changelog so far; empty where there is none.
        version: The version, as `1.2.0`.
        changes: What changed, one line each; none for the first version.

    Example:
        >>> text = with_entry("", "1.0.0", [])
        >>> list(entries(with_entry(text, "1.1.0", ["family x: state y added"])))
        [('1.1.0', '- family x: state y added'), ('1.0.0', '- first version')]
    """
    kept = [(name, body) for name, body in entries(text) if name != version]
    body = "\n".join(f"- {escape(change)}" for change in changes or [FIRST])
    return TITLE + "".join(f"\n## {name}\n\n{part}\n" for name, part in [(version, body), *kept])


def entries(text: str) -> list[tuple[str, str]]:
    """Versions of a changelog with what they say, newest first."""
    parts = HEADING.split(text)[1:]
    return [(name, body.strip()) for name, body in zip(parts[::2], parts[1::2], strict=True)]


def history(text: str) -> str:
    """The newest versions as a list for the card; "" where there is no changelog."""
    found = entries(text)
    lines = []
    for name, body in found[:SHOWN]:
        first, *more = body.splitlines()
        rest = f" (and {len(more)} more)" if more else ""
        lines.append(f"- **{name}**: {first.removeprefix('- ')}{rest}")
    if len(found) > SHOWN:
        lines.append(f"- … ({len(found)} versions, see CHANGELOG.md)")
    return "\n".join(lines)
