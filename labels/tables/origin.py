"""Where a state's answers come from, so that others can look it up: a commit on the Hub, or a provider's model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .vocabulary import API, PRETRAINED

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMIT = re.compile(r"[0-9a-f]{40}")
"""Name of a commit on the Hub. Branches and tags move, so they name no weights."""
MODEL = re.compile(r"[^\s/]+/\S+")
"""`provider/model`, or a Hub id."""


def is_commit(revision: str | None) -> bool:
    """Whether a revision is a commit's full name.

    Example:
        >>> is_commit("a" * 40), is_commit("main")
        (True, False)
    """
    return revision is not None and COMMIT.fullmatch(revision) is not None


def origin_fault(row: Mapping[str, object]) -> str | None:
    """What is wrong with the origin that a state has; None where nothing is, or where it has none.

    Args:
        row: `weights`, `source` and `revision` of the state, as in the table *states*; each may be absent or null.

    Example:
        >>> origin_fault({"weights": "api", "source": "openai/gpt-4-1106-preview", "revision": "2023-11-06"})
        >>> origin_fault({"weights": "pretrained", "source": "org/name", "revision": "main"})  # doctest: +ELLIPSIS
        "revision 'main' is not a commit; ..."
    """
    weights, source, revision = row.get("weights"), row.get("source"), row.get("revision")
    if weights == PRETRAINED and revision and not is_commit(str(revision)):
        page = f"https://huggingface.co/{source}/commits" if source else "the model's page on the Hub"
        return (
            f"revision {revision!r} is not a commit; give its 40 hex digits from {page}"
            f" (or weights {API!r} for a closed model)"
        )
    if weights == API and source and not MODEL.fullmatch(str(source)):
        return f"source {source!r} does not name a closed model; give provider/model, such as openai/gpt-4-1106-preview"
    return None
