"""Up to how many states a report compares with each other: the one place for this limit."""

MOST_COMPARED = 127
"""States of a family: a selection of the best few, a path that grows to all, overlaps of errors and utilities on labels
take memory by the square and time by the third power of states. Bounds, alphas and shares are of any number."""


def compares_states(n_states: int) -> bool:
    """Whether a report compares so many states with each other.

    Example:
        >>> compares_states(127), compares_states(128)
        (True, False)
    """
    return n_states <= MOST_COMPARED
