"""Models of transformers: causal language models made and cut, and the loading that all kinds share."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from safetensors import SafetensorError

from ...labels.errors import InputError, first_line
from .checkpoints import describe_misfits
from .exits import Trunk, no_exits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from transformers import PreTrainedModel

    from .families import Backbone


def create_model(backbone: Backbone, folder: Path | None, *, attention: str | None = None) -> PreTrainedModel:
    """A causal language model with the architecture of a state, up to its exit, its weights as initialised.

    Args:
        backbone: The state.
        folder: Folder whose `config.json` says what the model is; without it the family's table does.
        attention: Implementation of attention, such as `eager`; None leaves it to transformers.

    Raises:
        InputError: transformers does not know the architecture, its configuration breaks the form, or it has no such
            exit.
    """
    model = _create_whole(backbone, folder, attention)
    cut(model, backbone)
    return model


def trunk_of(model: PreTrainedModel, backbone: Backbone) -> Trunk:
    """The layers of a model that may end after any of them.

    Raises:
        InputError: Its body is not one list of layers with a norm behind it.
    """
    parts = list(model.base_model.named_children())
    lists = [place for place, (_, part) in enumerate(parts) if isinstance(part, torch.nn.ModuleList)]
    if len(lists) != 1 or lists[0] + 1 == len(parts):
        raise no_exits(backbone, "its body is not one list of layers and a norm")
    return Trunk(model.base_model, parts[lists[0]][0], parts[lists[0] + 1][1])


def cut(model: PreTrainedModel, backbone: Backbone) -> None:
    """Leave the layers after a state's exit away; arguments and errors are those of `create_model`."""
    if backbone.exit is not None:
        trunk_of(model, backbone).cut(backbone)


def _create_whole(backbone: Backbone, folder: Path | None, attention: str | None = None) -> PreTrainedModel:
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


def load_tensors(backbone: Backbone, tensors: Mapping[str, torch.Tensor], where: str) -> PreTrainedModel:
    """A whole causal language model with all of some tensors, in their precision.

    Args:
        backbone: The state, whose `config` says what the model is.
        tensors: The tensors by name.
        where: Where they are from, for messages.

    Raises:
        InputError: The tensors are not those of the model; names the first that do not fit.
    """
    with torch.device("meta"):
        described = _create_whole(backbone, None)
    with quiet_transformers():
        model, found = type(described).from_pretrained(
            None,
            config=described.config,
            state_dict=dict(tensors),
            dtype="auto",
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    wrong = describe_misfits(found["missing_keys"], found["unexpected_keys"], found["mismatched_keys"])
    if wrong:
        raise InputError(f"state {backbone.name!r}: {where} does not fit {backbone.architecture!r}: {wrong}")
    return cast("PreTrainedModel", model)


def load_whole(auto_class: Any, backbone: Backbone, folder: Path, **options: Any) -> PreTrainedModel:  # noqa: ANN401
    """A whole model with the weights of a folder.

    Args:
        auto_class: The class of transformers that loads models of its kind.
        backbone: The state.
        folder: Folder with `config.json` and safetensors.
        options: What else `from_pretrained` is given.

    Raises:
        ImportError: An option needs a library that is not installed.
        InputError: The weights cannot be read, or are not those of the model.
    """
    with quiet_transformers():
        try:
            model, found = auto_class.from_pretrained(
                folder,
                use_safetensors=True,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                **options,
            )
        except (OSError, SafetensorError) as error:
            reason = first_line(error)
            raise InputError(f"state {backbone.name!r}: transformers cannot load {folder} ({reason})") from error
    # Tensors that a model has no use for are left: repositories carry constants of other versions of its code.
    wrong = describe_misfits(found["missing_keys"], (), found["mismatched_keys"])
    if wrong:
        raise InputError(f"state {backbone.name!r}: {folder} does not fit its config.json: {wrong}")
    return cast("PreTrainedModel", model)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bars of transformers' own, and no report of what does not fit; ours tell more."""
    from transformers.utils import logging

    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
