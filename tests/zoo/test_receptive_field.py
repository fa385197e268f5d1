"""The receptive field of whole networks against gradients: every row of every net, in the middle and at both ends.

A net is cut down as a tree: at most 8 channels, at most two equal blocks in a row, a low and wide image. Its
module then has every path open: positive weights, batch norm that changes nothing, and averages where maxima were (the
window is the same, and all of it gets a gradient). What an entry of a map sees is where its gradient is not zero.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from striate import zoo
from striate.building import build
from striate.errors import InputError
from striate.layers import Aux
from striate.notation import Network, measure, tree
from striate.notation.graph import graph
from striate.notation.measure import Measure, Row
from striate.notation.tree import Block, Chain, Node
from tests.zoo.small import SHARING, cut_down

MOST_CHANNELS = 8
HEIGHTS = (28, 32, 64, 80, 112)
TALLEST = 300
WIDE = 999  # where each map has entries side by side
MORE = 100  # columns beyond the widest field: some entry of every map sees no border, whatever its jump


def kinds(chain: Chain) -> set[type[Node]]:
    inner = [kinds(branch) for node in chain if isinstance(node, Block) for branch in node.branches]
    return {type(node) for node in chain}.union(*inner)


def of_images(network: Network) -> bool:
    """Whether images come in, no unpool needs the max pools, whose places here are taken, and no norm sees whole maps.

    An instance norm of maps that are alike all over has no gradient to see it by; its rule is tested in tests/notation.
    """
    inner = kinds(network.layers)
    return len(network.input) == 3 and not inner & {tree.Unpool, tree.InstanceNorm}


OF_IMAGES = [name for name in zoo.names() if of_images(zoo.net(name)) and name not in SHARING]
LONG = ("inception-v3", "fcn8s")  # 200 rows, and maps of 250 entries and more
SIZES = [
    pytest.param(name, more, marks=pytest.mark.slow if name in LONG else ())
    for number, name in enumerate(OF_IMAGES)
    if name != "between"  # equal frames match, and an absolute difference of 0 has no slope
    for more in ((0,) if name in LONG else (0, (1, 3, 6)[number % 3]))
]


def averaged(chain: Chain) -> Chain:
    """The chain with an average pool in the place of each max pool, and without norms over channels, all equal here."""
    kept: list[Node] = []
    for node in chain:
        if isinstance(node, Block):
            kept.append(replace(node, branches=tuple(averaged(branch) for branch in node.branches)))
        elif isinstance(node, tree.MaxPool):
            pool = tree.AvgPool(node.kernel, node.stride, node.pad, node.dilation, node.floor)
            kept.append(replace(pool, label=node.label))
        elif isinstance(node, tree.LayerNorm):
            kept.append(tree.Identity())
        else:
            kept.append(node)
    return tuple(kept)


def reduced(network: Network, more: int) -> Network:
    """The network cut down, at the lowest image that fits and one wider than what its maps see."""
    small = cut_down(network, MOST_CHANNELS)
    heights = (*(height + more for height in HEIGHTS), *range(HEIGHTS[0], TALLEST))
    height = next(height for height in heights if _at(small, height, height))
    axes = [row.field.axes[1] for row in maps(_wider(small, height, WIDE))]
    widest = max([int(axis.size or 0) for axis in axes if axis.jump], default=0)
    return _wider(small, height, max(height, widest) + MORE + 3 * more)


def _wider(network: Network, height: int, width: int) -> Network:
    """At the next width that fits: a skip that is cropped fits at one in 16 or 32 only."""
    return next(wide for more in range(33) if (wide := _at(network, height, width + more)))


def maps(network: Network) -> list[Row]:
    """The rows whose outputs have entries side by side."""
    return [row for row in measure(network).rows if len(row.output.value) == 3 and row.output.value[1:] != (1, 1)]


def _at(network: Network, height: int, width: int) -> Network | None:
    small = replace(network, input=(network.input[0], height, width))
    try:
        measure(small)
    except InputError:
        return None
    return small


def with_every_path_open(network: Network) -> nn.Module:
    model = build(network).double().eval()
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:  # half a mean: sums of branches stay small, and no tanh or sigmoid is flat
            nn.init.constant_(parameter, 0.5 / parameter[0].numel())
        else:
            nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)
    return model


def outputs(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """What every module gives, by its name, the first time; heads on the side are asked too."""
    found: dict[str, Tensor] = {}

    def keep(_module: nn.Module, _given: object, y: Tensor, path: str) -> None:
        found.setdefault(path, y)

    for path, module in model.named_modules():
        module.register_forward_hook(partial(keep, path=path))
    model(x)
    for path, module in model.named_modules():
        if isinstance(module, Aux):
            module.head(found[path])
    return found


def seen(y: Tensor, x: Tensor, positions: list[tuple[int, ...]]) -> Iterator[Tensor]:
    """(H, W) for each position, from its own image of the batch: which entries of it have a gradient in any channel."""
    at = sum(y[(image, slice(None), *position)].sum() for image, position in enumerate(positions))
    assert isinstance(at, Tensor)
    (gradient,) = torch.autograd.grad(at, x, retain_graph=True)
    yield from gradient.abs().sum(dim=1) != 0


def said(measured: Measure, name: str, position: tuple[int, ...], shape: tuple[int, int]) -> Tensor:
    """(H, W): what the rule says that an entry sees."""
    mask = torch.zeros(shape, dtype=torch.bool)
    found = [measured.entries(name, place, axis) for axis, place in enumerate(position or (0, 0))]
    if not all(found):  # it sees padding alone
        return mask
    (top, bottom), (left, right) = filter(None, found)
    assert 0 <= top <= bottom < shape[0]
    assert 0 <= left <= right < shape[1]
    mask[top : bottom + 1, left : right + 1] = True
    return mask


@pytest.mark.parametrize(("name", "more"), SIZES)
def test_every_map_sees_what_its_gradient_says(name: str, more: int) -> None:
    whole = zoo.net(name)
    network = reduced(whole, more)
    assert kinds(network.layers) == kinds(whole.layers)
    channels, *shape = (size or 0 for size in network.input)
    x = torch.ones(3, channels, *shape, dtype=torch.float64, requires_grad=True)
    measured = measure(network)
    opened = replace(network, layers=averaged(network.layers))
    found = outputs(with_every_path_open(opened), x)
    assert measured.rows
    for row, vertex in zip(measured.rows, graph(opened).vertices, strict=True):
        if vertex.shares:  # its module is another's, of which the first map is looked at
            continue
        y = found[vertex.name]
        sizes = y.shape[2:]
        positions = [(0,) * len(sizes), tuple(n // 2 for n in sizes), tuple(n - 1 for n in sizes)]
        for position, mask in zip(positions, seen(y, x, positions), strict=True):
            assert torch.equal(mask, said(measured, row.name, position, (shape[0], shape[1]))), (row.name, position)


def sees_all(network: Network) -> bool:
    """Whether it is fully connected from the start, or has gates that squeeze the whole map."""
    return isinstance(network.layers[0], tree.FullyConnected) or tree.Scale in kinds(network.layers)


@pytest.mark.parametrize("name", [name for name in OF_IMAGES if not sees_all(zoo.net(name))])
def test_in_every_map_some_entry_sees_no_border(name: str) -> None:
    """Else the test above would compare whole images alone."""
    network = reduced(zoo.net(name), 0)
    measured = measure(network)
    for row in maps(network):
        first, last = measured.entries(row.name, (row.output.value[2] or 0) // 2, 1) or (0, 0)
        assert 0 < first <= last < (network.input[2] or 0) - 1, row.name
