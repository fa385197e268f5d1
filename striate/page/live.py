"""A network that is looked at: its graph once, a frame for each input, the arithmetic of any of its values."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.finding import Found
from striate.inside.arithmetic import worked
from striate.inside.tracing import Call, Trace, traced
from striate.page.cards import cards
from striate.page.frame import Frame

MOST_TERMS = 5000  # of a value's arithmetic that are sent


@dataclass(eq=False)
class Live:
    """A network, what it reads, and the newest frame.

    Attributes:
        name: Shown as the title.
        model: In evaluation.
        read: From what the page sends, a PIL image or a sentence, to what the network reads, (1, …).
        answer: From what it gives, (1, …), to answers, most probable first.
        shape: What the network reads of one example.
        words: The words of a sentence as the network reads them; None for networks that read images.
        drawn: A PNG file of an answer of maps, from the PIL image and what the network gives; None for other answers.
        find: From a PIL image to all that is found in it; None for networks that can't slide.
    """

    name: str
    model: nn.Module
    read: Callable[[Any], Tensor]
    answer: Callable[[Tensor], Sequence[Mapping[str, Any]]]
    shape: tuple[int, ...]
    find: Callable[[Any], Sequence[Found]] | None = None
    words: Callable[[str], Sequence[str]] | None = None
    drawn: Callable[[Any, Tensor], bytes] | None = None
    _frame: Frame | None = None
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def graph(self, opened: Collection[str] = ()) -> dict[str, Any]:
        """The network as it runs on an empty input, for JSON.

        Args:
            opened: Folded parts of which the inside is shown.
        """
        trace = traced(self.model, torch.zeros(1, *self.shape))
        return {
            "name": self.name,
            "reads": "image" if self.words is None else "text",
            "slides": self.find is not None,
            "shape": list(self.shape),
            "inputs": trace.inputs,
            "outputs": list(trace.outputs),
            "calls": [_told(call, trace) for call in trace.calls],
            "cards": [asdict(card) for card in cards(trace, opened)],
        }

    def look(self, image: Any, shown: Sequence[int]) -> Frame:
        """The frame of an image.

        Args:
            image: As `read` takes it, or a sentence.
            shown: The numbers of the values that the page shows.

        Raises:
            InputError: It is none that the network can read, or there is no such value.
        """
        x = self.read(image)
        with self._lock:
            began = time.perf_counter()
            trace = traced(self.model, x)
            seconds = time.perf_counter() - began
            if not all(0 <= number < len(trace.values) for number in shown):
                raise InputError("there is no such value")
            self._count += 1
            given = trace.values[trace.outputs[0]]
            words = self.words(image) if self.words else ()
            picture = self.drawn(image, given) if self.drawn else b""
            self._frame = Frame(self._count, trace, list(shown), self.answer(given), seconds, words, picture)
            return self._frame

    def slide(self, image: Any) -> list[dict[str, Any]]:
        """All that is found in an image, for JSON.

        Raises:
            InputError: The network can't slide over one.
        """
        if self.find is None:
            raise InputError("only networks that give one class for an image find several things in one")
        with self._lock:
            return [asdict(find) for find in self.find(image)]

    def map(self, frame: int, value: int, number: int) -> Tensor:
        """One map of a value, or all of a value that has no maps, with every entry.

        Raises:
            InputError: It is not there.
        """
        values = self._seen(frame).values
        if not 0 <= value < len(values):
            raise InputError("there is no such value")
        maps = values[value][0] if values[value].dim() > 3 else values[value]
        if not 0 <= number < len(maps):
            raise InputError("there is no such map")
        return maps[number].float()

    def work(self, frame: int, call: int, at: tuple[int, ...]) -> dict[str, Any]:
        """The arithmetic of a value, for JSON.

        Raises:
            InputError: It is not there.
        """
        trace = self._seen(frame)
        if not 0 <= call < len(trace.calls):
            raise InputError("there is no such layer")
        asked = trace.calls[call]
        made = worked(trace, asked, at)
        return {
            "said": made.said,
            "how": made.how,
            "formula": made.formula,
            "bias": made.bias,
            "value": float(trace.values[asked.gives[0]][(0, *at)]),
            "count": len(made.terms),
            "terms": [asdict(term) for term in made.terms[:MOST_TERMS]],
            "reads": list(asked.reads),
        }

    def _seen(self, frame: int) -> Trace:
        newest = self._frame
        if newest is None or newest.number != frame:
            raise InputError("the picture has changed since; look again")
        return newest.trace


def _told(call: Call, trace: Trace) -> dict[str, Any]:
    """A call for JSON."""
    count = sum(one.numel() for one in call.layer.parameters(recurse=False)) if call.layer else 0
    return {
        "name": call.name,
        "kind": call.kind,
        "said": "" if call.layer is None else call.layer.extra_repr(),
        "parameters": count,
        "reads": list(call.reads),
        "gives": list(call.gives),
        "shape": list(trace.values[call.gives[0]].shape[1:]),
    }
