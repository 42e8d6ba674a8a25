"""`adaptlabels export`: labels as files that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .. import console
from ..options import FolderArgument, JsonOption


def command(
    folder: FolderArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the files.", show_default=False)],
    form: Annotated[
        Literal["csv-wide", "every-eval-ever"], typer.Option("--format", help="Format of the files.")
    ] = "csv-wide",
    json: JsonOption = False,
) -> None:
    """Write labels as files that other programs read, one per family."""
    run(folder, out, form=form, as_json=json)


def run(folder: Path, out: Path, *, form: str, as_json: bool) -> None:
    """Write one file per family.

    Raises:
        InputError: The folder is not a dataset folder, or the format is unknown.
    """
    from ...labels.importers.exporting import export_family
    from ...labels.tables.folder import DatasetFolder

    opened = DatasetFolder(folder)
    files = [export_family(opened, family, form, out) for family in opened.families]
    if as_json:
        console.print_json({"files": [str(file) for file in files]})
        return
    for file in files:
        console.out.print(str(file), markup=False)
