"""The picture of a network, as papers draw it, in SVG. Never imports torch.

Four steps, one file each: `reading` makes the network's tree into `parts` and `brackets`, `folding` says which are
drawn once for many, `placing` (with `sides` and `routing`) gives each its place, `drawing` writes the file.

>>> from striate.notation import measure, read
>>> drawn = picture(measure(read("input 1x28x28 -> conv 8@3 -> relu -> fc 10", name="small")))
>>> drawn.svg.startswith("<svg"), "small" in drawn.svg, "54,170 parameters" in drawn.svg
(True, True, True)
"""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from striate.errors import InputError, WorkError
from striate.notation import Measure
from striate.picture.drawing import NAMESPACE, svg
from striate.picture.folding import closed
from striate.picture.parts import Chain
from striate.picture.placing import placed
from striate.picture.plane import Cell, Flow
from striate.picture.reading import chain, linked

WIDEST = 1115.0  # pixels to which a picture grows to the right, as wide as a report; a longer one grows downwards


@dataclass(frozen=True)
class Picture:
    """A network's picture; a notebook shows it.

    Attributes:
        measure: The network and its figures.
        parts: What is drawn.
        place: Where.
        flow: Which way the data go.
    """

    measure: Measure = field(repr=False)
    parts: Chain = field(repr=False)
    place: Cell = field(repr=False)
    flow: Flow

    @cached_property
    def svg(self) -> str:
        """The picture as one `<svg>` element."""
        measured = self.measure
        macs = measured.total_macs
        counts = f"{measured.total_parameters:,} parameters · {'?' if macs is None else f'{macs:,}'} MACs"
        layers = f"{len(measured.rows)} layers and joins"
        way = "left to right" if self.flow.rightwards else "top to bottom"
        words = f"The network {measured.network.name}, {way}: {layers}, {counts}."
        return svg(self.place, self.flow, measured.network.name, (counts, layers), words)

    @property
    def inline(self) -> str:
        """The same without its namespace, which inside a page it does not need."""
        return self.svg.replace(f' xmlns="{NAMESPACE}"', "", 1)

    def save(self, path: str | Path) -> None:
        """Write it to a file, whose name ends in `.svg`.

        Raises:
            InputError: Another kind of file, or a folder that is not there.
            WorkError: It can't be written.
        """
        place = checked(path)
        try:
            place.write_text(self.svg, encoding="utf-8")
        except OSError as error:
            raise WorkError(f"can't write to {place}: {error.strerror}") from None

    def _repr_svg_(self) -> str:
        return self.svg


def checked(path: str | Path) -> Path:
    """A path to which a picture can be written.

    Raises:
        InputError: Another kind of file, or a folder that is not there.
    """
    place = Path(path)
    if place.suffix.lower() != ".svg":
        way = "a browser or Inkscape makes a PNG or a PDF of it"
        raise InputError(f"a picture is written as SVG: {place.name or place}; end the name in .svg; {way}")
    if os.path.isdir(place):  # unlike Path's, it takes any name
        raise InputError(f"{place} is a folder; name a file, such as {place / 'net.svg'}")
    if not os.path.isdir(place.parent):
        raise InputError(f"there is no folder {place.parent} for {place.name}")
    return place


def picture(measured: Measure) -> Picture:
    """The picture of a network: to the right where that is short enough, otherwise downwards."""
    parts = closed(chain(measured), linked(measured.graph))
    place, flow = placed(parts, True), Flow(True)
    if place.along > WIDEST:
        place, flow = placed(parts, False), Flow(False)
    return Picture(measured, parts, place, flow)


__all__ = ["Picture", "checked", "picture"]
