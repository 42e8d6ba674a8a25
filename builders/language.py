"""Runs causal language models of transformers on multiple-choice items, with lm-evaluation-harness's decisions.

Each choice is scored by the summed log-likelihood of its tokens after the context; the answer is the choice whose
sum, divided by its length in characters, is highest (`acc_norm`). Tokens are those of the harness's
`_encode_pair`: spaces at the end of the context belong to the choice, context and choice are tokenised together, and
what exceeds the model's window is cut on the left.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from ..labels.errors import InputError, RunError, first_line
from ..labels.hub import explained, split_revision
from .batching import MemoryFit, by_token_budget
from .cache import key_of, versions
from .measure import LanguageCost, language_cost
from .runner import AnswerSpace, LoadedState, Pass, RunSettings
from .scores import Answers, Scores, summarise
from .timing import DeviceCosts
from .weights import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from .items import ChoiceItem
    from .progress import Advance
    from .spaces import Backbone

SCORER_VERSION = 1
"""Raised when a change of this module changes what it computes; parts of another version are made again."""
TOKENS_PER_BATCH = 8192
"""Tokens of a batch, padding included, where the user leaves it to us."""
RANDOM_SEED = 0
"""Seed of `--weights random`."""
HEAD_ROWS = 2048
"""Positions whose logits are made at once: positions x vocabulary in float32 is the largest tensor otherwise."""


def create_model(backbone: Backbone, folder: Path | None, *, attention: str = "sdpa") -> PreTrainedModel:
    """A causal language model with the architecture of a state, its weights as initialised.

    Args:
        backbone: The state.
        folder: Folder whose `config.json` says what the model is; without it the family's table does.
        attention: Implementation of attention: `sdpa`, or `eager`.

    Raises:
        InputError: transformers does not know the architecture, or its configuration breaks the form.
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        if folder is not None:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        else:
            config = AutoConfig.for_model(backbone.architecture, **backbone.config)
        model = AutoModelForCausalLM.from_config(config, attn_implementation=attention, trust_remote_code=False)
    except (AssertionError, KeyError, OSError, TypeError, ValueError, StrictDataclassError) as error:
        raise InputError(f"state {backbone.name!r}: transformers cannot make it ({first_line(error)})") from error
    return cast("PreTrainedModel", model)


def load_tokenizer(state: LoadedState) -> PreTrainedTokenizerBase:
    """The tokenizer of a state: the family's own where it names one, else the one beside the weights.

    Raises:
        InputError: There is none.
        RunError: The Hub cannot be reached.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    place: str | Path | None = state.family.tokenizer or state.weights.folder or state.backbone.source
    if place is None:
        raise InputError(f"family {state.family.name!r}: random weights need a 'tokenizer' in the family's table")
    if isinstance(place, str) and (place.startswith(LOCAL) or place.endswith(".json")):
        place = Path(place.removeprefix(LOCAL)).expanduser()
    if isinstance(place, Path) and place.suffix == ".json":
        if not place.is_file():
            raise InputError(f"family {state.family.name!r}: its tokenizer {place} does not exist")
        return PreTrainedTokenizerFast(tokenizer_file=str(place))
    try:
        if isinstance(place, Path):
            return cast("PreTrainedTokenizerBase", AutoTokenizer.from_pretrained(place, trust_remote_code=False))
        repository, revision = split_revision(place)
        with explained(repository, ""):
            return cast(
                "PreTrainedTokenizerBase",
                AutoTokenizer.from_pretrained(repository, revision=revision, trust_remote_code=False),
            )
    except (ValueError, OSError) as error:
        raise InputError(f"family {state.family.name!r}: no tokenizer in {place} ({first_line(error)})") from error


class LanguageRunner:
    """Runs causal language models."""

    libraries = ("torch", "transformers", "tokenizers", "numpy")

    def plan(self, states: Sequence[LoadedState], settings: RunSettings, memory: int) -> list[tuple[LoadedState, ...]]:
        """One state in memory at a time."""
        return [(state,) for state in states]

    def needs(self, states: Sequence[LoadedState], settings: RunSettings) -> int:
        """Bytes of the states' weights."""
        width = torch.empty((), dtype=settings.torch_dtype).element_size()
        return sum(state.cost.parameters for state in states) * width

    def data_seconds(self, states: Sequence[LoadedState], settings: RunSettings, items: Sequence[ChoiceItem]) -> float:
        """Tokenising takes next to nothing beside the model."""
        return 0.0

    def cost(self, backbone: Backbone, folder: Path | None) -> LanguageCost:
        """Counted cost of a state."""
        return language_cost(backbone, folder)

    def identity(self, state: LoadedState) -> dict[str, Any]:
        """What scores depend on beside items, weights and settings."""
        tokenizer = load_tokenizer(state)
        backend = getattr(tokenizer, "backend_tokenizer", None)
        content = backend.to_str() if backend is not None else repr(sorted(tokenizer.get_vocab().items()))
        return {
            "scorer": SCORER_VERSION,
            "seed": RANDOM_SEED,
            "tokenizer": key_of({"tokenizer": content}),
            **versions(*self.libraries),
        }

    def check(self, state: LoadedState, answers: AnswerSpace) -> None:
        """Any language model can choose among any number of choices."""

    def open(self, states: Sequence[LoadedState], settings: RunSettings, answers: AnswerSpace) -> Pass[ChoiceItem]:
        """Load the state of a pass."""
        return _LanguagePass(states[0], settings)


class _LanguagePass:
    def __init__(self, state: LoadedState, settings: RunSettings) -> None:
        self._name, self._key = state.backbone.name, state.key
        self._cost = cast("LanguageCost", state.cost)
        self._settings = settings
        self._tokenizer = load_tokenizer(state)
        self._model = _load(state, settings)
        vocabulary = self._model.config.get_text_config().vocab_size
        if len(self._tokenizer) > vocabulary:
            raise InputError(
                f"state {self._name!r}: its tokenizer has {len(self._tokenizer)} tokens, the model {vocabulary}"
            )

    def __enter__(self) -> _LanguagePass:
        return self

    def __exit__(self, *exception: object) -> None:
        del self._model
        if self._settings.device.type == "cuda":
            torch.cuda.empty_cache()

    def score(self, items: Sequence[ChoiceItem], wanted: Sequence[str], advance: Advance) -> Answers:
        """Answers of the state to the items."""
        sequences = [
            encode_pair(self._tokenizer, item.context, f" {choice}") for item in items for choice in item.choices
        ]
        window = self._model.config.get_text_config().max_position_embeddings
        rows = [_cut(context, choice, window) for context, choice in sequences]
        sums = self._log_likelihoods(rows, [len(item.choices) for item in items], advance)
        if not np.isfinite(sums).all():
            item = items[int(np.argmax(~np.isfinite(sums))) // len(items[0].choices)]
            raise RunError(
                f"state {self._name!r}: the log-likelihoods of {item.place} are not finite; the precision"
                f" {self._settings.dtype} may be too narrow, try --dtype float32"
            )
        n_choices = len(items[0].choices)
        log_likelihoods = sums.reshape(len(items), n_choices)
        characters = np.array([[len(choice) for choice in item.choices] for item in items])
        normalised = log_likelihoods / characters
        costs = self._cost.gflops([len(tokens) - 1 for tokens, _ in rows]).reshape(len(items), n_choices)
        prediction = normalised.argmax(axis=1)
        found = summarise(torch.from_numpy(normalised).log_softmax(dim=1), torch.from_numpy(prediction))
        scores = Scores(
            prediction=prediction,
            confidence=found.confidence.numpy(),
            margin=found.margin.numpy(),
            entropy=found.entropy.numpy(),
            scores=log_likelihoods.astype(np.float32),
            gflops=costs.sum(axis=1),
        )
        return Answers({self._key: scores})

    def measure(self, key: str) -> DeviceCosts:
        """Latency, throughput, memory and energy of scoring items."""
        raise NotImplementedError

    def _log_likelihoods(
        self, rows: Sequence[tuple[list[int], int]], choices: Sequence[int], advance: Advance
    ) -> NDArray[np.float64]:
        """Summed log-likelihood (n_rows,) of the last `n` tokens of each row."""
        sums = np.full(len(rows), np.nan)

        def run(batch: list[int]) -> None:
            sums[batch] = self._run(batch, rows)

        budget = TOKENS_PER_BATCH
        if self._settings.batch_size is not None:
            budget = self._settings.batch_size * max(choices) * max(len(tokens) for tokens, _ in rows)
        done = 0
        for batch in by_token_budget([len(tokens) for tokens, _ in rows], budget):
            MemoryFit(self._name).run(batch, run)
            done += len(batch)
            advance(done // max(choices))
            done %= max(choices)
        return sums

    def _run(self, batch: list[int], rows: Sequence[tuple[list[int], int]]) -> NDArray[np.float64]:
        device = self._settings.device
        longest = max(len(rows[i][0]) for i in batch)
        # Padding on the right lies after every real token, which a causal model does not look at.
        tokens = torch.zeros(len(batch), longest, dtype=torch.long)
        positions, targets, owners = [], [], []
        for place, i in enumerate(batch):
            row, n_scored = rows[i]
            tokens[place, : len(row)] = torch.tensor(row)
            for position in range(len(row) - n_scored, len(row)):
                positions.append(place * (longest - 1) + position - 1)
                targets.append(row[position])
                owners.append(place)
        with torch.inference_mode():
            hidden = self._model.base_model(input_ids=tokens[:, :-1].to(device), use_cache=False).last_hidden_state
            scored = hidden.flatten(0, 1)[torch.tensor(positions, device=device)]  # (n_scored, hidden)
            found = self._head(scored, torch.tensor(targets, device=device)).double().cpu()
        sums = torch.zeros(len(batch), dtype=torch.float64)
        return cast("NDArray[np.float64]", sums.index_add(0, torch.tensor(owners), found).numpy())

    def _head(self, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Log-likelihood (n_scored,) of each target token after its hidden state (n_scored, hidden)."""
        head = self._model.get_output_embeddings()
        found = []
        for chunk, wanted in zip(hidden.split(HEAD_ROWS), targets.split(HEAD_ROWS), strict=True):
            logits = head(chunk).float()  # (rows, vocabulary)
            found.append(logits.gather(1, wanted[:, None])[:, 0] - logits.logsumexp(dim=1))
        return torch.cat(found)


def encode_pair(tokenizer: PreTrainedTokenizerBase, context: str, choice: str) -> tuple[list[int], list[int]]:
    """Tokens of a context and of its continuation, as lm-evaluation-harness splits them.

    Args:
        tokenizer: The tokenizer; no special tokens are added.
        context: Text before the choice; may be empty.
        choice: The continuation, with the space that parts it from the context.

    Returns:
        Tokens of the context and of the choice. An empty context is the tokenizer's end- or begin-of-text token.

    Raises:
        InputError: The context is empty and the tokenizer has no such token, or the choice has no token.
    """
    spaces = len(context) - len(context.rstrip())
    if spaces:
        context, choice = context[:-spaces], context[-spaces:] + choice
    if context:
        whole = tokenizer.encode(context + choice, add_special_tokens=False)
        before = tokenizer.encode(context, add_special_tokens=False)
        if len(whole) <= len(before):
            raise InputError(f"choice {choice!r} adds no token to its context")
        return whole[: len(before)], whole[len(before) :]
    prefix = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    if prefix is None:
        raise InputError(
            "an item has an empty context, and the tokenizer has no begin- or end-of-text token to put there"
        )
    return [prefix], tokenizer.encode(choice, add_special_tokens=False)


def _cut(context: list[int], choice: list[int], window: int) -> tuple[list[int], int]:
    """The last `window + 1` tokens, of which the last one is only predicted, and how many of them are scored."""
    row = (context + choice)[-(window + 1) :]
    return row, min(len(choice), len(row) - 1)


def _load(state: LoadedState, settings: RunSettings) -> PreTrainedModel:
    from transformers import AutoModelForCausalLM

    folder = state.weights.folder
    if folder is None:
        torch.manual_seed(RANDOM_SEED)
        model = create_model(state.backbone, None).to(settings.torch_dtype)
    else:
        with quiet_transformers():
            model = AutoModelForCausalLM.from_pretrained(
                folder, dtype=settings.torch_dtype, use_safetensors=True, trust_remote_code=False
            )
    return cast("PreTrainedModel", model.eval().to(settings.device))


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bars of transformers' own; ours tell more."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
