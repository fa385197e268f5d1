"""Where the windows of a layer stand on the maps that come in.

>>> from striate.notation import read
>>> slide = sliding(read("input 1x4 -> conv 1@3 pad 1").layers[0], (4,))
>>> slide.output, slide.at((0,), (0,)), slide.inside(slide.at((0,), (0,)))
((4,), (-1,), False)
"""

from dataclasses import dataclass

from striate.notation.rules.window import Window, windows
from striate.notation.tree import AvgPool, Conv, Sliding

Index = tuple[int, ...]


@dataclass(frozen=True)
class Windows:
    """The windows of a layer over maps of size `spatial`."""

    windows: tuple[Window, ...]
    spatial: Index
    flipped: bool = False  # whether the filter is flipped: the true convolution of signal processing
    padding_counts: bool = True  # whether a mean is taken over padding too

    @property
    def output(self) -> Index:
        """Positions along each axis."""
        return tuple(window.output(n).value or 0 for window, n in zip(self.windows, self.spatial, strict=True))

    @property
    def padded(self) -> Index:
        """The size of a map with its padding."""
        return tuple(n + sum(window.padding(n)) for window, n in zip(self.windows, self.spatial, strict=True))

    @property
    def kernel(self) -> Index:
        """The size of the window."""
        return tuple(window.size for window in self.windows)

    @property
    def mode(self) -> str:
        """What the padding is: zeros, or entries of the map itself."""
        mode = self.windows[0].pad.mode if self.windows else "zeros"
        return "zeros" if mode == "same" else mode

    def at(self, position: Index, tap: Index) -> Index:
        """The entry of the map that a tap of the window meets; outside the map it is in the padding."""
        tap = tuple(w.size - 1 - k for w, k in zip(self.windows, tap, strict=True)) if self.flipped else tap
        axes = zip(self.windows, self.spatial, position, tap, strict=True)
        return tuple(_met(w, n, o * w.stride + k * w.dilation - w.padding(n)[0]) for w, n, o, k in axes)

    def padded_at(self, at: Index) -> Index | None:
        """The entry of the map that stands at an entry of the padded map; None for a zero or outside of it."""
        axes = zip(self.windows, self.spatial, at, strict=True)
        own = tuple(_met(window, n, i - window.padding(n)[0]) for window, n, i in axes)
        return own if self.inside(own) else None

    def inside(self, at: Index) -> bool:
        """Whether an entry is in the map itself."""
        return all(0 <= i < n for i, n in zip(at, self.spatial, strict=True))

    def counts(self, at: Index) -> bool:
        """Whether an entry is in the map or in padding that counts; with `ceil` a window may reach beyond both."""
        if not self.padding_counts:
            return self.inside(at)
        axes = zip(self.windows, self.spatial, at, strict=True)
        return all(i < n + window.padding(n)[1] for window, n, i in axes)


def _met(window: Window, n: int, i: int) -> int:
    """The entry of an axis that stands at i: padding by the map's own entries is those."""
    within = -window.padding(n)[0] <= i < n + window.padding(n)[1]  # `ceil` adds zeros beyond it
    own = folded(window.pad.mode, i, n) if within else None
    return i if own is None else own


def folded(mode: str, i: int, n: int) -> int | None:
    """The entry of an axis of n that stands at i, maybe outside of it; None for a zero.

    >>> [folded(mode, -1, 4) for mode in ("zeros", "reflect", "replicate", "circular")]
    [None, 1, 0, 3]
    """
    if 0 <= i < n:
        return i
    if mode == "reflect":
        return -i if i < 0 else 2 * (n - 1) - i
    return {"replicate": min(max(i, 0), n - 1), "circular": i % n}.get(mode)


def sliding(layer: Sliding, spatial: Index) -> Windows:
    """The windows of a layer, for maps of this size."""
    flipped, counts = isinstance(layer, Conv) and layer.flip, not isinstance(layer, AvgPool) or layer.counts_padding
    return Windows(tuple(windows(layer)), spatial, flipped, counts)
