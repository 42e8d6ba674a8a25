"""What a dataset folder is about: the benchmark behind the labels, kept in the metadata of its tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..errors import TableError

METADATA_KEY = "adaptlabels"
"""Key of this description in the metadata of a parquet file."""


@dataclass(frozen=True)
class DatasetInfo:
    """One benchmark split, as its labels were made."""

    name: str
    """Short name, such as `hellaswag`."""
    title: str
    """Name for people, such as `HellaSwag`."""
    split: str
    """Split of the source, and of every table."""
    task: str
    """`image-classification`, `multiple-choice` or `other`."""
    class_names: tuple[str, ...]
    """Names of the values of `target` and `prediction`, in order, as people read them."""
    source: str
    """Where the items came from: `hub:org/name`, or the kind of a local source. Never a path."""
    class_ids: tuple[str, ...] = ()
    """What the source calls the classes, such as ImageNet's synsets; empty where these are their names."""
    source_revision: str | None = None
    """Commit of a Hub source."""
    licence: str | None = None
    """SPDX-like identifier of the source's licence, as the Hub writes it."""
    homepage: str | None = None
    """Page of the benchmark."""
    citation: str | None = None
    """BibTeX of the benchmark."""
    full_size: int | None = None
    """Number of samples of the whole split; a folder with fewer is not compared with published accuracies."""
    reference_tolerance: float = 0.01
    """How far an accuracy may differ from its published value."""
    language: str | None = None
    """Language of the samples, as the Hub writes it; None for images."""
    accuracy_note: str | None = None
    """Reason why accuracies differ from the published ones; they are not compared then."""
    skipped: tuple[tuple[str, str], ...] = ()
    """Samples of the split that could not be used, with the reason; they are in no table."""
    notes: tuple[str, ...] = ()
    """What was left out or assumed when results of other programs were imported, one sentence each."""

    command: str | None = None
    """The command that makes these labels again; None where predictions came from elsewhere, or where it would name an
    absolute path."""

    @property
    def has_classes(self) -> bool:
        """Whether a folder has the table *classes*: the answers of other tasks are places among a sample's choices."""
        return self.task == "image-classification"

    def to_json(self) -> str:
        """The description as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, where: str) -> DatasetInfo:
        """Read what `to_json` wrote.

        Raises:
            TableError: The text is not such a description; `where` names the file in the message.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            message = f"{place}: {first['msg']}" if place else first["msg"]
            raise TableError(f"{where}: its adaptlabels metadata cannot be read ({message})") from error
