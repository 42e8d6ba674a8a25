"""A pass of one causal language model: its answers to multiple-choice items, by lm-evaluation-harness's decisions.

Each choice is scored by the summed log-likelihood of its tokens after the context. The answer is the choice whose sum,
divided by its length in characters, is highest (`acc_norm`), unless the item is decided otherwise; the one by the sum
alone (`acc`) is kept beside it. What an item's choices share runs once (`trees`), and so does what the exits of one
network share; the head runs only where tokens are scored (`likelihood`).
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Protocol, Self, cast

import numpy as np
import torch

from ...labels.errors import InputError, RunError
from ..backbones.costs import NOMINAL_SEQUENCES, NOMINAL_TOKENS, LanguageCost
from ..backbones.transformers_models import trunk_of
from ..running.batching import MemoryBudget
from ..running.device_costs import DeviceCosts, measure_forward
from ..running.precision import reference_arithmetic
from ..running.scores import Answers, Scores, summarise
from .models import RANDOM_SEED, load_model, window_of
from .routes import CausalModel, Exits, Route, Trial
from .tokens import EncodedChoice
from .trees import grow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray
    from transformers import PreTrainedModel

    from ..progress import Advance
    from ..running.contract import LoadedState, RunSettings
    from ..sources.items import ChoiceItem
    from .models import Tokenizer
    from .trees import Row

TOKENS_PER_BATCH = {"cpu": 2048, "cuda": 32768}
"""Tokens of a batch, padding included, where the user leaves it to us, by kind of device."""
NOMINAL_CONTEXT = 50
"""Tokens of the contexts of measured items: HellaSwag's mean with Pythia's tokenizer is 50.3 (validation split)."""


def cost_of(state: LoadedState) -> LanguageCost:
    """A state's cost as this runner counted it."""
    return cast("LanguageCost", state.cost)


class Texts(Protocol):
    """Makes tokens of items, and keeps them for the next state."""

    def tokenizer(self, state: LoadedState) -> Tokenizer:
        """The tokenizer of a state."""
        ...

    def encode(self, state: LoadedState, items: Sequence[ChoiceItem]) -> list[list[EncodedChoice]]:
        """Tokens of some items."""
        ...


class LanguagePass:
    """The model of a pass, loaded, and the states that are exits of it."""

    def __init__(self, states: Sequence[LoadedState], settings: RunSettings, texts: Texts) -> None:
        """Load the model.

        Args:
            states: A state, whose cost `language_cost` counted, or several exits of one network, the deepest last.
            settings: How they run.
            texts: Makes tokens of their items.

        Raises:
            InputError: Its tokenizer has more tokens than the model.
        """
        self._states, self._settings, self._texts = states, settings, texts
        state = states[-1]
        self._name = state.backbone.name
        self._budget = MemoryBudget(TOKENS_PER_BATCH[settings.device.type], self._name, rows=settings.batch_size)
        tokenizer = texts.tokenizer(state).own
        model = load_model(state, settings)
        vocabulary = model.config.get_text_config().vocab_size
        if len(tokenizer) > vocabulary:
            raise InputError(f"state {self._name!r}: its tokenizer has {len(tokenizer)} tokens, the model {vocabulary}")
        self._window, self._vocabulary = window_of(model, tokenizer), int(vocabulary)
        self._model: CausalModel | None = CausalModel(
            model, compiled=settings.compiled, exits=_exits(model, states) if len(states) > 1 else None
        )
        self._allowed: Route | None = Route.quickest(self._model)
        self._trial: Trial | None = None
        self._arithmetic: AbstractContextManager[None] = reference_arithmetic()

    def __enter__(self) -> Self:
        self._arithmetic.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._arithmetic.__exit__(None, None, None)
        self._allowed = self._trial = self._model = None
        gc.collect()  # models refer to themselves
        if self._settings.device.type == "cuda":
            torch.cuda.empty_cache()

    def score(self, items: Sequence[ChoiceItem], wanted: Sequence[str], advance: Advance) -> Answers:
        """Answers of the wanted states to the items; all exits run together."""
        encoded = [[c.within(self._window) for c in item] for item in self._texts.encode(self._states[-1], items)]
        route = self._tried(max(encoded, key=_can_be_tried))
        rows = self._rows(route, encoded)
        sums = self._sums(route, rows, sum(map(len, encoded)), len(items) * len(wanted), advance)
        ends = np.cumsum([len(choices) for choices in encoded])
        log_likelihoods = {
            state.key: np.split(found, ends[:-1]) for state, found in zip(self._states, sums, strict=True)
        }
        return Answers(
            {
                state.key: self._scores(state, items, encoded, rows, log_likelihoods[state.key])
                for state in self._states
                if state.key in wanted
            }
        )

    def _rows(self, route: Route, encoded: Sequence[Sequence[EncodedChoice]]) -> list[list[Row]]:
        owner, found = 0, []
        for choices in encoded:
            found.append(route.rows(choices, owner))
            owner += len(choices)
        return found

    def _tried(self, choices: Sequence[EncodedChoice]) -> Route:
        """The quickest way that holds; tried on items until one settles it."""
        if self._trial is not None and self._trial.settled:
            return self._trial.route
        assert self._allowed is not None, "the pass is open"
        try:
            self._trial = self._allowed.try_on(choices)
        except torch.OutOfMemoryError as error:
            raise RunError(
                f"state {self._name!r}: one item does not fit into memory; use a larger device or `dtype` bfloat16"
            ) from error
        return self._trial.route

    def _sums(
        self, route: Route, rows: Sequence[Sequence[Row]], n_choices: int, n_steps: int, advance: Advance
    ) -> NDArray[np.float64]:
        """Summed log-likelihood of every choice, at every exit (n_exits, n_choices)."""
        flat = [row for of_item in rows for row in of_item]
        sums = torch.zeros(len(self._states), n_choices, dtype=torch.float64)
        done = told = 0
        batches = self._budget.run(
            list(map(len, flat)), lambda indices: route.run([flat[index] for index in indices], n_choices)
        )
        for indices, found in batches:
            sums += found
            done += len(indices)
            advance(done * n_steps // len(flat) - told)
            told = done * n_steps // len(flat)
        return sums.numpy()

    def _scores(
        self,
        state: LoadedState,
        items: Sequence[ChoiceItem],
        encoded: Sequence[Sequence[EncodedChoice]],
        rows: Sequence[Sequence[Row]],
        log_likelihoods: Sequence[NDArray[np.float64]],
    ) -> Scores:
        for item, found in zip(items, log_likelihoods, strict=True):
            if not np.isfinite(found).all():
                raise RunError(
                    f"state {state.backbone.name!r}: the log-likelihoods of {item.where} are not finite; the precision"
                    f" {self._settings.dtype} may be too narrow; try `dtype` float32"
                )
        cost = cost_of(state)
        compared = [found / np.array(item.divisors) for item, found in zip(items, log_likelihoods, strict=True)]
        most = max(map(len, compared))
        filled = np.full((len(items), most), -np.inf)
        for row, values in zip(filled, compared, strict=True):
            row[: len(values)] = values
        prediction = filled.argmax(axis=1)
        summary = summarise(torch.from_numpy(filled).log_softmax(dim=1), torch.from_numpy(prediction))
        return Scores(
            prediction=prediction,
            confidence=summary.confidence.numpy(),
            margin=summary.margin.numpy(),
            entropy=summary.entropy.numpy(),
            scores=[values.astype(np.float32) for values in log_likelihoods],
            gflops=np.array([cost.gflops([len(c.tokens) - 1 for c in item]).sum() for item in encoded]),
            gflops_run=np.array(
                [sum(cost.as_run(len(row), len(row.predicting)) for row in of_item) for of_item in rows]
            ),
            prediction_acc=np.array([values.argmax() for values in log_likelihoods], dtype=np.int64),
        )

    def measure(self, key: str) -> DeviceCosts:
        """Latency, throughput, memory and energy of scoring items of HellaSwag's mean length."""
        rng = np.random.default_rng(RANDOM_SEED)
        context = rng.integers(0, self._vocabulary, NOMINAL_CONTEXT)

        def choices() -> list[EncodedChoice]:
            endings = rng.integers(0, self._vocabulary, (NOMINAL_SEQUENCES, NOMINAL_TOKENS + 1 - NOMINAL_CONTEXT))
            return [
                EncodedChoice(np.concatenate([context, ending]).astype(np.int32), len(ending)).within(self._window)
                for ending in endings
            ]

        first = choices()
        route = self._tried(first)
        assert self._model is not None, "the pass is open"
        one = route.rows(first, 0)
        size = self._settings.batch_size or max(1, self._budget.most // sum(map(len, one)))
        others = [route.rows(choices(), number * NOMINAL_SEQUENCES) for number in range(1, size)]
        many = [row for rows in (one, *others) for row in rows]
        with self._model.ending_at([state.key for state in self._states].index(key)):
            model = self._model.whole
            return measure_forward(
                lambda: route.run(one, NOMINAL_SEQUENCES),
                lambda: route.run(many, NOMINAL_SEQUENCES * size),
                size,
                self._settings.device,
                sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers())),
            )


def _exits(model: PreTrainedModel, states: Sequence[LoadedState]) -> Exits:
    """The exits of a model that was loaded up to the deepest of them."""
    trunk = trunk_of(model, states[-1].backbone)
    return Exits(trunk, tuple(state.backbone.exit or len(trunk.blocks) for state in states))


def _can_be_tried(choices: Sequence[EncodedChoice]) -> tuple[bool, int]:
    """Whether an item's choices make a tree that branches, and how long it is: what to try a route on."""
    return not grow(choices, 0).is_plain, max(len(choice.tokens) for choice in choices)
