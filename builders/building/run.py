"""The run of a plan: its states are loaded, its passes run, their devices measured, their tables made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .engine import LocalEngine
from .measuring import compare_with_reference, measure_states, spread
from .plan import check_fit, load_states
from .store import Store
from .tables import make_tables

if TYPE_CHECKING:
    from pathlib import Path

    from ...labels.tables.made import FamilyTables
    from ..progress import Progress
    from .engine import Engine
    from .plan import BuildPlan


@dataclass(frozen=True)
class Built:
    """What a build made."""

    families: list[FamilyTables]
    """The tables of each family."""
    skipped: dict[str, str]
    """Why samples were left out, by their identifier."""


def run_build(plan: BuildPlan, work: Path, progress: Progress, engine: Engine | None = None) -> Built:
    """Run every state over every item and label the outcome.

    Args:
        plan: What to do.
        work: Folder of the store, where the plan names none; what is finished there is not done again.
        progress: Told what happens.
        engine: Carries the plan out; None for this process.

    Raises:
        InputError: A family does not fit the benchmark, or a source, its items or the store cannot be used.
        RunError: A state cannot be run.
    """
    engine = engine or LocalEngine()
    check_fit(plan)
    store = Store(plan.store or work / "parts")
    if not store.local:
        with store.probe():  # what cannot be written is better known before the work
            pass
    states = load_states(plan, progress)
    passes = engine.make_passes(plan, [state for family in states.values() for state in family])
    catalogue = engine.run(plan, passes, store, progress)
    observed: dict[str, dict[str, Any]] = {state.key: {} for family in states.values() for state in family}
    if plan.measure:
        for key, costs in engine.on_device(partial(measure_states, store=store), plan, passes, progress).items():
            observed[key] |= costs
    if plan.compare_reference and plan.settings != plan.settings.reference():
        compare = partial(compare_with_reference, store=store, sample=spread(plan))
        for key, counts in engine.on_device(compare, plan, passes, progress).items():
            observed[key]["environment"] = {"compared_with_float32": counts}
    families: list[FamilyTables] = []
    skipped: dict[str, str] = {}
    for family in plan.families:
        tables, problems = make_tables(plan, states[family.name], catalogue, store, observed, engine)
        families.append(tables)
        skipped |= problems
    return Built(families, skipped)
