"""A grammar of small stories, and multiple-choice items from it in HellaSwag's form.

A story is a chain of episodes. In each, somebody takes an object, other things happen, and the one who took it puts
it somewhere: the object is the deciding word. Items differ in how far back it lies, and in what lies between: nothing,
sentences that do not matter, objects of earlier episodes, or another person with another object, in which case a
pronoun decides. Models with more layers and wider states follow longer ways back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

WOMEN = ("Anna", "Clara", "Emma", "Greta", "Irene", "Karin")
MEN = ("Bruno", "David", "Felix", "Hugo", "Jonas", "Leo")
OBJECTS = (
    "lamp", "rope", "coin", "drum", "flute", "kite", "shovel", "basket", "candle", "ladder", "mirror", "whistle",
)  # fmt: skip
PLACES = {
    "Moving house": ("shelf", "table", "sofa"),
    "Loading a boat": ("deck", "bench", "hatch"),
    "Cleaning the attic": ("trunk", "roof", "stair"),
    "Setting a stage": ("floor", "box", "chair"),
}
"""Activity labels, and the places that belong to each."""
VERBS = ("takes the", "finds the", "carries the", "holds the")
FILLERS = (
    "The wind is calm.", "A dog barks.", "It starts to rain.", "The bell rings twice.", "Nobody says a word.",
    "The sun is low.", "A train goes by.", "Some birds sing.",
)  # fmt: skip
N_CHOICES = 4
TRAINING_EPISODES = 3
MOST_FILLERS = 3
PAIR_SHARE = 0.3
"""Share of episodes in which two people take something and a pronoun decides."""


@dataclass(frozen=True)
class Episode:
    """Somebody takes something, and is about to put it somewhere."""

    sentences: tuple[str, ...]
    """What happens."""
    pronoun: str
    """Who acts next: `she` or `he`."""
    answer: str
    """The object that this person has."""
    other: str | None
    """The object that another person has."""


def make_episode(rng: Random, objects: list[str], n_fillers: int, *, pair: bool) -> Episode:
    """One episode; its objects are taken from the end of `objects`."""
    woman, man = rng.choice(WOMEN), rng.choice(MEN)
    she_acts = rng.random() < 0.5
    actor, bystander = (woman, man) if she_acts else (man, woman)
    answer, other = objects.pop(), objects.pop() if pair else None
    lines = [f"{actor} {rng.choice(VERBS)} {answer}."]
    if other is not None:
        lines.append(f"{bystander} {rng.choice(VERBS)} {other}.")
        rng.shuffle(lines)
    lines += rng.choices(FILLERS, k=n_fillers)
    return Episode(tuple(lines), "she" if she_acts else "he", answer, other)


def ending(thing: str, place: str) -> str:
    """What the person does next."""
    return f"puts the {thing} on the {place}."


def make_pieces(rng: Random) -> list[tuple[str, bool]]:
    """A story for training: a chain of finished episodes, in pieces that are either context or an ending (True)."""
    activity = rng.choice(tuple(PLACES))
    objects = rng.sample(OBJECTS, len(OBJECTS))
    pieces = [(f"{activity}:", False)]
    for _ in range(TRAINING_EPISODES):
        pair = rng.random() < PAIR_SHARE
        episode = make_episode(rng, objects, rng.randint(0, MOST_FILLERS), pair=pair)
        pieces.append((" " + " ".join([*episode.sentences, f"Then {episode.pronoun}"]), False))
        pieces.append((" " + ending(episode.answer, rng.choice(PLACES[activity])), True))
    return pieces


def make_text(rng: Random) -> str:
    """A story for training, whole."""
    return "".join(text for text, _ in make_pieces(rng))


def make_item(rng: Random, index: int) -> dict[str, Any]:
    """A multiple-choice item, as a line of HellaSwag's own files has it."""
    activity = rng.choice(tuple(PLACES))
    objects = rng.sample(OBJECTS, len(OBJECTS))
    sentences: list[str] = []
    distractors: list[str] = []
    for _ in range(rng.randint(0, 2)):
        earlier = make_episode(rng, objects, rng.randint(0, 1), pair=False)
        done = ending(earlier.answer, rng.choice(PLACES[activity]))
        sentences += [*earlier.sentences, f"Then {earlier.pronoun} {done}"]
        distractors.append(earlier.answer)
    last = make_episode(rng, objects, rng.randint(0, MOST_FILLERS), pair=rng.random() < PAIR_SHARE)
    distractors = ([last.other] if last.other else []) + distractors + objects
    choices = [last.answer, *distractors[: N_CHOICES - 1]]
    rng.shuffle(choices)
    place = rng.choice(PLACES[activity])
    return {
        "ind": index,
        "activity_label": activity,
        "ctx_a": " ".join([*sentences, *last.sentences]),
        "ctx_b": f"then {last.pronoun}",
        "endings": [ending(choice, place) for choice in choices],
        "label": str(choices.index(last.answer)),
        "split": "test",
        "split_type": "generated",
        "source_id": f"grammar~{index}",
    }
