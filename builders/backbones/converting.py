"""Files of weights as people have them, made into the kind of folder that everything else loads.

A family's table names a file as `local:FILE`, and says what the model is; a GGUF file says that itself. The file is
read once, put into the model as a whole or not at all, and kept in the cache as `config.json` and `model.safetensors`.
"""

from __future__ import annotations

import struct
from contextlib import redirect_stderr
from importlib.util import find_spec
from io import StringIO
from typing import TYPE_CHECKING

from ...labels.errors import InputError, first_line
from ..cache import cache_folder, file_digest, key_of, made_once, versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .families import Backbone

GGUF = ".gguf"
CHECKPOINTS = (".safetensors", ".pth", ".pt", ".bin")
"""Endings of files with tensors alone, which the family's table has to explain."""


def is_checkpoint(path: Path) -> bool:
    """Whether a path is named as a file of weights."""
    return path.suffix in (GGUF, *CHECKPOINTS)


def checkpoint_folder(runner: str, backbone: Backbone, file: Path) -> Path:
    """Folder with the weights of a file, as Hub repositories have them; made once, in the cache.

    Args:
        runner: What runs the state: `vision` or `language`.
        backbone: The state, as its family's table describes it.
        file: The file.

    Raises:
        InputError: The file is missing or broken, holds more than tensors, or does not fit the model.
    """
    if not file.is_file():
        raise InputError(f"state {backbone.name!r}: {file} does not exist")
    content = {
        "file": file_digest(file),
        "runner": runner,
        "architecture": backbone.architecture,
        "config": backbone.config,
        "tensors": backbone.tensors,
        **versions("torch", "timm", "transformers"),
    }
    target = cache_folder("weights") / key_of(content)[:16]
    with made_once(target) as folder:
        if folder is not None:
            if file.suffix == GGUF:
                _convert_gguf(runner, backbone, file, folder)
            else:
                _CONVERTED_BY[runner](backbone, file, folder)
    return target


def _convert_vision(backbone: Backbone, file: Path, folder: Path) -> None:
    from .checkpoints import read_tensors
    from .image_text_models import is_image_text
    from .timm_models import load_tensors, save_model

    if is_image_text(backbone):
        raise InputError(
            f"state {backbone.name!r}: an image-text model needs its tokenizer and image processor beside its weights;"
            f" save them in one folder, and give local:FOLDER instead of {file}"
        )
    save_model(load_tensors(backbone, read_tensors(file), str(file)), backbone, folder)


def _convert_language(backbone: Backbone, file: Path, folder: Path) -> None:
    from .checkpoints import read_tensors
    from .transformers_models import load_tensors, quiet_transformers

    if backbone.tensors == "in-order":
        raise InputError(f"state {backbone.name!r}: 'tensors' can be in-order for image models only")
    model = load_tensors(backbone, read_tensors(file), str(file))
    with quiet_transformers():
        model.save_pretrained(folder)


_CONVERTED_BY: dict[str, Callable[[Backbone, Path, Path], None]] = {
    "vision": _convert_vision,
    "language": _convert_language,
}


def _convert_gguf(runner: str, backbone: Backbone, file: Path, folder: Path) -> None:
    """Model and tokenizer as transformers reads them: in float32, whatever the file's quantisation."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from .checkpoints import describe_misfits
    from .transformers_models import quiet_transformers

    if runner != "language":
        raise InputError(f"state {backbone.name!r}: {file} is a language model; expected {', '.join(CHECKPOINTS)}")
    if find_spec("gguf") is None or find_spec("accelerate") is None:
        raise InputError(f"state {backbone.name!r}: to read {file.name} needs pip install 'adaptlabels[gguf]'")
    options = {"gguf_file": file.name, "trust_remote_code": False}
    with quiet_transformers(), redirect_stderr(StringIO()):  # it draws a bar of its own
        try:
            model, found = AutoModelForCausalLM.from_pretrained(
                file.parent, dtype=torch.float32, output_loading_info=True, **options
            )
            tokenizer = AutoTokenizer.from_pretrained(file.parent, **options)
        except (KeyError, NotImplementedError, OSError, RuntimeError, TypeError, ValueError, struct.error) as error:
            raise InputError(f"{file}: transformers cannot read it ({first_line(error)})") from error
        wrong = describe_misfits(found["missing_keys"], found["unexpected_keys"], found["mismatched_keys"])
        if wrong:
            raise InputError(f"{file}: does not fit its own description: {wrong}")
        # To transformers the model stays a quantised one, which it does not save: its tensors go into a plain one.
        model.config.__dict__.pop("quantization_config", None)
        with torch.device("meta"):
            plain = AutoModelForCausalLM.from_config(model.config)
        plain.load_state_dict(model.state_dict(), assign=True)
        plain.tie_weights()
        plain.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
