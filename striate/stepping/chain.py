"""What a step through several layers shows: each forward, the error, each backward, and a step of gradient descent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from striate.notation.graph import INPUT
from striate.stepping.content import Part, Section, Step, part_json, plain


@dataclass(frozen=True, eq=False)
class Chain(Step):
    """A network, forward and backward. `chain["conv1.dE/dW"]` is one part, `chain.steps["conv1"]` one layer.

    Attributes:
        steps: Each layer and join by its name, in the order of the text.
        reads: What each takes for its inputs: `{"relu1": {"X": "conv1"}}`.
        loss: The error and the gradient that it sends back.
        after: The weights after a step of gradient descent, by the layer's name.
    """

    steps: Mapping[str, Step] = field(default_factory=dict)
    reads: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    loss: tuple[Part, ...] = ()
    after: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)

    @property
    def sections(self) -> tuple[Section, ...]:
        """Forward, the error, backward, and the step of gradient descent."""
        return tuple(self._sections())

    def _sections(self) -> Iterator[Section]:
        yield Section(self.layer, self.given)
        for name, step in self.steps.items():
            reads = self.reads[name]
            came = ", ".join(f"{symbol} is {_value(value)}" for symbol, value in reads.items())
            own = [picture for picture in step.given if picture.title not in {"dO", *reads}]
            yield Section(f"Forward, {name}: {step.layer}; {came}", (*own, *step.parts[: _split(step)]))
        if self.loss:
            yield Section("The error", self.loss)
        for name, step in reversed(list(self.steps.items())):
            sent = tuple(picture for picture in step.given if picture.title == "dO")
            if back := step.parts[_split(step) :]:
                yield Section(f"Backward, {name}: {step.layer}", (*sent, *back))
        for name, parts in self.after.items():
            yield Section(f"Gradient descent, {name}", parts)

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate step --json` for a chain: each layer as it is by itself, with its name."""
        return {
            "layer": self.layer,
            "given": {picture.title: plain(picture.cells) for picture in self.given},
            "layers": [
                {"name": name, "reads": dict(self.reads[name]), **step.to_json()} for name, step in self.steps.items()
            ],
            "loss": [part_json(part) for part in self.loss],
            "after": {name: [part_json(part) for part in parts] for name, parts in self.after.items()},
            "notes": list(self.notes),
        }

    __repr__ = Step.__str__


def _value(name: str) -> str:
    """A value in words: an input, or what a layer gives."""
    return name if name.startswith(INPUT) else f"the O of {name}"


def _split(step: Step) -> int:
    """Where the parts of the way back begin."""
    return 1 + [part.name for part in step.parts].index("O")
