"""Bringing a network and a data set together: classes, input, split. Whatever is decided is reported.

>>> from striate.tasks.classify import Classify
>>> from striate.tasks.task import Wish
>>> task, digits = Classify.open("digits", Wish())
>>> fitted(zoo.find("lenet5"), task, digits).recipe.said()[:42]
'input: 1x8x8 grey, resized to 32x32, scale'
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from torch import nn

from striate import data, own, zoo
from striate.data.examples import Opened
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.notation import Network, measure, render, rules
from striate.notation import notes as what_to_see
from striate.notation.errors import NotationError
from striate.notation.graph import graph
from striate.notation.rules.shape import shown
from striate.notation.sizes import Size, input_word, resized, sides
from striate.notation.thumb import RulesOfThumb
from striate.notation.tree import BatchNorm, FullyConnected, Shape, deep
from striate.tasks.ends import check_inputs, outputs_for
from striate.tasks.pictures import IMAGE
from striate.tasks.small import suited
from striate.tasks.task import Task


@dataclass(frozen=True)
class Fitted:
    """A network that fits a data set.

    Attributes:
        network: With the data's numbers.
        recipe: How the data's images become its input; None where they are that already.
        notes: The decisions, one sentence each.
        task: The task, with what it takes from the network.
    """

    network: Network
    recipe: Recipe | None
    notes: tuple[str, ...]
    task: Task

    @property
    def shape(self) -> Shape:
        """The shape of the network's last input."""
        return last_input(self.network, self.recipe)


def last_input(network: Network, recipe: Recipe | None) -> Shape:
    """The shape of a network's last input: that of the prepared images where it has no other."""
    return recipe.shape if recipe and not network.others else network.input


def input_shape(network: Network, size: Size | None = None) -> Shape | None:
    """The input shape asked of the images; None for a bare `INPUT` without a size: then the data decides."""
    if network.others:
        return network.inputs.get(IMAGE)
    if not _bare_input(network):
        return network.input if size is None else resized(network, size).input
    return None if size is None else (None, *sides(size, 2 if isinstance(size, int) else len(size)))


def fitted(
    network: Network,
    task: Task,
    opened: Opened,
    recipe: Recipe | None = None,
    size: Size | None = None,
) -> Fitted:
    """The network for images of this data.

    A letter of its text that the task gives, such as `classes`, or a bare last `FC`, takes the data's number; a bare
    `INPUT` the data's shape; and where images are much smaller than the input that the text asks for, it takes theirs
    (`small.suited`). Anything else must fit as it stands.

    Args:
        network: As its text has it.
        task: What it is to learn.
        opened: What it is to learn from.
        recipe: How the images become its input, when that was decided before; by default as suits the data.
        size: Of its input: one for all axes, or one per axis; by default the text's, or small images' own.

    Raises:
        InputError: Its input or its outputs are not the data's.
    """
    notes = list[str]()
    if network.takes_boxes and not task.proposes:
        raise InputError(
            f"{network.name} takes boxes beside its images, and {task.word} has none; st.build gives its module"
        )
    check_inputs(network, opened)
    if network.others:
        return fitted_by_name(network, task, opened, recipe, size)
    sample = opened.train.sample()[IMAGE]
    images = tuple(sample.shape[1:])
    if network.program is not None:
        adapts = adapting(network, task, notes, opened.name)
        own_size = images if size is None else (images[0], *sides(size, len(images) - 1))
        shape = own_size if _bare_input(network) else None
        network = zoo.rebind(network, adapts, shape)
    if recipe is None:
        network, said = _sized(network, size) if size is not None else suited(network, images, task)
        notes += [said] if said else []
        recipe = data.recipe_for(sample, network.input, opened.name, opened.levels)
    outputs_for(network, recipe.shape, task, opened.name, f"images of {shown(recipe.shape)}")
    return Fitted(network, recipe, (*what_to_see(network), *notes, recipe.said()), task)


def fitted_by_name(network: Network, task: Task, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
    """The network for data of several inputs, each of which it reads under the data's name for it.

    Sizes are those of its text.

    Raises:
        InputError: Its inputs or its outputs are not the data's.
    """
    given, notes = opened.schema.inputs, list[str]()
    if size is not None:
        network = resized(network, size)
    if network.program is not None:
        network = zoo.rebind(network, adapting(network, task, notes, opened.name))
    sample = opened.train.sample()
    if recipe is None and IMAGE in given:
        recipe = data.recipe_for(sample[IMAGE], network.inputs[IMAGE], opened.name, opened.levels)
    shapes = {name: tuple(values.shape[1:]) for name, values in sample.items()}
    shapes |= {IMAGE: recipe.shape} if recipe else {}
    for name, asked in network.inputs.items():
        if asked != shapes[name]:
            raise InputError(
                f"{network.name} reads {shown(asked)} as {name}, and {opened.name} gives {shown(shapes[name])}"
            )
    outputs_for(network, network.input, task, opened.name, "its inputs")
    said = [recipe.said()] if recipe else []
    return Fitted(network, recipe, (*what_to_see(network), *notes, *said), task)


def adapting(network: Network, task: Task, notes: list[str], name: str) -> dict[str, int]:
    """The letters that take the task's numbers; a note for each that changes."""
    assert network.program is not None
    own, thumb = dict(network.letters), RulesOfThumb(network.program, {}).names()
    adapts = {letter: number for letter, number in task.letters().items() if letter in thumb and letter not in own}
    for letter, number in adapts.items():
        if dict(network.program.letters).get(letter) != number:
            many = f"{number} {letter}, those" if letter.endswith("s") else f"{letter} {number}, that"
            notes.append(f"network: {network.name} with {many} of {name}")
    return adapts


def _sized(network: Network, size: Size) -> tuple[Network, str]:
    """The network at the size that was asked for, and a note of the size it replaces."""
    asked = resized(network, size)
    if asked.input == network.input:
        return network, ""
    return asked, f"network: input {shown(asked.input)}, as asked for, instead of {shown(network.input)}"


def _bare_input(network: Network) -> bool:
    word = input_word(network)
    return word is not None and not word.arguments


def check_trainable(fitted: Fitted) -> None:
    """Check that there is something to train.

    Raises:
        InputError: The network has no parameters.
    """
    if not measure(fitted.network, fitted.shape).total_parameters:
        raise InputError(f"{fitted.network.name} has no parameters to train; give it a layer that has some, such as fc")


def check_max_norm(network: Network, most: float) -> None:
    """Check that a limit for the last layer's weights has such a layer.

    Raises:
        InputError: No layer is fully connected, or there are several outputs, each with a last one.
    """
    if most and len(names := graph(network).outputs) > 1:
        raise InputError(f"`max_norm` limits the last layer of one output; {network.name} gives {', '.join(names)}")
    if most and not any(isinstance(node, FullyConnected) for node in deep(network.layers)):
        raise InputError(f"`max_norm` limits the last fully connected layer, and {network.name} has none; leave it out")


def check_batch(fitted: Fitted, batch: int) -> None:
    """Check batch norm's input: it can't normalise a single value.

    Raises:
        InputError: Names the layer that would see only one value per channel in a batch of one image.
    """
    if batch != 1:
        return
    for row in measure(fitted.network, fitted.shape).rows:
        if isinstance(row.node, BatchNorm) and rules.product(row.input[1:]) == 1:
            raise InputError(
                f"{row.name} normalises by its batch, and one image gives one value; use `batch=2` or more"
            )


def resolved(network: Network) -> str:
    """The network's text with every size a number, under its name."""
    return f"# {network.name}\n{render(network)}\n"


def from_resolved(text: str, name: str) -> Network:
    """The network of a saved text.

    Raises:
        InputError: It is not in the notation, or one of its words is a module that is not registered here.
    """
    try:
        network = zoo.find(text)
    except NotationError as error:
        if error.unknown:
            raise InputError(
                f"the run's network holds a module of your own, '{error.unknown}'; "
                f"st.register('{error.unknown}', …) it and open the run from Python"
            ) from None
        raise InputError(f"the saved network can't be read: {error}") from None
    return dataclasses.replace(network, name=name)


def whole_for(module: nn.Module, source: object, size: Size | None, bad: str) -> tuple[Network, data.Dataset]:
    """A module as a network for the images of a data set, and the data set.

    Raises:
        InputError: The module does not take the images, or gives something else than a score for each class.
    """
    loaded = data.load(source, shape=None if size is None else (None, *sides(size, 2)), bad=bad)  # type: ignore[arg-type]
    shape = loaded.train.form
    network = own.whole(module, shape)
    if (given := measure(network).output) != (len(loaded.classes),):
        raise InputError(
            f"the module gives {shown(given)} for an image of {shown(shape)}; {loaded.name} has "
            f"{len(loaded.classes)} classes, and it must give one number for each"
        )
    return network, loaded
