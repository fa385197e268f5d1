"""Pooling: the gradient goes to the winner of each window, or in equal shares to all of it."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from striate.stepping.content import Entry, Part, empty_terms, entries, label
from striate.stepping.convolution import Index, Sliding
from striate.stepping.number import number_text, total
from striate.stepping.reading import Array


def max_pooling(slide: Sliding, x: Array, upstream: Array) -> Iterator[Part]:
    """The winner of each window of X (C, *n), and its gradient; of equals the first wins, as in PyTorch."""
    output, d_x = [], empty_terms(x.shape)
    for index in np.ndindex(upstream.shape):
        places = [(index[0], *at) for at in _window(slide, index[1:]) if slide.inside(at)]
        winner = max(places, key=lambda place: x[place])  # the first of equals
        d_x[winner].append((upstream[index],))
        formula = f"max({', '.join(number_text(x[place]) for place in places)})"
        taken = f"{formula} = {label('X', winner, x.shape, 1)}"
        output.append(Entry(label("O", index, upstream.shape, 1), taken, x[winner]))
    yield Part("O", "the largest entry of each window (of equals the first)", upstream.shape, tuple(output))
    yield Part("dE/dX", "dO where the entry won, 0 elsewhere", x.shape, entries("dE/dX", d_x, 1))


def average_pooling(slide: Sliding, x: Array, upstream: Array) -> Iterator[Part]:
    """The mean of each window of X (C, *n), and each entry's share of the gradient; padding that counts is zeros."""
    output, d_x = [], empty_terms(x.shape)
    for index in np.ndindex(upstream.shape):
        window = [at for at in _window(slide, index[1:]) if _counts(slide, at)]
        taken = [x[index[0], *at] if slide.inside(at) else Fraction(0) for at in window]
        share = Fraction(1, len(window))
        for at in filter(slide.inside, window):
            d_x[index[0], *at].append((share, upstream[index]))
        formula, value = total([(entry,) for entry in taken])
        assert value is not None
        output.append(Entry(label("O", index, upstream.shape, 1), f"({formula})/{len(window)}", value * share))
    yield Part("O", "the mean of each window", upstream.shape, tuple(output))
    yield Part("dE/dX", "an equal share of dO to every entry of the window", x.shape, entries("dE/dX", d_x, 1))


def _window(slide: Sliding, position: Index) -> list[Index]:
    return [slide.at(position, tap) for tap in np.ndindex(slide.kernel)]


def _counts(slide: Sliding, at: Index) -> bool:
    """Whether an entry is in the map or in padding that counts; with `ceil` a window may reach beyond both."""
    if not slide.padding_counts:
        return slide.inside(at)
    axes = zip(slide.windows, slide.spatial, at, strict=True)
    return all(i < n + window.padding(n)[1] for window, n, i in axes)
