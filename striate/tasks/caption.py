"""Captioning: a sentence about a picture, word by word, from the features that another network sees in it.

A network reads the features and the words so far, and scores the next word for each place of the sentence: causal
convolutions (Aneja et al. 2018), or an LSTM (Vinyals et al. 2015) that looks at the picture (Xu et al. 2015).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from striate import zoo
from striate.augmentation.augment import Augment
from striate.augmentation.coins import noise
from striate.augmentation.words import AUTO, NONE
from striate.data.anew import Columns
from striate.data.captions import EXPECTED, Captioned, find, text_of, words_of
from striate.data.captions.words import counted
from striate.data.dataset import with_test
from striate.data.examples import Examples, Opened, Schema, Table, opened_in
from striate.data.kinds import Features, Texts, Tokens
from striate.data.left_out import UNREADABLE, LeftOut, below
from striate.data.left_out import said as left_out_said
from striate.data.parts import PARTS, Part
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.ignored import IGNORED
from striate.metrics.captions import bleu, cider, distinct
from striate.metrics.metric import Metric
from striate.notation import Measure, Network, measure
from striate.notation import notes as what_to_see
from striate.notation.rules.shape import shown
from striate.notation.seen import seen
from striate.notation.sizes import Size
from striate.notation.tree import Shape
from striate.report.captioned import strip_png
from striate.tasks.captioned import CAPTIONS, REFERENCES, SAID, JudgedCaptions, bytes_of, is_map, texts_of
from striate.tasks.ends import outputs_for
from striate.tasks.fitting import Fitted, adapting
from striate.tasks.looked import LOOKED, telling
from striate.tasks.pictures import IMAGE, asked_images
from striate.tasks.seeing import AT_ONCE, Named, Seer, features_of, seer
from striate.tasks.task import Answer, Asked, Task, Wish, folder_at
from striate.tasks.telling import END, UNKNOWN, told
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net
from striate.training.options import Options
from striate.weights.published import SQUEEZENET

if TYPE_CHECKING:
    from striate.tasks.task import Judged

MIRROR = "mirror"  # pictures are seen from both sides: for captions that do not tell left from right
FEATURES, TOKENS, NEXT = "features", "tokens", "next"
OFTEN, MANY = 2, 1000  # a word is known that occurs so often, in so many training captions; in fewer, any word
LONG = 0.99  # share of the training captions that fit into a row of words
POWER = 0.7  # of a sentence's length, by which its log probability is divided
BEAM = 3  # beginnings of a sentence that are kept when training is over; before, one
DROPPED = 0.1  # share of the words read that are unknown in an epoch of training
RATE = 0.001  # learning rate of AdamW
SOME = 300  # captions of training, and pictures, of which the best sentence for all pictures is found


@dataclass(frozen=True)
class Telling:
    """One of the captions of each picture, and one view of it: others in every epoch of training, the first in judging.

    Captions come as (N, K, L) numbers of words, `END` after the last, and -1 after that; so are those that are absent.
    """

    def __call__(self, fields: Columns, seeds: Tensor, learning: bool) -> tuple[Columns, Columns]:
        """Features (N, C, h, w) and words so far (N, L); the next word at each place (N, L), and all captions."""
        features, captions = fields[FEATURES], fields[CAPTIONS]
        rows, chance = torch.arange(len(features), device=features.device), noise(seeds, (2,))
        view, which = torch.zeros_like(rows), torch.zeros_like(rows)
        if learning:
            there = (captions[:, :, 0] >= 0).sum(1)
            which = (chance[:, 0] * there).long().minimum(there - 1)
            view = (chance[:, 1] * features.shape[1]).long().clamp_max(features.shape[1] - 1)
        caption = captions[rows, which].long()
        words = F.pad(caption.clamp_min(END), (1, 0))[:, :-1]
        if learning:
            lost = (noise(seeds + 1, tuple(words.shape[1:])) < DROPPED) & (words > UNKNOWN)
            words = words.where(~lost, torch.full_like(words, UNKNOWN))
        following = caption.where((caption >= 0) & (caption != UNKNOWN), torch.full_like(caption, IGNORED_WORD))
        inputs = {FEATURES: features[rows, view].float(), TOKENS: words.float()}
        return inputs, {NEXT: following, REFERENCES: fields[REFERENCES]}


IGNORED_WORD = -IGNORED  # no number of a word


@dataclass(frozen=True)
class Caption(Task):
    """A sentence about each picture.

    Attributes:
        vocabulary: The words that are known, the most frequent in the training captions first.
        length: Words of a sentence at most, its end counted.
        eyes: What sees the pictures, with absolute paths.
        sees: The checksum of that.
        maps: (C, h, w) of the features.
        plain: The one training caption that agrees best with those of all pictures.
        beam: How many beginnings of a sentence are kept.
    """

    vocabulary: tuple[str, ...]
    length: int
    eyes: str
    sees: str
    maps: tuple[int, int, int]
    plain: str
    beam: int = 1

    word: ClassVar[str] = "caption"
    reads: ClassVar[str] = f"a folder of pictures with {EXPECTED}"
    metrics: ClassVar[tuple[Metric, ...]] = (
        *(Metric(f"bleu{n}", share=False, wavers=True) for n in (4, 3, 2, 1)),
        Metric("cider", share=False),
        Metric("distinct"),
    )
    unit: ClassVar[str] = "pictures"
    plainest: ClassVar[str] = "conv-caption"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Pictures with captions, where they are asked for by the task's word: they are for classification, too."""
        root = folder_at(source)
        if root is None or not (wish.named or like):
            return None
        found = find(root, wish.bad)
        if found is None:
            return None
        mirrored = wish.augment == MIRROR
        eyes = wish.before.get("eyes") or wish.eyes or SQUEEZENET
        sights = like.seer if like else seer(eyes, wish.progress)
        parts: dict[Part, list[Captioned]] = {part: [one for one in found.images if one.part == part] for part in PARTS}
        split, decided = with_test(parts, lambda one: one.image, root, wish.hold_out)
        kept, maps_of, bad = dict[Part, list[Captioned]](), dict[Part, Tensor](), list[LeftOut]()
        for part, some in ((part, some) for part, some in split.items() if some):
            maps_of[part], rows, why = features_of(
                sights, [one.image for one in some], mirrored and part == "train", wish.progress
            )
            kept[part] = [some[row] for row in rows]
            bad += [unreadable_at(path, reason, root) for path, reason in why.items()]
        if bad and wish.bad == "refuse":
            raise InputError(f"'{root}': {bad[0]}; correct it, or leave `bad` at skip")
        kept = {part: some for part, some in kept.items() if some}
        if not kept:
            raise InputError(f"no picture with a caption under '{root}' can be read: {bad[0]}")
        learned = kept.get("train", next(iter(kept.values())))
        maps = tuple(next(iter(maps_of.values())).shape[2:])
        task = like or cls._of(learned, Named.of(eyes).everywhere(), sights.sha256, maps)
        tables = {part: task.table(some, maps_of[part]) for part, some in kept.items()}
        words = Tokens(len(task))
        schema = Schema({FEATURES: Features(), CAPTIONS: words}, {REFERENCES: Texts()}, Telling())
        told_of = dataclasses.replace(found, left_out=(*found.left_out, *bad))
        notes = [*decided, *task.notes_of(root.resolve().name, sights, tables), *([left_out_said(bad)] if bad else [])]
        return task, opened_in(root, str(source), schema, tables, told_of, notes)

    @classmethod
    def _of(cls, learned: Sequence[Captioned], eyes: str, sees: str, maps: tuple[int, ...]) -> Self:
        """For captions to learn from."""
        captions = [caption for one in learned for caption in one.captions]
        least = OFTEN if len(captions) >= MANY else 1
        words = tuple(word for word, count in counted(captions).items() if count >= least)
        lengths = sorted(len(words_of(caption)) for caption in captions)
        longest = lengths[min(len(lengths) - 1, int(LONG * len(lengths)))]
        return cls(words, longest + 1, eyes, sees, (maps[0], maps[1], maps[2]), best_for_all(learned))

    def __len__(self) -> int:
        """The rows of a table of words: those that are known, the end, and the unknown one."""
        return len(self.vocabulary) + UNKNOWN + 1

    def notes_of(self, name: str, sights: Seer, tables: Mapping[Part, Table]) -> list[str]:
        """What was decided."""
        rows = f"{len(self.vocabulary):,} words are known, in small letters, and rows of {self.length} with their end"
        return [f"{name}: {rows}", f"eyes: {sights.name}, layer {sights.layer}, {shown(self.maps)}", *sights.notes]

    @cached_property
    def seer(self) -> Seer:
        """What sees the pictures.

        Raises:
            InputError: It is not there any more, or it is another.
        """
        found = seer(self.eyes)
        if found.sha256 != self.sees:
            raise InputError(f"the run learned from what '{self.eyes}' saw, and its weights have changed since")
        return found

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.vocabulary, UNKNOWN + 1)}

    def words(self, row: Sequence[int]) -> tuple[str, ...]:
        """The words of a row of numbers, to its end."""
        ended = list(row).index(END) if END in row else len(row)
        return tuple(self.vocabulary[number - UNKNOWN - 1] for number in row[:ended] if number > UNKNOWN)

    def encoded(self, caption: str) -> list[int]:
        """A row of numbers: the words, the end, and -1 where nothing follows."""
        row = [self.numbers.get(word, UNKNOWN) for word in words_of(caption)][: self.length]
        return (row + [END] * (len(row) < self.length) + [-1] * self.length)[: self.length]

    def table(self, some: Sequence[Captioned], features: Tensor) -> Table:
        """The examples of a part."""
        most = max(len(one.captions) for one in some)
        absent = [-1] * self.length
        rows = [([self.encoded(caption) for caption in one.captions] + [absent] * most)[:most] for one in some]
        columns = {
            FEATURES: features,
            CAPTIONS: torch.tensor(rows, dtype=torch.int32),
            REFERENCES: bytes_of([one.captions for one in some]),
        }
        return Table(columns, tuple(str(one.image) for one in some))

    # the network

    def letters(self) -> Mapping[str, int]:
        """The numbers of words, of places in a row of them, and of the features' channels, rows and columns."""
        maps, rows, columns = self.maps
        return {"words": len(self), "length": self.length, "channels": maps, "rows": rows, "columns": columns}

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads features and words, and sees no later word.

        Raises:
            InputError: It reads or gives something else, or a place sees a later word.
        """
        notes: list[str] = []
        if size is not None:
            raise InputError("the features and the words have sizes of their own; leave `size` out")
        if network.program is not None:
            network = zoo.rebind(network, adapting(network, self, notes, opened.name))
        wanted = {FEATURES: self.maps, TOKENS: (self.length,)}
        if dict(network.inputs) != wanted:
            reads = " and ".join(f"{name or 'input'} {shown(shape)}" for name, shape in network.inputs.items())
            needed = " and ".join(f"{name} {shown(shape)}" for name, shape in wanted.items())
            raise InputError(
                f"{network.name} reads {reads}, and captions of {opened.name} take {needed}; let it begin with "
                "`features: input (channels)x(rows)x(columns)` and `tokens: input length`, whose letters the data give"
            )
        outputs_for(network, network.input, self, opened.name, "features and words")
        self._check_order(network)
        return Fitted(network, None, (*what_to_see(network), *notes), self)

    def _check_order(self, network: Network) -> None:
        """Check that no place sees a later word, which it would only have to copy.

        Raises:
            InputError: One does.
        """
        if max(_words_seen(measure(network)), default=0) > 0:
            raise InputError(
                f"{network.name} sees words after the one that it is asked for; pad convolutions before alone, as in "
                "`conv 64@3 pad (2,0)`, and let no attention look at the words themselves"
            )

    def fits(self, output: Shape, name: str) -> str:
        """A score for each word at each place."""
        if output == (len(self), self.length):
            return ""
        wanted = f"{len(self):,} words and {self.length} places"
        return f"gives {shown(output)}, and {name} has {wanted}; end it with `conv words@1`"

    def build(self, network: Network, init: str | None = None, seed: int | None = None) -> nn.Sequential:
        """The module, which tells where it looks."""
        return telling(super().build(network, init, seed))

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> Augment | None:
        """None: pictures are seen once, and mirrored if that is asked for; captions are drawn anew in every epoch."""
        if wanted not in (AUTO, NONE, MIRROR):
            raise InputError(f"pictures are looked at once, as they are or with augment {MIRROR}. Received: {wanted}")
        return None

    def usual(self, options: Options, count: int, augment: Augment | None, started: bool) -> Options:
        """A rate that suits words."""
        return dataclasses.replace(options, lr=RATE) if options.lr is None and options.optimizer == "adamw" else options

    # what is made small, and what is measured

    def answering(self) -> Self:
        """With a wider search."""
        return dataclasses.replace(self, beam=BEAM)

    def searching(self, beam: int) -> Self:
        """With so many beginnings."""
        if beam < 1:
            raise InputError(f"beam is a number from 1 on. Received: {beam}")
        return dataclasses.replace(self, beam=beam)

    def through(self, net: Net, inputs: Fields) -> Fields:
        """The likeliest captions, and where each of their words looked; of labelled pictures the scores, too."""
        features = inputs[FEATURES]
        scores = {OUTPUT: net(inputs)[OUTPUT]} if TOKENS in inputs else {}

        def following(rows: Tensor, words: Tensor) -> Tensor:
            return net({FEATURES: features[rows.to(features.device)], TOKENS: words.to(features)})[OUTPUT][..., -1]

        said = told(following, len(features), self.beam, self.length, POWER)
        words = F.pad(said, (1, 0))[:, :-1].to(features)
        looked = net({FEATURES: features, TOKENS: words}).get(LOOKED, features.new_zeros(*said.shape, 0))
        return {**scores, SAID: said, LOOKED: looked}

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The cross-entropy of the next word, a mean over all words that are known."""
        following = targets[NEXT]
        total = F.cross_entropy(outputs[OUTPUT], following, ignore_index=IGNORED_WORD, reduction="sum")
        return {"words": total / (following != IGNORED_WORD).sum().clamp_min(1)}

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """Captions (N, L), where their words looked (N, L, places), and those of people."""
        return {SAID: outputs[SAID], LOOKED: outputs[LOOKED].half(), REFERENCES: targets[REFERENCES]}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """BLEU, CIDEr, and how many captions differ."""
        said = [self.words(row) for row in rows[SAID].tolist()]
        people = [[words_of(text) for text in texts] for texts in texts_of(rows[REFERENCES])]
        found = dict(zip(("bleu1", "bleu2", "bleu3", "bleu4"), bleu(said, people), strict=True))
        every = found | {"cider": cider(said, people), "distinct": distinct(said)}
        return {metric.name: every[metric.name] for metric in self.metrics}

    # what is told

    def judged(self, name: str, examples: Examples, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How near captions are to those of people."""
        said = tuple(self.words(row) for row in rows[SAID].tolist())
        return JudgedCaptions(name, examples, rows, figures, self.unit, said, self.plain, self.maps[1:])

    def meaning(self) -> tuple[Any, ...]:
        """The words, and what sees the pictures."""
        return self.vocabulary, self.length, self.sees

    def together(self, outputs: Sequence[Fields]) -> Fields:
        """The first one's: a mean of sentences is none.

        Raises:
            InputError: There are several.
        """
        if len(outputs) > 1:
            raise InputError("captions of several runs, or of several views, have no mean; ask one run")
        return outputs[0]

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Image files, folders of some, PIL images or arrays, as the eyes see them."""
        found = asked_images(given, None, bad, 3)
        pictures = [fields[IMAGE][0].numpy() for fields in found.inputs]
        shown_now = [torch.from_numpy(self.seer.sized(_bytes(one))) for one in pictures]
        parts = [torch.stack(shown_now[start : start + AT_ONCE]) for start in range(0, len(shown_now), AT_ONCE)]
        features = [one[None] for part in parts for one in self.seer.see(part).half().float()]
        return Pictured(
            found.names,
            [{FEATURES: one} for one in features],
            found.notes,
            found.left_out,
            [_bytes(one) for one in pictures],
        )

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """A caption each, and where each word looked."""
        assert isinstance(asked, Pictured)
        rows = zip(asked.names, asked.pictures, outputs[SAID].tolist(), outputs[LOOKED].float().cpu(), strict=True)
        return [self._answer(*row) for row in rows]

    def _answer(self, path: str, picture: NDArray[np.uint8], row: list[int], looked: Tensor) -> Answer:
        words = self.words(row)
        places = looked[: len(words)].reshape(len(words), *self.maps[1:]) if is_map(looked, self.maps[1:]) else None
        marks = [{"word": word, "looked_at": _place(places, number)} for number, word in enumerate(words)]
        drawn = {"": strip_png(picture, words, places.numpy())} if places is not None and len(words) else {}
        return Answer(path, text_of(words), {"caption": text_of(words), "words": marks}, drawn)


@dataclass(frozen=True, eq=False)
class Pictured(Asked):
    """Pictures that captions are asked for.

    Attributes:
        pictures: (3, H, W) each.
    """

    pictures: Sequence[NDArray[np.uint8]] = ()

    def of(self, rows: Sequence[int]) -> Asked:
        """Those at these positions."""
        pictures = [self.pictures[row] for row in rows]
        return dataclasses.replace(super().of(rows), pictures=pictures)  # type: ignore[call-arg]


def best_for_all(learned: Sequence[Captioned]) -> str:
    """The training caption that agrees best, by BLEU-4, with those of all pictures: what says it of any is no worse."""
    every = sorted({caption for one in learned for caption in one.captions}, key=lambda text: (len(text), text))
    often = counted(every)
    typical = sorted(every, key=lambda text: -_typical(words_of(text), often))[:SOME]
    some = learned[:: max(1, len(learned) // SOME)]
    people = [[words_of(caption) for caption in one.captions] for one in some]
    return max(typical, key=lambda text: bleu([words_of(text)] * len(some), people)[::-1])


def _typical(words: Sequence[str], often: Mapping[str, int]) -> float:
    """How frequent the words of a caption are, of one that is neither short nor long."""
    return float(np.mean([often[word] for word in set(words)])) * min(1.0, len(words) / 8)


def _words_seen(measured: Measure) -> set[int]:
    """The words that the first place of the output sees."""
    flat = measured.graph
    shapes = {name: measured.shape(name) for name in (*flat.inputs, *(vertex.name for vertex in flat.vertices))}
    tokens = dict(zip(measured.network.inputs, flat.inputs, strict=True))[TOKENS]
    return seen(flat, shapes, flat.outputs[""], 0, 0).get(tokens, set())


def unreadable_at(path: Path, why: str, root: Path) -> LeftOut:
    """A picture that can't be read, as seen from the folder."""
    return LeftOut(below(str(path), root), f"{UNREADABLE}{path.suffix}", why)


def _place(places: Tensor | None, number: int) -> list[int] | None:
    """Row and column of the features at which a word looked most."""
    if places is None:
        return None
    row, column = divmod(int(places[number].argmax()), places.shape[2])
    return [row, column]


def _bytes(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixels of bytes, or of numbers from 0 to 1, as (3, H, W) bytes."""
    made = pixels if pixels.dtype == np.uint8 else np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    return np.repeat(made, 3, 0) if len(made) == 1 else made
