"""The unit of work, whoever carries it out: one pass on one shard, of which only the missing parts are made.

A pass's states are loaded when the first part is missing, and stay for the next shards.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from ..cache import key_of
from ..progress import FOUND
from ..running.scores import part_frame
from .catalogue import Seen
from .plan import fingerprint
from .store import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..progress import Advance
    from ..running.contract import LoadedState, Pass
    from ..sources.items import Shard
    from .plan import BuildPlan
    from .store import Store


class Scorer:
    """Scores shards with the states of one pass; use it in a `with` statement."""

    def __init__(self, plan: BuildPlan, states: Sequence[LoadedState], store: Store) -> None:
        """Name the work; nothing is loaded yet.

        Args:
            plan: The build.
            states: The states of the pass.
            store: Takes the parts; what it has already is not made again.
        """
        self._plan, self._states, self._store = plan, states, store
        self.prints = {state.key: fingerprint(plan, state) for state in states}
        """Fingerprint of each state, by its key."""
        self._resources = ExitStack()
        self._opened: Pass[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Free what the states hold."""
        self._opened = None
        self._resources.close()

    def score(self, shard: Shard[Any], advance: Advance) -> Seen:
        """Make the parts of a shard that are missing.

        Args:
            shard: The shard.
            advance: Called with the number of (sample, state) pairs that were found or done.

        Returns:
            What was seen of the items.

        Raises:
            InputError: An item cannot be used.
            RunError: A state cannot be run, or the store cannot be used.
        """
        seen = Seen.of(shard)
        missing = [
            state
            for state in self._states
            if not self._store.has(part_of(state, shard.index), part_print(self.prints[state.key], seen.print))
        ]
        advance(len(shard.items) * (len(self._states) - len(missing)), bound_by=FOUND)
        if missing:
            answers = self._open().score(shard.items, [state.key for state in missing], advance)
            for state in missing:
                frame = part_frame(shard.items, answers.scores[state.key], answers.problems)
                part, own = part_of(state, shard.index), part_print(self.prints[state.key], seen.print)
                self._store.put(part, own, frame)
        return seen

    def _open(self) -> Pass[Any]:
        if self._opened is None:
            opened = self._plan.runner.open(self._states, self._plan.settings, self._plan.benchmark.answers)
            self._opened = self._resources.enter_context(opened)
        return self._opened


def part_of(state: LoadedState, shard: int) -> Part:
    """Where the store keeps a state's answers to a shard."""
    return Part(state.family.name, state.backbone.name, shard)


def part_print(state: str, items: str) -> str:
    """Fingerprint of a state's answers to a shard.

    Args:
        state: Fingerprint of the state.
        items: Fingerprint of the shard's items.
    """
    return key_of({"state": state, "items": items})
