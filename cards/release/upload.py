"""Publishing a dataset folder: one commit, verified, then one tag.

The commit comes first and is read back in full; only then does the tag make it a version, so that no version is ever
there in part. Whatever fails, the same command goes on from what the Hub has.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...labels.errors import InputError, RunError
from ...labels.tables.remote import transport_errors
from ...labels.tables.replacing import update_folder
from .commit import commit_files
from .release_plan import first_on_main, plan_release
from .repository import HubRepository
from .space import publish_space
from .verify import verify_commit
from .version_files import CARD, CHANGELOG

if TYPE_CHECKING:
    from collections.abc import Callable

    from huggingface_hub import HfApi

    from ...labels.tables.folder import DatasetFolder
    from .release_plan import Release


def publish(
    folder: DatasetFolder,
    repository: str,
    version: str = "auto",
    *,
    private: bool = False,
    space: str | None = None,
    api: HfApi | None = None,
    say: Callable[[str], object] = lambda message: None,
) -> Release:
    """Publish a folder as a version of a Hub dataset: commit, read back, tag.

    Args:
        folder: The dataset folder; its card and changelog are those of the version afterwards.
        repository: Hub id of the dataset.
        version: As of `plan_release`.
        private: Whether a repository that has to be made is private.
        space: Hub id of a Space that shows the explorer of this version; None for none.
        api: Client of the Hub; None for one with the user's own token and endpoint.
        say: Told what happens.

    Returns:
        What was done.

    Raises:
        InputError: As `plan_release`.
        RunError: The Hub cannot be reached or gave back something else; the same command goes on from there.
    """
    hub = HubRepository.open(repository, api)
    release = plan_release(folder, repository, version, space=space, api=hub.api)
    if release.step == "nothing":
        say(release.lines()[0])
    else:
        _publish_version(folder, hub, release, private=private, say=say)
    if space is not None:
        publish_space(folder, space, repository, release.version.tag, private=private, api=hub.api, say=say)
    return release


def _publish_version(
    folder: DatasetFolder, hub: HubRepository, release: Release, *, private: bool, say: Callable[[str], object]
) -> None:
    """What is left to do of a version."""
    repository = hub.name
    with hub.reachable():
        if release.create:
            say(f"making the {'private ' if private else ''}dataset {repository}")
            hub.api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
            release = first_on_main(hub, replace(release, parent=hub.refs().head))
        commit = release.parent
        if release.step == "commit":
            size = sum(release.sizes.values())
            say(f"committing {len(release.files)} files, {size / 1e6:.1f} MB, as {release.title!r}")
            commit = commit_files(hub, release.files, release.title, release.parent, release.deletions)
        assert commit is not None, "the repository is there by now"
        say(f"reading {commit[:8]} back")
        verify_commit(hub, release, commit)
        say(f"tagging {release.version.tag}")
        _tag(hub, release, commit)
    with update_folder(folder.path) as staging:
        for name in (CARD, CHANGELOG):
            content = release.files[name]
            assert isinstance(content, bytes), "card and changelog are rendered"
            (staging / name).write_bytes(content)
    say(f"{repository} {release.version.tag} is published and verified")


def _tag(hub: HubRepository, release: Release, commit: str) -> None:
    from huggingface_hub.errors import HfHubHTTPError

    tag = release.version.tag
    lost: tuple[type[Exception], ...] = (HfHubHTTPError, *transport_errors())
    try:
        hub.api.create_tag(hub.name, tag=tag, revision=commit, repo_type="dataset")
    except lost as error:
        there = hub.refs().versions.get(release.version)
        if there is None:
            raise
        if there != commit:
            raise InputError(f"{hub.name}: {tag} was made meanwhile, for {there[:8]}; use `version` auto") from error
    seen = hub.api.repo_info(hub.name, repo_type="dataset", revision=tag).sha
    if seen != commit:
        raise RunError(f"{hub.name}: {tag} points to {seen}, not to {commit}; look at it there")
