"""`adaptlabels publish`: a dataset folder becomes a version of a Hub dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .. import console
from ..options import FolderArgument, JsonOption

if TYPE_CHECKING:
    from pathlib import Path


def command(
    folder: FolderArgument,
    repository: Annotated[str, typer.Argument(metavar="ORG/NAME", help="The Hub dataset.", show_default=False)],
    version: Annotated[
        str, typer.Option(metavar="auto|X.Y.Z", help="auto takes the smallest step that the changes allow.")
    ] = "auto",
    private: Annotated[bool, typer.Option("--private", help="Make the dataset private if it is new.")] = False,
    space: Annotated[
        str | None,
        typer.Option(metavar="ORG/NAME", help="Also show its explorer as this static Space.", show_default=False),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Print version, changes, files and sizes, and exit; also without network or token."
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Publish a dataset folder on the Hub.

    A version is one commit, verified after the upload, and one tag.
    """
    run(folder, repository, version=version, private=private, space=space, dry_run=dry_run, as_json=json)


def run(
    path: Path, repository: str, *, version: str, private: bool, space: str | None, dry_run: bool, as_json: bool
) -> None:
    """Publish, or print the plan and exit.

    Raises:
        InputError: The folder may not be published, the version is not allowed, or access is not granted.
        RunError: The Hub cannot be reached; what was done is kept.
    """
    from ...cards import plan_release, publish
    from ...labels import DatasetFolder
    from ...labels.tables.remote import split_revision

    for name in (repository, *([] if space is None else [space])):
        split_revision(name)
    folder = DatasetFolder(path)
    if dry_run:
        release = plan_release(folder, repository, version, space=space, without_hub=True)
    else:
        release = publish(folder, repository, version, private=private, space=space, say=_say)
    if as_json:
        console.print_json(
            {
                "repository": release.repository,
                "version": str(release.version),
                "previous": release.previous and str(release.previous),
                "step": release.step,
                "space": release.space,
                "dry_run": dry_run,
                "unasked": release.unasked,
                "files": release.sizes,
                "deletions": list(release.deletions),
                "diff": None if release.diff is None else release.diff.to_json(),
            }
        )
    elif dry_run:
        for line in release.lines():
            console.out.print(line, markup=False)
    else:
        console.out.print(
            f'load_dataset("{release.repository}", "{folder.families[0]}", revision="{release.version.tag}")',
            markup=False,
        )


def _say(message: str) -> None:
    console.err.print(message, markup=False)
