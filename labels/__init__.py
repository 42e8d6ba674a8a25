"""Tables, oracle and bounds of adaptive inference: from who is right to what adaptation can save.

Loads no neural-network library. Every name is imported on first use, so that `import adaptlabels.labels` is quick; the
mathematics needs NumPy alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agents.baselines import AgentResult, compare_agents
    from .bounds.bootstrap import Replicates, interval, replicate
    from .bounds.closed_forms import Bound, conservative_bound, constant_alpha_bound, continuous_bound, exact_bound
    from .bounds.frontier import Frontier, frontier, iso_accuracy_bound
    from .bounds.oracle import Oracle, alpha_profile, mean_alpha, minimum_alpha, oracle
    from .bounds.overhead import Overhead, with_overhead
    from .bounds.selection import Selection, select_conservative, select_from_labels, smallest_sufficient
    from .bounds.states import StateSpace
    from .errors import AdaptLabelsError, ChecksError, InputError, RunError, TableError
    from .importers.published import read_published
    from .importers.table import label_predictions, label_sample_logs
    from .report.report import FamilyReport, report_family, report_folder
    from .report.validation import Problem, validate_folder
    from .tables.folder import DatasetFolder
    from .tables.info import DatasetInfo

_LAZY = {
    "AdaptLabelsError": "errors",
    "AgentResult": "agents.baselines",
    "Bound": "bounds.closed_forms",
    "ChecksError": "errors",
    "DatasetFolder": "tables.folder",
    "DatasetInfo": "tables.info",
    "FamilyReport": "report.report",
    "Frontier": "bounds.frontier",
    "InputError": "errors",
    "Oracle": "bounds.oracle",
    "Overhead": "bounds.overhead",
    "Problem": "report.validation",
    "Replicates": "bounds.bootstrap",
    "RunError": "errors",
    "Selection": "bounds.selection",
    "StateSpace": "bounds.states",
    "TableError": "errors",
    "alpha_profile": "bounds.oracle",
    "compare_agents": "agents.baselines",
    "conservative_bound": "bounds.closed_forms",
    "constant_alpha_bound": "bounds.closed_forms",
    "continuous_bound": "bounds.closed_forms",
    "exact_bound": "bounds.closed_forms",
    "frontier": "bounds.frontier",
    "interval": "bounds.bootstrap",
    "iso_accuracy_bound": "bounds.frontier",
    "label_predictions": "importers.table",
    "label_sample_logs": "importers.table",
    "mean_alpha": "bounds.oracle",
    "minimum_alpha": "bounds.oracle",
    "oracle": "bounds.oracle",
    "read_published": "importers.published",
    "replicate": "bounds.bootstrap",
    "report_family": "report.report",
    "report_folder": "report.report",
    "select_conservative": "bounds.selection",
    "select_from_labels": "bounds.selection",
    "smallest_sufficient": "bounds.selection",
    "validate_folder": "report.validation",
    "with_overhead": "bounds.overhead",
}

__all__ = [
    "AdaptLabelsError",
    "AgentResult",
    "Bound",
    "ChecksError",
    "DatasetFolder",
    "DatasetInfo",
    "FamilyReport",
    "Frontier",
    "InputError",
    "Oracle",
    "Overhead",
    "Problem",
    "Replicates",
    "RunError",
    "Selection",
    "StateSpace",
    "TableError",
    "alpha_profile",
    "compare_agents",
    "conservative_bound",
    "constant_alpha_bound",
    "continuous_bound",
    "exact_bound",
    "frontier",
    "interval",
    "iso_accuracy_bound",
    "label_predictions",
    "label_sample_logs",
    "mean_alpha",
    "minimum_alpha",
    "oracle",
    "read_published",
    "replicate",
    "report_family",
    "report_folder",
    "select_conservative",
    "select_from_labels",
    "smallest_sufficient",
    "validate_folder",
    "with_overhead",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LAZY[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
