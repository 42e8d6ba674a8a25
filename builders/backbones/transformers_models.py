"""Causal language models of transformers and their tokenizers: made, loaded, and asked for their window."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ...labels.errors import InputError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transformers import PreTrainedModel

    from .families import Backbone


def create_model(backbone: Backbone, folder: Path | None, *, attention: str | None = None) -> PreTrainedModel:
    """A causal language model with the architecture of a state, its weights as initialised.

    Args:
        backbone: The state.
        folder: Folder whose `config.json` says what the model is; without it the family's table does.
        attention: Implementation of attention, such as `eager`; None leaves it to transformers.

    Raises:
        InputError: transformers does not know the architecture, or its configuration breaks the form.
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig, AutoModelForCausalLM

    chosen = {} if attention is None else {"attn_implementation": attention}
    try:
        if folder is not None:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        else:
            config = AutoConfig.for_model(backbone.architecture, **backbone.config)
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=False, **chosen)
    except (AssertionError, KeyError, OSError, TypeError, ValueError, StrictDataclassError) as error:
        raise InputError(f"state {backbone.name!r}: transformers cannot make it ({first_line(error)})") from error
    return cast("PreTrainedModel", model)


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
