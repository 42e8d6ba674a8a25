"""Causal language models on their devices: in their precision, over several GPUs where one is too small."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from ...labels.errors import InputError, first_line
from ...labels.tables.remote import explained, split_revision
from ..backbones.transformers_models import create_model, cut, load_whole
from ..backbones.weights import LOCAL, miniature_folder
from ..cache import key_of
from ..running.memory import available_bytes

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from ..running.contract import LoadedState, RunSettings

RANDOM_SEED = 0
"""Seed of weights that are initialised at random."""
WINDOW_NAMES = ("n_positions", "max_position_embeddings", "n_ctx")
"""Names that configurations have for a model's window, in lm-evaluation-harness's order (`resolve_max_length`)."""
DEFAULT_WINDOW = 2048
"""Tokens of a window that nobody states, as in lm-evaluation-harness."""
LARGEST_STATED = 10**9
"""Windows beyond it are a tokenizer's way to say that it states none."""


def load_model(state: LoadedState, settings: RunSettings) -> PreTrainedModel:
    """A state's model on its device, in its precision; over all GPUs where one is too small for it.

    Raises:
        InputError: A model that needs several GPUs, without accelerate.
    """
    from transformers import AutoModelForCausalLM

    folder = state.weights.folder
    if folder is None:
        torch.manual_seed(RANDOM_SEED)
        model = create_model(state.backbone, None).to(settings.torch_dtype)
        return cast("PreTrainedModel", model.eval().to(settings.device))
    spread = _spread(state, settings)
    try:
        model = load_whole(AutoModelForCausalLM, state.backbone, folder, dtype=settings.torch_dtype, **spread)
    except ImportError as error:
        raise InputError(
            f"state {state.backbone.name!r} is larger than one GPU, and to spread it over several needs accelerate:"
            " pip install 'adaptlabels[gpu]'"
        ) from error
    cut(model, state.backbone)
    return model.eval() if spread else cast("PreTrainedModel", model.eval().to(settings.device))


def _spread(state: LoadedState, settings: RunSettings) -> dict[str, Any]:
    """Options that lay a model out over all GPUs, where it does not fit into the chosen one."""
    if settings.device.type != "cuda" or torch.cuda.device_count() < 2:
        return {}
    width = torch.empty((), dtype=settings.torch_dtype).element_size()
    fits = state.cost.parameters * width < available_bytes(settings.device)
    return {} if fits else {"device_map": "auto"}


def load_tokenizer(state: LoadedState) -> PreTrainedTokenizerBase:
    """The tokenizer of a state: the family's own where it names one, else the one beside the weights.

    Raises:
        InputError: There is none.
        RunError: The Hub cannot be reached.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    family = state.family
    location: str | Path | None = family.tokenizer or state.weights.folder or state.backbone.source
    if location is None and state.backbone.recipe is not None:
        location = miniature_folder(family.name, state.backbone.name)
    if location is None:
        raise InputError(f"family {family.name!r}: random weights need a 'tokenizer' in the family's table")
    if isinstance(location, str) and (location.startswith(LOCAL) or location.endswith(".json")):
        location = Path(location.removeprefix(LOCAL)).expanduser()
    if isinstance(location, Path) and location.suffix == ".json":
        if not location.is_file():
            raise InputError(f"family {family.name!r}: its tokenizer {location} does not exist")
        return PreTrainedTokenizerFast(tokenizer_file=str(location))
    options = {} if family.add_bos_token is None else {"add_bos_token": family.add_bos_token}
    try:
        if isinstance(location, Path):
            found = AutoTokenizer.from_pretrained(location, trust_remote_code=False, **options)
        else:
            repository, revision = split_revision(location)
            with explained(repository, ""):
                found = AutoTokenizer.from_pretrained(repository, revision=revision, trust_remote_code=False, **options)
    except (ValueError, OSError) as error:
        raise InputError(f"family {family.name!r}: no tokenizer in {location} ({first_line(error)})") from error
    return cast("PreTrainedTokenizerBase", found)


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


def window_of(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Most tokens that a model takes at once, as lm-evaluation-harness finds it."""
    config = model.config.get_text_config()
    for name in WINDOW_NAMES:
        value = getattr(config, name, None)
        if value is not None:
            return int(value)
    stated = getattr(tokenizer, "model_max_length", None)
    return int(stated) if stated is not None and stated < LARGEST_STATED else DEFAULT_WINDOW
