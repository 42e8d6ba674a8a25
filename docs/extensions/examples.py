"""Reads the section `Example:` of a docstring as griffe reads `Examples:`, so that the site shows code as code."""

from __future__ import annotations

import re
from typing import Any

import griffe

SINGULAR = re.compile(r"^Example:$", re.MULTILINE)


class ExampleSections(griffe.Extension):
    """Renames the section in every docstring."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:  # noqa: ANN401 - whatever griffe hands over
        """Rename it in one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = SINGULAR.sub("Examples:", obj.docstring.value)
