"""`style`: a picture from coarse to fine. A small one comes first, and begins the next one, twice as large."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from striate.checks import check_number, path_of
from striate.data.writing import check_unread
from striate.errors import InputError
from striate.runs.devices import device as device_named
from striate.styling.aims import Balance
from striate.styling.material import Material
from striate.styling.opening import chosen
from striate.styling.styled import Styled, check_path
from striate.styling.work import STARTS, Work
from striate.tasks.saying import voice
from striate.training.threads import using
from striate.weights.published import SQUEEZENET

STEPS = 120  # at the coarsest size
STYLE, SMOOTH = 4.0, 0.5  # how much the styles and smoothness count beside the content


def style(
    content: Any,
    *styles: Any,
    shares: Sequence[float] | None = None,
    masks: Sequence[Any] = (),
    colour: str = "style",
    scale: float = 1.0,
    size: int | None = None,
    steps: int = STEPS,
    style_weight: float = STYLE,
    smooth: float = SMOOTH,
    start: str = "content",
    seed: int = 0,
    network: Any = SQUEEZENET,
    weights: str | Path | None = None,
    layers: str = "",
    content_layers: str = "",
    out: str | Path | None = None,
    device: str = "auto",
    threads: int | None = None,
    quiet: bool = False,
) -> Styled:
    """A picture of what one shows, in the style of others.

    Args:
        content: An image file, a PIL image or an array.
        styles: Likewise, one or several.
        shares: How much each style counts beside the others; alike by default.
        masks: A picture of the content's size for each style, white where it holds; without any, all hold everywhere.
        colour: `style` takes the styles' colours, `keep` the content's (only luminance is transferred), `match` gives
            the styles the content's colours first.
        scale: The size of the styles relative to the content: larger makes larger strokes.
        size: The longer side of the result in pixels; by default the content's, 512 at most.
        steps: At the coarsest size; each larger one, twice as large, has half as many, but a third at least.
        style_weight: How much the styles count beside the content.
        smooth: How much smoothness counts (total variation).
        start: From the `content`, or from `noise`.
        seed: Decides the noise.
        network: A name of the zoo, a text, a run or its folder.
        weights: A file of the network's weights; SqueezeNet finds its own, a run has its own.
        layers: By which styles are compared, by commas.
        content_layers: By which the content is.
        out: A file in which the picture is kept as it gets better.
        device: Where to compute; as for `st.train`.
        threads: CPU threads that compute; by default as many as PyTorch uses.
        quiet: Whether nothing is reported on standard error.

    Returns:
        The picture. Ctrl-C ends it early with what there is.

    Raises:
        InputError: Something is not what it should be: a picture, a mask's size, a layer, a number.
        WorkError: Weights can't be had, the file can't be written, or memory runs out.
    """
    began, say = time.perf_counter(), voice(quiet)
    check_number(steps, "steps", least=1, most=100_000)
    if start not in STARTS:
        raise InputError(f"a transfer starts from {' or '.join(STARTS)}. Received: {start}")
    place = None if out is None else path_of(out, "a picture")
    if place:
        check_path(place)
        check_unread(place, [content, *styles, *masks, network, weights])
    material = Material.read(content, styles, masks, colour, scale, size)
    balance = _balance(style_weight, smooth, shares, len(styles))
    with using(threads):
        found = chosen(network, weights, layers, content_layers, device_named(device), progress=not quiet)
        work = Work(material, found, balance, steps, place)
        notes = (*found.eyes.notes, found.said(), *material.notes(), work.said())
        for note in notes:
            say(note)
        stopped = work.run(start, seed, show=not quiet)
    return work.result(time.perf_counter() - began, stopped, notes)


def _balance(style_weight: float, smooth: float, shares: Sequence[float] | None, count: int) -> Balance:
    """How much each part counts.

    Raises:
        InputError: A number is wrong, or there are more or fewer than there are styles.
    """
    check_number(style_weight, "style_weight", most=1e9, whole=False)
    check_number(smooth, "smooth", most=1e9, whole=False)
    parts = [1.0] * count if shares is None else [*shares]
    for part in parts:
        check_number(part, "a share in `shares`", most=1e9, whole=False)
    if len(parts) != count or not sum(parts):
        raise InputError(f"`shares` are a number for each style, not all 0. Received: {len(parts)} for {count} styles")
    return Balance(style_weight, smooth, tuple(part / sum(parts) for part in parts))
