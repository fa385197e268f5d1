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
from striate.inside.arithmetic import worked
from striate.inside.reach import Reach
from striate.inside.tracing import Call, Trace, traced
from striate.page.cards import cards
from striate.page.frame import Frame, maps_of

MOST_TERMS = 5000  # of a value's arithmetic that are sent
MOST_MAPS = 64  # that are sent at once
Loss = Callable[[Tensor, int], Tensor]  # of what the network gives (1, …), for the number of a label


class ChangedError(InputError):
    """The question is about a picture that is no longer the newest."""


@dataclass(frozen=True)
class Labels:
    """What the network chooses among.

    Attributes:
        names: Of the labels, in the order of the outputs.
        loss: What training makes small where the label is right.
    """

    names: Sequence[str]
    loss: Loss


@dataclass(eq=False)
class Live:
    """A network, what it reads, and the newest frame.

    Attributes:
        name: Shown as the title.
        model: In evaluation.
        read: From what the page sends, a PIL image, to what the network reads, (1, …).
        answer: From what it gives, (1, …), to answers, most probable first.
        shape: What the network reads of one example.
        labels: None where it chooses among none.
        lock: Held while the model computes, or is changed.
    """

    name: str
    model: nn.Module
    read: Callable[[Any], Tensor]
    answer: Callable[[Tensor], Sequence[Mapping[str, Any]]]
    shape: tuple[int, ...]
    labels: Labels | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    _frame: Frame | None = None
    _count: int = 0
    _reach: Reach | None = None

    def graph(self, opened: Collection[str] = ()) -> dict[str, Any]:
        """The network as it runs on an empty input, for JSON.

        Args:
            opened: Folded parts of which the inside is shown.
        """
        trace = traced(self.model, torch.zeros(1, *self.shape))
        return {
            "name": self.name,
            "shape": list(self.shape),
            "inputs": trace.inputs,
            "outputs": list(trace.outputs),
            "calls": [_told(call, trace) for call in trace.calls],
            "cards": [asdict(card) for card in cards(trace, opened)],
            "labels": list(self.labels.names) if self.labels else [],
        }

    def look(self, image: Any, shown: Sequence[int]) -> Frame:
        """The frame of an image.

        Args:
            image: As `read` takes it.
            shown: The numbers of the values that the page shows.

        Raises:
            InputError: It is none that the network can read, or there is no such value.
        """
        x = self.read(image)
        with self.lock:
            began = time.perf_counter()
            trace = traced(self.model, x)
            seconds = time.perf_counter() - began
            if not all(0 <= number < len(trace.values) for number in shown):
                raise InputError("there is no such value")
            self._count += 1
            answer = self.answer(trace.values[trace.outputs[0]])
            self._frame = Frame(self._count, trace, list(shown), answer, seconds)
            return self._frame

    def maps(self, frame: int, value: int, first: int, count: int = 1) -> Tensor:
        """Maps of a value with every entry, (maps, rows, columns); what has no maps is one.

        Raises:
            InputError: They are not there, or too many at once.
        """
        values = self.seen(frame).values
        if not 0 <= value < len(values):
            raise InputError("there is no such value")
        every = maps_of(values[value][0])
        if not (0 <= first < len(every) and 1 <= count <= MOST_MAPS):
            raise InputError(f"this has {len(every)} maps, from 0, of which {MOST_MAPS} are sent at once")
        return every[first : first + count]

    def map(self, frame: int, value: int, number: int) -> Tensor:
        """One of these maps; errors as for `maps`."""
        return self.maps(frame, value, number)[0]

    def links(self, frame: int, value: int, at: Sequence[int], shown: Collection[int]) -> list[dict[str, Any]]:
        """What an entry is computed from, and what is computed from it: a frame on each value that is shown, for JSON.

        Raises:
            InputError: There is no such entry.
        """
        self.seen(frame)
        with self.lock:
            self._reach = self._reach or Reach(self.model, self.shape)
            if not 0 <= value < len(self._reach.trace.values):
                raise InputError("there is no such value")
            found = {
                "source": self._reach.sources(value, at),
                "target": self._reach.targets(value, at),
            }
        return [
            {"number": number, "kind": kind, **_framed(mask)}
            for kind, masks in found.items()
            for number, mask in masks.items()
            if number in shown and bool(mask.any())
        ]

    def work(self, frame: int, call: int, at: tuple[int, ...]) -> dict[str, Any]:
        """The arithmetic of a value, for JSON.

        Raises:
            InputError: It is not there.
        """
        trace = self.seen(frame)
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

    def seen(self, frame: int) -> Trace:
        """The values of a frame.

        Raises:
            ChangedError: It is no longer the newest.
        """
        newest = self._frame
        if newest is None or newest.number != frame:
            raise ChangedError("the picture has changed since; look again")
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


def _framed(mask: Tensor) -> dict[str, Any]:
    """Which maps have entries of a mask, and the frame around these."""
    maps = maps_of(mask)
    _, rows, columns = maps.nonzero(as_tuple=True)
    ends = [[int(one.min()), int(one.max()) + 1] for one in (rows, columns)]
    return {"maps": maps.flatten(1).any(1).nonzero().flatten().tolist(), "rows": ends[0], "columns": ends[1]}
