"""A smaller network from a trained one: whole filters are left out, by how small they are (Li et al. 2017).

The text of the new network has smaller numbers in the same places. What the network computes is what the old one does
when the values of the left-out filters are zero; training goes on from there.

>>> import tempfile
>>> from striate.runs.training import train
>>> net = "input 1x8x8 -> conv 8@3x3 -> relu -> fc 10"
>>> found = prune(train(net, "digits", epochs=1, out=tempfile.mkdtemp() + "/run", quiet=True), keep=0.5)
>>> found.text.splitlines()[2], found.widths
('conv 4@3x3 -> relu', {'conv1': (8, 4)})
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from striate.checks import check_number, path_of
from striate.errors import InputError, WorkError, nearest
from striate.notation import Network, measure, tree
from striate.notation.graph import Vertex, parts
from striate.notation.measure import Measure
from striate.notation.ties import Part, Ties, makes, ties
from striate.notation.tree import Chain, Node, named
from striate.runs.run import Run
from striate.tasks.fitting import from_resolved, resolved

NORMS = {"l1": 1.0, "l2": 2.0}
SCALE = "bn"  # the scale of batch norm (Liu et al. 2017)
BY = (*NORMS, SCALE)
TEXT, WEIGHTS = "net.net", "weights.safetensors"


@dataclass(frozen=True, eq=False)
class Pruned:
    """A network without some of its filters.

    Attributes:
        network: The smaller network.
        weights: Its tensors by name.
        before, after: What the networks cost.
        widths: Of each layer that became narrower the filters before and after.
        left: Of layers that keep all filters, why.
        removed: Of each layer the positions of the filters that are gone.
    """

    network: Network
    weights: Mapping[str, Tensor]
    before: Measure
    after: Measure
    widths: Mapping[str, tuple[int, int]]
    left: Mapping[str, str]
    removed: Mapping[str, tuple[int, ...]]

    @property
    def text(self) -> str:
        """The network's text, every size a number."""
        return resolved(self.network)

    def save(self, folder: str | Path) -> Path:
        """Write the text and the weights to a folder, to train from: `net.net` and `weights.safetensors`.

        Raises:
            InputError: The folder holds something already.
            WorkError: It can't be written.
        """
        root = path_of(folder, "a folder")
        try:
            root.mkdir(parents=True, exist_ok=True)
            if any(root.iterdir()):
                raise InputError(f"{root} holds something already; choose another folder with `out`")
            save_file({name: tensor.contiguous() for name, tensor in self.weights.items()}, root / WEIGHTS)
            (root / TEXT).write_text(self.text, encoding="utf-8")
        except (OSError, SafetensorError) as error:
            for name in (WEIGHTS, TEXT):  # half of it would keep the next one from being written
                (root / name).unlink(missing_ok=True)
            raise WorkError(f"can't write to {root}: {getattr(error, 'strerror', error)}") from None
        return root

    def costs(self) -> dict[str, tuple[int | None, int | None]]:
        """Parameters and MACs before and after."""
        return {
            "parameters": (self.before.total_parameters, self.after.total_parameters),
            "macs": (self.before.total_macs, self.after.total_macs),
        }

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate prune --json`."""
        return {
            "text": self.text,
            **{name: {"before": before, "after": after} for name, (before, after) in self.costs().items()},
            "widths": {name: list(pair) for name, pair in self.widths.items()},
            "left": dict(self.left),
        }


def prune(run: str | Path | Run, keep: float = 0.5, by: str = "l1") -> Pruned:
    """Leave out whole filters of a run's network; the run stays as it is.

    In every layer the same share is kept, of those filters whose weights are largest. Layers whose outputs are added
    lose the same channels, by the sum over the layers. Channels that the network gives, and those which something reads
    that does not work channel by channel, are all kept.

    Args:
        run: A run, or its folder.
        keep: The share of the filters to keep, above 0 and up to 1.
        by: `l1` or `l2`, the norm of a filter's weights; `bn`, the scale of the batch norm after it.

    Raises:
        InputError: No such run or measure; or a network of several inputs, outputs or uses of the same weights.
    """
    check_number(keep, "keep", least=0, most=1, whole=False)
    if keep == 0:
        raise InputError("keep must be above 0: a layer without filters gives nothing")
    if by not in BY:
        raise InputError(f"no measure '{by}'{nearest(by, BY)}; there are {', '.join(BY)}")
    opened = run if isinstance(run, Run) else Run(run, "cpu")
    if beyond := measure(opened.network).graph.beyond:
        raise InputError(
            f"pruning is for networks of one input and one output, each weight used once; this has {beyond}"
        )
    tensors = opened.model().state_dict()
    tied = ties(opened.network)
    kept = _kept(tied, tensors, keep, by)
    network = _narrowed(opened.network, tied, kept)
    positions = {
        name: tuple(at for at, one in enumerate(ids) if one not in kept) for name, ids in tied.channels.items()
    }
    makers = [vertex.name for vertex in tied.measured.graph.vertices if makes(vertex)]
    sizes = {name: len(tied.channels[name]) for name in makers}
    return Pruned(
        network,
        {name: _cut(name, tensor, tied, kept) for name, tensor in tensors.items()},
        tied.measured,
        measure(network),
        {name: (size, size - len(positions[name])) for name, size in sizes.items() if positions[name]},
        {name: part.fixed for part in tied.parts if part.fixed for name in part.makers},
        {name: positions[name] for name in makers},
    )


def _kept(tied: Ties, tensors: Mapping[str, Tensor], keep: float, by: str) -> set[int]:
    """The classes of channels that stay."""
    kept = {one for ids in tied.channels.values() for one in ids}
    for part in tied.parts:
        if part.fixed:
            continue
        scores = _scores(part, tied, tensors, by)
        most = max(1, math.floor(keep * len(part.members) + 0.5))
        order = sorted(part.members, key=lambda one: (-scores[one], one))
        stay = {*order[:most]} | {max(tied.channels[name], key=lambda one: scores[one]) for name in part.makers}
        kept -= {*part.members} - stay
    return kept


def _scores(part: Part, tied: Ties, tensors: Mapping[str, Tensor], by: str) -> dict[int, float]:
    """How large each class of channels is, over all layers that give it."""
    scores = dict.fromkeys(part.members, 0.0)
    for name in _measured_at(part, tied, by):
        weights = tensors[f"{name}.weight"].double().flatten(1) if by in NORMS else tensors[f"{name}.weight"].double()
        sizes = weights.norm(NORMS[by], 1) if by in NORMS else weights.abs()
        for one, size in zip(tied.channels[name], sizes.tolist(), strict=True):
            if one in scores:
                scores[one] += size
    return scores


def _measured_at(part: Part, tied: Ties, by: str) -> tuple[str, ...]:
    """The layers whose weights say how large the channels of a part are.

    Raises:
        InputError: There is no batch norm after its layers.
    """
    if by in NORMS:
        return part.makers
    found = [
        vertex.name
        for vertex in tied.measured.graph.vertices
        if isinstance(vertex.node, tree.BatchNorm)
        and vertex.node.affine
        and {*tied.channels[vertex.name]} & {*part.members}
    ]
    if not found:
        raise InputError(f"{part.makers[0]} has no batch norm after it whose scale could say what it needs; take l1")
    return tuple(found)


def _narrowed(network: Network, tied: Ties, kept: set[int]) -> Network:
    """The network with as many filters as are kept."""

    def chain(nodes: Chain, prefix: str) -> Chain:
        return tuple(one(node, prefix + name) for name, node in named(nodes))

    def one(node: Node, name: str) -> Node:
        if isinstance(node, tree.Group):
            return dataclasses.replace(node, branches=(chain(node.branches[0], f"{name}."),))
        if isinstance(node, tree.Block):
            branches = tuple(chain(branch, f"{name}.{part}.") for part, branch in parts(node))
            return dataclasses.replace(node, branches=branches)
        count = sum(channel in kept for channel in tied.channels.get(name, ()))
        if isinstance(node, tree.FullyConnected):
            return dataclasses.replace(node, units=count)
        if isinstance(node, tree.Conv):
            depthwise = node.groups > 1 and node.groups == node.filters and count < node.filters
            return dataclasses.replace(node, filters=count, groups=count if depthwise else node.groups)
        return node

    smaller = dataclasses.replace(network, layers=chain(network.layers, ""), program=None, letters=())
    return from_resolved(resolved(smaller), network.name)


def _cut(name: str, tensor: Tensor, tied: Ties, kept: set[int]) -> Tensor:
    """What stays of a tensor of the module."""
    layer, _, kind = name.rpartition(".")
    vertex = next((one for one in tied.measured.graph.vertices if one.name == layer), None)
    if vertex is None or not tensor.ndim:
        return tensor
    out = _rows(tied.channels[layer], kept)
    if len(out) < len(tied.channels[layer]) and tensor.shape[0] == len(tied.channels[layer]):
        tensor = tensor[out]
    if kind == "weight" and makes(vertex):
        tensor = tensor[:, _columns(vertex, tied, kept)]
    return tensor


def _rows(channels: tuple[int, ...], kept: set[int]) -> Tensor:
    return torch.tensor([at for at, one in enumerate(channels) if one in kept])


def _columns(vertex: Vertex, tied: Ties, kept: set[int]) -> Tensor:
    """The input channels that stay; of a layer that flattens its input, all entries of each."""
    rows = _rows(tied.channels[vertex.inputs[0]], kept)
    shape = tied.measured.row(vertex.name).input
    if not isinstance(vertex.node, tree.FullyConnected) or vertex.node.each or len(shape) == 1:
        return rows
    entries = math.prod(side or 1 for side in shape[1:])
    return (rows[:, None] * entries + torch.arange(entries)).flatten()
