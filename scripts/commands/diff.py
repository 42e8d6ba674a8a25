"""`adaptlabels diff`: what changed between two versions, and the version that this requires."""

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
    from ...cards import diff
    from ...labels import open_folder

    found = diff(open_folder(old), open_folder(new))
    if as_json:
        console.print_json({"old": old, "new": new, **found.to_json()})
        return
    for line in found.lines():
        console.out.print(line, markup=False)
    words = {"patch": "a patch", "minor": "a minor version", "major": "a major version"}
    console.out.print(f"requires {words[found.level]}" if found.level in words else "nothing changed")
