"""Networks to try the native engine on, drawn by hypothesis, and PyTorch's float64 as the judge."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as some
from torch.nn import functional as F

from striate.building import build
from striate.ignored import IGNORED
from striate.layers.dropout import Dropout, mixed
from striate.native.layers import LAYERS
from striate.native.losses import KINDS, Criterion, OfLabels, OfNumbers, OfPixels, Part, criteria
from striate.native.network import Compiled, Rule
from striate.notation import Network, measure, rules, tree
from striate.notation.errors import RuleError
from striate.notation.tree import Chain, Layer, Pad
from striate.training.engine import without_softmax
from striate.training.objective import AUX_WEIGHT
from tests import drawing

LOOK = Rule(rate=-1.0)  # a step that only finds the gradients
# Each kernel is compiled once and called, not put in wherever it is used: the same C text in a fortieth of the time.
QUICK = ("-O0", "-Dalways_inline=noinline")
AS_USED: tuple[str, ...] = ()  # the engine's own flags

# From far away a distance's last digits outweigh the loss; a table stands at a network's beginning alone.
WITHIN = [kind for kind in LAYERS if kind not in (tree.RBF, tree.Embed)]
Draws = some.SearchStrategy[Any]


def layers(sizes: drawing.Sizes) -> Draws:
    """Any that the engine has, convolutions and blocks more often."""
    dims = len(sizes) - 1
    simple = _any_of([kind for kind in WITHIN if dims in drawing.dims_of(kind)], sizes)
    return some.one_of(simple, drawing.layers(tree.Conv, sizes), simple, blocks(sizes)) if dims else simple


def plain(sizes: drawing.Sizes) -> Draws:
    """Any that keeps the shape."""
    pointwise = _any_of([kind for kind in WITHIN if 0 in drawing.dims_of(kind)], sizes)
    return pointwise.filter(lambda layer: _keeps(layer, sizes))


def _keeps(layer: Layer, sizes: drawing.Sizes) -> bool:
    try:
        return rules.output(layer, sizes).value == sizes
    except RuleError:  # a norm of a single channel
        return False


def _any_of(kinds: list[type[Layer]], sizes: drawing.Sizes) -> Draws:
    return some.sampled_from(kinds).flatmap(lambda kind: drawing.layers(kind, sizes)).map(tame)


def tame(layer: Layer) -> Layer:
    """Without numbers by which rounding errors grow from layer to layer."""
    if isinstance(layer, tree.BatchNorm):
        return replace(layer, eps=max(layer.eps, 1e-5))
    return replace(layer, beta=min(abs(layer.beta), 1.0)) if isinstance(layer, tree.LRN) else layer


@some.composite
def blocks(draw: some.DrawFn, sizes: drawing.Sizes) -> tree.Block:
    """Branches that keep the map's size."""
    channels, dims = sizes[0], len(sizes) - 1

    def keeps(filters: int) -> Chain:
        kernel = draw(drawing.per_axis(dims, 1, 3))
        conv = tree.Conv(filters, kernel, (1,) * dims, Pad("same", ()), (1,) * dims)
        seen = draw(some.lists(drawing.layers(tree.Maps, sizes), max_size=1))
        return (*seen, conv, *draw(some.lists(plain((filters, *sizes[1:])), max_size=1)))

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
    dims, chain = draw(some.integers(1, 3)), list[tree.Node]()
    start = (draw(some.sampled_from([1, 2, 3, 4])), *draw(drawing.per_axis(dims, 3, 11 if dims < 3 else 7)))
    if dims == 1 and draw(some.booleans()):
        start, chain = start[1:], [tree.Embed((draw(some.integers(1, 30)), start[0] * draw(some.sampled_from([1, 9]))))]
    for _ in range(draw(some.integers(1, most))):
        node = draw(layers(_behind(start, chain)))
        again = isinstance(node, tree.BatchNorm) and isinstance(chain[-1] if chain else None, tree.BatchNorm)
        if _fits(start, [*chain, node]) and not again:  # the second undoes the first, whose gradients are noise
            chain.append(node)
    if len(_behind(start, chain)) > 1 and draw(some.booleans()):
        chain.append(draw(some.sampled_from([tree.GlobalAvgPool(), tree.GlobalMaxPool()])))
    if draw(some.booleans()):  # after tanh: from far away a distance's last digits outweigh the loss
        chain += [tree.FullyConnected(draw(some.integers(1, 14))), tree.Tanh(), tree.RBF(3)]
    else:
        chain.append(tree.FullyConnected(3))
    return Network(start, tuple(chain))


@some.composite
def wide_networks(draw: some.DrawFn) -> Network:
    """3x3 convolutions of enough channels for Winograd's products, with whatever may follow them."""
    start = (draw(some.integers(12, 19)), *draw(drawing.per_axis(2, 4, 11)))
    chain: list[tree.Node] = []
    for _ in range(draw(some.integers(1, 2))):
        conv = tree.Conv(
            draw(some.integers(12, 19)),
            (3, 3),
            (1, 1),
            draw(drawing.pads((2, 2), drawing.MODES)),
            (1, 1),
            bias=draw(some.booleans()),
        )
        behind = draw(some.sampled_from([(), (tree.BatchNorm(),), (tree.BatchNorm(), tree.Relu()), (tree.Tanh(),)]))
        if _fits(start, [*chain, conv]):
            chain += [conv, *behind]
        if chain and draw(some.booleans()):
            channels = _behind(start, chain)[0]
            same = tree.Conv(channels, (3, 3), (1, 1), Pad("same", ()), (1, 1), bias=False)
            chain += [tree.Residual(((same, tree.BatchNorm()),)), tree.Relu()]
    return Network(start, (*chain, tree.FullyConnected(3)))


def _behind(start: drawing.Sizes, chain: list[tree.Node]) -> drawing.Sizes:
    shape = measure(Network(start, tuple(chain))).output if chain else start
    return tuple(n or 1 for n in shape)


def _fits(start: drawing.Sizes, chain: list[tree.Node]) -> bool:
    try:
        measure(Network(start, tuple(chain)))
    except RuleError:
        return False
    return True


def twins(network: Network, most: int, **how: Any) -> tuple[torch.nn.Module, Compiled]:
    """The module in float64, its last softmax left to the loss, and the compiled network, with the same random weights.

    `how`: options of `Compiled`; its compilation is quick unless they say otherwise.
    """
    torch.manual_seed(1)
    model = build(network)
    for tensor in model.parameters():
        if tensor.ndim < 2:
            torch.nn.init.normal_(tensor, 0.5, 0.3)  # not the zeros and ones that layers begin with
    for name, tensor in model.named_buffers():
        if name.endswith("prototypes"):
            torch.nn.init.normal_(tensor)  # nor the prototypes that all networks begin with
    compiled = Compiled(network, most=most, **{"threads": 2, "aside": AUX_WEIGHT, "extra_flags": QUICK, **how})
    compiled.load({name: tensor.numpy() for name, tensor in model.state_dict().items()})
    return without_softmax(model.double()), compiled


def same_gradients(network: Network, images: int, seed: int = 0, **how: Any) -> None:
    """Outputs, loss, running statistics and every gradient, against float64. `how`: options of `Compiled`."""
    model, compiled = twins(network, images, **how)
    random = np.random.default_rng(seed)
    x = inputs(network, images, random)
    y = {part.end.name: target_of(part, images, random) for part in compiled.parts if not part.end.aside}
    y |= {"": random.integers(0, compiled.plan.outputs[0].value.size, images)} if compiled.plan.given else {}
    with torch.no_grad():
        near(compiled.evaluate(x), flat(model.eval()(as_read(model, x))).numpy())
        near(compiled.evaluate(x[:1]), flat(model(as_read(model, x[:1]))).numpy())
    choose_as_native(model, seed)
    loss_is = criteria("cross-entropy" if compiled.plan.given else how.get("loss", "cross-entropy"))
    _, _, rough = learned(deepcopy(model).float(), x, y, loss_is)
    far, loss, gradients = learned(model, x, y, loss_is)
    found = in_halves(compiled, x, y[""], seed) if compiled.plan.given else compiled.step(x, y, LOOK, seed=seed).loss
    assert abs(found - loss) <= max(1e-5, 1e-5 * loss, 1e-6 * far)
    largest = max(np.abs(gradient).max() for gradient in gradients.values())
    for parameter in (one for one in compiled.plan.parameters if one.trained):
        expected = gradients[parameter.name]  # where a norm undoes its input's scale, PyTorch's float32 strays as far
        strays = 3 * np.abs(rough[parameter.name] - expected).max()
        near(compiled.read(parameter, "gradients"), expected, 0.3 * largest, strays)
    kept = compiled.tensors()
    for name, tensor in model.named_buffers():
        if tensor.ndim:  # not the count of batches
            near(kept[name], tensor.numpy())
    with torch.no_grad():
        near(compiled.evaluate(x), flat(model.eval()(as_read(model, x))).numpy())


def in_halves(compiled: Compiled, x: Any, labels: Any, seed: int) -> float:
    """A step whose loss, cross-entropy, is computed here; returns it."""
    made = [torch.from_numpy(each).requires_grad_() for each in compiled.begin(x, seed=seed)]
    weights = (AUX_WEIGHT if end.aside else 1.0 for end in compiled.plan.ends)
    losses = [weight * F.cross_entropy(y, torch.tensor(labels)) for weight, y in zip(weights, made, strict=True)]
    loss = torch.stack(losses).sum()
    compiled.finish([gradient.numpy() for gradient in torch.autograd.grad(loss, made)], LOOK)
    return loss.item()


def inputs(network: Network, images: int, random: np.random.Generator) -> Any:
    """Images drawn; words where the network looks them up."""
    known = [node.table[0] for node in tree.deep(network.layers) if isinstance(node, tree.Embed)]
    sizes = (images, *(n or 1 for n in network.input))
    return (random.integers(0, min(known), sizes) if known else random.standard_normal(sizes)).astype(np.float32)


def as_read(model: torch.nn.Module, x: Any) -> torch.Tensor:
    """What a module is called with: words are whole numbers there, all else is in its own precision."""
    words = any(isinstance(module, torch.nn.Embedding) for module in model.modules())
    return torch.tensor(x).to(torch.long if words else next(model.parameters()).dtype)


def choose_as_native(model: torch.nn.Module, seed: int) -> None:
    """Make a module's dropouts leave out what machine code leaves out at a step of this seed."""
    dropouts = (module for module in model.modules() if isinstance(module, Dropout))
    for number, dropout in enumerate(dropouts, start=1):
        dropout.key = int(mixed(torch.tensor(seed + number)))


def target_of(part: Part, images: int, random: np.random.Generator) -> Any:
    """Targets drawn for an output; of positions some count for nothing."""
    (maps, *positions), kind = part.end.shape, part.kind
    if isinstance(kind, OfPixels):
        masks = random.integers(0, maps, (images, *positions))
        return np.where(random.random(masks.shape) < 0.2, IGNORED, masks).astype(np.uint8)
    if isinstance(kind, OfLabels):
        return random.integers(0, 2, (images, part.end.value.size)).astype(np.uint8)
    if isinstance(kind, OfNumbers):
        return random.standard_normal((images, *part.end.shape)).astype(np.float32)
    return random.integers(0, part.end.value.size, images)


def compared(output: torch.Tensor, target: Any, criterion: Criterion) -> torch.Tensor:
    """The loss that PyTorch has for a criterion."""
    wanted = torch.tensor(target)
    if isinstance(KINDS[criterion.kind], OfPixels):
        weights = torch.tensor(criterion.classes).to(output) if criterion.classes else None
        loss = F.cross_entropy(output, wanted.long(), weights, ignore_index=IGNORED)
    elif isinstance(KINDS[criterion.kind], OfLabels):
        loss = F.binary_cross_entropy_with_logits(output.flatten(1), wanted.to(output))
    elif isinstance(KINDS[criterion.kind], OfNumbers):
        loss = F.mse_loss(output, wanted.to(output).reshape(output.shape))
    else:
        loss = F.cross_entropy(output.flatten(1), wanted)
    return criterion.weight * loss


def flat(given: Any) -> torch.Tensor:
    """What a module gives, several outputs one after another, as (N, entries)."""
    return torch.cat([one.flatten(1) for one in given.values()], 1) if isinstance(given, dict) else given.flatten(1)


def learned(
    model: torch.nn.Module, x: Any, y: dict[str, Any], loss_is: Mapping[str, Criterion]
) -> tuple[float, float, dict[str, Any]]:
    """A module's largest output, its loss and its gradients, in its own precision."""
    made = model.train()(as_read(model, x))
    given, heads = made if isinstance(made, tuple) else (made, [])
    outputs, named = flat(given), given if isinstance(given, dict) else {"": given}
    parts = [compared(one, y[name], loss_is[name]) for name, one in named.items()]
    loss = torch.stack([*parts, *(AUX_WEIGHT * compared(head, y[""], loss_is[""]) for head in heads)]).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = {name: tensor.grad.numpy() for name, tensor in model.named_parameters() if tensor.grad is not None}
    return outputs.abs().max().item(), loss.item(), gradients


def near(found: Any, expected: Any, least: float = 1e-3, strays: float = 0.0) -> None:
    """Within 1e-4 of the largest expected value, or of `least` where all are smaller: noise around zero."""
    scale = max(np.abs(expected).max(), least)
    assert np.abs(found - expected).max() <= max(1e-4 * scale, strays)
