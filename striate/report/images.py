"""Small images inside the page's own text: each is a PNG written as a `data:` address.

>>> data_uri(np.zeros((8, 8), dtype=np.uint8))[:30]
'data:image/png;base64,iVBORw0K'
"""

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LONGEST_SIDE = 96  # pixels; a page of thirty photographs stays under a megabyte
MOST_FILTERS = 96


@dataclass(frozen=True)
class FilterSheet:
    """The first layer's filters as images on one common scale.

    Attributes:
        uris: one `data:` address per filter shown.
        num_filters: how many the layer has.
        extent: the largest absolute weight: it is drawn at full brightness, its negative black.
        convention: how the channels became a picture, in words.
    """

    uris: tuple[str, ...]
    num_filters: int
    extent: float
    convention: str


def data_uri(image: NDArray[np.uint8], longest: int = LONGEST_SIDE) -> str:
    """A PNG of grey values (H, W) or colours (H, W, 3) as a `data:` address; large images are reduced."""
    picture = Image.fromarray(image)
    picture.thumbnail((longest, longest))  # keeps the proportions, and never enlarges
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def filter_sheet(filters: NDArray[np.float32]) -> FilterSheet:
    """Filters of shape (F, C, kh, kw) as colours when C is 3 and as grey values otherwise; 0 is mid-grey."""
    num_filters, channels = filters.shape[:2]
    if channels == 3:
        shown, convention = filters.transpose(0, 2, 3, 1), "the three input channels are red, green and blue"
    elif channels == 1:
        shown, convention = filters[:, 0], "the one input channel in grey"
    else:
        shown, convention = filters.mean(axis=1), f"the mean over the {channels} input channels in grey"
    extent = float(np.abs(shown).max())
    grey = np.rint(127.5 + 127.5 * shown / max(extent, 1e-12)).astype(np.uint8)  # (F, kh, kw) or (F, kh, kw, 3)
    uris = tuple(data_uri(image) for image in grey[:MOST_FILTERS])
    return FilterSheet(uris, num_filters, extent, convention)
