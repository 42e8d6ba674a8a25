"""One sample, whatever its source, and the sources that yield samples.

A source reads its items in order, in shards of a fixed number; a shard is what the store keeps as one part and what a
killed build begins again. An item carries its own content, so that what was scored is what the fingerprint covers.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BLANK = "_"
"""Where a choice goes into a context that has text after it too."""
Decision = Literal["acc_norm", "acc", "partial"]
"""How choices are compared, named as in lm-evaluation-harness: by the log-likelihood of each per character, by that of
each as it is, or by that of the text after the context's blank, which the choice has filled."""


@dataclass(frozen=True, slots=True)
class ImageItem:
    """An encoded image and its class."""

    sample_id: str
    """The source dataset's own identifier."""
    target: int | None
    """Index of the right class; None where no answer counts as right, and the sample is left out of the labels."""
    category: str
    """Name of the class."""
    content: bytes
    """The encoded image file."""
    where: str
    """File or row to name in messages."""
    problem: str | None = None
    """Why the file could not be read; the content is empty then."""
    also_right: tuple[int, ...] = ()
    """Other classes that count as right."""
    split_type: str | None = None
    """Part of the split that it is of, where the source says."""
    source_id: str | None = None
    """Document that it is from, where samples share one."""

    @property
    def right_answers(self) -> tuple[int, ...]:
        """All classes that count as right, the target first; empty where none does."""
        return () if self.target is None else (self.target, *self.also_right)

    def content_columns(self) -> dict[str, Any]:
        """What a model sees, as columns of a row."""
        return {"image": {"bytes": self.content, "path": None}}

    def digest(self) -> bytes:
        """Hash of everything that a model's answer may depend on."""
        return _digest(self.sample_id, self.content)


@dataclass(frozen=True, slots=True)
class ChoiceItem:
    """A multiple-choice question as a language model sees it: one context, several continuations."""

    sample_id: str
    """The source dataset's own identifier; empty where it has none, until the source numbers its items."""
    target: int
    """Index of the right choice."""
    category: str | None
    """Activity or subject."""
    context: str
    """Text before the choice, without a space at its end; or with a blank where the choice goes."""
    choices: tuple[str, ...]
    """What is chosen among, without the space between context and choice."""
    where: str
    """File and line to name in messages."""
    split_type: str | None = None
    """Part of the split, such as `indomain` or `zeroshot`, where the source says."""
    source_id: str | None = None
    """Document that it is from, where the source says."""
    decided_by: Decision = "acc_norm"
    """How the choices are compared."""

    @property
    def right_answers(self) -> tuple[int, ...]:
        """The one right choice."""
        return (self.target,)

    @property
    def scored(self) -> tuple[tuple[str, str], ...]:
        """For each choice the text that a model is given, and the text whose likelihood counts."""
        if self.decided_by != "partial":
            return tuple((self.context, choice) for choice in self.choices)
        before, _, after = self.context.partition(BLANK)
        return tuple((before + choice, after.strip()) for choice in self.choices)

    @property
    def divisors(self) -> tuple[int, ...]:
        """What each choice's log-likelihood is divided by before they are compared."""
        return tuple(max(1, len(text)) if self.decided_by == "acc_norm" else 1 for _, text in self.scored)

    def content_columns(self) -> dict[str, Any]:
        """What a model sees, as columns of a row."""
        return {"context": self.context, "choices": list(self.choices)}

    def digest(self) -> bytes:
        """Hash of everything that a model's answer may depend on."""
        return _digest(self.sample_id, self.decided_by, self.context, *self.choices)


Item = ImageItem | ChoiceItem
ItemT_co = TypeVar("ItemT_co", bound=Item, covariant=True)


@dataclass(frozen=True)
class Shard(Generic[ItemT_co]):
    """Consecutive items of a source."""

    index: int
    """Number of the shard, from 0."""
    items: Sequence[ItemT_co]
    """The items, with their content."""

    def fingerprint(self) -> str:
        """Hash of all items in order, as hexadecimal digits."""
        whole = hashlib.sha256()
        for item in self.items:
            whole.update(item.digest())
        return whole.hexdigest()


class Source(Protocol[ItemT_co]):
    """Where items come from."""

    @property
    def name(self) -> str:
        """The source without any path of the user's machine, as `hub:org/name` or `imagefolder`."""
        ...

    @property
    def revision(self) -> str | None:
        """Commit of a Hub source."""
        ...

    def __len__(self) -> int:
        """Number of items."""
        ...

    def items(self) -> Iterator[ItemT_co]:
        """All items in order; reading happens here."""
        ...

    def slice(self, start: int, stop: int) -> Source[ItemT_co] | None:
        """Items `start` to `stop - 1` as a source of their own, which can be sent to another machine and is read there.

        None where items can only be read one after the other from the first.
        """
        ...


@dataclass(frozen=True)
class Held(Generic[ItemT_co]):
    """Items that are in memory."""

    name: str
    """Name of the source that they are of."""
    revision: str | None
    """Its commit."""
    content: Sequence[ItemT_co]
    """The items."""

    def __len__(self) -> int:
        return len(self.content)

    def items(self) -> Iterator[ItemT_co]:
        """The items in order."""
        return iter(self.content)

    def slice(self, start: int, stop: int) -> Held[ItemT_co]:
        """Some of the items."""
        return Held(self.name, self.revision, self.content[start:stop])


@dataclass(frozen=True)
class Portion(Generic[ItemT_co]):
    """A shard that may be read on another machine."""

    index: int
    """Number of the shard, from 0."""
    source: Source[ItemT_co]
    """Its items alone."""

    def read(self) -> Shard[ItemT_co]:
        """The shard with its items' content."""
        return Shard(self.index, list(self.source.items()))


def portions(source: Source[ItemT_co], size: int) -> Iterator[Portion[ItemT_co]]:
    """The shards of a source as they are sent to other machines: unread where the source allows it.

    Example:
        >>> [len(portion.read().items) for portion in portions(Held("letters", None, "abcde"), 2)]
        [2, 2, 1]
    """
    if source.slice(0, 0) is None:
        for shard in shards(source, size):
            yield Portion(shard.index, Held(source.name, source.revision, shard.items))
        return
    for index, start in enumerate(range(0, len(source), size)):
        some = source.slice(start, min(start + size, len(source)))
        assert some is not None, "a source that can be divided can be divided anywhere"
        yield Portion(index, some)


def shards(source: Source[ItemT_co], size: int) -> Iterator[Shard[ItemT_co]]:
    """The items of a source in shards of `size`; one shard is in memory at a time."""
    held: list[ItemT_co] = []
    index = 0
    for item in source.items():
        held.append(item)
        if len(held) == size:
            yield Shard(index, held)
            held, index = [], index + 1
    if held:
        yield Shard(index, held)


def read_ahead(shards: Iterator[Shard[ItemT_co]]) -> Iterator[Shard[ItemT_co]]:
    """The same shards; while one is worked on, a thread reads the next. Two are in memory at a time."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, shards, None)
        while (shard := coming.result()) is not None:
            coming = pool.submit(next, shards, None)
            yield shard


def _digest(*parts: str | bytes) -> bytes:
    """Hash of parts whose borders count."""
    whole = hashlib.sha256()
    for part in parts:
        content = part.encode(errors="surrogatepass") if isinstance(part, str) else part
        whole.update(len(content).to_bytes(8, "little"))
        whole.update(content)
    return whole.digest()
