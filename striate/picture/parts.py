"""What a picture is made of: chains of parts, in the order of the text, and what equal parts have in common.

A part stands for one place of the text, or for several equal ones: then it has `copies`, in their order.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from striate.notation import Row
from striate.notation.tree import Shape

Rows: TypeAlias = tuple[Row, ...]
Chain: TypeAlias = tuple["Part", ...]
_P = TypeVar("_P", bound="Part")
_L = TypeVar("_L", bound="Layers")


@dataclass(frozen=True, kw_only=True)
class Part(ABC):
    """One element of a chain.

    Attributes:
        taken: The shape that comes in, for each copy.
        given: The shape that goes out, for each copy; empty where nothing goes out.
    """

    taken: tuple[Shape, ...] = ()
    given: tuple[Shape, ...] = ()

    @property
    def rows(self) -> Iterator[Row]:
        """The layers and joins that it stands for."""
        return iter(())

    @property
    def values(self) -> tuple[str, ...]:
        """The names of the values that it gives, at which links may begin."""
        return ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The values from elsewhere that are read in it, one for each link."""
        return ()

    @property
    def boxes(self) -> int:
        """How many boxes it is drawn as."""
        return 0

    @property
    def begins(self) -> bool:
        """Whether it reads earlier values alone, and not the one that comes in."""
        return False

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """Equal for parts that are written alike."""

    @property
    @abstractmethod
    def outline(self) -> Hashable:
        """Equal for parts of the same layers, whatever their numbers."""

    def together(self: _P, others: Iterable[_P]) -> _P:
        """It and others of the same key as one part, all of them its copies."""
        every = (self, *others)
        taken, given = (tuple(shape for part in every for shape in getattr(part, one)) for one in ("taken", "given"))
        return dataclasses.replace(self, taken=taken, given=given)


@dataclass(frozen=True, kw_only=True)
class Layers(Part):
    """Layers one after another.

    Attributes:
        copies: The layers, for each copy.
    """

    copies: tuple[Rows, ...]

    @property
    def rows(self) -> Iterator[Row]:
        """See Part."""
        return (row for copy in self.copies for row in copy)

    @property
    def values(self) -> tuple[str, ...]:
        """See Part."""
        return tuple(copy[-1].name for copy in self.copies)

    @property
    def key(self) -> Hashable:
        """See Part."""
        return tuple(row.text for row in self.copies[0])

    @property
    def outline(self) -> Hashable:
        """See Part."""
        return tuple(type(row.node) for row in self.copies[0])

    def together(self: _L, others: Iterable[_L]) -> _L:
        """See Part."""
        others = tuple(others)
        copies = tuple(copy for part in (self, *others) for copy in part.copies)
        return dataclasses.replace(super().together(others), copies=copies)


@dataclass(frozen=True, kw_only=True)
class Wire(Layers):
    """What only passes on what comes in: `id`."""


@dataclass(frozen=True, kw_only=True)
class Box(Layers):
    """Layers that are drawn as one box: one with weights, say, and its norm and activation.

    Attributes:
        caption: The name of the definition or the label around them.
        sides: Values from elsewhere that they read: the places of a pool, boxes.
        sealed: Whether no layer that follows joins it.
    """

    caption: str = ""
    sides: tuple[str, ...] = ()
    sealed: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """See Part."""
        return self.sides

    @property
    def boxes(self) -> int:
        """See Part."""
        return 1

    @property
    def key(self) -> Hashable:
        """See Part."""
        return self.caption, self.sides, super().key


@dataclass(frozen=True, kw_only=True)
class Closed(Layers):
    """A part that is drawn as one box, which says what is inside.

    Attributes:
        title: Its name, and how many there are.
        like: The name of the part that shows what is inside.
    """

    title: str
    like: str = ""

    @property
    def boxes(self) -> int:
        """See Part."""
        return 1


@dataclass(frozen=True, kw_only=True)
class End(Part):
    """An input or an output.

    Attributes:
        text: Its name.
        value: The value of an input.
    """

    text: str
    value: str = ""

    @property
    def values(self) -> tuple[str, ...]:
        """See Part."""
        return (self.value,) if self.value else ()

    @property
    def boxes(self) -> int:
        """See Part."""
        return 1

    @property
    def key(self) -> Hashable:
        """See Part."""
        return self.text, self.value

    @property
    def outline(self) -> Hashable:
        """See Part."""
        return self.key


@dataclass(frozen=True, kw_only=True)
class Start(Part):
    """From here on the chain reads an earlier value.

    Attributes:
        source: Its name.
    """

    source: str

    @property
    def begins(self) -> bool:
        """See Part."""
        return True

    @property
    def sources(self) -> tuple[str, ...]:
        """See Part."""
        return (self.source,)

    @property
    def key(self) -> Hashable:
        """See Part."""
        return self.source

    @property
    def outline(self) -> Hashable:
        """See Part."""
        return self.source
