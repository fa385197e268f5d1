"""The kinds of layers that a picture tells apart by colour, and which layer is of which kind.

>>> kind(tree.Relu()), kind(tree.MaxPool(kernel=(2, 2), stride=(2, 2), dilation=(1, 1)))
('activation', 'pooling')
"""

from striate.notation import tree
from striate.notation.tree import Layer

OF: dict[type[Layer], str] = {
    tree.Conv: "convolution",
    tree.Local: "convolution",
    tree.Lws: "convolution",
    tree.Deform: "convolution",
    tree.Moving: "convolution",
    tree.UpConv: "convolution",
    tree.Pool: "pooling",
    tree.Adaptive: "pooling",
    tree.Subsample: "pooling",
    tree.Unpool: "pooling",
    tree.GlobalAvgPool: "pooling",
    tree.GlobalMaxPool: "pooling",
    tree.ChannelMean: "pooling",
    tree.ChannelMax: "pooling",
    tree.RoI: "pooling",
    tree.FullyConnected: "fully connected",
    tree.RBF: "fully connected",
    tree.Embed: "embedding",
    tree.Attention: "attention",
    tree.LSTM: "recurrent",
    tree.Activation: "activation",
    tree.BatchNorm: "norm",
    tree.LayerNorm: "norm",
    tree.GroupNorm: "norm",
    tree.InstanceNorm: "norm",
    tree.RMSNorm: "norm",
    tree.LayerScale: "norm",
    tree.LRN: "norm",
    tree.Dropout: "dropout",
    tree.DropPath: "dropout",
    tree.Resampling: "resizing, reordering",
    tree.Shuffle: "resizing, reordering",
    tree.Unshuffle: "resizing, reordering",
    tree.ZeroPad: "resizing, reordering",
    tree.Padding: "resizing, reordering",
    tree.Crop: "resizing, reordering",
    tree.Maps: "resizing, reordering",
    tree.Interleave: "resizing, reordering",
    tree.Identity: "resizing, reordering",
    tree.Own: "own layer",
}
JOIN, FOLDED, END = "join", "folded part", "input, output"
KINDS = (*dict.fromkeys(OF.values()), JOIN, FOLDED, END)  # in the order of the legend


def kind(layer: Layer) -> str:
    """The kind of a layer.

    Raises:
        KeyError: Nobody has said which.
    """
    for known in type(layer).__mro__:
        if known in OF:
            return OF[known]
    raise KeyError(f"say in {__name__} which kind of layer {type(layer).__name__} is")


def style(kind: str) -> str:
    """The kind's class in the style sheet.

    >>> style("input, output")
    'input-output'
    """
    return kind.replace(",", "").replace(" ", "-")
