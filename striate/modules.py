"""Layer → the PyTorch module that computes it.

>>> MODULES[tree.Relu6](tree.Relu6(), (8, 6, 6))
ReLU6()
"""

from collections.abc import Callable
from typing import Any, cast

from torch import nn

from striate import layers
from striate.notation import rules, tree
from striate.notation.rules.window import reach
from striate.notation.tree import Layer, Shape

CONV = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
FLIPPED = (nn.Linear, layers.FlippedConv1d, layers.FlippedConv2d, layers.FlippedConv3d)
UPCONV = (nn.Linear, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
CROPS = (nn.Identity, nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d)
MAX_POOL = (nn.Identity, nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
AVG_POOL = (nn.Identity, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
ADAPTIVE_AVG = (nn.Identity, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
ADAPTIVE_MAX = (nn.Identity, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)
BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
INSTANCE_NORM = (nn.Identity, layers.InstanceNorm1d, layers.InstanceNorm2d, layers.InstanceNorm3d)


def _conv(layer: tree.Conv, shape: Shape) -> nn.Module:
    inside = _pads_itself(layer)
    padding = 0 if not inside else "same" if layer.pad.mode == "same" else layer.pad.sizes
    make: Any = (FLIPPED if layer.flip else CONV)[len(shape) - 1]
    module: nn.Module = make(
        shape[0],
        layer.filters,
        layer.kernel,
        stride=layer.stride,
        padding=padding,
        dilation=layer.dilation,
        groups=layer.groups,
        bias=layer.bias,
        padding_mode=layer.pad.mode if inside and layer.pad.mode != "same" else "zeros",
    )
    return module


def _pads_itself(layer: tree.Sliding) -> bool:
    """Whether the layer's module does the padding itself, so that no padding module is needed before it.

    PyTorch's convolution has "same" padding at stride 1, but copies its input where the padding is odd.
    """
    if isinstance(layer, tree.AvgPool):
        return True
    if isinstance(layer, tree.Local | tree.Lws | tree.Deform):
        return False
    if isinstance(layer, tree.MaxPool) and any(layer.pad.sizes):
        if set(layer.dilation) != {1}:
            return False  # where a window steps over all entries, PyTorch writes its gradient outside the map
        if _is_wide(layer):
            return False
    if layer.pad.mode != "same":
        return not layer.pad.after and (layer.floor or isinstance(layer, tree.Pool))
    if not isinstance(layer, tree.Conv) or set(layer.stride) != {1}:
        return False
    return all(reach(k, d) % 2 for k, d in zip(layer.kernel, layer.dilation, strict=True))


def _is_wide(layer: tree.Pool) -> bool:
    """Whether its padding is wider than half the window, which PyTorch's pools refuse."""
    return any(2 * pad > size for pad, size in zip(layer.pad.sizes, layer.kernel, strict=False))


def padding_before(layer: tree.Sliding) -> nn.Module | None:
    """The module that pads before a layer whose own module does not."""
    pad, value = layer.pad, float("-inf") if isinstance(layer, tree.MaxPool) else 0.0
    if _pads_itself(layer) or (layer.floor and not any((*pad.sizes, *pad.after)) and pad.mode != "same"):
        return None
    if pad.mode == "same":
        return layers.SamePad(layer.kernel, layer.stride, layer.dilation, value)
    window = None if layer.floor else (layer.kernel, layer.stride, layer.dilation)
    return layers.Padding(pad.mode, pad.sizes, pad.ends, window, value)


def _local(layer: tree.Local, shape: Shape) -> nn.Module:
    positions = cast("tuple[int, ...]", rules.output(layer, shape).value[1:])
    return layers.Local(shape[0] or 1, layer.filters, layer.kernel, layer.stride, positions, layer.bias)


def _lws(layer: tree.Lws, shape: Shape) -> nn.Module:
    return layers.LimitedSharing(shape[0] or 1, layer.filters, layer.kernel, layer.stride, layer.sections, layer.bias)


def _deform(layer: tree.Deform, shape: Shape) -> nn.Module:
    return layers.DeformConv(
        *(shape[0] or 1, layer.filters, layer.kernel, layer.stride, layer.dilation),
        not layer.plain,
        layer.bias,
        layer.groups,
        layer.taken,
    )


def _upconv(layer: tree.UpConv, shape: Shape) -> nn.Module:
    make: Any = UPCONV[len(shape) - 1]
    module: nn.Module = make(
        *(shape[0], layer.filters, layer.kernel, layer.stride, 0 if layer.pad.after else layer.pad.sizes, layer.extras),
        groups=layer.groups,
        bias=layer.bias,
        dilation=layer.dilation,
    )
    return module


def _avg_pool(layer: tree.AvgPool, shape: Shape) -> nn.Module:
    numbers = (layer.kernel, layer.stride)
    wide = len(shape) == 4 and any(n is None or k > n for k, n in zip(layer.kernel, shape[1:], strict=True))
    if layer.pad.mode == "same":
        return layers.AvgPool(*numbers, None, layer.dilation, not layer.floor, layer.counts_padding)
    if layer.pad.after or set(layer.dilation) != {1} or wide or _is_wide(layer):  # which PyTorch's own lacks
        before = layer.pad.sizes or (0,) * len(layer.kernel)
        pads = tuple(zip(before, layer.pad.ends or before, strict=True))
        return layers.AvgPool(*numbers, pads, layer.dilation, not layer.floor, layer.counts_padding)
    make: Any = AVG_POOL[len(shape) - 1]
    module: nn.Module = make(
        *numbers, layer.pad.sizes or 0, ceil_mode=not layer.floor, count_include_pad=layer.counts_padding
    )
    return module


def _max_pool(layer: tree.MaxPool, shape: Shape) -> nn.Module:
    make: Any = MAX_POOL[len(shape) - 1]
    inside = _pads_itself(layer)
    padding, ceil = layer.pad.sizes if inside else 0, not layer.floor and (inside or layer.pad.mode == "same")
    module: nn.Module = make(layer.kernel, layer.stride, padding, layer.dilation, ceil_mode=ceil)
    return module


def _shuffle(layer: tree.Shuffle, shape: Shape) -> nn.Module:
    return nn.PixelShuffle(layer.factor) if len(shape) == 3 else layers.Shuffle(layer.factor)


def _unshuffle(layer: tree.Unshuffle, shape: Shape) -> nn.Module:
    return nn.PixelUnshuffle(layer.factor) if len(shape) == 3 else layers.Unshuffle(layer.factor)


def _upsample(layer: tree.Upsample, shape: Shape) -> nn.Module:
    return layers.Upsample(layer.factor, None, layer.bilinear, layer.corners)


def _upsample_to(layer: tree.UpsampleTo, shape: Shape) -> nn.Module:
    return layers.Upsample(None, layer.size, layer.bilinear, layer.corners)


def _adaptive(modules: tuple[type[nn.Module], ...]) -> Callable[[Any, Shape], nn.Module]:
    return lambda layer, shape: modules[len(shape) - 1](layer.size)


def _global(modules: tuple[type[nn.Module], ...]) -> Callable[[Layer, Shape], nn.Module]:
    return lambda layer, shape: modules[len(shape) - 1](1)


def crop(sizes: tree.Pad) -> nn.Module:
    """The module that removes entries at the edges; `ConstantPad` does so by negative numbers."""
    amounts = [-size for pair in zip(reversed(sizes.sizes), reversed(sizes.ends), strict=True) for size in pair]
    return CROPS[len(sizes.sizes)](tuple(amounts), 0.0)  # type: ignore[arg-type]


def _lrn(layer: tree.LRN, shape: Shape) -> nn.Module:
    make = nn.LocalResponseNorm if len(shape) > 1 else layers.FlatLocalResponseNorm
    # PyTorch divides alpha by the window, the paper does not
    return make(layer.size, layer.alpha * layer.size, layer.beta, layer.k)


def _batch_norm(layer: tree.BatchNorm, shape: Shape) -> nn.Module:
    return BATCH_NORM[len(shape) - 1](shape[0] or 1, layer.eps, layer.momentum, layer.affine)


def _instance_norm(layer: tree.InstanceNorm, shape: Shape) -> nn.Module:
    make: Any = INSTANCE_NORM[len(shape) - 1]
    module: nn.Module = make(shape[0], layer.eps, affine=layer.affine)
    return module


def _fully_connected(layer: tree.FullyConnected, shape: Shape) -> nn.Module:
    if layer.each:
        return layers.PositionsLinear(shape[0] or 1, layer.units, layer.bias)
    return nn.Linear(_features(shape), layer.units, layer.bias)


def _features(shape: Shape) -> int:
    size = rules.product(shape)
    assert size is not None  # the shape rule of fc refuses free axes
    return size


MODULES: dict[type[Layer], Callable[[Any, Shape], nn.Module]] = {
    tree.Conv: _conv,
    tree.Local: _local,
    tree.Lws: _lws,
    tree.Deform: _deform,
    tree.Move: lambda layer, shape: layers.Move(layer.reach, not layer.whole),
    tree.Match: lambda layer, shape: layers.Match(layer.reach, not layer.whole),
    tree.UpConv: _upconv,
    tree.Shuffle: _shuffle,
    tree.Unshuffle: _unshuffle,
    tree.Upsample: _upsample,
    tree.UpsampleTo: _upsample_to,
    tree.MaxPool: _max_pool,
    tree.Unpool: lambda layer, shape: layers.Unpool(
        layer.pool, _max_pool(layer.source, shape), padding_before(layer.source)
    ),
    tree.AvgPool: _avg_pool,
    tree.AdaptiveMaxPool: _adaptive(ADAPTIVE_MAX),
    tree.AdaptiveAvgPool: _adaptive(ADAPTIVE_AVG),
    tree.Subsample: lambda layer, shape: layers.Subsample(shape[0] or 1, layer.kernel, layer.stride),
    tree.GlobalAvgPool: _global(ADAPTIVE_AVG),
    tree.GlobalMaxPool: _global(ADAPTIVE_MAX),
    tree.RoIPool: lambda layer, shape: layers.RoIPool(layer.size),
    tree.RoIAlign: lambda layer, shape: layers.RoIAlign(layer.size, points=layer.points, aligned=layer.aligned),
    tree.ChannelMean: lambda layer, shape: layers.ChannelMean(),
    tree.ChannelMax: lambda layer, shape: layers.ChannelMax(),
    tree.FullyConnected: _fully_connected,
    tree.Attention: lambda layer, shape: layers.Attention(shape[0] or 1, layer.heads, layer.bias),
    tree.LSTM: lambda layer, shape: layers.LSTM(shape[0] or 1, layer.units, layer.bias),
    tree.RBF: lambda layer, shape: layers.RBF(_features(shape), layer.units),
    tree.Embed: lambda layer, shape: layers.Embed(layer.table[0], layer.table[1], layer.static),
    tree.Relu: lambda layer, shape: nn.ReLU(),
    tree.Leaky: lambda layer, shape: nn.LeakyReLU(layer.slope),
    tree.PRelu: lambda layer, shape: nn.PReLU((shape[0] or 1) if layer.each else 1),
    tree.Elu: lambda layer, shape: nn.ELU(layer.alpha),
    tree.Tanh: lambda layer, shape: layers.ScaledTanh() if layer.scaled else nn.Tanh(),
    tree.Sigmoid: lambda layer, shape: nn.Sigmoid(),
    tree.Swish: lambda layer, shape: nn.SiLU(),
    tree.Gelu: lambda layer, shape: nn.GELU("none" if layer.exact else "tanh"),
    tree.Relu6: lambda layer, shape: nn.ReLU6(),
    tree.Mish: lambda layer, shape: nn.Mish(),
    tree.HardSigmoid: lambda layer, shape: nn.Hardsigmoid(),
    tree.HardSwish: lambda layer, shape: nn.Hardswish(),
    tree.Selu: lambda layer, shape: nn.SELU(),
    tree.Softplus: lambda layer, shape: nn.Softplus(),
    tree.Clip: lambda layer, shape: nn.Hardtanh(layer.min, layer.max),
    tree.Maxout: lambda layer, shape: layers.Maxout(layer.pieces),
    tree.Glu: lambda layer, shape: nn.GLU(dim=1),
    tree.Softmax: lambda layer, shape: nn.Softmax(dim=1),
    tree.BatchNorm: _batch_norm,
    tree.LayerNorm: lambda layer, shape: layers.LayerNorm(shape[0] or 1, layer.eps, layer.affine),
    tree.GroupNorm: lambda layer, shape: nn.GroupNorm(layer.groups, shape[0] or 1, layer.eps, layer.affine),
    tree.InstanceNorm: _instance_norm,
    tree.RMSNorm: lambda layer, shape: layers.RMSNorm(shape[0] or 1, layer.eps, layer.affine),
    tree.LayerScale: lambda layer, shape: layers.LayerScale(shape[0] or 1, layer.init),
    tree.LRN: _lrn,
    tree.Dropout: lambda layer, shape: layers.Dropout(layer.p),
    tree.DropPath: lambda layer, shape: layers.DropPath(layer.p),
    tree.ZeroPad: lambda layer, shape: layers.ZeroChannels(layer.channels),
    tree.Padding: lambda layer, shape: layers.Padding(layer.sizes.mode, layer.sizes.sizes, layer.sizes.ends),
    tree.Crop: lambda layer, shape: crop(layer.sizes),
    tree.Maps: lambda layer, shape: layers.Maps(layer.numbers),
    tree.Interleave: lambda layer, shape: layers.Interleave(layer.groups),
    tree.Identity: lambda layer, shape: nn.Identity(),
}
