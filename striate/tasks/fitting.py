"""Bringing a network and a data set together: classes, input, split. Whatever is decided is said.

>>> from striate import data
>>> digits = data.load("digits")
>>> fitted("lenet5", digits).recipe.said()[:42]
'input: 1x8x8 grey, resized to 32x32, scale'
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from striate import data, zoo
from striate.errors import InputError
from striate.notation import Network, bind, measure, render, rules
from striate.notation.errors import NotationError, RuleError
from striate.notation.rules.shape import shown
from striate.notation.syntax import Word
from striate.notation.thumb import CLASSES, RulesOfThumb
from striate.notation.tree import Shape


@dataclass(frozen=True)
class Fitted:
    """A network that fits a data set.

    Attributes:
        network: With the data's number of classes.
        recipe: How the data's images become its input.
        notes: What was decided, a sentence each.
    """

    network: Network
    recipe: data.Recipe
    notes: tuple[str, ...]


def input_shape(network: Network) -> Shape | None:
    """What the network's text asks of its input; None when it has a bare `INPUT`, which the data decides."""
    return None if _bare_input(network) else network.input


def fitted(net: str | Path | Network, dataset: data.Dataset, **letters: int | float) -> Fitted:
    """The network for this data.

    A letter `classes` in its text, or a bare last `FC`, takes the data's number of classes; a bare `INPUT` the data's
    shape. Anything else must fit as it stands.

    Args:
        net: As for `zoo.net`.
        dataset: What it shall learn.
        letters: Values for the text's letters.

    Raises:
        InputError: Its input or its classes are not the data's.
    """
    network = zoo.net(net, input=None, **letters)
    notes = []
    program, given = network.program, dict(network.letters)
    if program is not None:
        shape = tuple(dataset.train.images.shape[1:]) if _bare_input(network) else None
        before = dict(program.letters).get(CLASSES, given.get(CLASSES))
        adapts = CLASSES in RulesOfThumb(program, {}).names() and CLASSES not in given
        if adapts and before != len(dataset.classes):
            notes.append(f"network: {network.name} with {len(dataset.classes)} classes, those of {dataset.name}")
        given |= {CLASSES: len(dataset.classes)} if adapts else {}
        network = bind(program, name=network.name, input=shape, **given)
    recipe = data.infer(dataset, network.input)
    _check_classes(network, recipe, dataset)
    return Fitted(network, recipe, (*notes, recipe.said()))


def _bare_input(network: Network) -> bool:
    first = network.program.layers[0] if network.program else None
    return isinstance(first, Word) and not first.arguments


def _check_classes(network: Network, recipe: data.Recipe, dataset: data.Dataset) -> None:
    try:
        output = measure(network, recipe.shape).output
    except RuleError as error:
        raise InputError(f"{network.name} does not fit images of {shown(recipe.shape)}: {error.headline}") from None
    if rules.product(output) != len(dataset.classes):
        raise InputError(
            f"{network.name} gives {shown(output)} outputs and {dataset.name} has {len(dataset.classes)} classes; "
            f"end the network with fc {len(dataset.classes)}"
        )


def resolved(network: Network) -> str:
    """The network's text with every size a number, under its name."""
    return f"# {network.name}\n{render(network)}\n"


def from_resolved(text: str, name: str) -> Network:
    """The network of a saved text.

    Raises:
        InputError: It is not in the notation.
    """
    try:
        network = zoo.net(text, input=None)
    except NotationError as error:
        raise InputError(f"the saved network can't be read: {error}") from None
    return dataclasses.replace(network, name=name)
