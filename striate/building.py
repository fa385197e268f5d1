"""Tree → an ordinary `torch.nn.Module`.

>>> from striate.zoo import net
>>> model = build(net("lenet5"))
>>> list(model.state_dict())[:2]
['conv1.weight', 'conv1.bias']
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from striate import layers, zoo
from striate.errors import InputError
from striate.initial import initialise, rule_before
from striate.layers.wired import X
from striate.notation import Network, measure, rules, tree
from striate.notation.ending import left_to_loss
from striate.notation.graph import FORMS, Added, Concatenated, Join, Scaled, Vertex, parts
from striate.notation.rules.window import reach
from striate.notation.tree import Block, Chain, Layer, Node, Shape, attribute, named
from striate.own import checked_once

CONV = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
FLIPPED = (nn.Linear, layers.FlippedConv1d, layers.FlippedConv2d, layers.FlippedConv3d)
UPCONV = (nn.Linear, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
CROPS = (nn.Identity, nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d)
MAX_POOL = (nn.Identity, nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
AVG_POOL = (nn.Identity, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
ADAPTIVE_AVG = (nn.Identity, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
ADAPTIVE_MAX = (nn.Identity, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)
BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
INSTANCE_NORM = (nn.Identity, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)


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
    if isinstance(layer, tree.Local | tree.Deform):
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


def _padding(layer: tree.Sliding) -> nn.Module | None:
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


def _deform(layer: tree.Deform, shape: Shape) -> nn.Module:
    return layers.DeformConv(
        *(shape[0] or 1, layer.filters, layer.kernel, layer.stride, layer.dilation),
        not layer.plain,
        layer.bias,
        layer.groups,
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


def _crop(sizes: tree.Pad) -> nn.Module:
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
    tree.Deform: _deform,
    tree.UpConv: _upconv,
    tree.Shuffle: _shuffle,
    tree.Unshuffle: _unshuffle,
    tree.Upsample: _upsample,
    tree.UpsampleTo: _upsample_to,
    tree.MaxPool: _max_pool,
    tree.Unpool: lambda layer, shape: layers.Unpool(layer.pool, _max_pool(layer.source, shape), _padding(layer.source)),
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
    tree.RBF: lambda layer, shape: layers.RBF(_features(shape), layer.units),
    tree.Embed: lambda layer, shape: layers.Embed(*layer.table),
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
    tree.Crop: lambda layer, shape: _crop(layer.sizes),
    tree.Maps: lambda layer, shape: layers.Maps(layer.numbers),
    tree.Interleave: lambda layer, shape: layers.Interleave(layer.groups),
    tree.Identity: lambda layer, shape: nn.Identity(),
}

JOINS: dict[type[Join], Callable[..., Tensor]] = {
    Added: layers.added,
    Concatenated: layers.concatenated,
    Scaled: layers.scaled,
}

ASIDE = (tree.Scale, tree.Aux, tree.Heads)  # blocks whose branches do not lead to the next layer
TAKEN = frozenset(dir(layers.Wired(OrderedDict())))  # names that every module has: `half`, `float`, `train`, …


def build(network: str | Path | Network, init: str | None = None, seed: int | None = None) -> nn.Sequential:
    """The network as an ordinary module: it can be copied, moved, compiled and exported like any other.

    Weights are named as the notation reads: `conv1.weight`, `residual2.body.conv1.weight`, or by the label given.

    Args:
        network: A network, a name of the zoo, a `.net` file, or the text itself; free axes stay free.
        init: `he`, `glorot`, `lecun`, `normal` or `zeros`; by default the activation that follows decides.
        seed: The same seed gives the same weights, and PyTorch's own random state is left unchanged. By default
            weights are drawn from that state, as in any PyTorch module.

    Returns:
        A module from (N, *network.input) to the network's output. With `aux` heads it gives (logits, [head logits])
        while training. With a RoI layer it is called with boxes too, `model(images, boxes)`, and gives one row per box.

    Raises:
        InputError: No such network or initialisation, a layer that no module can do here, or a label that modules use
            as an attribute.

    Warns:
        UserWarning: As `st.net` does.

    >>> from striate.notation import read
    >>> build(read("input 1x28x28 -> [conv 8@3 -> relu]*2 -> gap -> fc 10"))[-1]
    Linear(in_features=8, out_features=10, bias=True)
    """
    network = network if isinstance(network, Network) else zoo.noted(zoo.find(network))
    with _drawing_from(seed):
        builder = _Builder(network, init)
        chain = builder.network()
    for name in left_to_loss(builder.graph):
        chain.set_submodule(name, layers.LastSoftmax(dim=1))
    return chain


@contextmanager
def _drawing_from(seed: int | None) -> Iterator[None]:
    """Inside, PyTorch's generator, from which modules draw their weights, starts at this seed."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # `torch.manual_seed` would seed every GPU too
        yield


class _Builder:
    """Makes the modules of a network: one per chain, in it one per layer and block."""

    def __init__(self, network: Network, init: str | None) -> None:
        self.init, self.measured = init, measure(network)
        self.graph = self.measured.graph
        self.vertices = {vertex.name: vertex for vertex in self.graph.vertices}
        layers_ = [vertex for vertex in self.graph.vertices if isinstance(vertex.node, Layer)]
        self.beside = {name for vertex in layers_ if len(vertex.inputs) > 1 for name in vertex.inputs}
        self.beside |= {*self.graph.links.values()}
        self.made: dict[str, list[str]] = {}  # the modules of each layer and block, by their full names

    def network(self) -> nn.Sequential:
        """The whole network's module."""
        network, flat = self.measured.network, self.graph
        chain = self.chain(network.layers, "", None)
        if isinstance(chain, layers.Wired):
            inputs = dict(zip([*(name for name, _ in network.others), network.label], flat.inputs, strict=True))
            return layers.Called(OrderedDict(chain.named_children()), chain._gives, chain._reads).settle(inputs)
        return chain

    def chain(self, chain: Chain, path: str, after: Layer | None) -> nn.Sequential:
        """The module of the chain under that path. `after`: the activation that follows it."""
        modules: OrderedDict[str, nn.Module] = OrderedDict()
        gives: dict[str, str] = {}
        reads: dict[str, tuple[str, ...]] = {}
        for i, (name, node) in enumerate(named(chain)):
            made = self._made(node, name, path, _activation_after(chain[i + 1 :], after))
            if taken := made.keys() & (TAKEN | modules.keys()):
                raise InputError(f"'{min(taken)}' can't be a label: modules use that name themselves; choose another")
            for module in made.values() if node.label else ():
                module.label = attribute(node.label)  # type: ignore[assignment]
            modules |= made
            self.made[path + name] = [path + module for module in made]
            read = self._read(path + name, node)
            reads |= {name: read} if read else {}
            gives |= {next(reversed(made)): path + name} if path + name in self.beside else {}
        wired = gives or reads or any(_is_open(module) for module in modules.values())
        return layers.Wired(modules, gives, reads) if wired else nn.Sequential(modules)

    def _read(self, name: str, node: Node) -> tuple[str, ...]:
        """What a module is called with, where that is more than what came before it."""
        if isinstance(node, tree.From):
            return (self.graph.links[name],)
        read = self.vertices[name].inputs if isinstance(node, Layer) else ()
        if isinstance(node, tree.RoI) and node.levels:
            return read
        return (X, *read[1:]) if len(read) > 1 else ()

    def _made(self, node: Node, name: str, path: str, following: Layer | None) -> dict[str, nn.Module]:
        """The modules of a node by name."""
        if isinstance(node, Layer):
            return self._layer(name, self.vertices[path + name], following)
        if isinstance(node, tree.From):
            return {name: layers.From(node.source)}
        if isinstance(node, tree.Shared):
            return {name: layers.Shared(*self.made[self.graph.links[path + name]])}
        assert isinstance(node, Block)
        return {name: self._block(node, path + name, following)}

    def _layer(self, name: str, vertex: Vertex, following: Layer | None) -> dict[str, nn.Module]:
        """The layer's module under its name, after any module it needs first: fc flattens, "same" may pad."""
        layer, shape = vertex.node, self.measured.row(vertex.name).input
        assert isinstance(layer, Layer)
        if isinstance(layer, tree.Own):
            return {name: checked_once(layer.make(shape[0], *layer.numbers), layer)}
        module = MODULES[type(layer)](layer, shape)
        if isinstance(layer, tree.RoI):
            module = self._cutter(layer, vertex.inputs[:-1])
        if layer.weighted:
            self._initialise(module, following)
        flat = isinstance(layer, tree.RBF) or (isinstance(layer, tree.FullyConnected) and not layer.each)
        if flat and len(shape) > 1:
            return {f"{name}_flatten": nn.Flatten(), name: module}
        if isinstance(layer, tree.Sliding) and (padding := _padding(layer)):
            return {f"{name}_pad": padding, name: module}
        if isinstance(layer, tree.UpConv) and layer.pad.after:
            return {name: module, f"{name}_crop": _crop(layer.pad)}
        return {name: module}

    def _initialise(self, module: Any, following: Layer | None) -> None:
        """Weights by the rule that suits the activation that follows; what attention compares has none after it."""
        if isinstance(module, layers.Attention):
            self._initialise(module.qkv, None)
            self._initialise(module.out, following)
            return
        for weight in module.kernels() if isinstance(module, layers.Local) else [module.weight]:
            initialise(weight, self.init or rule_before(following))
        if module.bias is not None:
            nn.init.zeros_(module.bias)

    def _cutter(self, layer: tree.RoI, maps: tuple[str, ...]) -> nn.Module:
        """What cuts boxes out of maps, each at its scale."""
        cutters = [MODULES[type(layer)](layer, ()) for _ in maps]
        for cutter, value in zip(cutters, maps, strict=True):
            cutter.scale = float(1 / rules.box_jump(layer, self.measured.field(value)))  # type: ignore[assignment]
        return layers.Levels(cutters) if layer.levels else cutters[0]  # type: ignore[arg-type]

    def _block(self, block: Block, path: str, following: Layer | None) -> nn.Module:
        inner = None if isinstance(block, ASIDE) else following
        prefixes = ((f"{path}.{part}." if part else f"{path}.", branch) for part, branch in parts(block))
        branches = [self.chain(branch, prefix, inner) for prefix, branch in prefixes]
        named = dict(zip((name for name, _ in parts(block)), branches, strict=True))
        if taken := TAKEN.intersection(named):
            raise InputError(f"'{min(taken)}' can't name an output: modules use that name themselves")
        if isinstance(block, tree.Heads):
            return layers.Heads(block.names, named)
        if isinstance(block, tree.Aux):
            return layers.Aux(*branches)
        if isinstance(block, tree.Group):
            return branches[0]
        return layers.Joined(block.kind, partial(_met, type(block)), **named)


def _met(kind: type[Block], x: Tensor, *ends: Tensor) -> Tensor:
    """What the ends of a block's branches make together."""
    meet = FORMS[kind].meeting
    assert meet
    join, read = meet(x, *ends)
    return JOINS[join](*read)


def _is_open(module: nn.Module) -> bool:
    """Whether something in a module reads, or is read, elsewhere."""
    return any(isinstance(inner, layers.Wired | layers.Shared | layers.Aux) for inner in module.modules())


def _activation_after(rest: tuple[Node, ...], after: Layer | None) -> Layer | None:
    """The first activation among `rest`, unless other weights come before it."""
    for layer in _in_line(rest):
        if isinstance(layer, tree.Activation):
            return layer
        if isinstance(layer, Layer) and layer.weighted:
            return None
    return after


def _in_line(chain: tuple[Node, ...]) -> Iterator[Node]:
    """The layers in the order of the data: into the first branch of each block, skipping gates and side heads."""
    for node in chain:
        if not isinstance(node, Block):
            yield node
        elif not isinstance(node, ASIDE):
            yield from _in_line(node.branches[0])
