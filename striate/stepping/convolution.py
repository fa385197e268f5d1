"""Convolution forward and backward, product by product.

O[f,o] = Σ X[c, o·s + k·d - p] W[f,c,k] + b[f]. Every such product gives one term to three sums: with x·w to the output,
x·dO to the filter's gradient, w·dO to the input's. Hence dE/dW is a cross-correlation of X with dO, and dE/dX the full
convolution of dO with the filter, which is the cross-correlation of the padded dO with the flipped filter.
Dumoulin & Visin 2016, section 4, describe the zeros that stride and dilation insert.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from striate.notation.rules.window import Window, windows
from striate.notation.tree import AvgPool, Conv, Pool
from striate.stepping.content import Im2col, Part, Picture, empty_terms, entries, filled, zeros
from striate.stepping.reading import Array

Index = tuple[int, ...]


@dataclass(frozen=True)
class Sliding:
    """The windows of a layer over maps of size `spatial`."""

    windows: tuple[Window, ...]
    spatial: Index
    flipped: bool = False  # whether the filter is flipped: the true convolution of signal processing
    padding_counts: bool = True  # whether a mean is taken over padding too

    @property
    def output(self) -> Index:
        """Positions along each axis."""
        return tuple(window.output(n).value or 0 for window, n in zip(self.windows, self.spatial, strict=True))

    @property
    def padded(self) -> Index:
        """The size of a map with its padding."""
        return tuple(n + sum(window.padding(n)) for window, n in zip(self.windows, self.spatial, strict=True))

    @property
    def kernel(self) -> Index:
        """The size of the window."""
        return tuple(window.size for window in self.windows)

    def at(self, position: Index, tap: Index) -> Index:
        """The entry of the map that a tap of the window meets; outside the map it is in the padding."""
        tap = tuple(w.size - 1 - k for w, k in zip(self.windows, tap, strict=True)) if self.flipped else tap
        axes = zip(self.windows, self.spatial, position, tap, strict=True)
        return tuple(o * w.stride + k * w.dilation - w.padding(n)[0] for w, n, o, k in axes)

    def inside(self, at: Index) -> bool:
        """Whether an entry is in the map itself."""
        return all(0 <= i < n for i, n in zip(at, self.spatial, strict=True))


def sliding(layer: Conv | Pool, spatial: Index) -> Sliding:
    """The windows of a layer, for maps of this size."""
    flipped, counts = isinstance(layer, Conv) and layer.flip, not isinstance(layer, AvgPool) or layer.counts_padding
    return Sliding(tuple(windows(layer)), spatial, flipped, counts)


def convolution(slide: Sliding, x: Array, weights: Array, bias: Array, upstream: Array) -> Iterator[Part]:
    """The parts of a convolution; arrays X (C, *n), W (F, C, *k), b (F,) or (0,) for none, dO (F, *out)."""
    output, d_weights, d_x = empty_terms(upstream.shape), empty_terms(weights.shape), empty_terms(x.shape)
    for f, position, at, tap in _products(slide, weights.shape):
        place, value, gradient = (tap[1], *at), Fraction(0), upstream[f, *position]
        if slide.inside(at):
            value = x[place]
            d_x[place].append((weights[tap], gradient))
        output[f, *position].append((value, weights[tap]))
        d_weights[tap].append((value, gradient))
    for f, added in enumerate(bias):
        for terms in output[f].flat if added else ():
            terms.append((added,))
    plus = " + b" if any(bias) else ""
    turned = " (flipped)" if slide.flipped else ""
    rule = f"X ⋆ W{turned}{plus}, each entry the sum of products under the filter"
    yield Part("O", rule, output.shape, entries("O", output, 1))
    yield Part("dE/dW", _weights_rule(slide), weights.shape, entries("dE/dW", d_weights, 2))
    pictures = full_convolution(slide, weights, upstream)
    yield Part("dE/dX", _full_rule(slide), x.shape, entries("dE/dX", d_x, 1), pictures)
    if bias.size:
        sums = filled(bias.shape, [[(gradient,) for gradient in grid.flat] for grid in upstream])
        yield Part("dE/db", "the sum of dO over each map", bias.shape, entries("dE/db", sums, 1))


def _products(slide: Sliding, shape: Index) -> Iterator[tuple[int, Index, Index, Index]]:
    """Every product: filter, position, the entry of the map, and the index of the weight."""
    for f, position in itertools.product(range(shape[0]), np.ndindex(slide.output)):
        for c, tap in itertools.product(range(shape[1]), np.ndindex(slide.kernel)):
            yield f, position, slide.at(position, tap), (f, c, *tap)


def full_convolution(slide: Sliding, weights: Array, upstream: Array) -> tuple[Picture, Picture]:
    """dO with its zeros, (F, *), and the flipped filters, (F, C, *); filters that are flipped already stay as they are.

    Slid over each other they give dE/dX, that of the padding included.
    """
    reach = [window.reach for window in slide.windows]
    wide = zeros((len(upstream), *(n + r - 1 for n, r in zip(slide.padded, reach, strict=True))))
    axes = zip(slide.windows, reach, slide.output, strict=True)
    wide[:, *(slice(r - 1, r - 1 + n * w.stride, w.stride) for w, r, n in axes)] = upstream
    spread = zeros((*weights.shape[:2], *reach))
    spread[:, :, *(slice(None, None, window.dilation) for window in slide.windows)] = weights
    around = Picture(f"dO with zeros around{_between(slide)}", wide)
    if slide.flipped:
        return around, Picture("the filter as it is written", spread)
    return around, Picture("the flipped filter", np.flip(spread, axis=tuple(range(2, spread.ndim))))


def im2col(slide: Sliding, x: Array, weights: Array, bias: Array) -> Im2col:
    """The convolution as a matrix product (Chellapilla et al. 2006)."""
    positions: list[Any] = []
    for position in np.ndindex(slide.output):
        taps = itertools.product(range(len(x)), (slide.at(position, tap) for tap in np.ndindex(slide.kernel)))
        positions.append([x[c, *at] if slide.inside(at) else Fraction(0) for c, at in taps])
    columns = np.array(positions, dtype=object).T
    filters = weights.reshape(len(weights), -1)
    product = filters @ columns
    return Im2col(columns, filters, product + bias[:, None] if bias.size else product)


def _weights_rule(slide: Sliding) -> str:
    """What dE/dW is, with what padding, stride and dilation change in it."""
    stride, dilation = (tuple(getattr(w, name) for w in slide.windows) for name in ("stride", "dilation"))
    padded = "padded " if slide.padded != slide.spatial else ""
    apart = f", its entries {_axes(stride)} apart (stride)" if set(stride) != {1} else ""
    steps = f", in steps of {_axes(dilation)} (dilation)" if set(dilation) != {1} else ""
    turned = ", flipped" if slide.flipped else ""
    return f"X ⋆ dO, the cross-correlation of the {padded}input with the upstream gradient{apart}{steps}{turned}"


def _between(slide: Sliding) -> str:
    return " and between (stride)" if any(window.stride > 1 for window in slide.windows) else ""


def _full_rule(slide: Sliding) -> str:
    cut = ", less the padding" if slide.padded != slide.spatial else ""
    if slide.flipped:
        return f"the full cross-correlation of dO with the filter as it is written: the padded dO ⋆ the filter{cut}"
    return f"the full convolution of dO with the filter: the padded dO ⋆ the flipped filter{cut}"


def _axes(sizes: Index) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))
