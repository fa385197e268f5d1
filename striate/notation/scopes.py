"""Which value a label stands for.

A labelled bracket or a use of a definition is a scope of its own: its labels are seen in it, from where they stand
onwards and also in brackets that follow; from outside they are reached by its name, as in `part.label`.

>>> scopes = Scopes[int]()
>>> scopes.add("a", 1)
>>> with scopes.inside("body"):
...     scopes.add("a", 2)
...     inside = scopes["a"]
>>> scopes.add("body", 3)
>>> inside, scopes["a"], scopes["body"], scopes["body.a"]
(2, 1, 3, 2)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Scopes(Generic[_T]):
    """The labels that are seen at a place of the text, as it is read from its beginning."""

    def __init__(self) -> None:
        self._open: list[dict[str, _T]] = [{}]

    def add(self, label: str, value: _T) -> None:
        """From here on the label stands for this value."""
        self._open[-1][label] = value

    @contextmanager
    def inside(self, name: str = "") -> Iterator[None]:
        """What is added inside is seen inside, and afterwards as `name.label`; without a name no more."""
        self._open.append({})
        yield
        inner = self._open.pop()
        if name:
            self._open[-1].update({f"{name}.{label}": value for label, value in inner.items()})

    def __getitem__(self, label: str) -> _T:
        """The value of a label, in the innermost scope that has it.

        Raises:
            KeyError: None has it.
        """
        for scope in reversed(self._open):
            if label in scope:
                return scope[label]
        raise KeyError(label)

    def __contains__(self, label: object) -> bool:
        return any(label in scope for scope in self._open)

    def __iter__(self) -> Iterator[str]:
        """The labels that are seen, the nearest first."""
        yield from dict.fromkeys(label for scope in reversed(self._open) for label in reversed(scope))
