"""The text as it stands: what `parse` reads and `render` writes, before any letter is bound.

Frozen dataclasses; two trees are equal when they say the same, wherever they stand in a text.

>>> Word("fc", (Value((Number(84),)),))
Word(name='fc', arguments=(Value(parts=(Number(value=84),)),), optional=False)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from striate.notation.errors import Span

NOWHERE = Span(0, 0)


@dataclass(frozen=True)
class Number:
    """A number as written: `84`, `0.5`, `-1`."""

    value: int | float
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Name:
    """A bare word inside a size: a letter, a parameter, `c`, or an option such as `stride`."""

    text: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Free:
    """`?`, an axis whose size is left open."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Operation:
    """Arithmetic: `4*w`, `c/16`. The operators of one level of precedence, in the order written."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Pair:
    """`(0,1)`: sizes before and after an axis."""

    before: Expression
    after: Expression
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Expression: TypeAlias = Number | Name | Free | Operation | Pair


@dataclass(frozen=True)
class Value:
    """One size or one per axis: `3`, `3x3`, `3x?x?`."""

    parts: tuple[Expression, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Sized:
    """A count of maps and their size: `6@5x5`."""

    count: Value
    size: Value
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Argument: TypeAlias = Value | Sized


@dataclass(frozen=True)
class Word:
    """A layer: `conv 6@5x5 stride 2`, `relu`, `pool?`."""

    name: str
    arguments: tuple[Argument, ...] = ()
    optional: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Call:
    """A use of a definition: `bottleneck(64, 1)`."""

    name: str
    arguments: tuple[Expression, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Block:
    """Brackets: a plain group (`kind` is empty) or branches (`concat[ a | b ]`)."""

    kind: str
    branches: tuple[Sequence, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Repeat:
    """`[ … ]*2`."""

    body: Block | Call
    times: Expression
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Labelled:
    """`c4: conv 512@3x3`."""

    label: str
    body: Element
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Element: TypeAlias = Word | Call | Block | Repeat | Labelled
Sequence: TypeAlias = tuple[Element, ...]


@dataclass(frozen=True)
class Definition:
    """`bottleneck(w, s) = …`."""

    name: str
    parameters: tuple[str, ...]
    body: Sequence
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Program:
    """A whole text: letters with their values, definitions, and the layers in order."""

    letters: tuple[tuple[str, int | float], ...]
    definitions: tuple[Definition, ...]
    layers: Sequence
    text: str = field(default="", compare=False, repr=False)
    source: str = field(default="", compare=False)
    places: tuple[Span, ...] = field(default=(), compare=False, repr=False)  # of the letters
