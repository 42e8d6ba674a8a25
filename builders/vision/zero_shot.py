"""Image-text models as classifiers: the class whose texts are nearest to the image is the answer.

The texts are embedded once, when a state is loaded; then the text side is let go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import normalize

from ...labels.errors import InputError
from ..backbones.image_text_models import (
    ImageTower,
    create_whole,
    embed_texts,
    image_tower,
    load_model,
    load_tokenizer,
)
from ..running.precision import reference_arithmetic

if TYPE_CHECKING:
    from pathlib import Path

    from ..backbones.families import Backbone
    from ..sources.benchmarks import AnswerSpace


class ZeroShot(torch.nn.Module):
    """A classifier of images whose classes are texts."""

    def __init__(self, tower: ImageTower, classes: torch.Tensor) -> None:
        """Put the classes' texts behind the image side.

        Args:
            tower: The image side.
            classes: Embeddings of the classes (n_classes, width), times what the model multiplies cosines by.
        """
        super().__init__()
        self.tower = tower
        self.pretrained_cfg = tower.pretrained_cfg
        # No buffer: it stays in float32 where the tower runs in less, as it takes next to nothing.
        self.classes = classes

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n_images, n_classes), float32, but for a constant that SigLIP adds to all of them."""
        logits: torch.Tensor = self.tower(images) @ self.classes.T
        return logits


def check(backbone: Backbone, folder: Path | None, answers: AnswerSpace) -> None:
    """Refuse a state whose classes cannot be put into words.

    Raises:
        InputError: The benchmark has no texts for its classes, or the state no tokenizer.
    """
    if not answers.texts:
        raise InputError(
            f"state {backbone.name!r}: an image-text model needs words for each class, and the dataset has no class"
            " names and 'prompts'"
        )
    if folder is not None:
        load_tokenizer(backbone, folder)


def load_zero_shot(backbone: Backbone, folder: Path | None, answers: AnswerSpace, device: torch.device) -> ZeroShot:
    """A state as a classifier, on its device.

    Args:
        backbone: The state.
        folder: Folder of its weights; without it, weights and classes are random.
        answers: The classes, with the texts that describe them.
        device: Where texts are embedded.

    Raises:
        InputError: The weights, the tokenizer or the image processor are missing, or do not fit the model.
    """
    whole: Any = create_whole(backbone, None) if folder is None else load_model(backbone, folder)
    tower = image_tower(whole, backbone, folder)
    if folder is None:
        classes = normalize(torch.randn(answers.n_classes, tower.width, device=device), dim=1)
    else:
        with reference_arithmetic():
            classes = embed_texts(whole, load_tokenizer(backbone, folder), answers.texts, device)
    return ZeroShot(tower, classes * float(whole.logit_scale.detach().exp()))
