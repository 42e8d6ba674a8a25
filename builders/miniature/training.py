"""Trains the miniature backbones whose weights ship with the package.

A trained backbone ends as the folder that a Hub repository would be: `config.json`, `model.safetensors` and, for
language, a tokenizer. Training is seeded and runs on one thread, so that one machine with one version of the libraries
gives the same weights every time; other machines give others, and that is why the weights ship.
"""

from __future__ import annotations

import hashlib
import json
import os
from random import Random
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.nn import functional

from ..backbones.families import shipped_families
from ..backbones.weights import weights_digest
from ..cache import versions
from . import grammar
from .datasets import load_digits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from transformers import PreTrainedTokenizerFast

    from ..backbones.families import Backbone, Family, Recipe
    from ..progress import Progress

RECORD = "training.json"
"""File beside the trained families: what the weights were made with, and their hashes."""
LIBRARIES = ("torch", "timm", "transformers", "tokenizers", "scikit-learn")
VOCABULARY = 512
"""Tokens of the stories' tokenizer: 256 bytes, one special token, and merges until words are whole."""
TOKENIZER_TEXTS = 500
END_OF_TEXT = "<|endoftext|>"
WARM_UP = 0.1
"""Share of the steps in which the learning rate rises."""
MOST_ROTATION, MOST_SCALE, MOST_SHIFT = 0.25, 0.15, 0.175
"""Augmentation of the digits: radians, share of the size, share of the half width."""


def train_miniatures(folder: Path, progress: Progress) -> None:
    """Train every miniature of the shipped families, one process per core, the longest first.

    Args:
        folder: Takes `<family>/<state>/` with the weights, and `training.json`.
        progress: Told how many are trained.
    """
    import joblib

    wanted = [(family, state) for family in shipped_families().values() for state in family.states if state.recipe]
    wanted.sort(key=lambda pair: -_effort(pair[1]))
    jobs = joblib.Parallel(n_jobs=min(len(wanted), os.cpu_count() or 1), return_as="generator_unordered")
    with progress.task("Training", len(wanted)) as advance:
        for _ in jobs(
            joblib.delayed(train)(family, state, folder / family.name / state.name) for family, state in wanted
        ):
            advance(1)
    digests = {
        f"{family.name}/{state.name}": weights_digest(folder / family.name / state.name) for family, state in wanted
    }
    record = {"libraries": versions(*LIBRARIES), "data": data_digests(), "weights": dict(sorted(digests.items()))}
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def train(family: Family, backbone: Backbone, folder: Path) -> None:
    """Train one miniature, on this thread.

    Args:
        family: Its family.
        backbone: The miniature; its `recipe` says how.
        folder: Takes the weights; it is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        TRAINED_BY[family.runner](backbone, folder)
    finally:
        torch.set_num_threads(threads)


def data_digests() -> dict[str, Any]:
    """Hashes of what the miniatures learn from: the training half of the digits, and the first stories."""
    images, classes, train_half, _ = load_digits()
    digits = hashlib.sha256(images[train_half].tobytes() + classes[train_half].tobytes()).hexdigest()
    rng = Random(0)
    stories = hashlib.sha256("\n".join(grammar.make_text(rng) for _ in range(TOKENIZER_TEXTS)).encode()).hexdigest()
    return {"digits": digits, "stories": stories}


def _effort(backbone: Backbone) -> float:
    recipe = _recipe(backbone)
    sizes = [value for value in backbone.config.values() if isinstance(value, int)]
    return recipe.steps * recipe.batch_size * float(sum(sizes))


def _recipe(backbone: Backbone) -> Recipe:
    assert backbone.recipe is not None, "only backbones with a recipe are trained"
    return backbone.recipe


def _optimiser(
    model: torch.nn.Module, recipe: Recipe
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=0.02, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=recipe.steps, pct_start=WARM_UP
    )
    return optimiser, schedule


def _train_vision(backbone: Backbone, folder: Path) -> None:
    from PIL import Image
    from timm.data import create_transform

    from ..backbones.timm_models import create_model, data_config, save_model

    recipe = _recipe(backbone)
    torch.manual_seed(recipe.seed)
    model = create_model(backbone, None).train()
    transform = create_transform(**data_config(model), is_training=False)
    images, classes, train, _ = load_digits()
    pixels = torch.stack([transform(Image.fromarray(images[i]).convert("RGB")) for i in train])  # (n, 3, h, w)
    targets = torch.from_numpy(classes[train])
    optimiser, schedule = _optimiser(model, recipe)
    for batch in _batches(len(pixels), recipe):
        loss = functional.cross_entropy(model(_augment(pixels[batch])), targets[batch], label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    save_model(model.eval(), backbone, folder)


def _batches(count: int, recipe: Recipe) -> Iterator[torch.Tensor]:
    """Batches of indices, epoch after epoch, for as many steps as the recipe has."""
    order = torch.randperm(count)
    for _ in range(recipe.steps):
        if len(order) < recipe.batch_size:
            order = torch.randperm(count)
        yield order[: recipe.batch_size]
        order = order[recipe.batch_size :]


def _augment(pixels: torch.Tensor) -> torch.Tensor:
    """Small random rotations, scalings and shifts of images (batch, channels, height, width)."""
    count = len(pixels)
    angle = (torch.rand(count) * 2 - 1) * MOST_ROTATION
    scale = 1 + (torch.rand(count) * 2 - 1) * MOST_SCALE
    shift = (torch.rand(count, 2) * 2 - 1) * MOST_SHIFT
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = torch.stack([torch.stack([cos, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)], 1)
    grid = functional.affine_grid(rows, list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def _train_language(backbone: Backbone, folder: Path) -> None:
    from ..backbones.transformers_models import create_model, quiet_transformers

    recipe = _recipe(backbone)
    torch.manual_seed(recipe.seed)
    tokenizer = make_tokenizer()
    model = create_model(backbone, None).train()
    rng = Random(recipe.seed)
    optimiser, schedule = _optimiser(cast("torch.nn.Module", model), recipe)
    for _ in range(recipe.steps):
        tokens, targets = _language_batch(tokenizer, [grammar.make_pieces(rng) for _ in range(recipe.batch_size)])
        logits = model(input_ids=tokens, use_cache=False).logits[:, :-1]  # (batch, length - 1, vocabulary)
        loss = functional.cross_entropy(logits.flatten(0, 1), targets[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    with quiet_transformers():
        model.eval().save_pretrained(folder)
        tokenizer.save_pretrained(folder)


TRAINED_BY: dict[str, Callable[[Backbone, Path], None]] = {"vision": _train_vision, "language": _train_language}
"""What trains a miniature, by the name of its runner."""


def _language_batch(
    tokenizer: PreTrainedTokenizerFast, stories: Sequence[Sequence[tuple[str, bool]]]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens (batch, length), padded with 0, and targets, -100 everywhere but in endings.

    What happens in a story is random; only its endings can be learnt, so only they count.
    """
    texts = [text for story in stories for text, _ in story]
    pieces = iter(tokenizer(texts, add_special_tokens=False)["input_ids"])
    rows = [[(next(pieces), counts) for _, counts in story] for story in stories]
    longest = max(sum(len(piece) for piece, _ in row) for row in rows)
    tokens = torch.zeros(len(rows), longest, dtype=torch.long)
    targets = torch.full((len(rows), longest), -100)
    for index, row in enumerate(rows):
        start = 0
        for piece, counts in row:
            tokens[index, start : start + len(piece)] = torch.tensor(piece)
            if counts:
                targets[index, start : start + len(piece)] = torch.tensor(piece)
            start += len(piece)
    return tokens, targets


def make_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer trained on the grammar's text; it can write any text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    rng = Random(0)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((grammar.make_text(rng) for _ in range(TOKENIZER_TEXTS)), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=END_OF_TEXT, eos_token=END_OF_TEXT)
