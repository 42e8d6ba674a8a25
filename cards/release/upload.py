"""Publishing a dataset folder: one commit, verified, then one tag.

A version is its tag. The commit comes first and is read back in full; only then does the tag make it a version, so that
no version is ever there in part. Whatever fails, the same command goes on from what the Hub has: an untagged commit of
the same content is finished, not repeated, and a published version is left alone.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from ...labels.errors import InputError, RunError, first_line
from ...labels.report.report import report_folder
from ...labels.tables.folder import DatasetFolder
from ...labels.tables.remote import TABLES, explained, quiet_clients, transport_errors
from ..card import render_card
from ..changelog import with_entry
from .diff import card_words, diff_folders
from .publishable import refusals
from .versions import Version
from .viewer import check_viewer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from huggingface_hub import HfApi

    from .diff import FolderDiff

MAIN = "main"
CARD, CHANGELOG = "README.md", "CHANGELOG.md"
FOLDERS = ("data/", "predictions/", "states/", "bounds/", "assets/")
"""Folders whose files are ours; whatever else a repository holds is its owner's, and stays."""
TITLE = re.compile(r"Version \d+\.\d+\.\d+")
"""Titles of our commits."""
TIMEOUT_SECONDS = 60.0
"""Time that one request may take to answer; the Hub's clients have no limit of their own."""
FIRST = Version(1, 0, 0)

Step = Literal["commit", "tag", "nothing"]


@dataclass(frozen=True)
class Release:
    """What publishing a folder means, given what the Hub has."""

    repository: str
    """Hub id."""
    version: Version
    """The version."""
    previous: Version | None
    """The newest version before it."""
    diff: FolderDiff | None
    """What changed since; None for the first version."""
    step: Step
    """What is still to do: commit and tag, tag alone, or nothing."""
    create: bool
    """Whether the repository must be made."""
    parent: str | None
    """Commit that `main` points to; None where there is no repository."""
    files: dict[str, bytes | Path]
    """Content of every file, by its place in the repository."""
    deletions: tuple[str, ...] = ()
    """Files of the previous version that the new one lacks."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes of every file."""

    @property
    def title(self) -> str:
        """Title of its commit, by which an unfinished one is known again."""
        return f"Version {self.version}"


def plan_release(folder: DatasetFolder, repository: str, version: str = "auto", *, api: HfApi | None = None) -> Release:
    """Find out what publishing a folder means; nothing is written.

    Args:
        folder: The dataset folder.
        repository: Hub id of the dataset, `org/name`.
        version: `auto` for the least that the changes allow, or a version such as `1.2.0`.
        api: Client of the Hub; None for one with the user's own token and endpoint.

    Raises:
        InputError: The folder may not be published, the version is smaller than the changes allow or taken, the
            repository holds something else or commits of others, or access is not granted.
        RunError: The Hub cannot be reached.
    """
    _refuse(folder)
    asked = None if version == "auto" else Version.parse(version)
    api = api or _client()
    with explained(repository, "datasets/"), _patient():
        head, tags = _refs(api, repository)
        if head is None:
            return _first(folder, repository, asked or FIRST, None, create=True)
        if not tags:
            return _on_unversioned(api, _first(folder, repository, asked or FIRST, head, create=False))
        return _next(api, folder, repository, asked, head, tags)


def publish(
    folder: DatasetFolder,
    repository: str,
    version: str = "auto",
    *,
    private: bool = False,
    api: HfApi | None = None,
    say: Any = lambda message: None,  # noqa: ANN401 - a function of one text
) -> Release:
    """Publish a folder as a version of a Hub dataset: commit, read back, tag.

    Args:
        folder: The dataset folder; its card and changelog are those of the version afterwards.
        repository: Hub id of the dataset.
        version: As of `plan_release`.
        private: Whether a repository that has to be made is private.
        api: Client of the Hub; None for one with the user's own token and endpoint.
        say: Told what happens.

    Returns:
        What was done.

    Raises:
        InputError: As `plan_release`.
        RunError: The Hub cannot be reached or gave back something else; the same command goes on from there.
    """
    api = api or _client()
    release = plan_release(folder, repository, version, api=api)
    if release.step == "nothing":
        say(f"{repository} has {release.version.tag} with this content already; nothing to do")
        return release
    with explained(repository, "datasets/"), _patient():
        if release.create:
            say(f"making the {'private ' if private else ''}dataset {repository}")
            api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
            head, _ = _refs(api, repository)
            release = _on_unversioned(api, replace(release, parent=head, create=False))
        commit = release.parent
        if release.step == "commit":
            size = sum(release.sizes.values())
            say(f"committing {len(release.files)} files, {size / 1e6:.1f} MB, as {release.title!r}")
            commit = _commit(api, release)
        assert commit is not None, "the repository is there by now"
        say(f"reading {commit[:8]} back")
        _verify(api, release, commit)
        say(f"tagging {release.version.tag}")
        _tag(api, release, commit)
    for name in (CARD, CHANGELOG):
        content = release.files[name]
        assert isinstance(content, bytes), "card and changelog are rendered"
        (folder.path / name).write_bytes(content)
    say(f"{repository} {release.version.tag} is published and verified")
    return release


def _client() -> HfApi:
    from huggingface_hub import HfApi

    return HfApi()


def _refuse(folder: DatasetFolder) -> None:
    reasons = refusals(folder) or [str(problem) for problem in check_viewer(folder)]
    if reasons:
        raise InputError(f"{folder.path} may not be published: {reasons[0]}" + "".join(f"\n{r}" for r in reasons[1:4]))


def _refs(api: HfApi, repository: str) -> tuple[str | None, dict[Version, str]]:
    """Commit of `main`, None where there is no repository, and the commits of all versions."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        refs = api.list_repo_refs(repository, repo_type="dataset")
    except GatedRepoError:
        raise
    except RepositoryNotFoundError:
        api.whoami()  # without a token a private repository looks like none: say so rather than make another
        return None, {}
    head = next((branch.target_commit for branch in refs.branches if branch.name == MAIN), None)
    versions = {Version.of_tag(tag.name): tag.target_commit for tag in refs.tags}
    return head, {version: commit for version, commit in versions.items() if version is not None}


def _tree(api: HfApi, repository: str, revision: str) -> dict[str, str]:
    """Hash of every file of a commit, by its path: SHA-256 of large files, git's of the others."""
    found = {}
    for entry in api.list_repo_tree(repository, recursive=True, revision=revision, repo_type="dataset"):
        lfs = getattr(entry, "lfs", None)
        if hasattr(entry, "blob_id"):
            found[entry.path] = entry.blob_id if lfs is None else lfs.sha256
    return found


def _on_unversioned(api: HfApi, release: Release) -> Release:
    """The first release, on a repository that may hold what the Hub puts there, or an unfinished first version."""
    assert release.parent is not None, "the repository is there"
    repository = release.repository
    remote = _tree(api, repository, release.parent)
    strange = [path for path in remote if path != CARD and not path.startswith(".git")]
    if strange and not any(path.startswith("states/") for path in remote):
        raise InputError(
            f"{repository} holds something else ({strange[0]}); publish to a new name, or to a dataset of adaptlabels"
        )
    return _with_step(api, release, remote, base=None)


def _first(folder: DatasetFolder, repository: str, version: Version, head: str | None, *, create: bool) -> Release:
    return _release(folder, repository, version, None, None, head, changelog="", create=create)


def _next(
    api: HfApi,
    folder: DatasetFolder,
    repository: str,
    asked: Version | None,
    head: str,
    tags: dict[Version, str],
) -> Release:
    """The release of a folder whose repository has versions already."""
    newest = max(tags)
    previous = max((version for version in tags if asked not in tags or version < asked), default=None)
    if asked is not None and asked not in tags and asked < newest:
        raise InputError(f"--version {asked}: {repository} has {newest.tag} already; a version after it is needed")
    if previous is None:
        assert asked is not None, "without a version before it, it is the first"
        return _taken(api, _first(folder, repository, asked, head, create=False), tags[asked])
    before = _downloaded(api, repository, tags[previous])
    diff = diff_folders(before, folder)
    version = asked or previous.bump(diff.level)
    changelog = before.path / CHANGELOG
    text = changelog.read_text(encoding="utf-8") if changelog.is_file() else ""
    if version in tags and version == previous:  # auto, and nothing changed
        return _release(folder, repository, version, previous, diff, head, text, create=False, step="nothing")
    release = _release(folder, repository, version, previous, diff, head, text, create=False)
    if version in tags:
        return _taken(api, release, tags[version])
    least = previous.bump(diff.level)
    if diff.level == "none":
        raise InputError(f"nothing changed since {previous.tag} of {repository}; there is no version to make")
    if version < least:
        reason = next(iter(diff.lines()))
        raise InputError(
            f"--version {version}: too small a step after {previous}, as {reason}; {least} is the least ({diff.level})"
        )
    return _with_step(api, release, _tree(api, repository, head), base=tags[previous])


def _taken(api: HfApi, release: Release, commit: str) -> Release:
    """A version that is there: with the same content there is nothing to do."""
    if _same(_tree(api, release.repository, commit), release.files):
        return replace(release, step="nothing")
    raise InputError(
        f"{release.repository} has {release.version.tag} already, with other content; versions never change: use"
        " --version auto"
    )


def _with_step(api: HfApi, release: Release, remote: dict[str, str], base: str | None) -> Release:
    """What is to do on top of `main`: its commits since the newest version must be unfinished ones of ours."""
    assert release.parent is not None, "the repository is there"
    gone = tuple(path for path in remote if path.startswith(FOLDERS) and path not in release.files)
    if release.parent == base:
        return replace(release, deletions=gone)
    commits = list(api.list_repo_commits(release.repository, repo_type="dataset", revision=release.parent))
    if commits[0].title == release.title and _same(remote, release.files):
        return replace(release, step="tag")
    since = [commit.commit_id for commit in commits]
    newer = commits[: since.index(base)] if base in since else commits[:-1]  # the oldest is the repository's own
    others = [commit for commit in newer if not TITLE.fullmatch(commit.title)]
    if others and any(path.startswith("states/") for path in remote):
        who = f" by {', '.join(others[0].authors)}" if others[0].authors else ""
        raise InputError(
            f"{release.repository}: main has a commit that is no version, {others[0].commit_id[:8]}"
            f" {others[0].title!r}{who}; nothing was overwritten: undo it there, then publish again"
        )
    return replace(release, deletions=gone)


def _release(
    folder: DatasetFolder,
    repository: str,
    version: Version,
    previous: Version | None,
    diff: FolderDiff | None,
    head: str | None,
    changelog: str,
    *,
    create: bool,
    step: Step = "commit",
) -> Release:
    changes = [] if diff is None else diff.lines()
    text = with_entry(changelog, str(version), changes)
    reports = [report_folder(folder, family) for family in folder.families]
    own = folder.path / CARD
    if card_words(own.read_text(encoding="utf-8")) != card_words(render_card(folder, reports)):
        raise InputError(
            f"{own}: not as `adaptlabels card` writes it, and what was added by hand would be lost; run that, then"
            " publish again"
        )
    card = render_card(folder, reports, place=repository, revision=version.tag, changelog=text)
    files: dict[str, bytes | Path] = {
        path.relative_to(folder.path).as_posix(): path
        for pattern in (
            "data/*/*.parquet",
            "predictions/*/*.parquet",
            "states/*.parquet",
            "bounds/*.parquet",
            "assets/*",
        )
        for path in sorted(folder.path.glob(pattern))
    }
    files |= {CARD: card.encode(), CHANGELOG: text.encode()}
    sizes = {name: len(c) if isinstance(c, bytes) else c.stat().st_size for name, c in files.items()}
    return Release(repository, version, previous, diff, step, create, head, files, sizes=sizes)


def _same(remote: dict[str, str], files: dict[str, bytes | Path]) -> bool:
    """Whether a commit holds these files and no others of ours."""
    if {path for path in remote if path.startswith(FOLDERS)} != {path for path in files if path.startswith(FOLDERS)}:
        return False
    return all(remote.get(path) in _hashes(content) for path, content in files.items())


def _hashes(content: bytes | Path) -> tuple[str, str]:
    data = content if isinstance(content, bytes) else content.read_bytes()
    blob = hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
    return blob, hashlib.sha256(data).hexdigest()


def _downloaded(api: HfApi, repository: str, commit: str) -> DatasetFolder:
    return DatasetFolder(
        api.snapshot_download(repository, repo_type="dataset", revision=commit, allow_patterns=list(TABLES))
    )


def _commit(api: HfApi, release: Release) -> str:
    """One commit with everything; an answer that was lost is looked for on the Hub before anything is called failed."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.errors import HfHubHTTPError

    lost: tuple[type[Exception], ...] = (HfHubHTTPError, RuntimeError, *transport_errors())
    operations: list[Any] = [
        *(CommitOperationAdd(path, content) for path, content in release.files.items()),
        *(CommitOperationDelete(path) for path in release.deletions),
    ]
    try:
        done = api.create_commit(
            release.repository,
            operations,
            commit_message=release.title,
            repo_type="dataset",
            revision=MAIN,
            parent_commit=release.parent,
        )
    except lost as error:
        return _found_again(api, release, error)
    return str(done.oid)


def _found_again(api: HfApi, release: Release, error: Exception) -> str:
    """The commit, if it happened although the answer was an error."""
    head, _ = _refs(api, release.repository)
    if head is not None and head != release.parent and _same(_tree(api, release.repository, head), release.files):
        return head
    if head != release.parent:
        raise InputError(
            f"{release.repository}: somebody else committed to main meanwhile; nothing was overwritten: look at"
            f" {head and head[:8]}, then publish again"
        ) from error
    raise error


def _tag(api: HfApi, release: Release, commit: str) -> None:
    from huggingface_hub.errors import HfHubHTTPError

    lost: tuple[type[Exception], ...] = (HfHubHTTPError, *transport_errors())
    try:
        api.create_tag(release.repository, tag=release.version.tag, revision=commit, repo_type="dataset")
    except lost as error:
        _, tags = _refs(api, release.repository)
        if release.version not in tags:
            raise
        if tags[release.version] != commit:
            raise InputError(
                f"{release.repository}: {release.version.tag} was made meanwhile, for {tags[release.version][:8]}; use"
                " --version auto"
            ) from error
    seen = api.repo_info(release.repository, repo_type="dataset", revision=release.version.tag).sha
    if seen != commit:
        raise RunError(
            f"{release.repository}: {release.version.tag} points to {seen}, not to {commit}; look at it there"
        )


def _verify(api: HfApi, release: Release, commit: str) -> None:
    """Download the commit into a fresh cache, compare every byte, and load every config."""
    from datasets import get_dataset_config_names, load_dataset

    with tempfile.TemporaryDirectory(prefix="adaptlabels-") as fresh:
        place = Path(
            api.snapshot_download(
                release.repository, repo_type="dataset", revision=commit, cache_dir=Path(fresh, "hub")
            )
        )
        for path, content in release.files.items():
            if not (place / path).is_file() or _hashes(place / path) != _hashes(content):
                raise RunError(f"{release.repository}@{commit[:8]}: {path} came back otherwise; publish again")
        folder = DatasetFolder(place)
        cache, token = str(Path(fresh, "datasets")), api.token
        for config in get_dataset_config_names(release.repository, revision=commit, token=token):
            try:
                rows = load_dataset(
                    release.repository, config, split=folder.split, revision=commit, token=token, cache_dir=cache
                )
            except ValueError as error:  # also where a request failed, and datasets looked into its empty cache instead
                raise RunError(
                    f"{release.repository}@{commit[:8]}: config {config} does not load ({first_line(error)});"
                    " publish again"
                ) from error
            if rows.num_rows == 0:
                raise RunError(f"{release.repository}@{commit[:8]}: config {config} has no rows; publish again")


@contextmanager
def _patient() -> Iterator[None]:
    """Requests that give up after a while, and no bars of the clients' own."""
    from huggingface_hub import get_session

    session = get_session()
    before = session.timeout
    session.timeout = TIMEOUT_SECONDS
    try:
        with quiet_clients():
            yield
    finally:
        session.timeout = before


def plan_lines(release: Release) -> list[str]:
    """What publishing would do, as a person reads it."""
    if release.step == "nothing":
        return [f"{release.repository} has {release.version.tag} with this content already; nothing to do"]
    after = f" after {release.previous}" if release.previous else ""
    level = f" ({release.diff.level})" if release.diff is not None else ""
    lines = [f"{release.repository} {release.version.tag}{after}{level}"]
    if release.create:
        lines.append("the dataset would be made")
    if release.step == "tag":
        lines.append("its commit is there; only the tag is missing")
    lines += [f"change: {line}" for line in ([] if release.diff is None else release.diff.lines())]
    lines += [f"{size:>12,} {PurePosixPath(path)}" for path, size in sorted(release.sizes.items())]
    lines += [f"     deleted {path}" for path in release.deletions]
    return lines
