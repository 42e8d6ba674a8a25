"""Words and limits of the tables, for whoever needs them without the schemas, which are slow to import."""

BOUNDS = ("exact", "iso-accuracy", "conservative", "constant-alpha", "continuous")
PRETRAINED, TRAINED_HERE, RANDOM, API = "pretrained", "trained-here", "random", "api"
WEIGHTS = (PRETRAINED, TRAINED_HERE, RANDOM, API)
"""Kinds of weights; those behind an API are closed, and only the provider has them."""
COST_METRICS = (
    "gflops",
    "parameters",
    "latency_ms_p50",
    "latency_ms_p95",
    "energy_j",
    "peak_memory_bytes",
    "cost",
)
"""Columns of *states* that can serve as the cost of a state."""
TARGET, STATE, CHEAPEST_RIGHT, N_CORRECT = "target", "state", "cheapest right", "number of right states"
"""Kinds of class label: the benchmark's classes; the states of the table's family; these and `none`; `0` to their
number."""
NONE = "none"
"""Name of no state, in `cheapest_right`."""
LARGEST_CLASS = 2**15 - 1
"""Largest class: answers are int16."""
