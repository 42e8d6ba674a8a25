"""Texts to tokens, as lm-evaluation-harness makes them: contexts with their continuations, all of a shard at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...labels.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

    from ..sources.items import ChoiceItem


@dataclass(frozen=True, eq=False)
class EncodedChoice:
    """A context and the text after it that is scored."""

    tokens: NDArray[np.int32]
    """All tokens (n_tokens,), the context's first."""
    n_scored: int
    """Tokens of that text: the last ones."""

    def within(self, window: int) -> EncodedChoice:
        """The last `window + 1` tokens, of which the last one is only predicted."""
        kept = self.tokens[-(window + 1) :]
        return EncodedChoice(kept, min(self.n_scored, len(kept) - 1))


def encode_items(
    tokenizer: PreTrainedTokenizerBase, items: Sequence[ChoiceItem], *, add_bos_token: bool | None = None
) -> list[list[EncodedChoice]]:
    """Tokens of every choice of some items.

    As `TemplateLM.loglikelihood` and `HFLM.tok_encode` of lm-evaluation-harness: spaces at the end of a context belong
    to the choice; context and choice are tokenised together, and the choice's tokens are those that come after as many
    as the context has alone. An empty context is the begin-of-text token, or where there is none the end-of-text token.

    Args:
        tokenizer: The tokenizer.
        items: The items.
        add_bos_token: Whether texts begin with the begin-of-text token; None leaves it to the tokenizer. One that a
            text brings itself is not doubled.

    Returns:
        For each item its choices in order.

    Raises:
        InputError: A choice has no token of its own, or a context is empty and the tokenizer has neither token.
    """
    pairs = [_split(context, f" {text}") for item in items for context, text in item.scored]
    encode = _Encoder(tokenizer, add_bos_token)
    contexts = encode.alone([context for context, _ in pairs])
    wholes = encode.together([context + choice for context, choice in pairs], [bool(context) for context, _ in pairs])
    found: list[list[EncodedChoice]] = []
    index = 0
    for item in items:
        found.append([])
        for _, text in item.scored:
            before, whole = contexts[index], wholes[index]
            if not pairs[index][0]:
                before, whole = encode.begin(whole, item.where)
            if len(whole) <= len(before):
                raise InputError(f"{item.where}: choice {text!r} adds no token to its context")
            found[-1].append(EncodedChoice(np.array(whole, dtype=np.int32), len(whole) - len(before)))
            index += 1
    return found


def _split(context: str, choice: str) -> tuple[str, str]:
    """Spaces at the end of a context move to the choice."""
    kept = context.rstrip()
    return kept, context[len(kept) :] + choice


class _Encoder:
    def __init__(self, tokenizer: PreTrainedTokenizerBase, add_bos_token: bool | None) -> None:
        self._tokenizer = tokenizer
        self._special = {} if add_bos_token is None else {"add_special_tokens": add_bos_token}
        prefix = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
        self._prefix: int | None = prefix
        self._prefix_text = None if prefix is None else str(tokenizer.decode(prefix))

    def alone(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of contexts; an item's choices share one, which is tokenised once."""
        distinct = list(dict.fromkeys(text for text in texts if text))
        encoded = dict(zip(distinct, self.together(distinct, [True] * len(distinct)), strict=True))
        return [encoded.get(text, []) for text in texts]

    def together(self, texts: Sequence[str], special: Sequence[bool]) -> list[list[int]]:
        """Tokens of texts, each with the tokenizer's special tokens or without any."""
        plain = [
            not wanted or (self._prefix_text is not None and text.startswith(self._prefix_text))
            for text, wanted in zip(texts, special, strict=True)
        ]
        found: list[list[int]] = [[] for _ in texts]
        for without in (False, True):
            indices = [index for index, is_plain in enumerate(plain) if is_plain == without]
            if indices:
                options = {"add_special_tokens": False} if without else self._special
                rows = self._tokenizer([texts[index] for index in indices], verbose=False, **options)["input_ids"]
                for index, row in zip(indices, rows, strict=True):
                    found[index] = row
        return found

    def begin(self, choice: list[int], where: str) -> tuple[list[int], list[int]]:
        """An empty context: its token, and the whole; a choice that begins with that token brings it itself."""
        if self._prefix is None:
            raise InputError(
                f"{where}: the context is empty, and the tokenizer has no begin- or end-of-text token to put there"
            )
        return [self._prefix], choice if choice[:1] == [self._prefix] else [self._prefix, *choice]
