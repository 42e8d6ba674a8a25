"""Tables, oracle and bounds of adaptive inference: from who is right to what adaptation can save.

Loads no neural-network library. Every name is imported on first use, so that `import adaptlabels.labels` is quick; the
mathematics needs NumPy alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agents.baselines import AgentResult, compare_agents
    from .agents.cascade import confidence_cascade
    from .agents.evaluations import Evaluation
    from .bounds.alpha_range import AlphaRange, alpha_range, alpha_range_from_labels, alpha_slope
    from .bounds.bootstrap import Replicates, interval, replicate
    from .bounds.closed_forms import Bound, conservative_bound, constant_alpha_bound, continuous_bound, exact_bound
    from .bounds.frontier import Frontier, frontier, iso_accuracy_bound
    from .bounds.growing import GreedyPath, path_conservative, path_from_labels
    from .bounds.interval import Interval
    from .bounds.oracle import Oracle, alpha_profile, mean_alpha, minimum_alpha, oracle
    from .bounds.overhead import Overhead, with_overhead
    from .bounds.overlap import ErrorOverlap, error_overlap
    from .bounds.parts import Parts, bounds_by_part
    from .bounds.pools import LabelledSpace, Pool, pool_families, pool_spaces
    from .bounds.selection import Selection, select_conservative, select_from_labels, smallest_sufficient
    from .bounds.states import StateSpace
    from .bounds.utility import Utility, conservative_utility, utility_from_labels
    from .errors import AdaptLabelsError, ChecksError, InputError, RunError, TableError
    from .folds import fold_of
    from .importers.formats import read_results
    from .importers.from_results import label_predictions, label_results, label_sample_logs
    from .importers.import_options import ImportOptions
    from .importers.published import read_published
    from .importers.results import Results
    from .importers.timm_results import PublishedModels, read_timm_results
    from .report.board import add_agent
    from .report.evaluation import evaluate
    from .report.family_report import BoundResult, FamilyReport, SelectionResult, StateResult
    from .report.pooled import report_pool
    from .report.problems import Problem
    from .report.report import report_family, report_folder
    from .report.serialising import to_json, to_table
    from .report.validation import validate_folder
    from .report.whole_folder import write_dataset
    from .tables.folder import DatasetFolder
    from .tables.info import DatasetInfo
    from .tables.made import DatasetTables, FamilyTables
    from .tables.remote import open_folder

_LAZY = {
    "AdaptLabelsError": "errors",
    "AgentResult": "agents.baselines",
    "AlphaRange": "bounds.alpha_range",
    "Bound": "bounds.closed_forms",
    "BoundResult": "report.family_report",
    "ChecksError": "errors",
    "DatasetFolder": "tables.folder",
    "DatasetInfo": "tables.info",
    "DatasetTables": "tables.made",
    "ErrorOverlap": "bounds.overlap",
    "Evaluation": "agents.evaluations",
    "FamilyReport": "report.family_report",
    "FamilyTables": "tables.made",
    "Frontier": "bounds.frontier",
    "GreedyPath": "bounds.growing",
    "ImportOptions": "importers.import_options",
    "InputError": "errors",
    "Interval": "bounds.interval",
    "LabelledSpace": "bounds.pools",
    "Oracle": "bounds.oracle",
    "Overhead": "bounds.overhead",
    "Parts": "bounds.parts",
    "Pool": "bounds.pools",
    "Problem": "report.problems",
    "PublishedModels": "importers.timm_results",
    "Replicates": "bounds.bootstrap",
    "Results": "importers.results",
    "RunError": "errors",
    "Selection": "bounds.selection",
    "SelectionResult": "report.family_report",
    "StateResult": "report.family_report",
    "StateSpace": "bounds.states",
    "TableError": "errors",
    "Utility": "bounds.utility",
    "add_agent": "report.board",
    "alpha_profile": "bounds.oracle",
    "alpha_range": "bounds.alpha_range",
    "alpha_range_from_labels": "bounds.alpha_range",
    "alpha_slope": "bounds.alpha_range",
    "bounds_by_part": "bounds.parts",
    "compare_agents": "agents.baselines",
    "confidence_cascade": "agents.cascade",
    "conservative_bound": "bounds.closed_forms",
    "conservative_utility": "bounds.utility",
    "constant_alpha_bound": "bounds.closed_forms",
    "continuous_bound": "bounds.closed_forms",
    "error_overlap": "bounds.overlap",
    "evaluate": "report.evaluation",
    "exact_bound": "bounds.closed_forms",
    "fold_of": "folds",
    "frontier": "bounds.frontier",
    "interval": "bounds.bootstrap",
    "iso_accuracy_bound": "bounds.frontier",
    "label_predictions": "importers.from_results",
    "label_results": "importers.from_results",
    "label_sample_logs": "importers.from_results",
    "mean_alpha": "bounds.oracle",
    "minimum_alpha": "bounds.oracle",
    "open_folder": "tables.remote",
    "oracle": "bounds.oracle",
    "path_conservative": "bounds.growing",
    "path_from_labels": "bounds.growing",
    "pool_families": "bounds.pools",
    "pool_spaces": "bounds.pools",
    "read_published": "importers.published",
    "read_results": "importers.formats",
    "read_timm_results": "importers.timm_results",
    "replicate": "bounds.bootstrap",
    "report_family": "report.report",
    "report_folder": "report.report",
    "report_pool": "report.pooled",
    "select_conservative": "bounds.selection",
    "select_from_labels": "bounds.selection",
    "smallest_sufficient": "bounds.selection",
    "to_json": "report.serialising",
    "to_table": "report.serialising",
    "utility_from_labels": "bounds.utility",
    "validate_folder": "report.validation",
    "with_overhead": "bounds.overhead",
    "write_dataset": "report.whole_folder",
}

__all__ = [
    "AdaptLabelsError",
    "AgentResult",
    "AlphaRange",
    "Bound",
    "BoundResult",
    "ChecksError",
    "DatasetFolder",
    "DatasetInfo",
    "DatasetTables",
    "ErrorOverlap",
    "Evaluation",
    "FamilyReport",
    "FamilyTables",
    "Frontier",
    "GreedyPath",
    "ImportOptions",
    "InputError",
    "Interval",
    "LabelledSpace",
    "Oracle",
    "Overhead",
    "Parts",
    "Pool",
    "Problem",
    "PublishedModels",
    "Replicates",
    "Results",
    "RunError",
    "Selection",
    "SelectionResult",
    "StateResult",
    "StateSpace",
    "TableError",
    "Utility",
    "add_agent",
    "alpha_profile",
    "alpha_range",
    "alpha_range_from_labels",
    "alpha_slope",
    "bounds_by_part",
    "compare_agents",
    "confidence_cascade",
    "conservative_bound",
    "conservative_utility",
    "constant_alpha_bound",
    "continuous_bound",
    "error_overlap",
    "evaluate",
    "exact_bound",
    "fold_of",
    "frontier",
    "interval",
    "iso_accuracy_bound",
    "label_predictions",
    "label_results",
    "label_sample_logs",
    "mean_alpha",
    "minimum_alpha",
    "open_folder",
    "oracle",
    "path_conservative",
    "path_from_labels",
    "pool_families",
    "pool_spaces",
    "read_published",
    "read_results",
    "read_timm_results",
    "replicate",
    "report_family",
    "report_folder",
    "report_pool",
    "select_conservative",
    "select_from_labels",
    "smallest_sufficient",
    "to_json",
    "to_table",
    "utility_from_labels",
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
