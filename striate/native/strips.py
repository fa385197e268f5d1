"""Small batches: images are cut into strips, so that no lane of a vector is idle.

A lane holds an image of the mini-batch, or, where there are fewer images than lanes and threads want, a strip of its
rows: strip s of image i is in lane i·S + s. Layers whose windows stay within a strip do not notice; a convolution
gets the rows beyond its edges from the neighbouring lanes. Before any other layer the images are made whole again.

>>> wanted(images=4, threads=2, lanes=16), wanted(images=100, threads=2, lanes=16)
(8, 1)
"""

from __future__ import annotations

from striate.native.builder import Builder, out, paddings, pair, shape_of
from striate.native.steps.strips import Whole
from striate.native.values import Value
from striate.notation import rules, tree
from striate.notation.rules.window import reach
from striate.notation.tree import Layer

POINTWISE = (  # of those, whatever reads one position of all maps
    tree.Activation,
    tree.BatchNorm,
    tree.LayerNorm,
    tree.RMSNorm,
    tree.LayerScale,
    tree.LRN,
    tree.Dropout,
    tree.Identity,
    tree.ChannelMean,
    tree.ChannelMax,
    tree.Maps,
    tree.ZeroPad,
    tree.Interleave,
    tree.Shuffle,
)


def wanted(images: int, threads: int, lanes: int) -> int:
    """Strips that keep all threads and lanes at work, a power of two."""
    each, strips = max(images // threads, 1), 1
    while strips * 2 * each <= lanes:
        strips *= 2
    return strips


def whole(b: Builder, x: Value) -> Value:
    """The value with each image in one lane."""
    if x.strips == 1:
        return x
    if x not in b.wholes:
        b.wholes[x] = b.add(Whole(x))
    return b.wholes[x]


def fitted(b: Builder, layer: Layer, x: Value) -> Value:
    """The value as a layer can read it: in strips where it is and the layer's windows allow it."""
    return x if x.strips == 1 or _stays(layer, x) else whole(b, x)


def _stays(layer: Layer, x: Value) -> bool:
    """Whether a layer can work on strips."""
    if isinstance(layer, POINTWISE):
        return True
    if isinstance(layer, tree.GlobalAvgPool):
        return True
    if isinstance(layer, tree.FullyConnected):
        return layer.each and x.columns > 1
    if isinstance(layer, tree.Unshuffle):
        return x.rows % layer.factor == 0
    if isinstance(layer, tree.Upsample):
        return not layer.bilinear
    if isinstance(layer, tree.Conv):
        return _convolves(layer, x)
    if isinstance(layer, tree.UpConv | tree.MaxPool | tree.AvgPool):
        return _tiles(layer, x)
    return False


def _convolves(layer: tree.Conv, x: Value) -> bool:
    """Whether windows begin at each strip's first row, and reach no further than the next strip."""
    if layer.pad.mode not in ("zeros", "same") or len(layer.kernel) != 2 or x.columns == 1 or x.rows % layer.stride[0]:
        return False
    all_rows = Value(x.channels, x.rows * x.strips, x.columns)
    rows, (_, above, _) = x.rows // layer.stride[0], paddings(layer, all_rows)[0]
    if out(layer, all_rows).rows != rows * x.strips or paddings(layer, x)[0][1] != above:
        return False
    below = (rows - 1) * layer.stride[0] + reach(layer.kernel[0], layer.dilation[0]) - above - x.rows
    fits = rules.output(layer, shape_of(x, 2)).value[1] == rows
    return fits and above <= x.rows and below + layer.stride[0] >= 0 and below <= x.rows


def _tiles(layer: tree.UpConv | tree.Pool, x: Value) -> bool:
    """Whether windows lie side by side on the rows, and none crosses a strip's edge."""
    if len(layer.kernel) != 2 or (layer.pad.mode == "same" and layer.pad.sizes == ()):
        return False
    extra = isinstance(layer, tree.UpConv) and any(layer.extra)
    edges = (pair(layer.pad.sizes, 0)[0], pair(layer.pad.ends, 0)[0])
    side_by_side = layer.kernel[0] == layer.stride[0] and layer.dilation[0] == 1 and edges == (0, 0) and not extra
    return side_by_side and (isinstance(layer, tree.UpConv) or x.rows % layer.stride[0] == 0)
