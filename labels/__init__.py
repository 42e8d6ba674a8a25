"""Tables, oracle and bounds of adaptive inference: from who is right to what adaptation can save.

Loads no neural-network library. The mathematics needs NumPy alone and is there at once; what reads and checks
tables loads its libraries on first use, so that `import adaptlabels.labels` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .agents import AgentResult, compare_agents
from .bootstrap import Replicates, interval, replicate
from .bounds import Bound, conservative_bound, constant_alpha_bound, continuous_bound, exact_bound
from .errors import AdaptLabelsError, ChecksError, InputError, RunError, TableError
from .frontier import Frontier, frontier, iso_accuracy_bound
from .oracle import Oracle, alpha_profile, mean_alpha, minimum_alpha, oracle
from .overhead import Overhead, with_overhead
from .selection import Selection, select_conservative, select_from_labels, smallest_sufficient
from .states import StateSpace

if TYPE_CHECKING:
    from .folder import DatasetFolder
    from .importers import label_predictions, label_sample_logs
    from .info import DatasetInfo
    from .published import read_published
    from .report import FamilyReport, report_family, report_folder
    from .validate import Problem, validate_folder

_LAZY = {
    "DatasetFolder": "folder",
    "DatasetInfo": "info",
    "FamilyReport": "report",
    "Problem": "validate",
    "label_predictions": "importers",
    "label_sample_logs": "importers",
    "read_published": "published",
    "report_family": "report",
    "report_folder": "report",
    "validate_folder": "validate",
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
