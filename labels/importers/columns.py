"""Names of columns in the tables of other programs."""

from __future__ import annotations

TEXT_COLUMNS = (
    "sample_id", "state", "family", "category", "group", "task", "subject", "source_id", "source", "revision",
)  # fmt: skip
"""Columns that are names, whatever they look like."""
INDEX_COLUMNS = ("", "Unnamed: 0", "index", "__index_level_0__", "level_0")
"""Names under which pandas writes its index."""
