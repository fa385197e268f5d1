"""Walks a graph for packages that are not PyTorch: each layer is passed on with its name, branches are added.

Maps are stored with their channels last, the layout in which those packages are fastest.

>>> from striate.notation import read
>>> network = read("input 3x8x8 -> conv 4@3 -> residual[ conv 4@3 pad 1 -> relu ] -> gap")
>>> walk(network, "x", lambda name, layer, x: f"{name}({x})", lambda a, b: f"{a} + {b}")
'gap1(conv1(x) + residual1.body.relu1(residual1.body.conv1(conv1(x))))'
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, TypeVar

from torch import Tensor

from striate.benchmark.contestants.base import Unable
from striate.notation import Network
from striate.notation.ending import left_to_loss
from striate.notation.graph import INPUT, Added, graph
from striate.notation.render import node_text
from striate.notation.rules.window import windows
from striate.notation.tree import Layer

T = TypeVar("T")
Apply = Callable[[str, Layer, T], T]  # a layer's full name, the layer, what comes in
Add = Callable[[T, T], T]


def walk(network: Network, x: T, apply: Apply[T], add: Add[T]) -> T:
    """What the network makes of x; a softmax at its end is left out: the loss applies it.

    Raises:
        Unable: A block that does not add its branches.
    """
    flat = graph(network)
    left = frozenset(left_to_loss(flat))
    if flat.beyond:
        raise Unable(f"its translation lacks {flat.beyond}")
    values = {INPUT: x}
    for vertex in flat.vertices:
        inputs = [values[name] for name in vertex.inputs if name in values]
        if isinstance(vertex.node, Layer):
            value = inputs[0] if vertex.name in left else apply(vertex.name, vertex.node, inputs[0])
        elif isinstance(vertex.node, Added):
            value = reduce(add, inputs)
        else:
            raise Unable(f"its translation lacks '{vertex.node.block.kind}'")
        values[vertex.name] = value
    return values[flat.output]


def channels_last(images: Tensor) -> Any:
    """(N, C, …) as an array (N, …, C)."""
    return images.movedim(1, -1).contiguous().numpy()


def lacks(layer: Layer) -> Unable:
    """The error for a layer that has no translation."""
    return Unable(f"its translation lacks '{node_text(layer)}'")


def pads(layer: Any, sizes: tuple[int, ...]) -> list[tuple[int, int]]:
    """Zeros before and after each axis of a window over maps of these sizes.

    Raises:
        Unable: Padding other than zeros, a flipped kernel, or windows that reach over the edge.
    """
    if layer.pad.mode not in ("zeros", "same") or getattr(layer, "flip", False) or not layer.floor:
        raise lacks(layer)
    return [window.padding(n) for window, n in zip(windows(layer), sizes, strict=True)]
