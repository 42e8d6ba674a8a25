"""Carries a plan out: runs what the store lacks, pass by pass and shard by shard.

The plan is the same whoever carries it out. A pass's states are loaded only when one of its parts is missing, so that a
finished build runs again in the time it takes to read its items.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from .cache import key_of
from .catalogue import Catalogue
from .items import read_ahead, shards
from .plan import fingerprint
from .progress import FOUND
from .scores import part_frame
from .store import Store, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .items import Shard
    from .plan import BuildPlan
    from .progress import Advance, Progress
    from .runner import LoadedState, Pass


def run_passes(
    plan: BuildPlan, passes: Sequence[tuple[LoadedState, ...]], store: Store, progress: Progress
) -> Catalogue:
    """Run every pass over every shard.

    Args:
        plan: The build.
        passes: States that run together.
        store: Takes the parts; what it has already is not made again.
        progress: Told what happens.

    Returns:
        What was seen of the items.

    Raises:
        InputError: An item cannot be used.
        RunError: A state cannot be run; what was finished is kept.
    """
    n_states = sum(len(states) for states in passes)
    catalogue = Catalogue()
    unit = "images" if plan.benchmark.runner == "vision" else "items"
    with progress.task(
        f"{n_states} states on {plan.benchmark.title}", len(plan.source) * n_states, per=n_states, unit=unit
    ) as advance:
        for number, states in enumerate(passes):
            seen = Catalogue()
            _run_pass(plan, states, store, seen, advance)
            catalogue = seen if number == 0 else catalogue.agreeing(seen)
    return catalogue


def _run_pass(
    plan: BuildPlan, states: Sequence[LoadedState], store: Store, catalogue: Catalogue, advance: Advance
) -> None:
    prints = {state.key: fingerprint(plan, state) for state in states}
    with ExitStack() as resources:
        opened: Pass[Any] | None = None
        for shard in read_ahead(shards(plan.source, plan.shard_size)):
            items = catalogue.add(shard)
            missing = [
                state.key
                for state in states
                if not store.has(unit_of(state, shard.index), unit_print(prints[state.key], items))
            ]
            advance(len(shard.items) * (len(states) - len(missing)), bound_by=FOUND)
            if missing:
                opened = opened or resources.enter_context(
                    plan.runner.open(states, plan.settings, plan.benchmark.answers)
                )
                _run_unit(opened, states, shard, missing, prints, items, store, advance)


def _run_unit(
    opened: Pass[Any],
    states: Sequence[LoadedState],
    shard: Shard[Any],
    missing: Sequence[str],
    prints: Mapping[str, str],
    items: str,
    store: Store,
    advance: Advance,
) -> None:
    """Score one shard with the states of an open pass that lack it, and keep the parts."""
    answers = opened.score(shard.items, missing, advance)
    for state in states:
        if state.key in answers.scores:
            frame = part_frame(shard.items, answers.scores[state.key], answers.problems)
            store.put(unit_of(state, shard.index), unit_print(prints[state.key], items), frame)


def unit_of(state: LoadedState, shard: int) -> Unit:
    """Where the store keeps a state's answers to a shard."""
    return Unit(state.family.name, state.backbone.name, shard)


def unit_print(state: str, items: str) -> str:
    """Fingerprint of a state's answers to a shard.

    Args:
        state: Fingerprint of the state.
        items: Fingerprint of the shard's items.
    """
    return key_of({"state": state, "items": items})
