"""Image-text models of transformers by name: made, loaded, and asked for their preprocessing.

Such a model embeds images and texts in one space. What describes the classes is the same for every image, so that per
sample only the image side runs; it is given as timm gives a model that has no head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from torch.nn.functional import normalize

from ...labels.errors import InputError, first_line
from .exits import no_exits
from .transformers_models import load_whole, quiet_transformers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from .families import Backbone

MODEL_TYPES = ("clip", "siglip")
"""Model types of transformers that can be run; OpenCLIP's models and SigLIP 2's of a fixed image size are of them."""
NAFLEX = "siglip2"
"""Model type whose images keep shapes of their own, so that no two states could share their pixels."""
INTERPOLATIONS = {2: "bilinear", 3: "bicubic"}
"""timm's names of Pillow's filters."""
WHOLE_PIXEL = 1 / 255
"""Factor that makes 8-bit pixels shares of 1."""
READ_FROM = {
    "AutoImageProcessor": ("preprocessor_config.json", "processor_config.json"),
    "AutoTokenizer": ("tokenizer.json", "spiece.model"),
}
"""For each loader of transformers the files of which it needs one; without any, it may make a tokenizer of no words."""
TEXTS_AT_ONCE = 256
"""Texts that are embedded together."""
CROP_MODE = "center-down"
"""As timm's `center`, but where the rest to cut away is odd, its smaller half goes first."""


def is_image_text(backbone: Backbone) -> bool:
    """Whether a state of images is an image-text model, not a classifier of timm."""
    return backbone.architecture in (*MODEL_TYPES, NAFLEX)


class ImageTower(torch.nn.Module):
    """The image side of an image-text model: images to embeddings of length 1."""

    num_classes = 0
    """None, as timm says it."""

    def __init__(self, whole: PreTrainedModel, preprocessing: dict[str, Any]) -> None:
        """Take the image side.

        Args:
            whole: The image-text model.
            preprocessing: What its images have to be, as timm's `pretrained_cfg`.
        """
        super().__init__()
        parts = cast("Any", whole)
        self.vision_model: torch.nn.Module = parts.vision_model
        self.projection: torch.nn.Module = getattr(parts, "visual_projection", torch.nn.Identity())
        self.pretrained_cfg = preprocessing
        self.width = int(getattr(parts.config, "projection_dim", None) or parts.config.vision_config.hidden_size)
        """Numbers of an embedding."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Embeddings (n_images, width), float32."""
        embedded: torch.Tensor = self.projection(self.vision_model(pixel_values=images).pooler_output)
        return normalize(embedded.float(), dim=1)


def create_model(backbone: Backbone, folder: Path | None) -> ImageTower:
    """The image side of a state, its weights as initialised.

    Args:
        backbone: The state.
        folder: Folder whose files say what the model is; without it the family's table does.

    Raises:
        InputError: It is not an image-text model that can be run, or its preprocessing is more than a resize, a crop of
            the centre and a normalisation.
    """
    return image_tower(create_whole(backbone, folder), backbone, folder)


def create_whole(backbone: Backbone, folder: Path | None) -> PreTrainedModel:
    """Both sides of a state, its weights as initialised; arguments and errors are those of `create_model`."""
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig, AutoModelForZeroShotImageClassification

    if backbone.exit is not None:
        raise no_exits(backbone, "both sides of an image-text model run whole")
    with quiet_transformers():
        try:
            if folder is not None:
                config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
            else:
                config = AutoConfig.for_model(backbone.architecture, **backbone.config)
            if config.model_type not in MODEL_TYPES:
                raise InputError(
                    f"state {backbone.name!r}: {config.model_type!r} is no image-text model that can be run; expected"
                    f" {' or '.join(MODEL_TYPES)} (of SigLIP 2 the checkpoints of a fixed image size, which are siglip)"
                )
            model = AutoModelForZeroShotImageClassification.from_config(config, trust_remote_code=False)
        except (AssertionError, KeyError, OSError, TypeError, ValueError, StrictDataclassError) as error:
            raise InputError(f"state {backbone.name!r}: transformers cannot make it ({first_line(error)})") from error
    return cast("PreTrainedModel", model)


def load_model(backbone: Backbone, folder: Path) -> PreTrainedModel:
    """Both sides of a state with the weights of a folder, in float32.

    Raises:
        InputError: The weights are not those of the model.
    """
    from transformers import AutoModelForZeroShotImageClassification

    return load_whole(AutoModelForZeroShotImageClassification, backbone, folder, dtype=torch.float32).eval()


def image_tower(whole: PreTrainedModel, backbone: Backbone, folder: Path | None) -> ImageTower:
    """The image side of a model, with the preprocessing of its folder; errors are those of `create_model`."""
    vision = whole.config.vision_config
    if folder is None:
        asked = _usual_processor(backbone, vision.image_size)
    else:
        asked = _loaded("AutoImageProcessor", backbone, folder).to_dict()
    found = _preprocessing(asked)
    if found is None or found["input_size"] != (vision.num_channels, vision.image_size, vision.image_size):
        raise InputError(
            f"state {backbone.name!r}: its image processor must resize to the model's {vision.image_size} pixels by"
            f" {' or '.join(INTERPOLATIONS.values())}, crop the centre or nothing, and normalise; it does otherwise"
        )
    return ImageTower(whole, found)


def load_tokenizer(backbone: Backbone, folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer beside the weights of a state.

    Raises:
        InputError: There is none, or it needs a library that is not installed.
    """
    return cast("PreTrainedTokenizerBase", _loaded("AutoTokenizer", backbone, folder))


@torch.inference_mode()
def embed_texts(
    whole: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[Sequence[str]], device: torch.device
) -> torch.Tensor:
    """An embedding of length 1 for each of several things, each described by equally many texts.

    It is the mean of its texts' embeddings (Radford et al., "Learning Transferable Visual Models From Natural Language
    Supervision", arXiv 2103.00020, section 3.1.4).

    Args:
        whole: Both sides of an image-text model.
        tokenizer: Its tokenizer.
        texts: The texts (n_things, n_texts).
        device: Where to embed them; only the text side goes there.

    Returns:
        Embeddings (n_things, width), on the device.
    """
    parts = cast("Any", whole)
    body = parts.text_model.to(device)
    projection = getattr(parts, "text_projection", torch.nn.Identity()).to(device)
    flat = [text for some in texts for text in some]
    embedded = []
    for start in range(0, len(flat), TEXTS_AT_ONCE):
        tokens = _tokens(whole, tokenizer, flat[start : start + TEXTS_AT_ONCE])
        found = body(**{name: tensor.to(device) for name, tensor in tokens.items()}).pooler_output
        embedded.append(normalize(projection(found), dim=1))
    return normalize(torch.cat(embedded).unflatten(0, (len(texts), -1)).mean(dim=1), dim=1)


def _tokens(whole: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> dict[str, torch.Tensor]:
    """What the text side is given; SigLIP was trained on lower-case texts that all fill its window."""
    siglip = whole.config.model_type == "siglip"
    tokens = tokenizer(
        [text.lower() for text in texts] if siglip else texts,
        padding="max_length" if siglip else True,
        max_length=whole.config.text_config.max_position_embeddings,
        truncation=True,
        return_tensors="pt",
    )
    return {name: tokens[name] for name in ("input_ids", "attention_mask") if name in tokens}


def _loaded(loader: str, backbone: Backbone, folder: Path) -> Any:  # noqa: ANN401 - a part of a processor
    import transformers

    files = " or ".join(READ_FROM[loader])
    if not any((folder / name).is_file() for name in READ_FROM[loader]):
        raise InputError(f"state {backbone.name!r}: no {files} in {folder}; save the model's processor there")
    try:
        return getattr(transformers, loader).from_pretrained(folder, trust_remote_code=False)
    except (ImportError, KeyError, OSError, TypeError, ValueError) as error:
        raise InputError(
            f"state {backbone.name!r}: transformers cannot read {files} in {folder} ({first_line(error)})"
        ) from error


def _usual_processor(backbone: Backbone, side: int) -> dict[str, Any]:
    """What transformers does to images for a model type where no checkpoint says otherwise."""
    import transformers

    if backbone.architecture == "clip":
        found = transformers.CLIPImageProcessor(size={"shortest_edge": side}, crop_size=side)
    else:
        found = transformers.SiglipImageProcessor(size={"height": side, "width": side})
    return cast("dict[str, Any]", found.to_dict())


def _preprocessing(asked: dict[str, Any]) -> dict[str, Any] | None:
    """Words of timm for what an image processor does; None where it does more than a tower of fixed size needs."""
    size, crop = asked.get("size") or {}, asked.get("crop_size") or {}
    cropped = bool(asked.get("do_center_crop"))
    whole, kept = (size.get("height"), size.get("width")), (crop.get("height"), crop.get("width"))
    if cropped and "shortest_edge" in size and kept == (size["shortest_edge"],) * 2:
        mode, whole = CROP_MODE, kept
    elif None not in whole and (not cropped or kept == whole):
        mode = "squash"
    else:
        return None
    plain = all(asked.get(step) for step in ("do_resize", "do_rescale", "do_normalize")) and not asked.get("do_pad")
    if not plain or asked["resample"] not in INTERPOLATIONS or abs(asked["rescale_factor"] - WHOLE_PIXEL) > 1e-6:
        return None
    return {
        "input_size": (3, *whole),
        "interpolation": INTERPOLATIONS[asked["resample"]],
        "crop_pct": 1.0,
        "crop_mode": mode,
        "mean": tuple(asked["image_mean"]),
        "std": tuple(asked["image_std"]),
    }
