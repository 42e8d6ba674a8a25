"""`adaptlabels explore`: write a dataset folder's explorer page, and open it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import console
from ..options import JsonOption, WhereArgument


def command(
    where: WhereArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The page to write; index.html in the folder by default, for hub: in the current folder.",
            show_default=False,
        ),
    ] = None,
    open_page: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open", help="Open the page in a browser; by default in a terminal.", show_default=False
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write a page to explore a dataset folder: one HTML file that opens from disk."""
    run(where, out, open_page=sys.stdout.isatty() and not json if open_page is None else open_page, as_json=json)


def run(where: str, out: Path | None, *, open_page: bool, as_json: bool) -> None:
    """Write the page and say where it is.

    Raises:
        InputError: There is no dataset folder, or the page cannot be written.
        RunError: The Hub cannot be reached.
        TableError: A table is missing or breaks its schema.
    """
    from ...cards.explorer import PAGE, write_explorer
    from ...labels.tables.remote import HUB, open_folder
    from ...labels.tables.replacing import update_folder

    folder = open_folder(where)
    if out is None and not where.startswith(HUB):
        with update_folder(folder.path) as staging:
            write_explorer(folder, staging / PAGE)
        page = folder.path / PAGE
    else:
        page = write_explorer(folder, out or Path(PAGE))
    if as_json:
        console.print_json({"page": str(page), "bytes": page.stat().st_size})
    else:
        console.out.print(str(page), markup=False)
    if open_page:
        typer.launch(page.resolve().as_uri())
