"""What publishing a folder means, given what the Hub has; nothing is written.

A version is its tag. Whatever failed before, planning finds what is left to do: an untagged commit of the same content
is finished, not repeated, and a published version is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from ...labels.errors import InputError, NoTokenError, RunError
from .diff import diff_folders
from .publishable import refusals
from .repository import HubRepository
from .space import check_space
from .version_files import CARD, CHANGELOG, holds_same, is_ours, size_of, version_files
from .versions import Version
from .viewer import check_viewer

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from ...labels.tables.folder import DatasetFolder
    from .changes import FolderDiff
    from .repository import Refs
    from .version_files import Content

TITLE = re.compile(r"Version \d+\.\d+\.\d+")
"""Titles of our commits."""
FIRST = Version(1, 0, 0)
REASONS_SHOWN = 4
"""Reasons against publishing that an error quotes."""

Step = Literal["commit", "tag", "nothing"]


@dataclass(frozen=True)
class Release:
    """A version of a dataset, and what is left to do for it."""

    repository: str
    """Hub id."""
    version: Version
    """The version."""
    files: dict[str, Content]
    """Content of every file, by its place in the repository."""
    parent: str | None
    """Commit that `main` points to; None where there is no repository, so that it must be made."""
    previous: Version | None = None
    """The newest version before it."""
    diff: FolderDiff | None = None
    """What changed since; None for the first version."""
    step: Step = "commit"
    """What is left to do: commit and tag, the tag alone, or nothing."""
    deletions: tuple[str, ...] = ()
    """Files of the previous version that the new one lacks."""
    space: str | None = None
    """Hub id of the Space that shows its explorer; None for none."""
    unasked: str | None = None
    """Why the Hub could not be asked, so that version and changes are not known; None where it was asked."""

    @property
    def title(self) -> str:
        """Title of its commit, by which an unfinished one is recognised."""
        return f"Version {self.version}"

    @property
    def create(self) -> bool:
        """Whether the repository must be made."""
        return self.parent is None

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of every file."""
        return {path: size_of(content) for path, content in self.files.items()}

    def lines(self) -> list[str]:
        """The plan as a person reads it."""
        if self.step == "nothing":
            done = f"{self.repository} has {self.version.tag} with this content already; nothing to do"
            return [done, *self._lines_of_space()]
        after = f" after {self.previous}" if self.previous else ""
        level = f" ({self.diff.level})" if self.diff is not None else ""
        lines = [f"{self.repository} {self.version.tag}{after}{level}"]
        if self.unasked is not None:
            lines.append(f"the Hub was not asked, so that version and changes may differ: {self.unasked}")
        elif self.create:
            lines.append("the dataset would be made")
        if self.step == "tag":
            lines.append("its commit is there; only the tag is missing")
        lines += [f"change: {line}" for line in ([] if self.diff is None else self.diff.lines())]
        lines += [f"{size:>12,} {PurePosixPath(path)}" for path, size in sorted(self.sizes.items())]
        lines += [f"     deleted {path}" for path in self.deletions]
        return [*lines, *self._lines_of_space()]

    def _lines_of_space(self) -> list[str]:
        return [] if self.space is None else [f"the Space {self.space} would show its explorer"]


def plan_release(
    folder: DatasetFolder,
    repository: str,
    version: str = "auto",
    *,
    space: str | None = None,
    api: HfApi | None = None,
    without_hub: bool = False,
) -> Release:
    """Find out what publishing a folder means; nothing is written.

    Args:
        folder: The dataset folder.
        repository: Hub id of the dataset, `org/name`.
        version: `auto` for the smallest step that the changes allow, or a version such as `1.2.0`.
        space: Hub id of a Space that shows the explorer; the card links to it.
        api: Client of the Hub; None for one with the user's own token and endpoint.
        without_hub: Whether to plan what can be planned (checks, files, sizes) where the Hub cannot be reached or
            accepts no token; the release then says why in `unasked`, and is a first one.

    Raises:
        InputError: The folder may not be published, the version is smaller than the changes allow or taken, the
            repository or the Space holds something else or commits of others, or access is not granted.
        RunError: The Hub cannot be reached.
    """
    _refuse(folder)
    asked = None if version == "auto" else Version.parse(version)
    hub = HubRepository.open(repository, api)
    try:
        if space is not None:
            check_space(HubRepository.open(space, hub.api, "space"))
        with hub.reachable():
            refs = hub.refs()
    except (RunError, NoTokenError) as error:
        if not without_hub:
            raise
        first = asked or FIRST
        files = version_files(folder, repository, first, [], "", space=space)
        return Release(repository, first, files, parent=None, space=space, unasked=str(error))
    with hub.reachable():
        if refs.versions:
            return _next(hub, folder, asked, refs, space)
        first = asked or FIRST
        files = version_files(folder, repository, first, [], "", space=space)
        release = Release(repository, first, files, refs.head, space=space)
        return release if release.create else first_on_main(hub, release)


def first_on_main(hub: HubRepository, release: Release) -> Release:
    """The first release, on a repository that may hold what the Hub puts there, or an unfinished first version.

    Raises:
        InputError: The repository holds something else, or commits of others.
    """
    assert release.parent is not None, "the repository is there"
    remote = hub.files(release.parent)
    strange = [path for path in remote if path != CARD and not path.startswith(".git")]
    if strange and not _has_states(remote):
        raise InputError(
            f"{hub.name} holds something else ({strange[0]}); publish to a new name, or to a dataset of adaptlabels"
        )
    return _on_main(hub, release, remote, base=None)


def _refuse(folder: DatasetFolder) -> None:
    reasons = refusals(folder) or [str(problem) for problem in check_viewer(folder)]
    if reasons:
        raise InputError(f"{folder.path} may not be published: " + "\n".join(reasons[:REASONS_SHOWN]))


def _next(hub: HubRepository, folder: DatasetFolder, asked: Version | None, refs: Refs, space: str | None) -> Release:
    """The release of a folder whose repository has versions already."""
    versions, newest = refs.versions, max(refs.versions)
    previous = max((version for version in versions if asked not in versions or version < asked), default=None)
    if asked is not None and asked not in versions and asked < newest:
        raise InputError(f"`version` is {asked}: {hub.name} has {newest.tag} already; a version after it is needed")
    if previous is None:
        assert asked is not None, "without a version before it, it is the first"
        files = version_files(folder, hub.name, asked, [], "", space=space)
        return _taken(hub, Release(hub.name, asked, files, refs.head, space=space), refs)
    before = hub.download(versions[previous])
    diff = diff_folders(before, folder)
    least = previous.bump(diff.level)
    version = asked or least
    changelog = before.path / CHANGELOG
    text = changelog.read_text(encoding="utf-8") if changelog.is_file() else ""
    files = version_files(folder, hub.name, version, diff.lines(), text, space=space)
    release = Release(hub.name, version, files, refs.head, previous, diff, space=space)
    if version == previous:  # auto, and nothing changed
        return replace(release, step="nothing")
    if version in versions:
        return _taken(hub, release, refs)
    if diff.level == "none":
        raise InputError(f"nothing changed since {previous.tag} of {hub.name}; there is no version to make")
    if version < least:
        raise InputError(
            f"`version` is {asked}: too small a step after {previous}, as {diff.lines()[0]}; {least} is the least"
            f" ({diff.level})"
        )
    assert refs.head is not None, "a repository with versions has a main branch"
    return _on_main(hub, release, hub.files(refs.head), base=versions[previous])


def _taken(hub: HubRepository, release: Release, refs: Refs) -> Release:
    """A version that is there: with the same content there is nothing to do."""
    if holds_same(hub.files(refs.versions[release.version]), release.files):
        return replace(release, step="nothing")
    raise InputError(
        f"{hub.name} has {release.version.tag} already, with other content; versions never change: use `version` auto"
    )


def _on_main(hub: HubRepository, release: Release, remote: dict[str, str], base: str | None) -> Release:
    """What is to do on top of `main`: its commits since the newest version must be unfinished ones of ours."""
    assert release.parent is not None, "the repository is there"
    gone = tuple(path for path in remote if is_ours(path) and path not in release.files)
    if release.parent == base:
        return replace(release, deletions=gone)
    commits = hub.commits(release.parent)
    if commits[0].title == release.title and holds_same(remote, release.files):
        return replace(release, step="tag")
    since = [commit.commit_id for commit in commits]
    newer = commits[: since.index(base)] if base in since else commits[:-1]  # the oldest is the repository's own
    others = [commit for commit in newer if not TITLE.fullmatch(commit.title)]
    if others and _has_states(remote):
        who = f" by {', '.join(others[0].authors)}" if others[0].authors else ""
        raise InputError(
            f"{hub.name}: main has a commit that is not a version, {others[0].commit_id[:8]}"
            f" {others[0].title!r}{who}; nothing was overwritten: undo it there, then publish again"
        )
    return replace(release, deletions=gone)


def _has_states(remote: dict[str, str]) -> bool:
    return any(path.startswith("states/") for path in remote)
