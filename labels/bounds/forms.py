"""One form per bound: from error profile, accuracies, costs and alpha to accuracy and mean cost.

A form takes leading axes, so that a figure and its bootstrap replicates come from the same lines: `E`, `A` (n_states,)
give the value, (n_replicates, n_states) the replicates. No checks here; `closed_forms` and `frontier` are the public
side, `FORMS` the table that a report walks through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from . import formulas

if TYPE_CHECKING:
    from .formulas import Floats

BoundName: TypeAlias = Literal["exact", "iso-accuracy", "conservative", "constant-alpha", "continuous"]
"""The five bounds, as tables and JSON name them."""


@dataclass(frozen=True, eq=False)
class Figures:
    """What an oracle reaches under one form; all leading axes (...) are those of the profiles that went in."""

    accuracy: Floats
    """Share of samples that the oracle gets right (...,)."""
    mean_cost: Floats
    """Its mean cost per sample (...,), in the unit of the costs."""
    shares: Floats | None = None
    """`P(oracle takes i)` (..., n_states); None for forms that do not send a sample to one state."""

    def gain(self, largest: float) -> Floats:
        """`R_N / mean_cost` (...,), not a number where a form that does not hold gives no cost above 0."""
        return formulas.gain_over(largest, self.mean_cost)


@dataclass(frozen=True)
class Form:
    """A bound's name, what it needs, and how it is computed."""

    name: BoundName
    """Name of the bound."""
    needs_labels: bool
    """Whether it needs the error profile `E`, which only labels give; else accuracies are enough."""
    takes_alpha: bool
    """Whether `alpha` is an argument of it."""
    calculate: Callable[..., Figures]
    """`(E, A, R, alpha)` to figures; call the form itself, which looks whether what it needs is there."""

    def __call__(self, E: Floats | None, A: Floats, R: Floats, alpha: float | Floats | None = None) -> Figures:
        """Accuracy and mean cost.

        Args:
            E: Error profile (..., n_states); None where only accuracies are known.
            A: Accuracies (..., n_states).
            R: Costs (n_states,), ascending; cumulative ones for a cascade.
            alpha: Error correlation, a number or (...,); ignored by forms that take none.

        Raises:
            ValueError: `E` or `alpha` is None and this form needs it.

        Example:
            >>> import numpy as np
            >>> figures = FORMS["conservative"](None, np.array([0.6, 0.8]), np.array([1.0, 10.0]))
            >>> round(float(figures.mean_cost), 12), round(float(figures.gain(10.0)), 3)
            (2.8, 3.571)
        """
        if self.needs_labels and E is None:
            raise ValueError(f"{self.name} needs an error profile")
        if self.takes_alpha and alpha is None:
            raise ValueError(f"{self.name} needs an alpha")
        return self.calculate(E, A, R, alpha)

    def assumed_alpha(self, alpha: float | None = None) -> float | None:
        """The error correlation that the form rests on: the given one, 1 for Eq. 9 and 11, None from labels."""
        if self.needs_labels:
            return None
        return alpha if self.takes_alpha else 1.0


def _exact(E: Floats, A: Floats, R: Floats, alpha: object) -> Figures:
    """Eq. 5-7."""
    shares = formulas.exact_shares(E)
    return Figures(1 - E[..., -1], shares @ R, shares)


def _iso_accuracy(E: Floats, A: Floats, R: Floats, alpha: object) -> Figures:
    """The frontier at `A_N`."""
    largest = A[..., -1]
    return Figures(largest, formulas.frontier_cost(R, formulas.solved_shares(E), largest))


def _conservative(E: object, A: Floats, R: Floats, alpha: object) -> Figures:
    """Eq. 9."""
    shares = formulas.conservative_shares(A)
    return Figures(A[..., -1], shares @ R, shares)


def _constant_alpha(E: object, A: Floats, R: Floats, alpha: float | Floats) -> Figures:
    """Eq. 8."""
    shares = formulas.constant_alpha_shares(A, alpha)
    return Figures(1 - alpha * (1 - A[..., -1]), shares @ R, shares)


def _continuous(E: object, A: Floats, R: Floats, alpha: object) -> Figures:
    """Eq. 11."""
    return Figures(A[..., -1], formulas.continuous_cost(R, A))


FORMS: dict[BoundName, Form] = {
    form.name: form
    for form in (
        Form("exact", True, False, _exact),
        Form("iso-accuracy", True, False, _iso_accuracy),
        Form("conservative", False, False, _conservative),
        Form("constant-alpha", False, True, _constant_alpha),
        Form("continuous", False, False, _continuous),
    )
}
"""The form of each bound, in the order in which reports show them."""
