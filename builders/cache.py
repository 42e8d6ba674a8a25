"""The user's cache folder: trained miniatures, counted costs. Everything in it can be made again."""

from __future__ import annotations

import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs

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
