"""What the Hub has of a dataset, or of the Space that shows it: commits, versions and files."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...labels.tables.folder import DatasetFolder
from ...labels.tables.layout import FOLDER_FILES
from ...labels.tables.remote import explained, quiet_clients
from .versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from huggingface_hub import GitCommitInfo, HfApi

MAIN = "main"
TIMEOUT_SECONDS = 60.0
"""Time that one request may take to answer; the Hub's clients have no limit of their own."""


@dataclass(frozen=True)
class Refs:
    """What the names of a repository point to."""

    head: str | None
    """Commit of `main`; None where there is no repository."""
    versions: dict[Version, str]
    """Commit of each version."""


@dataclass(frozen=True)
class HubRepository:
    """A repository, which need not exist yet."""

    name: str
    """Hub id, `org/name`."""
    api: HfApi
    """Client of the Hub."""
    kind: Literal["dataset", "space"] = "dataset"
    """What it is."""

    @classmethod
    def open(cls, name: str, api: HfApi | None = None, kind: Literal["dataset", "space"] = "dataset") -> HubRepository:
        """A repository by its name; nothing is asked of the Hub yet.

        Args:
            name: Hub id.
            api: Client of the Hub; None for one with the user's own token and endpoint.
            kind: What it is.
        """
        from huggingface_hub import HfApi

        return cls(name, api or HfApi(), kind)

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """Errors of the clients become ours; requests give up after a while, and show no bars."""
        from huggingface_hub import get_session

        session = get_session()
        before = session.timeout
        session.timeout = TIMEOUT_SECONDS
        try:
            with explained(self.name, f"{self.kind}s/"), quiet_clients():
                yield
        finally:
            session.timeout = before

    def refs(self) -> Refs:
        """Commits of `main` and of all versions."""
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

        try:
            refs = self.api.list_repo_refs(self.name, repo_type=self.kind)
        except GatedRepoError:
            raise
        except RepositoryNotFoundError:
            self.api.whoami()  # without a token a private repository looks missing: say so rather than make another
            return Refs(None, {})
        head = next((branch.target_commit for branch in refs.branches if branch.name == MAIN), None)
        versions = {Version.of_tag(tag.name): tag.target_commit for tag in refs.tags}
        return Refs(head, {version: commit for version, commit in versions.items() if version is not None})

    def files(self, commit: str) -> dict[str, str]:
        """Hash of every file of a commit, by its path: SHA-256 of large files, git's of the others."""
        found = {}
        for entry in self.api.list_repo_tree(self.name, recursive=True, revision=commit, repo_type=self.kind):
            lfs = getattr(entry, "lfs", None)
            if hasattr(entry, "blob_id"):
                found[entry.path] = entry.blob_id if lfs is None else lfs.sha256
        return found

    def commits(self, commit: str) -> list[GitCommitInfo]:
        """A commit and all before it, newest first."""
        return list(self.api.list_repo_commits(self.name, repo_type=self.kind, revision=commit))

    def download(self, commit: str) -> DatasetFolder:
        """The dataset folder of a commit, in the client's cache."""
        path = self.api.snapshot_download(
            self.name, repo_type="dataset", revision=commit, allow_patterns=list(FOLDER_FILES)
        )
        return DatasetFolder(path)
