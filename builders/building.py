"""The whole of a build: plan, run, measure, gather."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .engine import run_passes
from .gathering import gather
from .observing import compare_with_reference, measure_states
from .plan import check_fit, load_states, plan_passes
from .store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from ..labels.folder import FamilyTables
    from .plan import BuildPlan
    from .progress import Progress


@dataclass(frozen=True)
class Built:
    """What a build made."""

    families: list[FamilyTables]
    """The tables of each family."""
    skipped: dict[str, str]
    """Why samples were left out, by their identifier."""


def run_build(plan: BuildPlan, work: Path, progress: Progress) -> Built:
    """Run every state over every item and label the outcome.

    Args:
        plan: What to do.
        work: Folder of the store, where the plan names none; what is finished there is not done again.
        progress: Told what happens.

    Raises:
        InputError: A family does not fit the benchmark, or a source or its items cannot be used.
        RunError: A state cannot be run.
    """
    check_fit(plan)
    states = load_states(plan, progress)
    passes = plan_passes(plan, states)
    store = Store(plan.store or work / "parts")
    catalogue = run_passes(plan, passes, store, progress)
    observed: dict[str, dict[str, Any]] = {state.key: {} for family in states.values() for state in family}
    if plan.measure:
        for key, costs in measure_states(plan, passes, store, progress).items():
            observed[key] |= costs
    if plan.compare_reference and plan.settings != plan.settings.reference():
        for key, counts in compare_with_reference(plan, passes, store, progress).items():
            observed[key]["environment"] = {"compared_with_float32": counts}
    families: list[FamilyTables] = []
    skipped: dict[str, str] = {}
    for family in plan.families:
        tables, problems = gather(plan, states[family.name], catalogue, store, observed)
        families.append(tables)
        skipped |= problems
    return Built(families, skipped)
