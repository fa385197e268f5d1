"""From a layer's text and its numbers to the step: which layer it is, what it needs, and what it must not be given."""

from __future__ import annotations

import math
from collections.abc import Iterator
from numbers import Integral
from typing import Any

from striate.errors import InputError
from striate.notation import parse, read, rules
from striate.notation.notes import input_note
from striate.notation.render import node_text
from striate.notation.syntax import Word
from striate.notation.tree import AvgPool, Conv, FullyConnected, Layer, MaxPool, Pool, Softmax
from striate.stepping.content import Part, Picture, Step, named, zeros
from striate.stepping.convolution import convolution, im2col, sliding
from striate.stepping.dense import fully_connected
from striate.stepping.pointwise import ACTIVATIONS, activation, softmax
from striate.stepping.pooling import average_pooling, max_pooling
from striate.stepping.reading import Array, Given, cross, in_file, read_as, read_input

MOST_ENTRIES = 4096  # of the input
MOST_PRODUCTS = 100_000  # written out for the output; as many for each gradient
KNOWN: tuple[type[Layer], ...] = (Conv, FullyConnected, MaxPool, AvgPool, *ACTIVATIONS, Softmax)


def step(
    layer: str,
    input: Given,
    *,
    weights: Given | None = None,
    bias: Given | None = None,
    upstream: Given | None = None,
    target: int | None = None,
    im2col: bool = False,
) -> Step:
    """One layer forward and backward, every entry as its sum of products.

    Args:
        layer: One layer of the notation: `conv 1@2x2`, `maxpool 2`, `avgpool 2`, `relu`, `sigmoid`, `tanh`, `fc 3`,
            `softmax`.
        input: (C, H, W), (H, W) or (N,), as text, lists, an array or `@file`; see `striate.stepping.reading`.
        weights: (F, C, *kernel) for conv, (units, entries) for fc. Read from the input's file where that has them.
        bias: One number per filter or unit; 0 if left out.
        upstream: dE/dO in the output's shape; without it, names such as `dO[0,0]` stand for it.
        target: The right class, from 0, for softmax with cross-entropy.
        im2col: Also make the matrices of a convolution as one product.

    Raises:
        InputError: A layer, a number or a size that does not fit; the error says what does.
    """
    if not isinstance(layer, str):
        raise InputError(f"a layer is a text, as in 'conv 1@2x2'. Received: {type(layer).__name__}")
    if target is not None and (isinstance(target, bool) or not isinstance(target, Integral)):
        raise InputError(f"target is the number of an entry, from 0. Received: {target!r}")
    x = read_input(input)
    if x.size > MOST_ENTRIES:
        raise InputError(f"input: a step shows at most {MOST_ENTRIES:,} entries. Received: {x.size:,}; cut a part out")
    node = _layer(layer, x.shape)
    if not isinstance(node, Conv | Pool) and x.ndim == 2 and len(x) == 1:
        x = x[0]  # a row of values has no maps
    _check_size(node, x, target)
    if in_file(input, "weights") and weights is None and isinstance(node, Conv | FullyConnected):
        weights = input
        bias = input if bias is None and node.bias and in_file(input, "bias") else bias
    _check_given(node, x, weights=weights, bias=bias, upstream=upstream, target=target, im2col=im2col)
    return _Work(node, x, weights, bias, upstream, target).step(im2col)


class _Work:
    """The arrays of a layer, read in the shapes that it takes."""

    def __init__(self, layer: Layer, x: Array, weights: Any, bias: Any, upstream: Any, target: int | None) -> None:
        self.layer, self.x, self.text, self.target = layer, x, node_text(layer), target
        self.given = [Picture("X", x)]
        self.weights, self.bias = zeros((0,)), zeros((0,))
        if isinstance(layer, Conv | FullyConnected):
            self.weights = self.read(weights, "weights", "W", weights_shape(layer, x.shape))
            if layer.bias:
                shape = self.weights.shape[:1]
                self.bias = zeros(shape) if bias is None else self.read(bias, "bias", "b", shape)
        shape = _output(layer, x)
        maps = int(len(shape) > 1)
        self.upstream = named("dO", shape, maps) if upstream is None else self.read(upstream, "upstream", "dO", shape)
        if target is not None and not 0 <= target < x.size:
            raise InputError(f"target: one of the {x.size} entries, 0 to {x.size - 1}. Received: {target}")

    def read(self, source: Given, role: str, name: str, shape: tuple[int, ...]) -> Array:
        array = read_as(source, role, shape, self.text)
        self.given.append(Picture(name, array))
        return array

    def step(self, with_im2col: bool) -> Step:
        matrices = None
        if with_im2col and isinstance(self.layer, Conv):
            matrices = im2col(sliding(self.layer, self.x.shape[1:]), self.x, self.weights, self.bias)
        note = input_note(self.x.shape) if self.x.ndim > 2 else ""  # maps of one axis were parted on purpose
        return Step(self.text, tuple(self.given), tuple(self.parts()), matrices, (note,) if note else ())

    def parts(self) -> Iterator[Part]:
        layer, x = self.layer, self.x
        if isinstance(layer, Conv):
            return convolution(sliding(layer, x.shape[1:]), x, self.weights, self.bias, self.upstream)
        if isinstance(layer, FullyConnected):
            return fully_connected(x, self.weights, self.bias, self.upstream)
        if isinstance(layer, Pool):
            pooling = max_pooling if isinstance(layer, MaxPool) else average_pooling
            return pooling(sliding(layer, x.shape[1:]), x, self.upstream)
        if isinstance(layer, Softmax):
            return softmax(x, self.upstream, self.target)
        return activation(layer, x, self.upstream)


def weights_shape(layer: Conv | FullyConnected, shape: tuple[int, ...]) -> tuple[int, ...]:
    """(F, C, *kernel) or (units, entries)."""
    if isinstance(layer, FullyConnected):
        return layer.units, math.prod(shape)
    return layer.filters, shape[0], *layer.kernel


def _layer(text: str, shape: tuple[int, ...]) -> Layer:
    """The one layer of a text.

    Raises:
        NotationError: The text is no layer, or it does not fit the shape.
        InputError: It is a layer that a step does not show, or several.
    """
    received = " ".join(text.split())[:60]
    network = f"input {'x'.join(map(str, shape))} -> {text}"
    elements = parse(network).layers[1:]
    if len(elements) > 1 or not all(isinstance(element, Word) for element in elements):
        raise InputError(f"a step shows one layer, such as conv 1@2x2; give them one by one. Received: {received}")
    node = read(network).layers[0]
    if not isinstance(node, KNOWN):
        raise InputError(f"a step shows {', '.join(kind.word for kind in KNOWN)}. Received: {received}")
    if isinstance(node, FullyConnected) and node.each:
        raise InputError(f"a step shows one matrix at each position as conv {node.units}@1. Received: {received}")
    if isinstance(node, Conv) and node.groups > 1:
        raise InputError(
            f"a step shows convolutions without groups; give each group as its own conv. Received: {received}"
        )
    if isinstance(node, Conv) and node.pad.mode not in ("zeros", "same"):
        raise InputError(f"a step pads with zeros: pad 1, pad same. Received: {received}")
    assert isinstance(node, Layer)
    return node


def _check_size(layer: Layer, x: Array, target: int | None) -> None:
    """Refuse what nobody would read to its end, before anything of that size is made."""
    if isinstance(layer, Softmax) and x.ndim > 1:
        raise InputError("softmax takes one row of scores, such as 1 2 3; give a row at a time")
    outputs, products, padded = math.prod(_output(layer, x)), 1, 0
    if isinstance(layer, Conv | FullyConnected):
        products = math.prod(weights_shape(layer, x.shape)[1:])
    if isinstance(layer, Softmax) and target is None:
        products = x.size
    if isinstance(layer, Pool):
        products = math.prod(layer.kernel)
    if isinstance(layer, Conv | Pool):
        padded = math.prod(sliding(layer, x.shape[1:]).padded) * len(x)
    if isinstance(layer, Conv):
        padded *= layer.filters
    for count, what in ((outputs * products, "products"), (padded, "entries with the padding")):
        if count > MOST_PRODUCTS:
            rule = f"a step writes out at most {MOST_PRODUCTS:,} {what}; use a smaller example"
            raise InputError(f"{rule}. Received: {count:,} for {node_text(layer)}")


def _output(layer: Layer, x: Array) -> tuple[int, ...]:
    return tuple(int(n or 0) for n in rules.output(layer, x.shape).value)


def _check_given(layer: Layer, x: Array, **given: Any) -> None:
    """Refuse what the layer does not take, and ask for what it needs."""
    names = {name for name, value in given.items() if value is not None and value is not False}
    takes = {"upstream"}
    if isinstance(layer, Conv | FullyConnected):
        takes |= {"weights", "bias"} if layer.bias else {"weights"}
        if "weights" not in names:
            shape = cross(weights_shape(layer, x.shape))
            raise InputError(f"{node_text(layer)} needs weights; give {shape}")
    takes |= {"im2col"} if isinstance(layer, Conv) else {"target"} if isinstance(layer, Softmax) else set()
    for name in sorted(names - takes):
        raise InputError(f"{node_text(layer)} takes no {name}; leave it out")
    if {"target", "upstream"} <= names:
        raise InputError("a target makes the loss cross-entropy, which has no upstream; give only one of the two")
