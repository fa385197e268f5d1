"""What the labels of a text stand for while it is bound, and why one can't be meant.

>>> labels = Labels({"a", "b"})
>>> labels.add("a", Known((8, 28, 28)))
>>> labels.value("a", Span(0, 1)).shape
(8, 28, 28)
>>> labels.value("b", Span(0, 1))
Traceback (most recent call last):
striate.notation.arguments.ArgumentError: no label 'b' before it; a label is seen after the place where it \
stands, to the end of the part or definition around it
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from striate.errors import nearest
from striate.notation.arguments import ArgumentError
from striate.notation.errors import Span
from striate.notation.scopes import Scopes
from striate.notation.syntax import Block, Labelled, Program, Repeat, Sequence
from striate.notation.tree import Aux, Link, MaxPool, Node, Shape

ENDED: Shape = ()  # after heads: nothing comes out that a layer could read


@dataclass(frozen=True, eq=False)
class Known:
    """What a label stands for.

    Attributes:
        shape: Of its value; `ENDED` where it ends in heads.
        node: What computes it; None for an input and for an output of heads.
        entry: The shape that comes into that.
    """

    shape: Shape
    node: Node | None = None
    entry: Shape = ENDED


class Labels(Scopes[Known]):
    """The labels that are seen at a place of a text.

    Args:
        written: All labels of the text.
        definitions: The names of its definitions, which are no labels.
    """

    def __init__(self, written: set[str], definitions: Collection[str] = ()) -> None:
        super().__init__()
        self.written, self.definitions, self.unfinished = written, definitions, list[str]()

    @contextmanager
    def around(self, label: str) -> Iterator[None]:
        """Inside, the label stands for something that is not complete."""
        self.unfinished.append(label)
        yield
        self.unfinished.pop()

    def value(self, label: str, span: Span) -> Known:
        """The value at which a branch may begin.

        Raises:
            ArgumentError: There is none before it.
        """
        known = self.known(label, span)
        if known.shape == ENDED:
            rule = "heads are what the network gives, and no branch begins there; label a layer before them"
            raise ArgumentError(f"'{label}' is an output of the network", span, rule)
        return known

    def part(self, label: str, span: Span) -> Known:
        """The layers that are used once more.

        Raises:
            ArgumentError: There are none of that label before it.
        """
        known = self.known(label, span)
        if known.node is None or isinstance(known.node, Link | Aux):
            rule = f"it stands for a value; label layers, as in {label}: conv 8@3 or {label}: [ … ]"
            raise ArgumentError(f"'{label}' has no weights to share", span, rule)
        return known

    def pool(self, label: str, span: Span) -> Known:
        """The maxpool whose places an unpool uses.

        Raises:
            ArgumentError: No maxpool has that label before it.
        """
        pools = [name for name in self if isinstance(self[name].node, MaxPool)]
        if label in pools:
            return self[label]
        listed = f"; there is {', '.join(pools)}" if pools else ""
        detail = f"label one before it: p1: maxpool 2 -> … -> unpool p1{listed}{nearest(label, pools)}"
        raise ArgumentError(f"no maxpool '{label}' comes before", span, detail)

    def known(self, label: str, span: Span) -> Known:
        """What the label stands for, a value or not.

        Raises:
            ArgumentError: It is not seen here, for one reason or another.
        """
        if label in self:
            return self[label]
        if label in self.unfinished:
            detail = "what is inside of a labelled part can't read what the part gives; begin at a label before it"
            raise ArgumentError(f"a circle: '{label}' is not complete here", span, detail)
        inside = [name for name in self if name.endswith(f".{label}")]
        if inside:
            raise ArgumentError(f"'{label}' stands inside of a part", span, f"from here it is written {inside[0]}")
        if label in self.written:
            detail = "a label is seen after the place where it stands, to the end of the part or definition around it"
            raise ArgumentError(f"no label '{label}' before it", span, detail)
        if label in self.definitions:
            detail = f"label it where it is used, as in a: {label}, and write that label here"
            raise ArgumentError(f"'{label}' is a definition", span, detail)
        listed = ", ".join(self) or "none; write one before it: a: conv 8@3"
        raise ArgumentError(f"no label '{label}'", span, f"there is {listed}{nearest(label, list(self))}")


def written(program: Program) -> set[str]:
    """All labels of a text, of its definitions too."""
    return {label for part in (program.layers, *(d.body for d in program.definitions)) for label in _written(part)}


def _written(layers: Sequence) -> Iterator[str]:
    for element in layers:
        while isinstance(element, Labelled | Repeat):
            if isinstance(element, Labelled):
                yield element.label
            element = element.body
        if isinstance(element, Block):
            for branch in element.branches:
                yield from _written(branch)
