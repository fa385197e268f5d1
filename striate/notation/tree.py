"""The network as a tree of layers: every letter bound, every repeat written out, every size a number.

One frozen dataclass per layer. Its `word` is its name in the notation, and the metadata of its fields say how the
word's arguments are written; parsing, rendering and the documentation all read them here.

>>> MaxPool(kernel=(2, 2), stride=(2, 2), dilation=(1, 1))
MaxPool(kernel=(2, 2), stride=(2, 2), pad=Pad(mode='zeros', sizes=(0,), after=()), dilation=(1, 1), floor=True)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any, ClassVar, Literal, TypeAlias

from striate.notation.errors import Span
from striate.notation.syntax import NOWHERE, Program

Shape: TypeAlias = tuple[int | None, ...]  # (C, H, W), or (C,) and its spatial axes; None for a free axis
Axes: TypeAlias = tuple[int, ...]  # one number per spatial axis
Kind: TypeAlias = Literal[
    "count", "axes", "sizes", "number", "fraction", "pad", "flag", "pair", "list", "numbers", "label", "labels"
]


@dataclass(frozen=True)
class Pad:
    """Padding: `mode` zeros, reflect, replicate or circular with one size per axis, or mode "same" with none.

    `after` holds the sizes at the end of each axis where they differ from those at its start; otherwise it is empty.

    "same" is TensorFlow's rule: the output has ceil(n / stride) entries; odd padding puts its extra entry at the end.
    """

    mode: str = "zeros"
    sizes: Axes = (0,)
    after: Axes = ()

    @property
    def ends(self) -> Axes:
        """The sizes at the end of each axis."""
        return self.after or self.sizes


PAD_MODES = ("same", "valid", "reflect", "replicate", "circular")


def leading(kind: Kind, default: Any = dataclasses.MISSING) -> Any:
    """The argument that follows the word itself: `fc 84`, the 6 of `conv 6@5x5`."""
    return field(default=default, metadata={"place": "leading", "kind": kind})


def after_at(kind: Kind) -> Any:
    """The argument after the `@`."""
    return field(metadata={"place": "at", "kind": kind})


def option(word: str, kind: Kind, default: Any = None) -> Any:
    """A named argument: `stride 2`. An axes option left out is 1 on every axis, or what `default` names.

    An option of sizes, which may be 0, is empty where all are.
    """
    return field(default=default, metadata={"place": "option", "word": word, "kind": kind})


def flag(word: str, default: bool = True) -> Any:
    """A word that switches something off (`nobias`), or on where the default is False (`flip`)."""
    return field(default=default, metadata={"place": "option", "word": word, "kind": "flag"})


@dataclass(frozen=True, kw_only=True)
class Node:
    """One element of a chain: a layer, a link or a block.

    Attributes:
        label: The name that the text gives its value. A block's is part of the names of the weights in it, a layer's
            is only another name for it.
    """

    label: str = ""
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def __repr__(self) -> str:
        shown = [
            f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr and f.name != "label"
        ]
        return f"{type(self).__name__}({', '.join(([f'label={self.label!r}'] if self.label else []) + shown)})"


Chain: TypeAlias = tuple[Node, ...]


@dataclass(frozen=True, repr=False)
class Layer(Node):
    """A layer of the network, one word of the notation.

    What else is known of a layer stands here too, once, and every list of layers is made from it.

    Attributes:
        word: Its name in the notation; one of two words has `to` as its second.
        also: Its names in other libraries, in lower case without hyphens, so that an unknown word leads to ours.
        follows: Whether a text has it in the line of the layer before it.
        weighted: Whether it multiplies by weights, which are drawn by the rule that suits the activation after it.
    """

    word: ClassVar[str] = ""
    also: ClassVar[tuple[str, ...]] = ()
    follows: ClassVar[bool] = False
    weighted: ClassVar[bool] = False


@dataclass(frozen=True, repr=False)
class Pointwise(Layer):
    """A layer that keeps the shape and sees no other position."""


@dataclass(frozen=True, repr=False)
class Activation(Pointwise):
    """A function of each entry, or of each position.

    Attributes:
        init: The rule that draws the weights before it: "he" where half of the numbers are lost.
        slope_reads: What its slope is computed from, "x" or "y".
        keeps_zero: Whether it gives 0 for 0.
    """

    follows: ClassVar[bool] = True
    keeps_zero: ClassVar[bool] = False
    init: ClassVar[str] = "glorot"
    slope_reads: ClassVar[str] = "y"


class Sliding(Layer):
    """A layer with a window that slides over the map: it has a kernel and a stride for each axis, and maybe more."""

    kernel: Axes
    stride: Axes

    @property
    def pad(self) -> Pad:
        """Entries around the map; none unless a field says so."""
        return Pad("zeros", (0,) * len(self.kernel))

    @property
    def dilation(self) -> Axes:
        """Distance of the window's entries; 1 unless a field says so."""
        return (1,) * len(self.kernel)

    @property
    def floor(self) -> bool:
        """Whether a last window that reaches over the edge is left out; so it is unless a field says otherwise."""
        return True


@dataclass(frozen=True, repr=False)
class Conv(Sliding):
    """Convolution as networks use it (cross-correlation), in as many dimensions as the input has.

    `flip` reverses the kernel on every axis: the true convolution of signal processing. `ceil` adds zeros at the end
    where the stride does not divide the size, so that no entry of the input is ignored.
    """

    word: ClassVar[str] = "conv"
    weighted: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = (
        "convolution",
        "conv1d",
        "conv2d",
        "conv3d",
        "convolution1d",
        "convolution2d",
        "convolution3d",
        "cnn",
    )
    filters: int = leading("count")
    kernel: Axes = after_at("axes")
    stride: Axes = option("stride", "axes")
    pad: Pad = option("pad", "pad", Pad())
    dilation: Axes = option("dilate", "axes")
    groups: int = option("groups", "count", 1)
    bias: bool = flag("nobias")
    flip: bool = flag("flip", False)
    floor: bool = flag("ceil")


@dataclass(frozen=True, repr=False)
class Local(Sliding):
    """Locally connected layer: a convolution whose weights are not shared, one filter per position."""

    word: ClassVar[str] = "local"
    weighted: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("locallyconnected1d", "locallyconnected2d", "locally", "unshared")
    filters: int = leading("count")
    kernel: Axes = after_at("axes")
    stride: Axes = option("stride", "axes")
    pad: Pad = option("pad", "pad", Pad())
    bias: bool = flag("nobias")


@dataclass(frozen=True, repr=False)
class Lws(Sliding):
    """Limited weight sharing (Abdel-Hamid et al. 2014): each of `sections` of the first axis has its own filters."""

    word: ClassVar[str] = "lws"
    weighted: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("limitedweightsharing", "limitedsharing", "bandconv")
    filters: int = leading("count")
    kernel: Axes = after_at("axes")
    stride: Axes = option("stride", "axes")
    pad: Pad = option("pad", "pad", Pad())
    sections: int = option("sections", "count", 1)
    bias: bool = flag("nobias")


@dataclass(frozen=True, repr=False)
class Deform(Sliding):
    """Deformable convolution (Dai et al. 2017; `modulated`: Zhu et al. 2018); a second one gives the offsets.

    With `of n` it reads the first n channels alone, while the offsets are of all: the maps of one frame, moved to
    where the maps of both frames say (Tian et al. 2020).
    """

    word: ClassVar[str] = "deform"
    weighted: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("deformconv2d", "deformableconv", "dcn")
    filters: int = leading("count")
    kernel: Axes = after_at("axes")
    stride: Axes = option("stride", "axes")
    pad: Pad = option("pad", "pad", Pad())
    dilation: Axes = option("dilate", "axes")
    groups: int = option("groups", "count", 1)
    taken: int = option("of", "count", 0)  # 0 where it reads all
    plain: bool = flag("modulated")
    bias: bool = flag("nobias")

    def reads(self, channels: int) -> int:
        """How many of the channels that come in it reads; the offsets are of all."""
        return self.taken or channels


class Moving(Layer):
    """What `match` and `move` share: two frames, and moves of up to `reach` pixels from each to the middle.

    Moves are along both axes, row by row from (-reach, -reach), by whole pixels or by `halves`; what is between pixels
    is as in H.264, by (1, -5, 20, 20, -5, 1)/32 along each axis. Beyond an edge is the nearest entry.
    """

    reach: int
    whole: bool

    @property
    def num_moves(self) -> int:
        """How many moves there are."""
        return (2 * self.reach * (1 if self.whole else 2) + 1) ** 2


@dataclass(frozen=True, repr=False)
class Match(Moving):
    """How unlike two frames are for each move by up to `reach` pixels to the middle and on (Park et al. 2020).

    One half of the maps is the first frame, the other the second. A map for each move comes out: the mean difference of
    the first frame, moved, and the second, moved as far back.
    """

    word: ClassVar[str] = "match"
    also: ClassVar[tuple[str, ...]] = ("costvolume", "correlation", "bilateralcost")
    reach: int = leading("count")
    whole: bool = flag("halves")


@dataclass(frozen=True, repr=False)
class Move(Moving):
    """Two frames brought to the middle, each by moves of up to `reach` pixels, opposite to those of the other.

    After the maps of both come as many as there are moves, in the order of `match`: the weights of the moves at each
    position, as of an adaptive convolution (Niklaus et al. 2017). As a pool it counts no MACs.
    """

    word: ClassVar[str] = "move"
    also: ClassVar[tuple[str, ...]] = ("warp", "bilateralwarp", "shiftandadd")
    reach: int = leading("count")
    whole: bool = flag("halves")


@dataclass(frozen=True, repr=False)
class UpConv(Layer):
    """Transposed convolution: every input entry spreads over a kernel of the output, and `pad` crops what comes out.

    `extra` entries, PyTorch's output padding, come after the last of each axis before the cropping: 0 and the bias.
    `upconv 8@3 stride 2 pad 1 extra 1` gives exactly twice the size, and so does `upconv 8@3 stride 2 pad (1,0)`.
    """

    word: ClassVar[str] = "upconv"
    weighted: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = (
        "convtranspose1d",
        "convtranspose2d",
        "convtranspose3d",
        "conv1dtranspose",
        "conv2dtranspose",
        "conv3dtranspose",
        "deconv",
        "deconvolution",
        "transposedconv",
        "transposeconv",
    )
    filters: int = leading("count")
    kernel: Axes = after_at("axes")
    stride: Axes = option("stride", "axes")
    pad: Pad = option("pad", "pad", Pad())
    dilation: Axes = option("dilate", "axes")
    groups: int = option("groups", "count", 1)
    extra: Axes = option("extra", "sizes", ())
    bias: bool = flag("nobias")

    @property
    def extras(self) -> Axes:
        """The extra entries of each axis, 0 where there are none."""
        return self.extra or (0,) * len(self.kernel)


@dataclass(frozen=True, repr=False)
class Shuffle(Layer):
    """Pixel shuffle (Shi et al. 2016): groups of channels become a finer map."""

    word: ClassVar[str] = "shuffle"
    also: ClassVar[tuple[str, ...]] = ("pixelshuffle", "depthtospace", "subpixel")
    factor: int = leading("count")


@dataclass(frozen=True, repr=False)
class Unshuffle(Layer):
    """Blocks of `factor` entries an axis become channels, in PyTorch's order: undoes `shuffle` (YOLOv2's reorg)."""

    word: ClassVar[str] = "unshuffle"
    also: ClassVar[tuple[str, ...]] = ("pixelunshuffle", "spacetodepth", "reorg", "passthrough")
    factor: int = leading("count")


class Resampling(Layer):
    """A layer that reads maps on a finer or coarser grid, with the same two options.

    Of n entries that come in and m that go out, entry i is the one at floor(i·n/m). With `bilinear` it is read between
    the entries, linearly along every axis, at (i + 1/2)·n/m - 1/2; with `corners` too, at i·(n - 1)/(m - 1).
    """

    bilinear: bool
    corners: bool


@dataclass(frozen=True, repr=False)
class Upsample(Resampling):
    """Maps `factor` times as large: the nearest entry, or `bilinear` between entries (Long et al. 2015).

    `corners` places the first and last entries of both maps on each other: PyTorch's `align_corners`.
    """

    word: ClassVar[str] = "upsample"
    also: ClassVar[tuple[str, ...]] = (
        "upsampling",
        "upsampling1d",
        "upsampling2d",
        "upsampling3d",
        "upsamplingnearest2d",
        "upsamplingbilinear2d",
        "bilinear",
        "nearest",
    )
    factor: Axes = leading("axes")
    bilinear: bool = flag("bilinear", False)
    corners: bool = flag("corners", False)


@dataclass(frozen=True, repr=False)
class UpsampleTo(Resampling):
    """Maps of this size, whatever comes in: as `upsample`, by a factor that need not be whole."""

    word: ClassVar[str] = "upsample to"
    also: ClassVar[tuple[str, ...]] = ("interpolate", "resize")
    size: Axes = leading("axes")
    bilinear: bool = flag("bilinear", False)
    corners: bool = flag("corners", False)


@dataclass(frozen=True, repr=False)
class Pool(Sliding):
    """What max and average pooling share."""

    kernel: Axes = leading("axes")
    stride: Axes = option("stride", "axes", "kernel")
    pad: Pad = option("pad", "pad", Pad())
    dilation: Axes = option("dilate", "axes")
    floor: bool = flag("ceil")


@dataclass(frozen=True, repr=False)
class MaxPool(Pool):
    """The largest entry of each window. `ceil` keeps a window that reaches over the edge."""

    word: ClassVar[str] = "maxpool"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = (
        "maxpool1d",
        "maxpool2d",
        "maxpool3d",
        "maxpooling",
        "maxpooling1d",
        "maxpooling2d",
        "maxpooling3d",
        "pooling",
        "pool2d",
    )


@dataclass(frozen=True, repr=False)
class Unpool(Layer):
    """Max unpooling (Zeiler & Fergus 2014): each entry goes back to where that maxpool found it; the rest is 0.

    `pool` is the label of a maxpool before it, of any window and padding. Entries that return to the
    same place are added.
    """

    word: ClassVar[str] = "unpool"
    also: ClassVar[tuple[str, ...]] = ("maxunpool1d", "maxunpool2d", "maxunpool3d", "unpooling")
    pool: str = leading("label")
    source: MaxPool | None = None  # the pool itself; set in the graph


@dataclass(frozen=True, repr=False)
class AvgPool(Pool):
    """The mean of each window; padding by a number counts as zeros, `pad same` does not count.

    With `uncounted` no padding counts: PyTorch's count_include_pad=False, and what ONNX does by default.
    """

    word: ClassVar[str] = "avgpool"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = (
        "avgpool1d",
        "avgpool2d",
        "avgpool3d",
        "averagepool",
        "averagepooling",
        "averagepooling1d",
        "averagepooling2d",
        "averagepooling3d",
        "meanpool",
    )
    counted: bool = flag("uncounted")

    @property
    def counts_padding(self) -> bool:
        """Whether entries of padding are among those of which the mean is taken."""
        return self.counted and self.pad.mode != "same"


class Adaptive(Layer):
    """A pool that gives maps of one size, whatever comes in.

    Of n entries that come in and m that go out, window i begins at floor(i·n/m) and ends before ceil((i + 1)·n/m).
    """

    size: Axes


@dataclass(frozen=True, repr=False)
class AdaptiveMaxPool(Adaptive):
    """Maps of this size, whatever comes in: the largest entry of each of as many windows (He et al. 2014)."""

    word: ClassVar[str] = "maxpool to"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("adaptivemaxpool1d", "adaptivemaxpool2d", "adaptivemaxpool3d")
    size: Axes = leading("axes")


@dataclass(frozen=True, repr=False)
class AdaptiveAvgPool(Adaptive):
    """Maps of this size, whatever comes in: the mean of each of as many windows; `avgpool to 1` is `gap`."""

    word: ClassVar[str] = "avgpool to"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("adaptiveavgpool1d", "adaptiveavgpool2d", "adaptiveavgpool3d")
    size: Axes = leading("axes")


@dataclass(frozen=True, repr=False)
class Subsample(Sliding):
    """LeNet-5's pooling (LeCun et al. 1998): a window's sum times a coefficient, plus a bias; both learned per map."""

    word: ClassVar[str] = "subsample"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("subsampling",)
    kernel: Axes = leading("axes")
    stride: Axes = option("stride", "axes", "kernel")


@dataclass(frozen=True, repr=False)
class GlobalAvgPool(Layer):
    """The mean of each whole map (Lin et al. 2013)."""

    word: ClassVar[str] = "gap"
    also: ClassVar[tuple[str, ...]] = (
        "globalaveragepooling",
        "globalaveragepooling1d",
        "globalaveragepooling2d",
        "globalaveragepooling3d",
        "globalavgpool",
        "globalavgpool2d",
        "globalaveragepool",
        "globalpool",
        "globalpooling",
    )


@dataclass(frozen=True, repr=False)
class GlobalMaxPool(Layer):
    """The largest entry of each whole map; max over time in one dimension (Kim 2014)."""

    word: ClassVar[str] = "gmp"
    also: ClassVar[tuple[str, ...]] = (
        "globalmaxpooling",
        "globalmaxpooling1d",
        "globalmaxpooling2d",
        "globalmaxpooling3d",
        "globalmaxpool",
        "globalmaxpool2d",
    )


@dataclass(frozen=True, repr=False)
class ChannelMean(Layer):
    """The mean across the channels at each position, one map (Woo et al. 2018)."""

    word: ClassVar[str] = "channelmean"
    also: ClassVar[tuple[str, ...]] = ("channelavg", "channelaverage", "channelavgpool")


@dataclass(frozen=True, repr=False)
class ChannelMax(Layer):
    """The largest of the channels at each position, one map (Woo et al. 2018)."""

    word: ClassVar[str] = "channelmax"
    also: ClassVar[tuple[str, ...]] = ("channelmaxpool", "channelmaximum")


@dataclass(frozen=True, repr=False)
class RoI(Layer):
    """What RoI pooling and RoI align share: a network with one is called with images and boxes.

    Boxes are (K, 5): number of the image, left, top, right, bottom in pixels of the input. Every later layer works on
    each box by itself, and its figures are for one box. `from p2 p3 p4 p5`: of a pyramid's maps each box is cut from
    the one that suits its size, that of stride 16 for 224 x 224 pixels (Lin et al. 2017, equation 1).
    """

    size: Axes = leading("axes")
    levels: tuple[str, ...] = option("from", "labels", ())


@dataclass(frozen=True, repr=False)
class RoIPool(RoI):
    """RoI pooling (Girshick 2015): the largest entry in each bin of a box: `input 3x?x? -> … -> roipool 7 -> fc 9`."""

    word: ClassVar[str] = "roipool"
    also: ClassVar[tuple[str, ...]] = ("roipooling",)


@dataclass(frozen=True, repr=False)
class RoIAlign(RoI):
    """RoI align (He et al. 2017): the mean of `points` x `points` interpolated values in each bin of a box.

    `unaligned`: as in Detectron's first version, entry i of a map is at i, not at i + 1/2, and a box at least 1 wide.
    """

    word: ClassVar[str] = "roialign"
    points: int = option("points", "count", 2)
    aligned: bool = flag("unaligned")


@dataclass(frozen=True, repr=False)
class FullyConnected(Layer):
    """Every unit sees every entry: a matrix product. Flattens its input by itself.

    `each`: along the channels at each position instead, as `conv units@1`; the positions stay.
    """

    word: ClassVar[str] = "fc"
    weighted: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("linear", "affine", "fullyconnected", "innerproduct", "ip", "lazylinear", "mlp")
    units: int = leading("count")
    bias: bool = flag("nobias")
    each: bool = flag("each", False)


@dataclass(frozen=True, repr=False)
class Attention(Layer):
    """Self-attention of all positions with `heads` heads, or attention to a label's (Vaswani et al. 2017).

    q, k and v are the input times one matrix of 3C x C, plus a bias unless `nobias`. Of each head, with d = C / heads
    channels, softmax(q·k / sqrt(d))·v comes out; all heads together are multiplied by a matrix of C x C. Its MACs count
    the products with both matrices, and those of values with values: q·k and softmax·v. With `from label` k and v are
    of that value, which has as many channels and any axes: each word of a sentence looks at places of a picture.
    """

    word: ClassVar[str] = "attention"
    weighted: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = (
        "selfattention",
        "multihead",
        "multiheadattention",
        "multiheadselfattention",
        "scaleddotproductattention",
        "mha",
        "mhsa",
    )
    heads: int = leading("count")
    seen: tuple[str, ...] = option("from", "labels", ())  # one at most; of none it looks at its own input
    bias: bool = flag("nobias")


@dataclass(frozen=True, repr=False)
class LSTM(Layer):
    """Long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000): each position knows those before it.

    It goes along the one axis that a row of words or a signal has. Of the input, and of what came out a position
    earlier, four matrices give the gates i, f, o and the candidate g: c = sigmoid(f)·c + sigmoid(i)·tanh(g), and
    sigmoid(o)·tanh(c) comes out. Each matrix has a bias unless `nobias`: two for each gate, as in PyTorch.
    """

    word: ClassVar[str] = "lstm"
    weighted: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("longshorttermmemory", "recurrent", "rnn")
    units: int = leading("count")
    bias: bool = flag("nobias")


@dataclass(frozen=True, repr=False)
class RBF(Layer):
    """LeNet-5's output units: minus the squared distance to each class's fixed prototype; the largest is the nearest.

    Ten units on 84 inputs have the paper's kind of prototypes, bitmaps of the digits; all others random ones.
    """

    word: ClassVar[str] = "rbf"
    also: ClassVar[tuple[str, ...]] = ("gaussian",)
    units: int = leading("count")


@dataclass(frozen=True, repr=False)
class Embed(Layer):
    """A table of word vectors: (length) whole numbers become (width, length); `static`: they never learn (Kim 2014)."""

    word: ClassVar[str] = "embed"
    also: ClassVar[tuple[str, ...]] = ("embedding", "wordembedding", "lookuptable")
    table: tuple[int, int] = leading("pair")  # rows (words known) x width of a vector
    static: bool = flag("static", False)

    SPREAD: ClassVar[float] = 0.25  # they begin between -0.25 and 0.25, as wide as word2vec's (Kim 2014, 3.1)


@dataclass(frozen=True, repr=False)
class Relu(Activation):
    """max(0, x)."""

    word: ClassVar[str] = "relu"
    keeps_zero: ClassVar[bool] = True
    init: ClassVar[str] = "he"
    also: ClassVar[tuple[str, ...]] = ("rectifier", "rectifiedlinear")


@dataclass(frozen=True, repr=False)
class Relu6(Activation):
    """min(max(0, x), 6) (Krizhevsky 2010; MobileNet)."""

    word: ClassVar[str] = "relu6"
    keeps_zero: ClassVar[bool] = True
    init: ClassVar[str] = "he"


@dataclass(frozen=True, repr=False)
class Leaky(Activation):
    """x for x > 0, else slope·x."""

    word: ClassVar[str] = "leaky"
    keeps_zero: ClassVar[bool] = True
    init: ClassVar[str] = "he"
    also: ClassVar[tuple[str, ...]] = ("leakyrelu", "lrelu")
    slope: float = leading("number", 0.01)


@dataclass(frozen=True, repr=False)
class PRelu(Activation):
    """Leaky ReLU whose slope is learned, one per channel; `single`: one for all (He et al. 2015)."""

    word: ClassVar[str] = "prelu"
    init: ClassVar[str] = "he"
    also: ClassVar[tuple[str, ...]] = ("parametricrelu",)
    each: bool = flag("single")


@dataclass(frozen=True, repr=False)
class Elu(Activation):
    """x for x > 0, else alpha·(exp(x) - 1) (Clevert et al. 2015)."""

    word: ClassVar[str] = "elu"
    keeps_zero: ClassVar[bool] = True
    init: ClassVar[str] = "he"
    alpha: float = leading("number", 1.0)


@dataclass(frozen=True, repr=False)
class Tanh(Activation):
    """The hyperbolic tangent; `scaled`: 1.7159·tanh(2x/3), which maps 1 to 1 and -1 to -1 (LeCun et al. 1998)."""

    word: ClassVar[str] = "tanh"
    keeps_zero: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("hyperbolictangent",)
    scaled: bool = flag("scaled", False)


@dataclass(frozen=True, repr=False)
class Sigmoid(Activation):
    """1 / (1 + exp(-x))."""

    word: ClassVar[str] = "sigmoid"
    also: ClassVar[tuple[str, ...]] = ("logistic", "expit")


@dataclass(frozen=True, repr=False)
class Swish(Activation):
    """x·sigmoid(x), also called SiLU (Ramachandran et al. 2017)."""

    word: ClassVar[str] = "swish"
    keeps_zero: ClassVar[bool] = True
    slope_reads: ClassVar[str] = "x"
    init: ClassVar[str] = "he"


@dataclass(frozen=True, repr=False)
class Gelu(Activation):
    """x·Φ(x) (Hendrycks & Gimpel 2016); `approx`: x/2·(1 + tanh(sqrt(2/π)·(x + 0.044715·x³)))."""

    word: ClassVar[str] = "gelu"
    keeps_zero: ClassVar[bool] = True
    init: ClassVar[str] = "he"
    slope_reads: ClassVar[str] = "x"
    exact: bool = flag("approx")


@dataclass(frozen=True, repr=False)
class Mish(Activation):
    """x·tanh(softplus(x)) (Misra 2019)."""

    word: ClassVar[str] = "mish"
    keeps_zero: ClassVar[bool] = True
    init: ClassVar[str] = "he"
    slope_reads: ClassVar[str] = "x"


@dataclass(frozen=True, repr=False)
class HardSigmoid(Activation):
    """relu6(x + 3)/6 (Howard et al. 2019)."""

    word: ClassVar[str] = "hardsigmoid"
    also: ClassVar[tuple[str, ...]] = ("hsigmoid",)


@dataclass(frozen=True, repr=False)
class HardSwish(Activation):
    """x·relu6(x + 3)/6 (Howard et al. 2019)."""

    word: ClassVar[str] = "hardswish"
    keeps_zero: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("hswish",)
    init: ClassVar[str] = "he"
    slope_reads: ClassVar[str] = "x"


@dataclass(frozen=True, repr=False)
class Selu(Activation):
    """1.0507·elu(x) with alpha 1.6733, which keeps mean 0 and variance 1 (Klambauer et al. 2017)."""

    word: ClassVar[str] = "selu"
    keeps_zero: ClassVar[bool] = True
    init: ClassVar[str] = "lecun"


@dataclass(frozen=True, repr=False)
class Softplus(Activation):
    """log(1 + exp(x)) (Dugas et al. 2001)."""

    word: ClassVar[str] = "softplus"
    init: ClassVar[str] = "he"
    slope_reads: ClassVar[str] = "x"


@dataclass(frozen=True, repr=False)
class Clip(Activation):
    """x within [min, max]; within [-1, 1] it is the hard tanh."""

    word: ClassVar[str] = "clip"
    also: ClassVar[tuple[str, ...]] = ("hardtanh", "clamp", "clipbyvalue")
    min: float = option("min", "number", -1.0)
    max: float = option("max", "number", 1.0)


@dataclass(frozen=True, repr=False)
class Maxout(Activation):
    """The largest of each `pieces` neighbouring channels (Goodfellow et al. 2013)."""

    word: ClassVar[str] = "maxout"
    init: ClassVar[str] = "he"
    pieces: int = leading("count")


@dataclass(frozen=True, repr=False)
class Glu(Activation):
    """Gated linear unit (Dauphin et al. 2017): the first half of the channels times the sigmoid of the second."""

    word: ClassVar[str] = "glu"
    also: ClassVar[tuple[str, ...]] = ("gatedlinearunit", "gate")


@dataclass(frozen=True, repr=False)
class Softmax(Activation):
    """exp(x) divided by its sum across channels. Training puts it into the loss by itself; write it only to see it."""

    word: ClassVar[str] = "softmax"


@dataclass(frozen=True, repr=False)
class BatchNorm(Pointwise):
    """Batch normalisation with a trainable scale and shift per channel (Ioffe & Szegedy 2015); `noaffine`: without.

    `momentum` is the share by which each batch moves the running statistics, as in PyTorch; Keras means 1 minus it.
    """

    word: ClassVar[str] = "bn"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = (
        "batchnorm1d",
        "batchnorm2d",
        "batchnorm3d",
        "batchnormalization",
        "batchnormalisation",
        "spatialbn",
    )
    eps: float = option("eps", "number", 1e-5)
    momentum: float = option("momentum", "number", 0.1)
    affine: bool = flag("noaffine")


@dataclass(frozen=True, repr=False)
class LayerNorm(Pointwise):
    """Layer normalisation across the channels at each position (Ba et al. 2016), as in ConvNeXt.

    The channels of each position get mean 0 and variance 1, then a trainable scale and shift per channel.
    """

    word: ClassVar[str] = "ln"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("layernorm", "layernorm2d", "layernormalization", "layernormalisation")
    eps: float = option("eps", "number", 1e-5)
    affine: bool = flag("noaffine")


@dataclass(frozen=True, repr=False)
class GroupNorm(Layer):
    """Group normalisation: over neighbouring channels and all positions (Wu & He 2018); `gn 1` takes all channels.

    The channels are in `groups` groups of equal size; a trainable scale and shift per channel follow.
    """

    word: ClassVar[str] = "gn"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("groupnorm", "groupnormalization", "groupnormalisation")
    groups: int = leading("count")
    eps: float = option("eps", "number", 1e-5)
    affine: bool = flag("noaffine")


@dataclass(frozen=True, repr=False)
class InstanceNorm(Layer):
    """Instance normalisation: each map of each example by itself (Ulyanov et al. 2016), then a scale and a shift.

    No statistics are kept: evaluation does what training does.
    """

    word: ClassVar[str] = "in"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = (
        "instancenorm",
        "instancenorm1d",
        "instancenorm2d",
        "instancenorm3d",
        "instancenormalization",
        "instancenormalisation",
    )
    eps: float = option("eps", "number", 1e-5)
    affine: bool = flag("noaffine")


@dataclass(frozen=True, repr=False)
class RMSNorm(Pointwise):
    """The channels at each position over their root mean square, times a trainable scale (Zhang & Sennrich 2019).

    `eps` is 1e-6, where PyTorch's own default is the smallest difference of its numbers from 1 (1.2e-7 in float32).
    """

    word: ClassVar[str] = "rmsnorm"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("rms", "rmsnormalization", "rmsnormalisation", "rootmeansquarenorm")
    eps: float = option("eps", "number", 1e-6)
    affine: bool = flag("noaffine")


@dataclass(frozen=True, repr=False)
class LayerScale(Pointwise):
    """One trainable factor per channel (Touvron et al. 2021), which begins at `init`: near 0, in a residual body."""

    word: ClassVar[str] = "layerscale"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("layerscale2d", "channelscale")
    init: float = leading("number", 1e-6)


@dataclass(frozen=True, repr=False)
class LRN(Pointwise):
    """Local response normalisation across `size` channels (Krizhevsky et al. 2012, section 3.3).

    The window is centred on each channel; if `size` is even, there is one channel more before the centre than after it.
    """

    word: ClassVar[str] = "lrn"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("localresponsenorm", "localresponsenormalization", "localresponsenormalisation")
    size: int = leading("count", 5)
    alpha: float = option("alpha", "number", 1e-4)
    beta: float = option("beta", "number", 0.75)
    k: float = option("k", "number", 2.0)


@dataclass(frozen=True, repr=False)
class Dropout(Pointwise):
    """Sets entries to zero with probability `p` while training (Srivastava et al. 2014)."""

    word: ClassVar[str] = "dropout"
    follows: ClassVar[bool] = True
    p: float = leading("fraction", 0.5)


@dataclass(frozen=True, repr=False)
class DropPath(Pointwise):
    """Stochastic depth: drops its whole input with probability `p` while training (Huang et al. 2016).

    Each example is kept or dropped by itself, kept ones are divided by 1 - p. It ends the body of a residual.
    """

    word: ClassVar[str] = "droppath"
    follows: ClassVar[bool] = True
    also: ClassVar[tuple[str, ...]] = ("stochasticdepth",)
    p: float = leading("fraction", 0.1)


@dataclass(frozen=True, repr=False)
class ZeroPad(Layer):
    """Maps of zeros after the others, up to `channels` maps in all: the shortcut A of He et al. 2015."""

    word: ClassVar[str] = "zeropad"
    channels: int = leading("count")


@dataclass(frozen=True, repr=False)
class Padding(Layer):
    """Entries around the map: zeros, or the map's own by `pad reflect 1`, `pad replicate 1`, `pad circular 1`."""

    word: ClassVar[str] = "pad"
    also: ClassVar[tuple[str, ...]] = (
        "padding",
        *(f"{kind}{dims}d" for kind in ("zeropad", "zeropadding") for dims in (1, 2, 3)),
        *(f"{kind}pad{dims}d" for kind in ("reflection", "replication", "circular", "constant") for dims in (1, 2, 3)),
    )
    sizes: Pad = leading("pad")


@dataclass(frozen=True, repr=False)
class Crop(Layer):
    """The map without the entries at its edges: `crop 2`, `crop (1,0)x2`."""

    word: ClassVar[str] = "crop"
    also: ClassVar[tuple[str, ...]] = ("cropping", "cropping1d", "cropping2d", "cropping3d", "centercrop")
    sizes: Pad = leading("pad")


@dataclass(frozen=True, repr=False)
class Maps(Layer):
    """Some of the maps that come in, numbered from 0: what a partly connected layer sees (LeCun et al. 1998).

    `maps 0 to 7` are the first eight.
    """

    word: ClassVar[str] = "maps"
    also: ClassVar[tuple[str, ...]] = ("gather", "select", "slice", "chunk")
    numbers: tuple[int, ...] = leading("list")


@dataclass(frozen=True, repr=False)
class Interleave(Layer):
    """Channel shuffle: the channels of so many groups take turns (Zhang et al. 2017)."""

    word: ClassVar[str] = "interleave"
    also: ClassVar[tuple[str, ...]] = ("channelshuffle",)
    groups: int = leading("count")


@dataclass(frozen=True, repr=False)
class Identity(Pointwise):
    """Nothing: a branch that passes through."""

    word: ClassVar[str] = "id"
    also: ClassVar[tuple[str, ...]] = ("identity", "nop", "noop", "skip")


@dataclass(frozen=True, repr=False)
class Own(Layer):
    """A module of the program's own, as a word that it has registered; each word has a class made from this one.

    Attributes:
        numbers: What stands after the word.
        make: The module, from the channels that come in and the numbers.
        rule: The shape that comes out, from the shape that comes in and the numbers.
        count: Trainable parameters and MACs, from the same.
    """

    make: ClassVar[Callable[..., Any]]
    rule: ClassVar[Callable[..., Shape]]
    count: ClassVar[Callable[[Shape, tuple[int | float, ...]], tuple[int, int | None]]]
    numbers: tuple[int | float, ...] = leading("numbers", ())


@dataclass(frozen=True, repr=False)
class Link(Node):
    """Leads to a labelled value or part of the network; no layer by itself."""

    word: ClassVar[str] = ""
    also: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, repr=False)
class From(Link):
    """The value of that label, whatever came in: a skip connection; `from part.label` looks into a labelled part."""

    word: ClassVar[str] = "from"
    also: ClassVar[tuple[str, ...]] = ("route", "skipfrom")
    source: str = leading("label")


@dataclass(frozen=True, repr=False)
class Shared(Link):
    """The layers of that label once more, with the same weights, on what comes in here (Bromley et al. 1993)."""

    word: ClassVar[str] = "shared"
    also: ClassVar[tuple[str, ...]] = ("reuse", "tied", "siamese")
    part: str = leading("label")


@dataclass(frozen=True, repr=False)
class Block(Node):
    """Holds chains of layers. `kind` is its name in the notation, `also` lists its names in other libraries."""

    kind: ClassVar[str] = ""
    also: ClassVar[tuple[str, ...]] = ()
    branches: tuple[Chain, ...]


@dataclass(frozen=True, repr=False)
class Group(Block):
    """A named part: a labelled bracket, or one use of a definition."""


@dataclass(frozen=True, repr=False)
class Concat(Block):
    """The branches' maps, one after another (Inception, U-Net)."""

    kind: ClassVar[str] = "concat"
    also: ClassVar[tuple[str, ...]] = ("cat", "concatenate", "filterconcat")


@dataclass(frozen=True, repr=False)
class Sum(Block):
    """The branches' maps added."""

    kind: ClassVar[str] = "sum"
    also: ClassVar[tuple[str, ...]] = ("add", "plus", "eltwise", "elementwise")


@dataclass(frozen=True, repr=False)
class Residual(Block):
    """The body's output plus the shortcut's; without a shortcut, plus the input itself (He et al. 2015)."""

    kind: ClassVar[str] = "residual"
    also: ClassVar[tuple[str, ...]] = ("shortcut", "skipconnection", "resblock", "residualblock")


@dataclass(frozen=True, repr=False)
class Dense(Block):
    """The input's maps, followed by those of the body's output (Huang et al. 2016)."""

    kind: ClassVar[str] = "dense"
    also: ClassVar[tuple[str, ...]] = ("denseblock",)


@dataclass(frozen=True, repr=False)
class Scale(Block):
    """The input times its gate: a factor per channel (Hu et al. 2017), per position (Woo et al. 2018), or per entry."""

    kind: ClassVar[str] = "scale"
    also: ClassVar[tuple[str, ...]] = ("se", "squeezeexcite", "squeezeexcitation", "multiply")


@dataclass(frozen=True, repr=False)
class Aux(Block):
    """A head on the side that helps training and is left out afterwards (Szegedy et al. 2014)."""

    kind: ClassVar[str] = "aux"
    also: ClassVar[tuple[str, ...]] = ("auxiliary", "sidehead")


@dataclass(frozen=True, repr=False)
class Heads(Block):
    """The network's outputs, each a branch that begins with its name: `heads[ class: fc 10 | box: fc 4 ]`.

    Nothing follows it. The module gives a dictionary; heads in a head are named `roi.class`.
    """

    kind: ClassVar[str] = "heads"
    also: ClassVar[tuple[str, ...]] = ("outputs", "multitask")
    names: tuple[str, ...] = ()


_NODES = [kind for kind in list(globals().values()) if isinstance(kind, type) and issubclass(kind, Node)]
LAYERS: dict[str, type[Layer]] = {kind.word: kind for kind in _NODES if issubclass(kind, Layer) and kind.word}
BLOCKS: dict[str, type[Block]] = {kind.kind: kind for kind in _NODES if issubclass(kind, Block) and kind.kind}
LINKS: dict[str, type[Link]] = {kind.word: kind for kind in _NODES if issubclass(kind, Link) and kind.word}
WORDS: dict[str, type[Layer] | type[Link]] = {**LAYERS, **LINKS}
OWN: dict[str, type[Own]] = {}  # the words that the program has registered
ALIASES = {"pool": "maxpool", "pool to": "maxpool to", "silu": "swish", "batchnorm": "bn"}


@dataclass(frozen=True)
class Network:
    """A network: the shape that comes in, and the layers in order. Two are equal when they compute the same.

    Attributes:
        input: (C, H, W), or as many spatial axes as there are; None for a free axis. Of several inputs the last.
        layers: The chain.
        name: What it is called in tables and file names.
        program: The text it was bound from, for binding it again with other letters.
        letters: The letters it was bound with.
        others: The inputs before the last, by name.
        label: The name of the last; empty where it has none.
    """

    input: Shape
    layers: Chain
    name: str = field(default="net", compare=False)
    program: Program | None = field(default=None, compare=False, repr=False)
    letters: tuple[tuple[str, int | float], ...] = field(default=(), compare=False)
    others: tuple[tuple[str, Shape], ...] = ()
    label: str = ""

    def __repr__(self) -> str:
        axes = "x".join("?" if size is None else str(size) for size in self.input)
        return f"Network({self.name!r}: input {axes}, {len(self.layers)} layers)"

    @property
    def inputs(self) -> dict[str, Shape]:
        """The shape of each input by its label, in order; "" for the last where it has none."""
        return {**dict(self.others), self.label: self.input}

    def __deepcopy__(self, memo: object) -> Network:
        """Itself: nothing in it changes."""
        return self

    @property
    def takes_boxes(self) -> bool:
        """Whether its module is called with images and boxes."""
        return any(isinstance(node, RoI) for node in deep(self.layers))


def deep(chain: Chain) -> Iterator[Node]:
    """Every node of a chain and of the branches in it."""
    for node in chain:
        yield node
        if isinstance(node, Block):
            for branch in node.branches:
                yield from deep(branch)


def attribute(label: str) -> str:
    """A label as the name of a part: exported code can't read `class`, a word of Python.

    >>> attribute("class"), attribute("box")
    ('class_', 'box')
    """
    return f"{label}_" if iskeyword(label) else label


def named(chain: Chain) -> Iterator[tuple[str, Node]]:
    """Each node of a chain with its name: a block's label, or its word and number (`conv1`, `conv2`, `residual1`).

    A number that would give a name for the second time is left out: the first `relu6` after 61 `relu` is `relu62`.

    >>> [name for name, _ in named((Relu(), Tanh(), Relu(), Group(((),), label="last")))]
    ['relu1', 'tanh1', 'relu2', 'last']
    """
    taken = {attribute(node.label) for node in chain if isinstance(node, Block)}
    counts: dict[str, int] = {}
    for node in chain:
        word = node.kind if isinstance(node, Block) else node.word if isinstance(node, Layer | Link) else ""
        word = word.replace(" ", "")
        name = attribute(node.label) if isinstance(node, Block) else ""
        while not name:
            counts[word] = counts.get(word, 0) + 1
            number = f"{word}{counts[word]}"
            name = "" if number in taken else number
        taken.add(name)
        yield name, node
