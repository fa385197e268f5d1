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
from striate.inside.reach import Reach
from striate.inside.tracing import Trace, traced
from striate.page.cards import cards
from striate.page.cost import Costs, costs
from striate.page.frame import Frame, maps_of
from striate.page.telling import framed, told, told_card
from striate.page.touching import Changes, changed

MOST_TERMS = 5000  # of a value's arithmetic that are sent
MOST_MAPS = 64  # that are sent at once
Outputs = Mapping[str, Tensor]
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
        model: In evaluation; a changed copy where it was touched.
        read: From what the page sends, a PIL image, a sentence or a sound, to what the network reads, (1, …).
        answer: From what it gives, (1, …) by name, to answers, most probable first; one alone has no name.
        shape: What the network reads of one example.
        labels: None where it chooses among none.
        output: Which of several outputs answers; empty where there is one.
        way: How an image becomes what it reads, as `Recipe.to_json`, with the fit "stretch" where all of an image is
            made as large as `shape` says; None where only `read` knows.
        diagram: Draws the trained network in SVG; None where there is only a module.
        words: The words of a sentence as the network reads them; None for networks that read images.
        drawn: A PNG file of an answer of maps, from the PIL image and what the network gives; None for other answers.
        halves: Whether that file holds two pictures side by side, before and after, with an edge to draw between them.
        find: From the model and a PIL image to all that is found in it; None for networks that can't slide.
        hears: Whether sounds are sent.
        epochs: The network after epochs of its training, made when it is asked for.
        lock: Held while the model computes, or is changed. The changes are those of all pages that are open.
        version: Counts the changes.
    """

    name: str
    model: nn.Module
    read: Callable[[Any], Tensor]
    answer: Callable[[Outputs], Sequence[Mapping[str, Any]]]
    shape: tuple[int, ...]
    labels: Labels | None = None
    output: str = ""
    way: Mapping[str, Any] | None = None
    diagram: Callable[[], str] | None = None
    words: Callable[[str], Sequence[str]] | None = None
    drawn: Callable[[Any, Outputs], bytes] | None = None
    halves: bool = False
    find: Callable[[nn.Module, Any], Sequence[Found]] | None = None
    hears: bool = False
    epochs: Mapping[int, Callable[[], nn.Module]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    version: int = 0
    changes: Changes = field(default_factory=Changes)
    _frame: Frame | None = None
    _count: int = 0
    _reach: Reach | None = None
    _before: Costs | None = None

    def __post_init__(self) -> None:
        self.trained = self.model

    @property
    def reads(self) -> str:
        """What the page sends: "image", "text" or "sound"."""
        return "sound" if self.hears else "image" if self.words is None else "text"

    def graph(self, opened: Collection[str] = ()) -> dict[str, Any]:
        """The network as it runs on an empty input, for JSON.

        Args:
            opened: Folded parts of which the inside is shown.
        """
        with self.lock:
            trace = traced(self.model, torch.zeros(1, *self.shape))
        return {
            "name": self.name,
            "reads": self.reads,
            "slides": self.find is not None,
            "halves": self.halves,
            "shape": list(self.shape),
            "way": self.way,
            "inputs": trace.inputs,
            "outputs": list(trace.outputs),
            "calls": [told(call, trace) for call in trace.calls],
            "cards": [told_card(card) for card in cards(trace, opened)],
            "labels": list(self.labels.names) if self.labels else [],
            "epochs": sorted(self.epochs),
            "diagram": self.diagram is not None,
            "version": self.version,
            "changes": self.changes.as_json(),
        }

    def look(self, image: Any, shown: Sequence[int]) -> Frame:
        """The frame of an image.

        Args:
            image: As `read` takes it, or a sentence.
            shown: The numbers of the values that the page shows; those that are not there are left out, as after a
                change on another page.

        Raises:
            InputError: It is none that the network can read.
        """
        x = self.read(image)
        with self.lock:
            began = time.perf_counter()
            trace = traced(self.model, x)
            seconds = time.perf_counter() - began
            there = [number for number in shown if 0 <= number < len(trace.values)]
            self._count += 1
            words = self.words(image) if self.words else ()
            picture = self.drawn(image, trace.made) if self.drawn else b""
            answer = self.answer(trace.made)
            self._frame = Frame(self._count, self.version, trace, there, answer, seconds, words, picture)
            return self._frame

    def slide(self, image: Any) -> list[dict[str, Any]]:
        """All that is found in an image, for JSON.

        Raises:
            InputError: The network can't slide over one.
        """
        if self.find is None:
            raise InputError("only networks that give one class for an image find several things in one")
        with self.lock:
            return [asdict(find) for find in self.find(self.model, image)]

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

    def filters(self, frame: int, call: int, channel: int) -> Tensor:
        """The weights with which each filter of a convolution reads one of its channels, (filters, rows, columns).

        Raises:
            InputError: There is no such convolution or channel.
        """
        calls = self.seen(frame).calls
        layer = calls[call].layer if 0 <= call < len(calls) else None
        if not isinstance(layer, nn.Conv2d):
            raise InputError("only convolutions have filters to look at")
        weight = layer.weight.detach()
        if not 0 <= channel < weight.shape[1]:
            raise InputError(f"a filter here reads {weight.shape[1]} channels, numbered from 0. Received: {channel}")
        return weight[:, channel]

    def links(self, frame: int, value: int, at: Sequence[int], shown: Collection[int]) -> list[dict[str, Any]]:
        """What an entry is computed from, and what is computed from it: a frame on each value that is shown, for JSON.

        Raises:
            InputError: There is no such entry.
        """
        self.seen(frame)
        reach = self.reach()
        if not 0 <= value < len(reach.trace.values):
            raise InputError("there is no such value")
        found = {"source": reach.sources(value, at), "target": reach.targets(value, at)}
        return [
            {"number": number, "kind": kind, **framed(mask)}
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
        with self.lock:  # nothing else computes meanwhile: who watches a layer would see this too
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

    def reach(self) -> Reach:
        """What reaches what in the network as it is."""
        with self.lock:
            self._reach = self._reach or Reach(self.model, self.shape)
            return self._reach

    def touch(self, changes: Changes) -> dict[str, Any]:
        """Change the trained network, in place of all changes before; none bring it back.

        Returns:
            What an example costs the trained network and the changed one, for JSON.

        Raises:
            InputError: There is no such layer or epoch, or the network can't compute any more; it stays as it was.
        """
        if changes.epoch is not None and changes.epoch not in self.epochs:
            raise InputError(f"the weights of epoch {changes.epoch} were not kept")
        with self.lock:
            began = self.trained if changes.epoch is None else self.epochs[changes.epoch]()
            model = began if changes == Changes(epoch=changes.epoch) else changed(began, changes)
            before = self._before = self._before or costs(self.trained, self.shape)
            try:
                after = costs(model, self.shape)
            except InputError as error:
                line = str(error.__cause__ or error).splitlines()[0]
                raise InputError(f"the network can't compute with this change: {line}") from error
            if after.outputs != before.outputs:
                raise InputError(f"the network would give {after.outputs} in place of {before.outputs}")
            self.model, self.changes, self.version = model, changes, self.version + 1
            self._frame = self._reach = None
        return {"version": self.version, "before": asdict(before), "after": asdict(after)}

    def seen(self, frame: int) -> Trace:
        """The values of a frame.

        Raises:
            ChangedError: It is no longer the newest.
            InputError: There was none.
        """
        newest = self._frame
        if newest is None or newest.number != frame:
            if 0 < frame <= self._count:
                raise ChangedError("the picture has changed since; look again")
            raise InputError("there was no such picture")
        return newest.trace
