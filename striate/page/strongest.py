"""The parts of test images at which each map is largest: found for all maps at once, in the background.

One pass over the examples keeps for each map those that excite it most; a receptive field is cut out when it is asked
for. `inside.top_patches` finds the same for one channel.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from striate.errors import InputError
from striate.inside.tracing import traced
from striate.page.frame import packed
from striate.page.live import Live

COUNT = 9  # patches of a map
MOST = 2000  # examples that are looked through …
MOST_BYTES = 200 * 2**20  # … and bytes of them that are kept, of which patches are cut


@dataclass(frozen=True)
class Examples:
    """What is looked through.

    Attributes:
        count: How many there are.
        batches: All of them as the network reads them, (N, C, H, W) each.
    """

    count: int
    batches: Callable[[], Iterable[Tensor]]


class _Best(NamedTuple):
    """Of each map of a value (columns), the strongest examples (rows)."""

    activations: Tensor
    examples: Tensor
    places: Tensor  # in the map, counted row by row


@dataclass(eq=False)
class Strongest:
    """A search, which begins when it is first asked.

    Attributes:
        live: The network, as it is when the search begins.
        examples: Opens what is looked through.
        total: How many examples that is, all or the first ones; 0 while they are opened.
        done: How many of them were looked at.
    """

    live: Live
    examples: Callable[[], Examples]
    total: int = 0
    done: int = 0
    finished: bool = False
    _best: dict[int, _Best] = field(default_factory=dict)
    _kept: list[Tensor] = field(default_factory=list)
    _error: Exception | None = None
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.model = self.live.model

    def start(self) -> None:
        """Search in the background, unless it does already."""
        with self.live.lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Until all is found."""
        self.start()
        if self._thread:
            self._thread.join()

    def patches(self, value: int, number: int) -> bytes:
        """What is found for a map, as `packed`: how many examples were looked at; once all were, also the patches.

        Raises:
            InputError: There is no such map, or the examples can't be read.
        """
        self.start()
        if self._error:
            raise InputError(str(self._error))
        said: dict[str, Any] = {"done": self.done, "total": self.total, "finished": self.finished, "found": []}
        if not self.finished:
            return packed(said, {})
        if value not in self._best or not 0 <= number < self._best[value].activations.shape[1]:
            raise InputError("there is no such map")
        patches = {}
        for rank, (activation, example, place) in enumerate(zip(*self._of(value, number), strict=True)):
            box = self._box(value, number, place)
            patches[rank] = self._kept[example][(slice(None), *(slice(*ends) for ends in box))][None]
            said["found"].append({"activation": activation, "example": example, "box": box})
        return packed(said, patches, whole=True)  # else they would have unequal resolutions

    def _of(self, value: int, number: int) -> tuple[list[float], list[int], list[int]]:
        activations, examples, places = (one[:, number].tolist() for one in self._best[value])
        return activations, examples, places

    def _box(self, value: int, number: int, place: int) -> list[list[int]]:
        """The receptive field of a place: along each axis the first entry, and the one after the last."""
        reach = self.live.reach()
        spatial = reach.trace.values[value].shape[2:]
        at = [int(one) for one in torch.unravel_index(torch.tensor(place), spatial)]
        found = reach.sources(value, (number, *at))[0].any(0).nonzero()
        ends = zip(found.amin(0).tolist(), found.amax(0).tolist(), strict=True)
        return [[low, high + 1] for low, high in ends]

    def _run(self) -> None:
        try:
            opened = self.examples()
            entries = torch.Size(self.live.shape).numel()
            self.total = min(opened.count, MOST, max(1, MOST_BYTES // (4 * entries)))
            for batch in opened.batches():
                for x in batch[: self.total - self.done]:
                    if self.live.model is not self.model:  # it was changed by hand: another search is due
                        return
                    self._look(x[None])
                if self.done >= self.total:
                    return
        except Exception as error:  # whatever it is, the page must not wait for it
            self._error = error
        finally:
            self.finished = True

    def _look(self, x: Tensor) -> None:
        """One example at a time, so that a stroke on the page never waits long."""
        with self.live.lock:
            trace = traced(self.model, x)
            for number, value in enumerate(trace.values[trace.inputs :], trace.inputs):
                if value.dim() == 4:
                    self._best[number] = _merged(self._best.get(number), value[0].flatten(1), self.done)
            self._kept.append(x[0].clone())
            self.done += 1


def _merged(best: _Best | None, maps: Tensor, example: int) -> _Best:
    """With one more example, whose maps are (maps, entries)."""
    values, places = maps.max(1)
    new = _Best(values[None], torch.full((1, len(values)), example), places[None])
    if best is None:
        return new
    every = _Best(*(torch.cat(pair) for pair in zip(best, new, strict=True)))
    chosen = every.activations.sort(stable=True, dim=0, descending=True).indices[:COUNT]
    return _Best(*(one.gather(0, chosen) for one in every))
