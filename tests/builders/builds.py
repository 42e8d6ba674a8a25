"""Builds as the program runs them, whose tables most tests compare and whose card few read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import adaptlabels.builders
from adaptlabels.labels import validate_folder
from adaptlabels.scripts.console import TerminalProgress

if TYPE_CHECKING:
    from adaptlabels.labels import DatasetFolder
    from adaptlabels.labels.report.problems import Problem


def build(options: adaptlabels.builders.BuildOptions, card=None) -> DatasetFolder:
    """What the program builds and says, without a card unless one is asked for: it takes longer than a small build."""
    return adaptlabels.builders.build(**vars(options), progress=TerminalProgress(), card=card)


def tables(folder: Path) -> dict[str, str]:
    """Hash of every table of a dataset folder."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for pattern in ("data", "predictions", "states", "bounds")
        for file in sorted((folder / pattern).rglob("*.parquet"))
    }


def problems(folder: DatasetFolder) -> list[Problem]:
    """What the checks find, but for the card that is not there."""
    return [problem for problem in validate_folder(folder) if problem.file != "README.md"]
