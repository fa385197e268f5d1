"""Convolution forward and backward, product by product.

O[f,o] = Σ X[c, o·s + k·d - p] W[f,c,k] + b[f]. Every such product gives one term to three sums: with x·w to the output,
x·dO to the filter's gradient, w·dO to the input's. Hence dE/dW is a cross-correlation of X with dO, and dE/dX the full
convolution of dO with the filter, which is the cross-correlation of the padded dO with the flipped filter.
Dumoulin & Visin 2016, section 4, describe the zeros that stride and dilation insert.
"""

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from striate.stepping.content import Im2col, Part, Picture, empty_terms, entries, filled, zeros
from striate.stepping.reading import Array
from striate.stepping.sliding import Index, Windows


def convolution(slide: Windows, x: Array, weights: Array, bias: Array, upstream: Array) -> Iterator[Part]:
    """The parts of a convolution; arrays X (C, *n), W (F, C / groups, *k), b (F,) or (0,) for none, dO (F, *out)."""
    output, d_weights, d_x = empty_terms(upstream.shape), empty_terms(weights.shape), empty_terms(x.shape)
    filters_each = len(weights) * weights.shape[1] // len(x)  # filters of a group
    for f, position, at, tap in _products(slide, weights.shape):
        channel = f // filters_each * weights.shape[1] + tap[1]
        place, value, gradient = (channel, *at), Fraction(0), upstream[f, *position]
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
    own = f", each filter on its {weights.shape[1]} of {len(x)} channels" if weights.shape[1] < len(x) else ""
    rule = f"X ⋆ W{turned}{plus}, each entry the sum of products under the filter{own}"
    yield Part("O", rule, output.shape, entries("O", output, 1))
    yield Part("dE/dW", _weights_rule(slide), weights.shape, entries("dE/dW", d_weights, 2))
    plain = not own and slide.mode == "zeros"
    pictures = full_convolution(slide, weights, upstream) if plain else ()
    yield Part("dE/dX", _full_rule(slide), x.shape, entries("dE/dX", d_x, 1), pictures)
    if bias.size:
        sums = filled(bias.shape, [[(gradient,) for gradient in grid.flat] for grid in upstream])
        yield Part("dE/db", "the sum of dO over each map", bias.shape, entries("dE/db", sums, 1))


def _products(slide: Windows, shape: Index) -> Iterator[tuple[int, Index, Index, Index]]:
    """Every product: filter, position, the entry of the map, and the index of the weight."""
    for f, position in itertools.product(range(shape[0]), np.ndindex(slide.output)):
        for c, tap in itertools.product(range(shape[1]), np.ndindex(slide.kernel)):
            yield f, position, slide.at(position, tap), (f, c, *tap)


def full_convolution(slide: Windows, weights: Array, upstream: Array) -> tuple[Picture, Picture]:
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


def im2col(slide: Windows, x: Array, weights: Array, bias: Array) -> Im2col:
    """The convolution as a matrix product (Chellapilla et al. 2006)."""
    positions: list[Any] = []
    for position in np.ndindex(slide.output):
        taps = itertools.product(range(len(x)), (slide.at(position, tap) for tap in np.ndindex(slide.kernel)))
        positions.append([x[c, *at] if slide.inside(at) else Fraction(0) for c, at in taps])
    columns = np.array(positions, dtype=object).T
    filters = _ungrouped(weights, len(x)).reshape(len(weights), -1)
    product = filters @ columns
    return Im2col(columns, filters, product + bias[:, None] if bias.size else product)


def _ungrouped(weights: Array, channels: int) -> Array:
    """The filters over all channels: zeros where a filter does not see one."""
    each = weights.shape[1]
    groups = channels // each
    wide = zeros((len(weights), channels, *weights.shape[2:]))
    for f, own in enumerate(weights):
        first = f * groups // len(weights) * each
        wide[f, first : first + each] = own
    return wide


def _weights_rule(slide: Windows) -> str:
    """What dE/dW is, with what padding, stride and dilation change in it."""
    stride, dilation = (tuple(getattr(w, name) for w in slide.windows) for name in ("stride", "dilation"))
    padded = "padded " if slide.padded != slide.spatial else ""
    apart = f", its entries {_axes(stride)} apart (stride)" if set(stride) != {1} else ""
    steps = f", in steps of {_axes(dilation)} (dilation)" if set(dilation) != {1} else ""
    turned = ", flipped" if slide.flipped else ""
    return f"X ⋆ dO, the cross-correlation of the {padded}input with the upstream gradient{apart}{steps}{turned}"


def _between(slide: Windows) -> str:
    return " and between (stride)" if any(window.stride > 1 for window in slide.windows) else ""


def _full_rule(slide: Windows) -> str:
    cut = "" if slide.padded == slide.spatial else ", less the padding"
    if slide.mode != "zeros":
        cut = ", the padding's added to the entries that it repeats"
    if slide.flipped:
        return f"the full cross-correlation of dO with the filter as it is written: the padded dO ⋆ the filter{cut}"
    return f"the full convolution of dO with the filter: the padded dO ⋆ the flipped filter{cut}"


def _axes(sizes: Index) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))
