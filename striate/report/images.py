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
MOST_KERNELS, MOST_SINGLE = 16, 64  # filters, and channels of each, of a deeper layer; of one whose kernels are 1x1
MOST_LAYERS = 40  # deeper layers


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


@dataclass(frozen=True)
class KernelSheet:
    """A layer's filters as one image: a row for each filter, a column for each of its input channels.

    Attributes:
        uri: a `data:` address.
        width: of the image in pixels.
        said: how many filters and channels there are, and how many are shown.
        extent: as for `FilterSheet`.
    """

    uri: str
    width: int
    said: str
    extent: float


def planes(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """A convolution's weights as filters (F, C, kh, kw): of sequences one row, of volumes the middle plane."""
    if weights.ndim == 3:
        return weights[:, :, None]
    return weights[:, :, weights.shape[2] // 2] if weights.ndim == 5 else weights


def kernel_sheet(filters: NDArray[np.float32]) -> KernelSheet:
    """Filters of shape (F, C, kh, kw) in grey, the first of them where they are many; 0 is mid-grey."""
    num_filters, channels, height, width = filters.shape
    single = height == width == 1
    most, gap = (MOST_SINGLE, 0) if single else (MOST_KERNELS, 1)
    some = filters[:most, :most]
    extent = float(np.abs(some).max())
    grey = np.rint(127.5 + 127.5 * some / max(extent, 1e-12)).astype(np.uint8)
    opaque = np.stack([grey, np.full_like(grey, 255)], axis=-1)  # the gaps between kernels let the page through
    sheet = np.pad(opaque, ((0, 0), (0, 0), (0, gap), (0, gap), (0, 0)))
    joined = sheet.transpose(0, 2, 1, 3, 4).reshape(len(some) * (height + gap), -1, 2)
    shown = "" if some.size == filters.size else f", of which {some.shape[0]} x {some.shape[1]} are shown"
    said = f"{num_filters} filters of {channels} x {height}x{width}{shown}"
    return KernelSheet(data_uri(joined, max(joined.shape)), joined.shape[1], said, extent)


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
