"""The page as one file: the HTML, CSS and JavaScript of `web/`, and the folder's data as blocks inside it."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...labels.tables.folder import DatasetFolder
from ...labels.tables.parquet import atomic_file
from .blocks import pack_array, pack_json, safe_json
from .contents import CONFIDENCE_LEVELS, describe, gather, gather_agents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .contents import Contents

PAGE = "index.html"
"""Name of the page in a dataset folder."""
SCRIPTS = (
    "elements.js",
    "data.js",
    "bounds.js",
    "selection.js",
    "cascade.js",
    "filters.js",
    "plot.js",
    "overview.js",
    "samples.js",
    "main.js",
)
"""The parts of the page's one script, each of which uses only what comes before it."""


def write_explorer(folder: DatasetFolder | Path | str, path: Path | str) -> Path:
    """Write a dataset folder's explorer: one HTML file that opens from disk and loads nothing.

    Args:
        folder: The dataset folder, or its path.
        path: The HTML file to write.

    Returns:
        The file.

    Raises:
        InputError: There is no dataset folder.
        TableError: A table is missing or breaks its schema.
    """
    opened = folder if isinstance(folder, DatasetFolder) else DatasetFolder(folder)
    target = Path(path)
    text = render_explorer(opened)
    with atomic_file(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return target


def render_explorer(folder: DatasetFolder, version: str | None = None) -> str:
    """The explorer as text.

    Args:
        folder: The dataset folder.
        version: Published version that it shows, such as `org/name v1.2.0`; None for a folder.

    Raises:
        TableError: A table is missing or breaks its schema.
    """
    contents = gather(folder)
    style, script = _asset("style.css"), "\n".join(_asset(name) for name in SCRIPTS)
    parts = {
        "policy": _policy(style, script),
        "style": style,
        "summary": safe_json({**_summary(folder, contents), "version": version}),
        "blocks": "\n".join(_blocks(contents)),
        "script": script,
    }
    # One pass over the template: what is filled in is not searched for further places.
    head, *rest = _asset("index.html").split("{{")
    return head + "".join(parts[name] + text for name, text in (part.split("}}", 1) for part in rest))


def _asset(name: str) -> str:
    return (files(__package__) / "web" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """The page runs its own script and style, known by their hashes, and may load nothing."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _summary(folder: DatasetFolder, contents: Contents) -> dict[str, Any]:
    return {
        "title": folder.info.title,
        "split": folder.split,
        "classes": list(folder.info.class_names),
        "levels": CONFIDENCE_LEVELS.tolist(),
        "agents": gather_agents(folder),
        **describe(contents),
    }


def _blocks(contents: Contents) -> Iterator[str]:
    """One element for each array; what the first view needs comes first."""
    details = contents.details
    yield _block("patterns", pack_array(contents.patterns.T))
    yield _block("counts", pack_array(contents.counts))
    yield _block("ids", pack_json(details.sample_ids))
    yield _block("pattern", pack_array(details.pattern))
    for name, (_, places) in details.attributes.items():
        yield _block(name, pack_array(places))
    for name in ("target", "answers", "confidence"):
        values = getattr(details, name)
        if values is not None:
            yield _block(name, pack_array(values))


def _block(name: str, content: str) -> str:
    return f'<script type="text/plain" id="data-{name}">{content}</script>'
