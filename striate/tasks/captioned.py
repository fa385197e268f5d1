"""How near captions are to those of people, beside one sentence for all pictures, and beside one person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.data.captions import text_of, words_of
from striate.data.examples import Examples
from striate.data.image import ImageError, decode
from striate.metrics.captions import bleu
from striate.tasks.looked import LOOKED
from striate.tasks.task import Judged

if TYPE_CHECKING:
    from striate.report.section import Section

SAID, REFERENCES, CAPTIONS = "said", "references", "captions"
SHOWN, WORST = 6, 12  # pictures in the report, with where each word looked; those that are most wrong
NAMES = ("bleu1", "bleu2", "bleu3", "bleu4")


@dataclass(frozen=True, eq=False)
class JudgedCaptions(Judged):
    """Captions of pictures that people have captioned, too.

    Attributes:
        captions: The words of each.
        plain: One sentence for all pictures: the best of training.
        places: (rows, columns) of the features that words look at.
    """

    captions: tuple[tuple[str, ...], ...]
    plain: str
    places: tuple[int, ...]

    @cached_property
    def people(self) -> list[list[str]]:
        """The captions that people gave each picture."""
        return texts_of(self.rows[REFERENCES])

    @cached_property
    def constant(self) -> tuple[float, ...]:
        """BLEU-1 to BLEU-4 of one sentence for all."""
        people = [[words_of(text) for text in texts] for texts in self.people]
        return bleu([words_of(self.plain)] * len(people), people)

    @cached_property
    def human(self) -> tuple[float, ...]:
        """The same of each picture's first caption beside its others; nothing where pictures have one."""
        several = [[words_of(text) for text in texts] for texts in self.people if len(texts) > 1]
        return bleu([texts[0] for texts in several], [texts[1:] for texts in several]) if several else ()

    @property
    def guessing(self) -> str:
        """Whether one sentence for all is as good, or all captions are one."""
        if len(set(self.captions)) == 1 < len(self.captions):
            return f"It says the same of every picture: '{text_of(self.captions[0])}'."
        if self.figures["bleu4"] <= self.constant[3]:
            return f"No better than one sentence for all pictures, whose BLEU-4 is {self.constant[3]:.3f}."
        return ""

    def columns(self) -> Mapping[str, Sequence[Any]]:
        """The caption of each picture."""
        return {"caption": [text_of(words) for words in self.captions]}

    def said(self) -> str:
        """The figures in words."""
        figures = " ".join(f"{self.figures[name]:.3f}" for name in NAMES)
        told = f"BLEU-4 {self.figures['bleu4']:.3f} (BLEU-1 to 4: {figures}), CIDEr {self.figures['cider']:.2f}"
        on = f"{self.figures['distinct']:.0%} distinct on {self.amount}"
        return f"{told}, {on}; {'; '.join(self.beside())}"

    def beside(self) -> Iterator[str]:
        """What else reaches what."""
        yield f"one sentence for all {_written(self.constant)}"
        if self.human:
            yield f"one person beside the others {_written(self.human)}"

    def in_short(self) -> str:
        """BLEU-4."""
        return f"{self.figures['bleu4']:.4f}"

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        floors = {f"constant_{name}": value for name, value in zip(NAMES, self.constant, strict=True)}
        floors |= {f"human_{name}": value for name, value in zip(NAMES, self.human, strict=False)}
        return {**self.figures, **floors, "constant": self.plain, "examples": len(self.examples)}

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield self.said()
        yield from self.advice()

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import captioned

        return captioned.headline(self.figures, list(self.beside()), f"{self.name} ({self.amount})")

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """Pictures with where each word looked, then those whose captions are most wrong."""
        from striate.report import captioned

        if not len(self.examples):
            return
        rows = range(0, len(self.examples), max(1, len(self.examples) // SHOWN))[:SHOWN]
        yield captioned.told(self._drawn(rows, root), looked=True)
        yield self.worst_section(root)

    def worst_section(self, root: str) -> Section:
        """Those that agree least with what people say."""
        from striate.report import captioned

        people = [[words_of(text) for text in texts] for texts in self.people]
        values = [bleu([words], [texts])[:2][::-1] for words, texts in zip(self.captions, people, strict=True)]
        order = sorted(range(len(values)), key=lambda row: values[row])[:WORST]
        return captioned.told(self._drawn(order, root), looked=False)

    def _drawn(self, rows: Sequence[int], root: str) -> list[Any]:
        from striate.report import captioned
        from striate.report.places import inside

        drawn = []
        for row in rows:
            try:
                picture = decode(Path(self.examples.name(row)), channels=3)
            except (ImageError, OSError):  # it has gone since
                continue
            words = self.captions[row]
            looked = self.rows[LOOKED][row].float().numpy()[: len(words)]
            maps = looked.reshape(len(words), *self.places) if is_map(looked, self.places) else np.zeros((0, 1, 1))
            name = inside(self.examples.name(row), root)
            drawn.append(captioned.Drawn(picture, words, text_of(words), maps, self.people[row], name))
        return drawn


def is_map(looked: Tensor | NDArray[Any], places: Sequence[int]) -> bool:
    """Whether (L, places) has a share for each of the (rows, columns) of the features: what is pooled before has none.

    >>> is_map(torch.zeros(9, 25), (5, 5)), is_map(torch.zeros(9, 4), (5, 5)), is_map(torch.zeros(9, 1), (1, 1))
    (True, False, False)
    """
    return looked.shape[1] == prod(places) > 1


def bytes_of(captions: Sequence[Sequence[str]]) -> Tensor:
    """Captions as (N, K, B) uint8, UTF-8 and zeros after it.

    >>> texts_of(bytes_of([["a dog", "ein Hündchen"], ["một con mèo"]]))
    [['a dog', 'ein Hündchen'], ['một con mèo']]
    """
    held = [[text.replace("\0", "").encode("utf-8", "replace") for text in texts] for texts in captions]
    most, longest = max(map(len, held)), max(len(one) for texts in held for one in texts)
    made = np.zeros((len(held), most, longest), np.uint8)
    for row, texts in enumerate(held):
        for place, one in enumerate(texts):
            made[row, place, : len(one)] = np.frombuffer(one, np.uint8)
    return torch.from_numpy(made)


def texts_of(held: Tensor) -> list[list[str]]:
    """The captions that `bytes_of` made."""
    rows = held.cpu().numpy()
    return [[text for one in texts if (text := bytes(one).rstrip(b"\0").decode())] for texts in rows]


def _written(values: Sequence[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)
