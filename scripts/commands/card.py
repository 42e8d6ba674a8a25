"""`adaptlabels card`: write the card and its plots again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import console
from ..options import FolderArgument, JsonOption

if TYPE_CHECKING:
    from pathlib import Path


def command(folder: FolderArgument, json: JsonOption = False) -> None:
    """Write card and plots again."""
    run(folder, as_json=json)


def run(path: Path, *, as_json: bool) -> None:
    """Render the card of a dataset folder.

    Raises:
        InputError: There is no dataset folder.
        TableError: A table breaks its schema.
    """
    from ...cards import write_card
    from ...labels import DatasetFolder

    written = write_card(DatasetFolder(path))
    if as_json:
        console.print_json({"folder": str(path), "written": [str(file) for file in written]})
        return
    for file in written:
        console.out.print(str(file), markup=False)
