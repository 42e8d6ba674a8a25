"""The formats that results are read from: one table, and what tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..errors import InputError
from .import_options import ImportOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .results import Results

AUTO = "auto"
"""The format that is told by the files."""


@dataclass(frozen=True)
class Format:
    """A kind of files that results are read from."""

    name: str
    """What `form` and the program call it."""
    about: str
    """The files, in a few words."""
    module: str
    """Module of this room that has the two functions."""
    recognise: str
    """Its function that says whether a path is of this format."""
    read: str
    """Its function that reads a path, with `ImportOptions`, as `Results`."""
    needs: str | None = None
    """Library that must be installed to read it, and the extra of the same name that installs it."""

    def recognises(self, where: Path) -> bool:
        """Whether a file or folder is of this format."""
        return bool(getattr(import_module(f".{self.module}", __package__), self.recognise)(where))

    def reader(self) -> Callable[[Path, ImportOptions], Results]:
        """The function that reads it.

        Raises:
            InputError: The library that it needs is not installed.
        """
        if self.needs is not None and find_spec(self.needs) is None:
            raise InputError(
                f"format {self.name} requires {self.needs}: pip install 'adaptlabels[{self.needs.partition('_')[0]}]'"
            )
        found: Callable[[Path, ImportOptions], Results] = getattr(
            import_module(f".{self.module}", __package__), self.read
        )
        return found


FORMATS = (
    Format("lm-eval", "logs of lm-evaluation-harness", "lm_eval", "is_lm_eval", "read_lm_eval"),
    Format("inspect", "logs of Inspect", "inspect_logs", "is_inspect", "read_inspect", needs="inspect_ai"),
    Format("lighteval", "details of lighteval", "lighteval", "is_lighteval", "read_lighteval"),
    Format("helm", "run folders of HELM", "helm", "is_helm", "read_helm"),
    Format("opencompass", "work folders of OpenCompass", "opencompass", "is_opencompass", "read_opencompass"),
    Format(
        "every-eval-ever", "instance-level JSON lines", "every_eval_ever", "is_every_eval_ever", "read_every_eval_ever"
    ),
    Format("routerbench", "a RouterBench table", "routing", "is_routerbench", "read_routerbench"),
    Format("routellm", "RouteLLM's responses", "routing", "is_routellm", "read_routellm"),
    Format("llmrouterbench", "LLMRouterBench's results", "routing", "is_llm_router_bench", "read_llm_router_bench"),
    Format("timm", "file_name,predicted_class of image classifiers", "timm", "is_timm", "read_timm"),
    Format("table", "one row per sample and state", "table", "is_long_table", "read_long_table"),
    Format("wide", "one row per sample, one column per state", "wide", "is_wide_table", "read_wide_table"),
    Format(
        "imagenet-tv", "the answers that ship with the package", "imagenet_tv", "is_imagenet_tv", "read_imagenet_tv"
    ),
)
"""All formats, in the order in which `auto` tries them."""
FORMAT_NAMES = (AUTO, *(each.name for each in FORMATS))
"""What `form` may be."""


def recognise(where: Path) -> Format:
    """The format of a file or folder.

    Raises:
        InputError: It does not exist, or is of no known format.
    """
    *others, packaged = FORMATS
    if packaged.recognises(where):
        return packaged
    if not where.exists():
        raise InputError(f"{where}: no such file or folder")
    for each in others:
        if each.recognises(where):
            return each
    known = ", ".join(f"{each.name} ({each.about})" for each in FORMATS)
    raise InputError(f"{where}: no known format; there are {known}")


def read_results(where: Path, form: str = AUTO, options: ImportOptions | None = None) -> Results:
    """Read results that any known program wrote.

    Args:
        where: A file or folder.
        form: Name of the format, one of `FORMAT_NAMES`; `auto` tells it by the files, and says which it took.
        options: What a person says about the files.

    Raises:
        InputError: There is no such file or format, or what the format needs is not installed.
        TableError: The files hold what they should not.
    """
    options = options or ImportOptions()
    if form == AUTO:
        found = recognise(where)
    else:
        chosen = [each for each in FORMATS if each.name == form]
        if not chosen:
            raise InputError(f"`form` {form!r} is not one of {', '.join(FORMAT_NAMES)}")
        found = chosen[0]
    results = found.reader()(where, options)
    return results if form != AUTO else results.with_notes(f"Read as format {found.name!r} ({found.about}).")
