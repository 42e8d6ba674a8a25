"""Versions of published datasets: `MAJOR.MINOR.PATCH`, and the tag `vMAJOR.MINOR.PATCH` that pins one."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from ...labels.errors import InputError

Level: TypeAlias = Literal["none", "patch", "minor", "major"]
"""Steps of a version, ascending."""
LEVELS: tuple[Level, ...] = ("none", "patch", "minor", "major")
FORM = re.compile(r"v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})")


class Version(NamedTuple):
    """A version; they compare by their numbers.

    Example:
        >>> Version.parse("1.9.0") < Version.parse("v1.10.0"), Version.parse("1.2.3").bump("minor").tag
        (True, 'v1.3.0')
    """

    major: int
    """Raised where labels changed or were removed."""
    minor: int
    """Raised where states, families, samples or columns were added."""
    patch: int
    """Raised where only the card changed."""

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read `1.2.0` or `v1.2.0`.

        Raises:
            InputError: The text has another form.
        """
        found = FORM.fullmatch(text)
        if found is None:
            raise InputError(f"`version` is {text!r}: expected auto or three numbers, such as 1.2.0")
        return cls(*map(int, found.groups()))

    @classmethod
    def of_tag(cls, tag: str) -> Version | None:
        """The version that a tag pins; None for any other tag."""
        return cls.parse(tag) if tag.startswith("v") and FORM.fullmatch(tag) else None

    def __str__(self) -> str:
        return ".".join(map(str, self))

    @property
    def tag(self) -> str:
        """Its tag."""
        return f"v{self}"

    def bump(self, level: Level) -> Version:
        """The smallest step of a level after this version."""
        if level == "major":
            return Version(self.major + 1, 0, 0)
        if level == "minor":
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1) if level == "patch" else self
