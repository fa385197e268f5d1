"""Networks to try the native engine on, drawn by hypothesis, and PyTorch's float64 as the judge."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as some
from torch.nn import functional as F

from striate.building import build
from striate.native.network import Compiled, Rule
from striate.notation import Network, rules, tree
from striate.notation.errors import RuleError
from striate.notation.rules.window import windows
from striate.notation.tree import Chain, Layer, Pad, Shape

LOOK = Rule(rate=-1.0)  # a step that only finds the gradients


def axes(dims: int, least: int, most: int) -> some.SearchStrategy[tuple[int, ...]]:
    return some.tuples(*[some.integers(least, most)] * dims)


@some.composite
def pads(draw: some.DrawFn, dims: int, most: int = 2) -> Pad:
    if draw(some.booleans()):
        return Pad("same", ())
    before, after = draw(axes(dims, 0, most)), draw(axes(dims, 0, most))
    mode = draw(some.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    return Pad(mode, before, after if after != before and draw(some.booleans()) else ())


@some.composite
def convolutions(draw: some.DrawFn, channels: int, dims: int) -> tree.Conv:
    groups = draw(some.sampled_from([g for g in (1, 1, 2, 3) if channels % g == 0]))
    return tree.Conv(
        groups * draw(some.integers(1, 5)),
        draw(axes(dims, 1, 4)),
        draw(axes(dims, 1, 3)),
        draw(pads(dims)),
        draw(axes(dims, 1, 2)),
        groups,
        draw(some.booleans()),
        flip=draw(some.booleans()),
        floor=draw(some.booleans()),
    )


@some.composite
def pools(draw: some.DrawFn, shape: Shape) -> tree.Pool:
    dims = len(shape) - 1
    kind = draw(some.sampled_from([tree.MaxPool, tree.AvgPool]))
    kernel = draw(axes(dims, 1, 3))
    half = tuple(k // 2 for k in kernel)
    pad = draw(some.sampled_from([Pad("zeros", (0,) * dims), Pad("same", ()), Pad("zeros", half)]))
    dilation = (1,) * dims if kind is tree.AvgPool else draw(axes(dims, 1, 2))
    pool = kind(kernel, draw(axes(dims, 1, 3)), pad, dilation, floor=draw(some.booleans()))
    alone = any(window.sees_padding_alone(n or 1) for window, n in zip(windows(pool), shape[1:], strict=True))
    return replace(pool, dilation=(1,) * dims) if alone else pool  # the largest of nothing is minus infinity


@some.composite
def subsamples(draw: some.DrawFn, dims: int) -> tree.Subsample:
    return tree.Subsample(draw(axes(dims, 1, 3)), draw(axes(dims, 1, 3)))


@some.composite
def maps(draw: some.DrawFn, channels: int) -> tree.Maps:
    """Neighbours, or any in any order."""
    numbers = list(range(channels)) if draw(some.booleans()) else draw(some.permutations(range(channels)))
    first = draw(some.integers(0, channels - 1))
    return tree.Maps(tuple(numbers[first : draw(some.integers(first + 1, channels))]))


def plain() -> some.SearchStrategy[Layer]:
    """Layers that need no sizes."""
    return some.one_of(
        some.sampled_from(
            [tree.Relu(), tree.Tanh(), tree.Tanh(True), tree.Sigmoid(), tree.Swish(), tree.Gelu(), tree.PRelu()]
        ),
        some.builds(tree.Leaky, some.floats(0, 0.9)),
        some.builds(tree.Elu, some.floats(0.1, 2)),
        some.sampled_from([tree.BatchNorm(), tree.Identity(), tree.LRN(3, 0.1), tree.LRN(5, 0.3, 0.6, 1.0)]),
    )


@some.composite
def layers(draw: some.DrawFn, shape: Shape) -> tree.Node:
    channels, dims = shape[0] or 1, len(shape) - 1
    if not dims:
        dense = some.builds(tree.FullyConnected, some.integers(1, 14), some.booleans())
        return draw(some.one_of(plain(), dense, maps(channels)))
    conv, small = convolutions(channels, dims), some.one_of(pools(shape), subsamples(dims), maps(channels))
    return draw(some.one_of(conv, conv, small, plain(), plain(), blocks(shape)))


@some.composite
def blocks(draw: some.DrawFn, shape: Shape) -> tree.Block:
    """Branches that keep the map's size."""
    channels, dims = shape[0] or 1, len(shape) - 1

    def keeps(filters: int) -> Chain:
        kernel = draw(axes(dims, 1, 3))
        conv = tree.Conv(filters, kernel, (1,) * dims, Pad("same", ()), (1,) * dims)
        seen = draw(some.lists(maps(channels), max_size=1))
        return (*seen, conv, *draw(some.lists(plain(), max_size=1)))

    kind = draw(some.sampled_from([tree.Residual, tree.Sum, tree.Concat, tree.Dense, tree.Scale]))
    if kind is tree.Scale:
        return tree.Scale(((tree.GlobalAvgPool(), tree.FullyConnected(channels), tree.Sigmoid()),))
    if kind is tree.Dense:
        return tree.Dense((keeps(draw(some.integers(1, 4))),))
    if kind is tree.Concat:
        ends = [keeps(draw(some.integers(1, 4))) for _ in range(draw(some.integers(1, 2)))]
        return tree.Concat((*ends, *[(tree.Identity(),)] * draw(some.integers(0, 2))))
    second: list[Chain] = [keeps(channels)] if draw(some.booleans()) else []
    if kind is tree.Sum:
        return tree.Sum((keeps(channels), *second, *[(tree.Identity(),)] * draw(some.integers(1, 2))))
    return tree.Residual((keeps(channels), *second))


@some.composite
def networks(draw: some.DrawFn, most: int = 5) -> Network:
    """Some layers that fit each other, then three classes."""
    dims = draw(some.integers(1, 2))
    start = (draw(some.sampled_from([1, 2, 3, 4])), *draw(axes(dims, 3, 11)))
    chain: list[tree.Node] = []
    for _ in range(draw(some.integers(1, most))):
        node = draw(layers(_behind(start, chain)))
        again = isinstance(node, tree.BatchNorm) and isinstance(chain[-1] if chain else None, tree.BatchNorm)
        if _fits(start, [*chain, node]) and not again:  # the second undoes the first, whose gradients are noise
            chain.append(node)
    if len(_behind(start, chain)) > 1 and draw(some.booleans()):
        chain.append(draw(some.sampled_from([tree.GlobalAvgPool(), tree.GlobalMaxPool()])))
    if draw(some.booleans()):  # behind tanh: from far away a distance's last digits outweigh the loss
        chain += [tree.FullyConnected(draw(some.integers(1, 14))), tree.Tanh(), tree.RBF(3)]
    else:
        chain.append(tree.FullyConnected(3))
    return Network(start, tuple(chain))


@some.composite
def wide_networks(draw: some.DrawFn) -> Network:
    """3x3 convolutions of enough channels for Winograd's products, with whatever may stand behind them."""
    start = (draw(some.integers(12, 19)), *draw(axes(2, 4, 11)))
    chain: list[tree.Node] = []
    for _ in range(draw(some.integers(1, 2))):
        conv = tree.Conv(draw(some.integers(12, 19)), (3, 3), (1, 1), draw(pads(2)), (1, 1), bias=draw(some.booleans()))
        behind = draw(some.sampled_from([(), (tree.BatchNorm(),), (tree.BatchNorm(), tree.Relu()), (tree.Tanh(),)]))
        if _fits(start, [*chain, conv]):
            chain += [conv, *behind]
        if chain and draw(some.booleans()):
            channels = _behind(start, chain)[0] or 1
            same = tree.Conv(channels, (3, 3), (1, 1), Pad("same", ()), (1, 1), bias=False)
            chain += [tree.Residual(((same, tree.BatchNorm()),)), tree.Relu()]
    return Network(start, (*chain, tree.FullyConnected(3)))


def _behind(start: Shape, chain: list[tree.Node]) -> Shape:
    from striate.notation import measure

    return measure(Network(start, tuple(chain))).output if chain else start


def _fits(start: Shape, chain: list[tree.Node]) -> bool:
    try:
        output = _behind(start, chain)
    except RuleError:
        return False
    return (rules.product(output) or 0) > 0


def twins(network: Network, most: int, **how: Any) -> tuple[torch.nn.Module, Compiled]:
    """The module in float64 and the compiled network, with the same random weights."""
    torch.manual_seed(1)
    model = build(network)
    for tensor in model.parameters():
        if tensor.ndim < 2:
            torch.nn.init.normal_(tensor, 0.5, 0.3)  # not the zeros and ones that layers begin with
    for name, tensor in model.named_buffers():
        if name.endswith("prototypes"):
            torch.nn.init.normal_(tensor)  # nor the prototypes that all networks begin with
    compiled = Compiled(network, most=most, **{"threads": 2, **how})
    compiled.load({name: tensor.numpy() for name, tensor in model.state_dict().items()})
    return model.double(), compiled


def same_gradients(network: Network, images: int, seed: int = 0, **how: Any) -> None:
    """Outputs, loss, running statistics and every gradient, against float64."""
    model, compiled = twins(network, images, **how)
    random = np.random.default_rng(seed)
    x = random.standard_normal((images, *network.input)).astype(np.float32)
    y = random.integers(0, compiled.classes, images)
    with torch.no_grad():
        near(compiled.evaluate(x), model.eval()(torch.tensor(x).double()).flatten(1).numpy())
        near(compiled.evaluate(x[:1]), model(torch.tensor(x[:1]).double()).flatten(1).numpy())
    _, _, rough = learned(deepcopy(model).float(), x, y)
    far, loss, gradients = learned(model, x, y)
    seen = compiled.step(x, y, LOOK)
    assert abs(seen.loss - loss) <= max(1e-5, 1e-5 * loss, 1e-6 * far)
    largest = max(np.abs(gradient).max() for gradient in gradients.values())
    for parameter in compiled.plan.parameters:
        expected = gradients[parameter.name]  # where a norm undoes its input's scale, PyTorch's float32 strays as far
        strays = 3 * np.abs(rough[parameter.name] - expected).max()
        near(compiled.read(parameter, "gradients"), expected, 0.3 * largest, strays)
    found = compiled.tensors()
    for name, tensor in model.named_buffers():
        if tensor.ndim:  # not the count of batches
            near(found[name], tensor.numpy())
    with torch.no_grad():
        near(compiled.evaluate(x), model.eval()(torch.tensor(x).double()).flatten(1).numpy())


def learned(model: torch.nn.Module, x: Any, y: Any) -> tuple[float, float, dict[str, Any]]:
    """A module's largest output, its loss and its gradients, in its own precision."""
    dtype = next(model.parameters()).dtype
    outputs = model.train()(torch.tensor(x).to(dtype)).flatten(1)
    loss = F.cross_entropy(outputs, torch.tensor(y))
    loss.backward()
    gradients = {name: tensor.grad.numpy() for name, tensor in model.named_parameters() if tensor.grad is not None}
    return outputs.abs().max().item(), loss.item(), gradients


def near(found: Any, expected: Any, least: float = 1e-3, strays: float = 0.0) -> None:
    """Within 1e-4 of the largest expected value, or of `least` where all are smaller: noise around zero."""
    scale = max(np.abs(expected).max(), least)
    assert np.abs(found - expected).max() <= max(1e-4 * scale, strays)
