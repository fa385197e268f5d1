"""What a network that restores pictures reads and is asked for: worse and good pictures as numbers from 0 to 1.

Of pictures that were made smaller, networks of one channel are given the luminance in studio range, as all figures on
it are published; of others the grey picture itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from ..image import ImageError, decode
from ..levels import Levels
from .degrading import Degradation, enlarged, whole_part
from .finding import Pair
from .luminance import Picture, as_whole, plane, white, with_plane

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Form:
    """How pictures become numbers, and numbers pictures.

    Attributes:
        degrade: How they become worse.
        channels: Of what the network reads, 1 or 3.
        smaller: How many times smaller the worse pictures are.
        scale: How many times larger what the network gives is.
        levels: What is black and white in files of more than 8 bits.
    """

    degrade: Degradation
    channels: int
    smaller: int
    scale: int
    levels: Levels | None = None

    @property
    def studio(self) -> bool:
        """Whether luminance is in studio range."""
        return self.smaller > 1

    def good(self, pair: Pair) -> Values:
        """(channels, H, W): what is asked for.

        Raises:
            ImageError: The file can't be read, or it is too small.
        """
        return self.values(self._good(pair))

    def worse(self, pair: Pair, *number: int) -> Values:
        """(channels, h, w): what the network reads.

        Args:
            pair: A good picture, maybe with a worse one.
            number: As a degradation takes it.

        Raises:
            ImageError: As for `good`.
        """
        if pair.worse:
            return self.read(self._decoded(pair.worse))
        try:
            return self.read(self.degrade(self._good(pair), f"{pair.good.parent.name}/{pair.good.name}", *number))
        except ImageError:
            raise
        except InputError as error:
            raise ImageError(pair.good, str(error)) from None

    def read(self, picture: Picture) -> Values:
        """What the network reads of a worse picture: enlarged first, where it does not do so itself."""
        return self.values(enlarged(picture, self.smaller // self.scale))

    def values(self, picture: Picture) -> Values:
        """(channels, H, W), of a picture of 1 or 3 channels."""
        if self.channels == 1 and len(picture) == 3:
            return plane(picture, self.studio)
        return np.asarray(picture, np.float32) / np.float32(white(picture.dtype))

    def picture(self, worse: Picture, made: Values) -> Picture:
        """(C, H, W): the restored picture, of a worse one (C, h, w) and what the network made of it."""
        if self.channels == 3:
            return as_whole(made if len(worse) == 3 else made.mean(0, keepdims=True), worse.dtype)
        colours = np.repeat(worse, 3 // len(worse), 0)
        base = enlarged(colours, self.smaller)
        return with_plane(base, plane(base, self.studio), made, self.studio)[: len(worse)]

    def _good(self, pair: Pair) -> Picture:
        picture = self._decoded(pair.good) if pair.pixels is None else self._coloured(pair.pixels)
        try:
            return whole_part(picture, self.smaller)
        except InputError as error:
            raise ImageError(pair.good, str(error)) from None

    def _decoded(self, path: Path) -> Picture:
        return decode(path, channels=self._colours, levels=self.levels)

    @property
    def _colours(self) -> int:
        """Of a picture that becomes worse: noise of three colours would be less in their luminance."""
        return 3 if self.studio else self.channels

    def _coloured(self, frame: Picture) -> Picture:
        """A frame (3, H, W) with as many colours as a file is decoded with."""
        return frame if self._colours == 3 else as_whole(plane(frame, self.studio), frame.dtype)


def bordered(values: Values, border: int) -> Values:
    """(C, H, W) without so many pixels at each edge, where something is left."""
    if min(values.shape[1:]) <= 2 * border or not border:
        return values
    return values[:, border:-border, border:-border]
