"""`adaptlabels diff`: what changed between two versions, and which version that asks for."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import console
from ..options import JsonOption


def command(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="A dataset folder, or hub:org/name[@version].", show_default=False)
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The version to compare with it.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Compare two versions, sample by sample.

    Shows every change, and the least version step that the changes require.
    """
    run(old, new, as_json=json)


def run(old: str, new: str, *, as_json: bool) -> None:
    """Print every change, and the least step of the version.

    Raises:
        InputError: There is no dataset folder, or the two are of different benchmarks.
        RunError: The Hub cannot be reached.
    """
    from ...cards.release.diff import diff_folders
    from ...labels.tables.remote import open_folder

    found = diff_folders(open_folder(old), open_folder(new))
    if as_json:
        console.print_json({"old": old, "new": new, **found.to_json()})
        return
    for line in found.lines():
        console.out.print(line, markup=False)
    words = {"none": "nothing changed", "patch": "a patch", "minor": "a minor version", "major": "a major version"}
    console.out.print(f"asks for: {words[found.level]}" if found.level != "none" else words["none"], markup=False)
