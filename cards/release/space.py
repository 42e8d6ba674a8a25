"""The explorer of a published version as a static Space: two files in one commit, which name the dataset's version."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ...labels.errors import InputError
from ..explorer import PAGE, render_explorer
from .commit import commit_files
from .repository import HubRepository
from .version_files import CARD, holds_same

if TYPE_CHECKING:
    from collections.abc import Callable

    from huggingface_hub import HfApi

    from ...labels.tables.folder import DatasetFolder
    from .release_plan import Release

TITLE = re.compile(r"Explorer of .+ v\d+\.\d+\.\d+")
"""Titles of our commits."""


def check_space(hub: HubRepository) -> str | None:
    """Make sure that a Space may show an explorer: it is new, or only we committed to it.

    Returns:
        The commit of `main`; None where there is no Space yet.

    Raises:
        InputError: It has commits of others, or access is not granted.
        RunError: The Hub cannot be reached.
    """
    with hub.reachable():
        head = hub.refs().head
        # The oldest commit is the Hub's own, which makes the Space.
        others = [] if head is None else [c for c in hub.commits(head)[:-1] if not TITLE.fullmatch(c.title)]
    if others:
        raise InputError(
            f"the Space {hub.name} holds something else (commit {others[0].commit_id[:8]} {others[0].title!r}); choose"
            " a new name"
        )
    return head


def publish_space(
    folder: DatasetFolder, release: Release, *, private: bool, api: HfApi, say: Callable[[str], object]
) -> None:
    """Make the Space of a release show its explorer; nothing is done where it does already.

    Args:
        folder: The dataset folder.
        release: Its release, which names the Space.
        private: Whether a Space that has to be made is private.
        api: Client of the Hub.
        say: Told what happens.

    Raises:
        InputError: The Space holds something else, or access is not granted.
        RunError: The Hub cannot be reached; the dataset is published, and the same command goes on with the Space.
    """
    assert release.space is not None, "the release names a Space"
    hub = HubRepository.open(release.space, api, "space")
    files = space_files(folder, release)
    head = check_space(hub)
    with hub.reachable():
        if head is None:
            say(f"making the {'private ' if private else ''}Space {hub.name}")
            api.create_repo(hub.name, repo_type="space", space_sdk="static", private=private, exist_ok=True)
            head = hub.refs().head
        assert head is not None, "the Space is there by now"
        remote = hub.files(head)
        if holds_same(remote, files):
            say(f"the Space {hub.name} shows {release.repository} {release.version.tag} already")
            return
        gone = [path for path in remote if path not in files and not path.startswith(".git")]
        commit_files(hub, files, f"Explorer of {release.repository} {release.version.tag}", head, gone)
    say(f"the Space {hub.name} shows {release.repository} {release.version.tag}")


def space_files(folder: DatasetFolder, release: Release) -> dict[str, bytes]:
    """Content of the Space's files, by their names."""
    version = f"{release.repository} {release.version.tag}"
    card = "\n".join(
        (
            "---",
            f"title: {json.dumps(f'Explorer of {folder.info.title}', ensure_ascii=False)}",
            "sdk: static",
            f"datasets: [{json.dumps(release.repository)}]",
            "pinned: false",
            "---",
            "",
            f"Which networks are right on each sample of the dataset [{version}]"
            f"(https://huggingface.co/datasets/{release.repository}/tree/{release.version.tag}),",
            "and what that could save.",
            "",
        )
    )
    return {CARD: card.encode(), PAGE: render_explorer(folder, version).encode()}
