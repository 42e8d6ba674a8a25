"""What is measured of states beside their answers: device costs, and how often a fast mode changes an answer."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..cache import key_of
from ..running.devices import device_name
from ..running.scores import part_frame
from ..sources.items import Shard, shards
from .plan import fingerprint
from .scoring import part_print
from .store import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from ..progress import Progress
    from ..running.contract import LoadedState, RunSettings
    from ..sources.items import Item
    from .plan import BuildPlan
    from .store import Store

COMPARED = "compared"
"""What the store calls answers that are compared: part of the name, so that they are no part of the labels."""


def measure_states(
    plan: BuildPlan, states: Sequence[LoadedState], progress: Progress, *, store: Store
) -> dict[str, dict[str, Any]]:
    """Latency, throughput, memory and energy of the states of a pass, measured once and kept in the store.

    Returns:
        For each state, by its key, columns of table *states*.

    Raises:
        RunError: A sample does not fit into memory.
    """
    prints = {
        state.key: key_of(
            {
                "state": fingerprint(plan, state),
                "batch": plan.settings.batch_size,
                "device": device_name(plan.settings.device),
            }
        )
        for state in states
    }
    kept = {state.key: store.get_note(_note(state), prints[state.key]) for state in states}
    found = {key: costs for key, costs in kept.items() if costs is not None}
    missing = [state for state in states if state.key not in found]
    if not missing:
        return found
    progress.say(f"measuring {len(missing)} states on {device_name(plan.settings.device)}")
    with plan.runner.open(missing, plan.settings, plan.benchmark.answers) as opened:
        for state in missing:
            found[state.key] = asdict(opened.measure(state.key))
            store.put_note(_note(state), prints[state.key], found[state.key])
    return found


def compare_with_reference(
    plan: BuildPlan, states: Sequence[LoadedState], progress: Progress, *, store: Store, sample: Shard[Any]
) -> dict[str, dict[str, Any]]:
    """Answer some items as the plan says and in the float32 reference, and count what differs.

    Returns:
        For each state, by its key: `samples`, `answers_changed`, `labels_changed` (right in one, wrong in the other).

    Raises:
        InputError: An item cannot be used.
        RunError: A state cannot be run.
    """
    rights = [set(item.right_answers) for item in sample.items]
    own, reference = (
        _answers(plan, states, sample, settings, store, progress)
        for settings in (plan.settings, plan.settings.reference())
    )
    found = {}
    for state in states:
        one, two = own[state.key], reference[state.key]
        pairs = [
            (first, second, right)
            for first, second, right in zip(one["prediction"], two["prediction"], rights, strict=True)
            if first is not None and right
        ]
        found[state.key] = {
            "samples": len(pairs),
            "answers_changed": sum(first != second for first, second, _ in pairs),
            "labels_changed": sum((first in right) != (second in right) for first, second, right in pairs),
        }
    return found


def spread(plan: BuildPlan) -> Shard[Any]:
    """The items on which answers are compared, spread evenly over the source."""
    step = max(1, len(plan.source) // plan.compare_reference)
    items: list[Item] = []
    for shard in shards(plan.source, plan.shard_size):
        start = shard.index * plan.shard_size
        items += [item for index, item in enumerate(shard.items, start) if index % step == 0]
    return Shard(0, list(islice(items, plan.compare_reference)))


def _answers(
    plan: BuildPlan,
    states: Sequence[LoadedState],
    sample: Shard[Any],
    settings: RunSettings,
    store: Store,
    progress: Progress,
) -> dict[str, pl.DataFrame]:
    items = sample.fingerprint()
    prints = {state.key: part_print(fingerprint(plan, state, settings), items) for state in states}
    parts = {
        state.key: Part(state.family.name, f"{state.backbone.name}.{COMPARED}-{_mode(settings)}", 0) for state in states
    }
    found = {}
    for state in states:
        frame = store.get(parts[state.key], prints[state.key])
        if frame is not None:
            found[state.key] = frame
    missing = [state for state in states if state.key not in found]
    if not missing:
        return found
    title = f"{len(missing)} states in {_mode(settings)} on {len(sample.items)} samples"
    with (
        progress.task(title, len(sample.items) * len(missing), per=len(missing), unit="samples") as advance,
        plan.runner.open(missing, settings, plan.benchmark.answers) as opened,
    ):
        answers = opened.score(sample.items, [state.key for state in missing], advance)
    for key, scores in answers.scores.items():
        found[key] = part_frame(sample.items, scores, answers.problems)
        store.put(parts[key], prints[key], found[key])
    return found


def _mode(settings: RunSettings) -> str:
    return "-".join((settings.dtype, *settings.fast_modes))


def _note(state: LoadedState) -> str:
    return f"{state.family.name}/{state.backbone.name}/device-costs"
