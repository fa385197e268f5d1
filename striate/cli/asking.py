"""What a user asks of `striate inside`: the words of the command line as an example, a layer, a unit, a class.

>>> class_number("cat", ("dog", "cat")), class_number("0", ("dog", "cat"))
(1, 0)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from striate.errors import InputError, nearest

if TYPE_CHECKING:
    from torch import Tensor, nn

    from striate.inside import Class, Unit
    from striate.runs.run import Run

MOST_NAMED = 20  # classes that an error lists


@dataclass(frozen=True)
class Asked:
    """The words of the command, and what they stand for.

    Attributes:
        run: The run.
        method: Its word.
        example: An image file or a sentence; None where none was given.
        layer, unit, label, head, data: As typed; None where they were not.
        by: How examples become points.
        steps: Of `dream` and `integrated`; None for the usual.
        count: How many patches.
    """

    run: Run
    method: str
    example: str | None
    layer: str | None
    unit: tuple[int, ...] | None
    label: str | None
    head: str
    data: str | None
    by: str
    steps: int | None
    count: int

    @cached_property
    def model(self) -> nn.Module:
        """The network with the best weights."""
        return self.run.model()

    @cached_property
    def x(self) -> Tensor:
        """The example as the network reads it."""
        if self.example is None:
            raise InputError(f"{self.method} looks at an example: striate inside RUN {self.method} EXAMPLE")
        return self.run.read(self.example)

    @property
    def reads_words(self) -> bool:
        """Whether the network reads words."""
        from striate.tasks.text import Text

        return isinstance(self.run.task, Text)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the network's input; where it is free, of the example."""
        return tuple(self.x.shape[1:]) if None in self.run.shape else self.run.shape  # type: ignore[return-value]

    @property
    def named(self) -> str:
        """The layer, which has to be given."""
        if self.layer is None:
            layers = ", ".join(name for name, module in self.model.named_modules() if name and not [*module.children()])
            raise InputError(f"{self.method} looks at one layer: say `layer`, one of {layers}")
        return self.layer

    @property
    def channel(self) -> int:
        """The unit's channel, which has to be given."""
        if self.unit is None:
            raise InputError(f"{self.method} looks at one unit: say `unit`, as 5 or with a position as 5,0,3")
        return self.unit[0]

    def of_unit(self, everywhere: str = "strongest") -> Unit:
        """The unit; without a position its channel where it is strongest, or all of it."""
        from striate.inside import Unit

        layer, channel = self.named, self.channel
        return Unit(layer, channel, (self.unit or ())[1:] or everywhere)  # type: ignore[arg-type]

    def aim(self, everywhere: str = "strongest") -> Class | Unit:
        """The unit, where a layer was given, or else the class."""
        if self.unit is None and self.layer is None:
            return self.of_class()
        if self.label is not None:
            raise InputError("explain a class or a unit of a layer, not both")
        return self.of_unit(everywhere)

    def of_class(self) -> Class:
        """The class; by default the most probable."""
        from striate.inside import Class

        return Class(None if self.label is None else class_number(self.label, self.classes), self.head)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the run's classes; none where it has none."""
        return tuple(self.run.task.facts().get("classes", ()))


def class_number(word: str, classes: Sequence[str]) -> int:
    """The position of a class, by its name or else its number.

    Raises:
        InputError: There is none.
    """
    if word in classes:
        return classes.index(word)
    if word.isdecimal() and len(word) < 10 and (not classes or int(word) < len(classes)):
        return int(word)
    raise InputError(
        f"no class '{word}'{nearest(word, classes)}; there are {', '.join(classes[:MOST_NAMED]) or 'numbers only'}"
    )


def read_unit(word: str | None) -> tuple[int, ...] | None:
    """`"5"` as (5,), a channel; `"5,0,3"` as (5, 0, 3), with a position.

    Raises:
        InputError: It is not whole numbers by commas.
    """
    if word is None:
        return None
    parts = [part.strip() for part in word.split(",")]
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise InputError(f"--unit takes a channel, or a channel and a position, as in 5 or 5,0,3. Received: {word}")
    return tuple(map(int, parts))
