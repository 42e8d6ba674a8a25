"""Cards: what people see of a dataset folder, and its versions on the Hub.

    dataset folder → card and plots → checks → one commit, verified, one tag

Every name is imported on first use, so that `import adaptlabels.cards` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .card import render_card, write_card
    from .plots import plot_family
    from .release.changes import FamilyDiff, Flips, FolderDiff, Moved
    from .release.diff import diff_folders as diff
    from .release.publishable import refusals
    from .release.release_plan import Release, plan_release
    from .release.upload import publish
    from .release.versions import Version
    from .release.viewer import check_viewer

_LAZY = {
    "FamilyDiff": "release.changes",
    "Flips": "release.changes",
    "FolderDiff": "release.changes",
    "Moved": "release.changes",
    "Release": "release.release_plan",
    "Version": "release.versions",
    "check_viewer": "release.viewer",
    "diff": "release.diff:diff_folders",
    "plan_release": "release.release_plan",
    "plot_family": "plots",
    "publish": "release.upload",
    "refusals": "release.publishable",
    "render_card": "card",
    "write_card": "card",
}
"""The module of each name, and its name there where it differs."""

__all__ = [
    "FamilyDiff",
    "Flips",
    "FolderDiff",
    "Moved",
    "Release",
    "Version",
    "check_viewer",
    "diff",
    "plan_release",
    "plot_family",
    "publish",
    "refusals",
    "render_card",
    "write_card",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _LAZY[name].partition(":")
    return getattr(import_module(f".{module}", __name__), attribute or name)


def __dir__() -> list[str]:
    return __all__
