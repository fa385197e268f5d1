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
from typing import Any

import torch
from torch import Tensor, nn

from striate import layers, zoo
from striate.checks import check_number
from striate.errors import InputError
from striate.initial import initialise, rule_before
from striate.layers.wired import X
from striate.modules import MODULES, crop, padding_before
from striate.notation import Network, measure, rules, tree
from striate.notation.ending import left_to_loss
from striate.notation.graph import FORMS, Added, Concatenated, Join, Scaled, Vertex, parts
from striate.notation.tree import Block, Chain, Layer, Node, attribute, named
from striate.own import checked_once

JOINS: dict[type[Join], Callable[..., Tensor]] = {
    Added: layers.added,
    Concatenated: layers.concatenated,
    Scaled: layers.scaled,
}

ASIDE = (tree.Scale, tree.Aux, tree.Heads)  # blocks whose branches do not lead to the next layer
TAKEN = frozenset(  # names that every module has: `half`, `float`, `train`, …
    {*dir(layers.Called(OrderedDict()).settle({})), *dir(layers.Heads((), {})), *dir(layers.Joined("", layers.added))}
)


def build(network: str | Path | Network, init: str | None = None, seed: int | None = None) -> nn.Sequential:
    """The network as an ordinary module: it can be copied, moved, compiled and exported like any other.

    Weights are named as the notation reads: `conv1.weight`, `residual2.body.conv1.weight`; the label of a part is in
    the names of the weights in it, that of a single layer is not.

    Args:
        network: A network, a name of the zoo, a `.net` file, or the text itself; free axes stay free.
        init: `he`, `glorot`, `lecun`, `normal` or `zeros`; by default the activation that follows decides.
        seed: The same seed gives the same weights, and PyTorch's own random state is left unchanged. By default
            weights are drawn from that state, as in any PyTorch module.

    Returns:
        A module from (N, *network.input) to the network's output. With `aux` heads it gives (logits, [head logits])
        while training, with `heads` a dictionary. With several inputs it is called with all of them, in the order of
        the text or by name; with a RoI layer with boxes too, `model(images, boxes)`, and it gives one row per box.

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
    check_number(seed, "seed", least=-(2**63), most=2**63 - 1)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # `torch.manual_seed` would seed every GPU too
        yield


class _Builder:
    """Makes the modules of a network: one per chain, in it one per layer and block."""

    def __init__(self, network: Network, init: str | None) -> None:
        self.init, self.measured = init, measure(network)
        self.graph = self.measured.graph
        self.vertices = {vertex.name: vertex for vertex in self.graph.vertices}
        several = (v.inputs for v in self.graph.vertices if isinstance(v.node, Layer) and len(v.inputs) > 1)
        self.beside = {*self.graph.links.values(), *(name for inputs in several for name in inputs)}
        self.made: dict[str, list[str]] = {}  # the modules of each layer and block, by their full names

    def network(self) -> nn.Sequential:
        """The whole network's module."""
        network, flat = self.measured.network, self.graph
        chain = self.chain(network.layers, "", None)
        if isinstance(chain, layers.Wired):
            inputs = dict(zip(network.inputs, flat.inputs, strict=True))
            called = layers.Called(OrderedDict(chain.named_children()), chain._gives, chain._reads)
            maps = next((v.inputs[0] for v in flat.vertices if isinstance(v.node, tree.RoI)), "")
            return called.settle(inputs, next(iter(self.measured.fields(maps))) if maps else "")
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
                module.notation_label = attribute(node.label)  # type: ignore[assignment]
            modules |= made
            self.made[path + name] = [path + module for module in made]
            read = self._read(path + name, node)
            reads |= {name: read} if read else {}
            value = self.graph.ends.get(path + name, path + name)
            gives |= {next(reversed(made)): value} if value in self.beside else {}
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
        if isinstance(layer, tree.Sliding) and (padding := padding_before(layer)):
            return {f"{name}_pad": padding, name: module}
        if isinstance(layer, tree.UpConv) and layer.pad.after:
            return {name: module, f"{name}_crop": crop(layer.pad)}
        return {name: module}

    def _initialise(self, module: Any, following: Layer | None) -> None:
        """Weights by the rule that suits the activation that follows; what attention compares has none after it."""
        if isinstance(module, layers.Attention):
            self._initialise(module.qkv, None)
            self._initialise(module.out, following)
            return
        if isinstance(module, layers.LSTM):
            module.draw(partial(initialise, rule=self.init or rule_before(None)))
            return
        for weight in module.kernels() if isinstance(module, layers.Local | layers.LimitedSharing) else [module.weight]:
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
