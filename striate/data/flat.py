"""An image as opaque grey or RGB of 8 bits, made strip by strip so that no second full copy is needed.

>>> clear = Image.new("LA", (2, 1), (255, 0)); clear.putpixel((0, 0), (255, 255))
>>> Flat(clear).made(1).getpixel((0, 0)), Flat(clear).made(1).getpixel((1, 0))  # white ink: it stands on black
(255, 0)
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from .deep import FULL, Box, Deep, rawmodes, rows
from .levels import Extent

FAINT = 32  # difference in levels, of 255, below which ink can't be seen on paper
SEEN = 0.005  # share of the drawing that must be visible on white
_STEPS = {"L;2": 3, "L;4": 15}  # step between greys of 2 and 4 bits in a PNG: the unit of its transparent grey


@dataclass(frozen=True)
class Flat:
    """A loaded image, not yet flat.

    Attributes:
        image: of any mode.
        deep: its values, when it has more than 8 bits per channel.
        levels: the values of black and white then.
    """

    image: Image.Image
    deep: Deep | None = None
    levels: tuple[float, float] = (0.0, 1.0)

    @staticmethod
    def load(image: Image.Image) -> "Flat":
        """Reads the pixels of an opened image of 8 bits or fewer."""
        steps = next((_STEPS[mode] for mode in rawmodes(image) if mode in _STEPS), 0)
        image.load()
        clear = image.info.get("transparency")
        if steps and isinstance(clear, int):
            image.info["transparency"] = clear * 255 // steps
        return Flat(image)

    def made(self, channels: int, factor: int = 1) -> Image.Image:
        """The image as "L" (1 channel) or "RGB" (3), averaged over squares of `factor` by `factor` pixels."""
        image, background = self.image, self._background(channels)
        size = -(-image.width // factor), -(-image.height // factor)
        whole = Image.new("L" if channels == 1 else "RGB", size)
        for box in rows(image, factor):
            strip = _opaque(self._strip(box), background, channels)
            whole.paste(strip.reduce(factor) if factor > 1 else strip, (0, box[1] // factor))
        return whole

    def _strip(self, box: Box) -> Image.Image:
        """The pixels in `box` in 8 bits: RGBA when some of the image may be transparent."""
        strip = self.deep.in_bytes(box, self.levels, self._most_opaque) if self.deep else self.image.crop(box)
        return strip.convert("RGBA") if strip.has_transparency_data else strip

    @cached_property
    def _most_opaque(self) -> float:
        """The alpha of fully opaque pixels: files of 16 bits may use only 8, in the alpha as in the colours."""
        assert self.deep
        found = Extent("whole", 0, self.deep.most_opaque()).range()
        return found[1] if found else FULL

    def _background(self, channels: int) -> str:
        """White, unless almost nothing of the drawing would be visible on it."""
        drawn, seen = 0, 0
        for box in rows(self.image):
            strip = self._strip(box)
            if strip.mode != "RGBA":
                return "white"
            pixels = np.asarray(strip.convert("LA") if channels == 1 else strip)
            ink, alpha = 255 - pixels[:, :, :-1].min(2), pixels[:, :, -1].astype(int)
            drawn += int(alpha.sum())
            seen += int(alpha[ink >= FAINT].sum())
        return "black" if drawn and seen < SEEN * drawn else "white"


def _opaque(image: Image.Image, background: str, channels: int) -> Image.Image:
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, background), image)
    if channels == 1:
        return image if image.mode == "L" else image.convert("RGB").convert("L")
    return image.convert("RGB")
