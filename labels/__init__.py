"""Tables, oracle and bounds of adaptive inference: from who is right to what adaptation can save.

Loads no neural-network library. Every name is imported on first use, so that `import adaptlabels.labels` is quick; the
mathematics needs NumPy alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agents.baselines import AgentResult, compare_agents
    from .agents.results import Evaluation
    from .bounds.bootstrap import Replicates, interval, replicate
    from .bounds.closed_forms import Bound, conservative_bound, constant_alpha_bound, continuous_bound, exact_bound
    from .bounds.frontier import Frontier, frontier, iso_accuracy_bound
    from .bounds.interval import Interval
    from .bounds.oracle import Oracle, alpha_profile, mean_alpha, minimum_alpha, oracle
    from .bounds.overhead import Overhead, with_overhead
    from .bounds.selection import Selection, select_conservative, select_from_labels, smallest_sufficient
    from .bounds.states import StateSpace
    from .errors import AdaptLabelsError, ChecksError, InputError, RunError, TableError
    from .folds import fold_of
    from .importers.published import read_published
    from .importers.table import label_predictions, label_sample_logs
    from .report.evaluation import evaluate
    from .report.report import report_family, report_folder
    from .report.results import BoundResult, FamilyReport, SelectionResult, StateResult
    from .report.serialising import to_json, to_table
    from .report.validation import Problem, validate_folder
    from .report.writing import write_dataset
    from .tables.folder import DatasetFolder, DatasetTables, FamilyTables
    from .tables.info import DatasetInfo
    from .tables.remote import open_folder

_LAZY = {
    "AdaptLabelsError": "errors",
    "AgentResult": "agents.baselines",
    "Bound": "bounds.closed_forms",
    "BoundResult": "report.results",
    "ChecksError": "errors",
    "DatasetFolder": "tables.folder",
    "DatasetInfo": "tables.info",
    "DatasetTables": "tables.folder",
    "Evaluation": "agents.results",
    "FamilyReport": "report.results",
    "FamilyTables": "tables.folder",
    "Frontier": "bounds.frontier",
    "InputError": "errors",
    "Interval": "bounds.interval",
    "Oracle": "bounds.oracle",
    "Overhead": "bounds.overhead",
    "Problem": "report.validation",
    "Replicates": "bounds.bootstrap",
    "RunError": "errors",
    "Selection": "bounds.selection",
    "SelectionResult": "report.results",
    "StateResult": "report.results",
    "StateSpace": "bounds.states",
    "TableError": "errors",
    "alpha_profile": "bounds.oracle",
    "compare_agents": "agents.baselines",
    "conservative_bound": "bounds.closed_forms",
    "constant_alpha_bound": "bounds.closed_forms",
    "continuous_bound": "bounds.closed_forms",
    "evaluate": "report.evaluation",
    "exact_bound": "bounds.closed_forms",
    "fold_of": "folds",
    "frontier": "bounds.frontier",
    "interval": "bounds.bootstrap",
    "iso_accuracy_bound": "bounds.frontier",
    "label_predictions": "importers.table",
    "label_sample_logs": "importers.table",
    "mean_alpha": "bounds.oracle",
    "minimum_alpha": "bounds.oracle",
    "open_folder": "tables.remote",
    "oracle": "bounds.oracle",
    "read_published": "importers.published",
    "replicate": "bounds.bootstrap",
    "report_family": "report.report",
    "report_folder": "report.report",
    "select_conservative": "bounds.selection",
    "select_from_labels": "bounds.selection",
    "smallest_sufficient": "bounds.selection",
    "to_json": "report.serialising",
    "to_table": "report.serialising",
    "validate_folder": "report.validation",
    "with_overhead": "bounds.overhead",
    "write_dataset": "report.writing",
}

__all__ = [
    "AdaptLabelsError",
    "AgentResult",
    "Bound",
    "BoundResult",
    "ChecksError",
    "DatasetFolder",
    "DatasetInfo",
    "DatasetTables",
    "Evaluation",
    "FamilyReport",
    "FamilyTables",
    "Frontier",
    "InputError",
    "Interval",
    "Oracle",
    "Overhead",
    "Problem",
    "Replicates",
    "RunError",
    "Selection",
    "SelectionResult",
    "StateResult",
    "StateSpace",
    "TableError",
    "alpha_profile",
    "compare_agents",
    "conservative_bound",
    "constant_alpha_bound",
    "continuous_bound",
    "evaluate",
    "exact_bound",
    "fold_of",
    "frontier",
    "interval",
    "iso_accuracy_bound",
    "label_predictions",
    "label_sample_logs",
    "mean_alpha",
    "minimum_alpha",
    "open_folder",
    "oracle",
    "read_published",
    "replicate",
    "report_family",
    "report_folder",
    "select_conservative",
    "select_from_labels",
    "smallest_sufficient",
    "to_json",
    "to_table",
    "validate_folder",
    "with_overhead",
    "write_dataset",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LAZY[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
