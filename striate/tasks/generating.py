"""What all that make pictures of a class have in common: the data, what the network reads, what is asked of it.

A network reads maps of the pictures' size, whatever makes them: those of a picture, one of a number or of noise, and
one for each class, which is 1 everywhere for the class that is asked for and 0 for the others.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate import zoo
from striate.augmentation.augment import Augment
from striate.augmentation.coins import normal
from striate.augmentation.words import AUTO, NONE
from striate.data.anew import Making
from striate.data.examples import Examples, Opened, Schema
from striate.data.kinds import Image, Label
from striate.data.recipe import Recipe, floats
from striate.data.restoring.photo import as_png
from striate.draws import derived_seed
from striate.errors import InputError
from striate.notation import Network
from striate.notation import notes as what_to_see
from striate.notation.rules.shape import shown
from striate.notation.sizes import Size, bound_at
from striate.tasks.classify import Classify
from striate.tasks.ends import check_inputs, outputs_for
from striate.tasks.fitting import Fitted, adapting
from striate.tasks.generated import JudgedSamples, as_bytes
from striate.tasks.labelled import LABEL, labels_of
from striate.tasks.pictures import IMAGE
from striate.tasks.task import Answer, Asked, Task, Wish
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.task import Judged

CLASS, SEED, FIRST = "class", "seed", "first"  # what is asked for; whether a judged example is the first of all
MADE_NOW = "made now"  # pictures that were made beside the outputs for judged examples
COLOURS, CLASSES = "colours", "classes"  # letters of a network's text
EACH, MOST = 8, 80  # samples of a class that are shown while training, and of all
AT_ONCE = 256  # pictures that are made together


@dataclass(frozen=True)
class Sample(Answer):
    """A picture that a run made.

    Attributes:
        picture: (C, H, W) uint8.
    """

    picture: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((1, 0, 0), np.uint8), compare=False, repr=False)


@dataclass(frozen=True)
class Drawing:
    """How pictures are made of noise.

    Attributes:
        steps: From noise to picture, of those that go in steps.
        guidance: How much more a picture is to be like its class than like any: 1 for as it was learned.
    """

    steps: int = 8
    guidance: float = 1.5


PLAIN = Drawing()


@dataclass(frozen=True)
class Generating(Task):
    """Pictures of a class, made of noise.

    Attributes:
        classes: Their names.
        channels: Of a picture: 1 or 3.
        size: (height, width) of a picture.
        heads: What the network gives, where it has heads.
    """

    classes: tuple[str, ...]
    channels: int
    size: tuple[int, int]
    heads: tuple[str, ...] = ()

    word: ClassVar[str] = "generate"
    reads: ClassVar[str] = f"pictures of one size with a class each: {Classify.reads}"
    unit: ClassVar[str] = "images"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Labelled pictures, where they are asked for by the task's word: they are for classification, too."""
        if not wish.named and like is None:
            return None
        sides = (None, *wish.shape[1:]) if wish.shape and len(wish.shape) == 3 else None
        known = Classify(like.classes) if like else None
        found = Classify.open(source, dataclasses.replace(wish, shape=sides), known)
        assert found
        labelled, opened = found
        shape = tuple(opened.train.sample()[IMAGE].shape[1:])
        if len(shape) != 3 or shape[0] not in (1, 3):
            raise InputError(f"{cls.word} makes pictures, grey or RGB; {opened.name} has examples of {shown(shape)}")
        if like and shape != like.shape:
            raise InputError(f"{opened.name} has pictures of {shown(shape)}; those of the run are {shown(like.shape)}")
        task = like or cls(labelled.classes, shape[0], (shape[1], shape[2]), wish.heads)
        kinds = {LABEL: Label(len(task.classes))}
        return task, dataclasses.replace(opened, schema=Schema({IMAGE: Image()}, kinds, task.making))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a picture."""
        return self.channels, *self.size

    @property
    @abstractmethod
    def making(self) -> Making:
        """What the network reads, and learns from, of a picture and its class."""

    @property
    @abstractmethod
    def noise_shape(self) -> tuple[int, ...]:
        """Of the normal numbers that a picture is made of."""

    @abstractmethod
    def drawn(self, net: Net, noise: Tensor, shares: Tensor, how: Drawing = PLAIN) -> Tensor:
        """Pictures (N, C, H, W) from -1 to 1.

        Args:
            net: The network, in evaluation.
            noise: (N, *noise_shape) normal numbers.
            shares: (N, classes): 1 for the class that is asked for, or shares of several.
            how: In how many steps, and how much of the class.
        """

    # the network

    def letters(self) -> Mapping[str, int]:
        """The numbers of classes and of colours."""
        return {CLASSES: len(self.classes), COLOURS: self.channels}

    @property
    def read(self) -> tuple[int, int, int]:
        """The shape of what the network reads."""
        return self.channels + 1 + len(self.classes), *self.size

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads maps of the pictures' size.

        Raises:
            InputError: It reads another number of maps, or pictures of this size do not fit it.
        """
        notes: list[str] = []
        check_inputs(network, opened)
        if size is not None:
            raise InputError("pictures are made in the size of those that are learned from; leave `size` out")
        if network.program is not None:
            network = zoo.rebind(network, adapting(network, self, notes, opened.name))
            network = bound_at(network, (network.input[0], *self.size)) if len(network.input) == 3 else network
        if network.input != self.read:
            colours = "a colour" if self.channels == 1 else f"{self.channels} colours"
            raise InputError(
                f"{network.name} reads {shown(network.input)}, and to make pictures of {opened.name} takes "
                f"{shown(self.read)}: maps of {colours}, of one number, and of {len(self.classes)} classes; let it "
                "begin with `input (colours+1+classes)x?x?`, whose letters the data give"
            )
        outputs_for(network, network.input, self, opened.name, f"pictures of {shown(self.shape)}")
        return Fitted(network, None, (*what_to_see(network), *notes), self)

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> Augment | None:
        """None: what is learned is how pictures are."""
        if wanted not in (AUTO, NONE):
            raise InputError(f"{self.word} learns how pictures are, and would learn their changes; leave `augment` out")
        return None

    # what is measured and told

    def through(self, net: Net, inputs: Fields) -> Fields:
        """Pictures that are asked for; else the outputs, and with those for the first examples some pictures."""
        if CLASS in inputs:
            noise = normal(inputs[SEED], self.noise_shape)
            return {OUTPUT: self.in_parts(net, noise, self.one_hot(inputs[CLASS]))}
        outputs = dict(net({IMAGE: inputs[IMAGE]}))
        shown_now = self.samples(net, inputs[IMAGE].device) if bool(inputs[FIRST].any()) else None
        made = torch.empty(0, *self.shape, dtype=torch.uint8) if shown_now is None else as_bytes(shown_now)
        return {**outputs, MADE_NOW: made}

    def samples(self, net: Net, device: torch.device) -> Tensor:
        """Some pictures of every class, class after class, always of the same noise."""
        each = max(1, min(EACH, MOST // len(self.classes)))
        labels = torch.arange(min(MOST, len(self.classes)), device=device).repeat_interleave(each)
        seeds = seeds_for(0, len(labels)).to(device)
        return self.in_parts(net, normal(seeds, self.noise_shape), self.one_hot(labels))

    def in_parts(self, net: Net, noise: Tensor, shares: Tensor, how: Drawing = PLAIN) -> Tensor:
        """`drawn`, a few at a time."""
        parts = zip(torch.split(noise, AT_ONCE), torch.split(shares, AT_ONCE), strict=True)
        return torch.cat([self.drawn(net, *part, how) for part in parts])

    def one_hot(self, labels: Tensor) -> Tensor:
        """(N, classes): 1 for the class of each; nowhere for class -1, which is none."""
        return (labels[:, None] == torch.arange(len(self.classes), device=labels.device)).float()

    def judged(self, name: str, examples: Examples, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """The figures, and pictures that were made."""
        shown = tuple(self.classes[:MOST])
        return JudgedSamples(name, examples, rows, figures, self.unit, shown)

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Classes, by name or number, of each of which a picture is made."""
        labels = [self.number_of(one) for one in given]
        seeds = seeds_for(0, len(labels))
        inputs = [{CLASS: torch.tensor([label]), SEED: seeds[row, None]} for row, label in enumerate(labels)]
        return Asked([str(one) for one in given], inputs)

    def number_of(self, given: Any) -> int:
        """The position of a class given by its name, or by its number.

        Raises:
            InputError: There is no such class.
        """
        if str(given) in self.classes:
            return self.classes.index(str(given))
        if str(given).isdecimal() and int(given) < len(self.classes):
            return int(given)
        few = ", ".join(self.classes[:12]) + ", …" * (len(self.classes) > 12)
        raise InputError(f"a class to make pictures of is one of {few}. Received: {given}")

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Sample]:
        """The pictures."""
        pictures = as_bytes(outputs[OUTPUT].cpu()).numpy()
        return [self.sample(path, one) for path, one in zip(asked.names, pictures, strict=True)]

    def sample(self, path: str, picture: NDArray[np.uint8]) -> Sample:
        """A picture (C, H, W) as an answer."""
        size = list(picture.shape[1:])
        return Sample(path, f"a picture of {'x'.join(map(str, size))}", {"size": size}, {"": as_png(picture)}, picture)

    def together(self, outputs: Sequence[Fields]) -> Fields:
        """The mean of outputs; the pictures that are shown are the first network's."""
        kept = {MADE_NOW: outputs[0][MADE_NOW]} if MADE_NOW in outputs[0] else {}
        return {**super().together([{n: v for n, v in one.items() if n != MADE_NOW} for one in outputs]), **kept}

    def class_of_each(self, examples: Examples) -> Tensor:
        """The class of each."""
        return labels_of(examples)

    def meaning(self) -> tuple[Any, ...]:
        """What pictures are of, and how large."""
        return self.classes, self.channels, self.size


def seeds_for(seed: int, count: int) -> Tensor:
    """A number (count,) for each of so many pictures: the first ones are the same however many are asked for.

    >>> torch.equal(seeds_for(1, 3), seeds_for(1, 5)[:3]), torch.equal(seeds_for(1, 3), seeds_for(2, 3))
    (True, False)
    """
    drawing = torch.Generator().manual_seed(derived_seed(seed, "samples"))
    return torch.tensor([int(torch.randint(2**32, (), generator=drawing)) for _ in range(count)])


def scaled(images: Tensor) -> Tensor:
    """Pictures from -1 to 1, of bytes or of numbers from 0 to 1.

    >>> scaled(torch.tensor([0, 255], dtype=torch.uint8)).tolist()
    [-1.0, 1.0]
    """
    return 2 * floats(images) - 1


def as_maps(pictures: Tensor, other: Tensor, shares: Tensor) -> Tensor:
    """What a network reads, (N, C + 1 + classes, H, W).

    Args:
        pictures: (N, C, H, W).
        other: (N, 1, 1, 1), the same at each place, or (N, 1, H, W).
        shares: (N, classes).
    """
    count, _, *size = pictures.shape
    each = [other.expand(count, 1, *size), shares[:, :, None, None].expand(-1, -1, *size)]
    return torch.cat([pictures, *each], 1)
