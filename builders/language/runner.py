"""Runs causal language models of transformers on multiple-choice items, with lm-evaluation-harness's decisions.

Each choice is scored by the summed log-likelihood of its tokens after the context. The answer is the choice whose sum,
divided by its length in characters, is highest (`acc_norm`); the one by the sum alone (`acc`) is kept beside it. What
an item's choices share runs once (`trees`), and the head only where tokens are scored (`likelihood`).
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import torch

from ...labels.errors import InputError, RunError
from ..backbones.costs import NOMINAL_SEQUENCES, NOMINAL_TOKENS, LanguageCost, language_cost
from ..cache import key_of, versions
from ..running.batching import TokenBudget
from ..running.contract import LoadedState, Pass, RunSettings
from ..running.device_costs import DeviceCosts, measure_forward
from ..running.precision import reference_arithmetic
from ..running.scores import Answers, Scores, summarise
from ..sources.benchmarks import AnswerSpace
from .likelihood import LOGIT_BYTES
from .models import RANDOM_SEED, load_model, load_tokenizer, window_of
from .routes import Route
from .tokens import EncodedChoice, encode_items
from .trees import grow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

    from ..backbones.families import Backbone
    from ..progress import Advance
    from ..sources.items import ChoiceItem
    from .trees import Row

SCORER_VERSION = 2
"""Raised when a change of what is computed here or in the modules beside it makes finished parts worthless."""
TOKENS_PER_BATCH = {"cpu": 2048, "cuda": 32768}
"""Tokens of a batch, padding included, where the user leaves it to us, by kind of device."""
NOMINAL_CONTEXT = 50
"""Tokens of the contexts of measured items: HellaSwag's mean with Pythia's tokenizer is 50.3 (validation split)."""
KEPT_TOKENS = 1 << 26
"""Tokens that are kept for a family's next states: 256 MiB."""


class LanguageRunner:
    """Runs causal language models."""

    libraries = ("torch", "transformers", "tokenizers", "numpy")
    samples_are = "items"
    ordered_by_id = False
    prediction_columns = ("prediction_acc", "gflops", "gflops_run")
    state_columns = ("gflops_run",)
    splits_models = True

    def __init__(self) -> None:
        self._tokenizers: dict[str, Tokenizer] = {}
        self._encoded: OrderedDict[str, list[list[EncodedChoice]]] = OrderedDict()
        self._sizes: dict[str, int] = {}

    def check_settings(self, settings: RunSettings) -> None:
        """Refuse what is for images only.

        Raises:
            InputError: Channels are to lie last.
        """
        if settings.channels_last:
            raise InputError("`channels_last`: only images have channels")

    def group(self, states: Sequence[LoadedState], settings: RunSettings, memory: int) -> list[tuple[LoadedState, ...]]:
        """One state in memory at a time."""
        return [(state,) for state in states]

    def needs(self, states: Sequence[LoadedState], settings: RunSettings) -> int:
        """Bytes of a state's weights, of a batch's tensors, and of the logits that are made at once."""
        width = torch.empty((), dtype=settings.torch_dtype).element_size()
        costs = [_cost_of(state) for state in states]
        batch = max(cost.activation_bytes for cost in costs) * TOKENS_PER_BATCH[settings.device.type]
        weights = sum(cost.parameters for cost in costs) * width
        return weights + batch * width // 4 + LOGIT_BYTES[settings.device.type]

    def data_seconds(self, states: Sequence[LoadedState], settings: RunSettings, items: Sequence[ChoiceItem]) -> float:
        """Tokenising takes next to nothing beside the model."""
        return 0.0

    def cost(self, backbone: Backbone, folder: Path | None) -> LanguageCost:
        """Counted cost of a state."""
        return language_cost(backbone, folder)

    def default_dtype(self, device: torch.device) -> str:
        """Language models are trained in bfloat16; CPUs are fastest, and exact, in float32."""
        return "bfloat16" if device.type == "cuda" else "float32"

    def identity(self, state: LoadedState) -> dict[str, Any]:
        """What scores depend on beside items, weights and settings."""
        return {
            "scorer": SCORER_VERSION,
            "seed": RANDOM_SEED,
            "tokenizer": self.tokenizer(state).key,
            **versions(*self.libraries),
        }

    def check(self, state: LoadedState, answers: AnswerSpace) -> None:
        """Any language model can choose among any number of choices."""

    def open(self, states: Sequence[LoadedState], settings: RunSettings, answers: AnswerSpace) -> Pass[ChoiceItem]:
        """Load the state of a pass."""
        return _LanguagePass(states[0], settings, self)

    def tokenizer(self, state: LoadedState) -> Tokenizer:
        """The tokenizer of a state, loaded once."""
        if state.key not in self._tokenizers:
            self._tokenizers[state.key] = Tokenizer.of(state)
        return self._tokenizers[state.key]

    def encode(self, state: LoadedState, items: Sequence[ChoiceItem]) -> list[list[EncodedChoice]]:
        """Tokens of some items; states whose tokenizers are equal share them."""
        tokenizer = self.tokenizer(state)
        key = key_of({"tokenizer": tokenizer.key, "items": [item.digest().hex() for item in items]})
        if key not in self._encoded:
            found = encode_items(tokenizer.own, items, add_bos_token=state.family.add_bos_token)
            self._encoded[key] = found
            self._sizes[key] = sum(len(choice.tokens) for choices in found for choice in choices)
            while len(self._encoded) > 1 and sum(self._sizes.values()) > KEPT_TOKENS:
                oldest, _ = self._encoded.popitem(last=False)
                del self._sizes[oldest]
        return self._encoded[key]


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer and what it is."""

    own: PreTrainedTokenizerBase
    """The tokenizer."""
    key: str
    """Hash of all that its tokens depend on."""

    @classmethod
    def of(cls, state: LoadedState) -> Tokenizer:
        """Load the tokenizer of a state.

        Raises:
            InputError: There is none.
            RunError: The Hub cannot be reached.
        """
        own = load_tokenizer(state)
        backend = getattr(own, "backend_tokenizer", None)
        content = backend.to_str() if backend is not None else repr(sorted(own.get_vocab().items()))
        tokens = {"bos": own.bos_token_id, "eos": own.eos_token_id, "add_bos_token": state.family.add_bos_token}
        return cls(own, key_of({"tokenizer": content, **tokens}))


class _LanguagePass:
    def __init__(self, state: LoadedState, settings: RunSettings, runner: LanguageRunner) -> None:
        self._state, self._settings, self._runner = state, settings, runner
        self._name = state.backbone.name
        self._cost = _cost_of(state)
        self._budget = TokenBudget(TOKENS_PER_BATCH[settings.device.type], self._name, settings.batch_size)
        tokenizer = runner.tokenizer(state).own
        model = load_model(state, settings)
        vocabulary = model.config.get_text_config().vocab_size
        if len(tokenizer) > vocabulary:
            raise InputError(f"state {self._name!r}: its tokenizer has {len(tokenizer)} tokens, the model {vocabulary}")
        self._window, self._vocabulary = window_of(model, tokenizer), int(vocabulary)
        self._held_bytes = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))
        self._route: Route | None = Route(model, compiled=settings.compiled)
        self._tried = False
        self._arithmetic: AbstractContextManager[None] = reference_arithmetic()

    def __enter__(self) -> Self:
        self._arithmetic.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._arithmetic.__exit__(None, None, None)
        self._route = None
        gc.collect()  # models refer to themselves
        if self._settings.device.type == "cuda":
            torch.cuda.empty_cache()

    def score(self, items: Sequence[ChoiceItem], wanted: Sequence[str], advance: Advance) -> Answers:
        """Answers of the state to the items."""
        encoded = [[c.within(self._window) for c in item] for item in self._runner.encode(self._state, items)]
        rows = self._rows(encoded)
        sums = self._sums(rows, sum(map(len, encoded)), len(items), advance)
        ends = np.cumsum([len(choices) for choices in encoded])
        log_likelihoods = np.split(sums, ends[:-1])
        for item, found in zip(items, log_likelihoods, strict=True):
            if not np.isfinite(found).all():
                raise RunError(
                    f"state {self._name!r}: the log-likelihoods of {item.where} are not finite; the precision"
                    f" {self._settings.dtype} may be too narrow, try --dtype float32"
                )
        return Answers({self._state.key: self._scores(items, encoded, rows, log_likelihoods)})

    def _rows(self, encoded: Sequence[Sequence[EncodedChoice]]) -> list[list[Row]]:
        assert self._route is not None, "the pass is open"
        if not self._tried:
            longest = max(encoded, key=_can_be_tried)
            try:
                self._tried = self._route.try_on(longest)
            except torch.OutOfMemoryError as error:
                raise RunError(
                    f"state {self._name!r}: one item does not fit into memory; use a larger device or --dtype bfloat16"
                ) from error
        owner, found = 0, []
        for choices in encoded:
            found.append(self._route.rows(choices, owner))
            owner += len(choices)
        return found

    def _sums(
        self, rows: Sequence[Sequence[Row]], n_choices: int, n_items: int, advance: Advance
    ) -> NDArray[np.float64]:
        """Summed log-likelihood of every choice (n_choices,)."""
        route = self._route
        assert route is not None, "the pass is open"
        flat = [row for of_item in rows for row in of_item]
        sums = torch.zeros(n_choices, dtype=torch.float64)
        done = told = 0
        for batch in self._budget.batches(list(map(len, flat))):
            part = batch.run(lambda places: route.run([flat[place] for place in places], n_choices))
            if part is None:
                continue  # it did not fit, and comes again in pieces
            sums += part
            done += len(batch.places)
            advance(done * n_items // len(flat) - told)
            told = done * n_items // len(flat)
        return sums.numpy()

    def _scores(
        self,
        items: Sequence[ChoiceItem],
        encoded: Sequence[Sequence[EncodedChoice]],
        rows: Sequence[Sequence[Row]],
        log_likelihoods: Sequence[NDArray[np.float64]],
    ) -> Scores:
        normalised = [
            found / np.array([max(1, len(choice)) for choice in item.choices])
            for item, found in zip(items, log_likelihoods, strict=True)
        ]
        most = max(map(len, normalised))
        filled = np.full((len(items), most), -np.inf)
        for row, values in zip(filled, normalised, strict=True):
            row[: len(values)] = values
        prediction = filled.argmax(axis=1)
        found = summarise(torch.from_numpy(filled).log_softmax(dim=1), torch.from_numpy(prediction))
        return Scores(
            prediction=prediction,
            confidence=found.confidence.numpy(),
            margin=found.margin.numpy(),
            entropy=found.entropy.numpy(),
            scores=[values.astype(np.float32) for values in log_likelihoods],
            gflops=np.array([self._cost.gflops([len(c.tokens) - 1 for c in item]).sum() for item in encoded]),
            gflops_run=np.array(
                [sum(self._cost.as_run(len(row), len(row.predicting)) for row in of_item) for of_item in rows]
            ),
            prediction_acc=np.array([values.argmax() for values in log_likelihoods], dtype=np.int64),
        )

    def measure(self, key: str) -> DeviceCosts:
        """Latency, throughput, memory and energy of scoring items of HellaSwag's mean length."""
        route = self._route
        assert route is not None, "the pass is open"
        rng = np.random.default_rng(RANDOM_SEED)
        context = rng.integers(0, self._vocabulary, NOMINAL_CONTEXT)

        def item(number: int) -> list[Row]:
            choices = []
            for _ in range(NOMINAL_SEQUENCES):
                ending = rng.integers(0, self._vocabulary, NOMINAL_TOKENS + 1 - NOMINAL_CONTEXT)
                tokens = np.concatenate([context, ending]).astype(np.int32)
                choices.append(EncodedChoice(tokens, len(ending)).within(self._window))
            if number == 0 and not self._tried:
                self._tried = route.try_on(choices)
            return route.rows(choices, number * NOMINAL_SEQUENCES)

        one = item(0)
        size = self._settings.batch_size or max(1, self._budget.tokens // sum(map(len, one)))
        many = [row for number in range(size) for row in (item(number) if number else one)]
        return measure_forward(
            lambda: route.run(one, NOMINAL_SEQUENCES),
            lambda: route.run(many, NOMINAL_SEQUENCES * size),
            size,
            self._settings.device,
            self._held_bytes,
        )


def _cost_of(state: LoadedState) -> LanguageCost:
    """A state's cost as this runner counted it."""
    return cast("LanguageCost", state.cost)


def _can_be_tried(choices: Sequence[EncodedChoice]) -> tuple[bool, int]:
    """Whether an item's choices make a tree that branches, and how long it is: what to try a route on."""
    return not grow(choices, 0).is_plain, max(len(choice.tokens) for choice in choices)
