"""Tensors as pictures: images, maps on colour scales with their legends, and sheets of many small ones.

>>> import torch
>>> signed(torch.tensor([[-2.0, 1.0]]), "weight").high
2.0
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Text
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

Array = NDArray[np.float32]

SIDE = 2.3  # inches of a panel
WIDTH, LINES = 38, 5  # characters of a title or a label in a line, and lines of it
NAME = 32  # characters of a name beside others
TILE = 0.85  # inches of a small one
MOST_ROWS, MOST_TILES = 8, 64
MOST_WORDS = 60  # of a sentence
MOST_NAMED = 20  # classes that each have a colour of their own
LONG = 6  # times wider than high, from where on a map fills its panel
COVER = 0.6  # how much of an image a map over it hides


@dataclass(frozen=True)
class Scale:
    """What colours stand for.

    Attributes:
        low, high: The values of the first and the last colour.
        colours: matplotlib's name for them.
        label: What is measured.
    """

    low: float
    high: float
    colours: str
    label: str


@dataclass(frozen=True)
class Panel:
    """A picture with its title.

    Attributes:
        values: (H, W), or (H, W, 3) for colours.
        title: Above it.
        scale: What its colours stand for, or each of them; None for an image.
        under: An image below a map that lets it through.
        mark: (left, top, width, height) of a frame, in entries.
    """

    values: Array
    title: str
    scale: Scale | None = None
    under: Array | None = None
    mark: tuple[float, float, float, float] | None = None


def signed(values: Tensor, label: str, beyond: float = 0.0) -> Scale:
    """Blue below 0, white at 0, red above, to the largest absolute value.

    Args:
        values: What is drawn.
        label: What it measures.
        beyond: The share of values other than 0 that may lie beyond the last colours, which the label then says.
    """
    most = _most(values.abs(), beyond)
    return Scale(-most, most, "RdBu_r", label + _said(beyond))


def positive(values: Tensor, label: str, beyond: float = 0.0) -> Scale:
    """From 0 to the largest value; from the smallest where some are negative. Arguments as for `signed`."""
    low, high = min(0.0, float(values.min())), _most(values, beyond)
    return Scale(low, high if high > low else low + 1, "inferno", label + _said(beyond))


def colours(values: Tensor, label: str, beyond: float = 0.0) -> tuple[Array, Scale]:
    """(3, H, W) as colours (H, W, 3) in which 0 is mid-grey, and the scale of each of them; as for `signed`."""
    most = _most(values.abs(), beyond)
    shown = (0.5 + values.detach().float().cpu() / (2 * most)).clamp(0, 1).permute(1, 2, 0)
    return shown.numpy(), Scale(-most, most, "gray", f"{label}, in each of red, green and blue{_said(beyond)}")


def _most(values: Tensor, beyond: float) -> float:
    """What all but so large a share of the values that are not 0 stay within; 1 where all are 0."""
    found = values.detach().float().cpu().numpy()
    found = found[found != 0]
    return float(np.quantile(found, 1 - beyond)) if len(found) else 1.0


def _said(beyond: float) -> str:
    return f"; {beyond:.1%} are beyond" if beyond else ""


def plane(values: Tensor) -> Array:
    """A map (*spatial) as (H, W): a sequence is one row, of a volume it is the middle frame."""
    values = values.detach().float().cpu()
    if values.dim() < 2:
        values = values.reshape(1, -1)
    while values.dim() > 2:
        values = values[len(values) // 2]
    return np.asarray(values.numpy())


def image(x: Tensor) -> Array:
    """An input (C, *spatial) as grey values or colours 0 to 1, from its minimum to its maximum.

    Three channels are red, green and blue; of other numbers it is their mean. A sequence shows its channels as rows.
    """
    x = x.detach().float().cpu()
    x = (x - x.min()) / (x.max() - x.min()).clamp_min(1e-9)
    if x.dim() < 3:
        return plane(x)
    return np.stack([plane(one) for one in x], axis=-1) if len(x) == 3 else plane(x.mean(0))


def resized(values: Tensor, size: Sequence[int]) -> Tensor:
    """Maps (N, *spatial) at another size, linear between entries."""
    mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(size)]
    return F.interpolate(values[:, None].float(), size=tuple(size), mode=mode, align_corners=False)[:, 0]


def grid(rows: Sequence[Sequence[Panel]], note: str = "") -> Figure:
    """A figure with a row for each example, a note above; every panel with a scale has a legend beside it."""
    width = max(map(len, rows))
    figure = Figure(figsize=(width * (SIDE + 0.7), len(rows) * (SIDE + 0.3)), layout="constrained")
    places = figure.subplots(len(rows), width, squeeze=False)
    for axes, row in zip(places, rows, strict=True):
        for one, panel in zip(axes, row, strict=True):
            drawn = _draw(one, panel)
            one.set_title(_lines(panel.title), fontsize=8)
            if panel.scale:
                figure.colorbar(drawn, ax=one, fraction=0.05).set_label(_lines(panel.scale.label), fontsize=7)
    if note:
        figure.suptitle(note, fontsize=8)
    return _as_written(figure)


def _lines(text: str) -> str:
    return fill(text, WIDTH, max_lines=LINES, placeholder=" …")


def short(name: str) -> str:
    """A name that leaves room for others."""
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


def _as_written(figure: Figure) -> Figure:
    """The figure with each of its texts as it is: a dollar sign in a name begins no formula."""
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    return figure


def sheet(panels: Sequence[Panel], scale: Scale | None, title: str, columns: int = 0) -> Figure:
    """A figure of many small panels, all on one scale with one legend."""
    columns = columns or min(len(panels), max(1, math.ceil(math.sqrt(len(panels)) * 1.3)))
    rows = math.ceil(len(panels) / columns)
    size = (max(4.5, columns * TILE + 1.2), max(2.6, rows * (TILE + 0.25) + 0.6))
    figure = Figure(figsize=size, layout="constrained")
    places = figure.subplots(rows, columns, squeeze=False)
    for axes in places.flat:
        axes.set_axis_off()
    for axes, panel in zip(places.flat, panels, strict=False):
        _draw(axes, panel)
        axes.set_title(panel.title, fontsize=6, pad=2)
    figure.suptitle(title, fontsize=9)
    if scale:
        legend(figure, places, scale)
    return _as_written(figure)


def legend(figure: Figure, places: NDArray[np.object_], scale: Scale) -> None:
    """One legend for a scale beside all axes."""
    from matplotlib.cm import ScalarMappable

    shown = ScalarMappable(Normalize(scale.low, scale.high), scale.colours)
    figure.colorbar(shown, ax=places, fraction=0.04).set_label(_lines(scale.label), fontsize=8)


def shown_of(count: int, most: int, what: str) -> str:
    """How many of all are drawn.

    >>> shown_of(100, 64, "channels"), shown_of(6, 64, "channels")
    ('the first 64 of 100 channels', '6 channels')
    """
    return f"{count} {what}" if count <= most else f"the first {most} of {count} {what}"


def _draw(axes: Axes, panel: Panel) -> AxesImage:
    height, width = panel.values.shape[:2]
    aspect: Literal["auto", "equal"] = "auto" if width > LONG * height or height > LONG * width else "equal"
    axes.set_xticks([])
    axes.set_yticks([])
    grey = Scale(0, 1, "gray", "")
    if panel.under is not None:
        axes.imshow(panel.under, "gray", vmin=0, vmax=1, aspect=aspect, interpolation="nearest")
    scale, alpha = panel.scale or grey, COVER if panel.under is not None else 1
    if panel.mark:
        from matplotlib.patches import Rectangle

        left, top, across, down = panel.mark
        axes.add_patch(Rectangle((left - 0.5, top - 0.5), across, down, fill=False, edgecolor="lime", linewidth=1.5))
    return axes.imshow(
        panel.values,
        scale.colours,
        vmin=scale.low,
        vmax=scale.high,
        alpha=alpha,
        aspect=aspect,
        interpolation="nearest",
    )


def figure_of_table(values: Tensor, rows: Sequence[str], columns: Sequence[str], scale: Scale, title: str) -> Figure:
    """A named row for each unit, a named column for each class, in colours with a legend."""
    title = f"{title}; {shown_of(len(rows), MOST_TILES, 'units')}, {shown_of(len(columns), MOST_TILES, 'classes')}"
    rows, columns = rows[:MOST_TILES], [short(name) for name in columns[:MOST_TILES]]
    longest = max(map(len, columns))
    size = (3.5 + 0.3 * len(columns), 1.5 + 0.17 * len(rows) + 0.06 * longest)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    drawn = axes.imshow(
        plane(values[: len(rows), : len(columns)]), scale.colours, vmin=scale.low, vmax=scale.high, aspect="auto"
    )
    axes.set_yticks(range(len(rows)), rows, fontsize=6)
    axes.set_xticks(range(len(columns)), columns, fontsize=7, rotation=0 if longest < 3 else 90)
    axes.set_title(title, fontsize=8)
    figure.colorbar(drawn, ax=axes).set_label(_lines(scale.label), fontsize=8)
    return _as_written(figure)


def figure_of_points(points: Tensor, labels: Tensor | None, classes: Sequence[str], title: str) -> Figure:
    """Points in the plane, in a colour for each label with a legend; many labels are on a scale."""
    import matplotlib

    figure = Figure(figsize=(6.5, 5), layout="constrained")
    axes = figure.subplots()
    x, y = points.T.numpy()
    found = np.array([] if labels is None else labels.tolist(), int)
    kinds = sorted(set(found.tolist()))
    if not kinds:
        axes.scatter(x, y, s=8)
    elif len(kinds) > MOST_NAMED:
        figure.colorbar(axes.scatter(x, y, s=8, c=found), ax=axes).set_label("number of the class", fontsize=8)
    else:
        for place, kind in enumerate(kinds):
            one = found == kind
            axes.scatter(x[one], y[one], s=8, color=matplotlib.colormaps["tab20"](place), label=str(place))
        made = axes.legend(fontsize=7, markerscale=2, loc="center left", bbox_to_anchor=(1, 0.5))
        for text, kind in zip(made.get_texts(), kinds, strict=True):  # matplotlib leaves out what begins with "_"
            text.set_text(short(classes[kind]) if 0 <= kind < len(classes) else str(kind))
    axes.set_title(title, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    return _as_written(figure)


def figure_of_words(rows: Sequence[tuple[str, Sequence[tuple[str, float]]]], scale: Scale) -> Figure:
    """Sentences with a bar for each word, in colours with a legend."""
    rows = [_deciding(*row) for row in rows[:MOST_ROWS]]
    longest = max(len(words) for _, words in rows)
    figure = Figure(figsize=(6, len(rows) * (0.6 + 0.2 * longest)), layout="constrained")
    places = figure.subplots(len(rows), 1, squeeze=False)
    norm = Normalize(scale.low, scale.high)
    import matplotlib

    for axes, (title, words) in zip(places[:, 0], rows, strict=True):
        values = [value for _, value in words]
        colours = matplotlib.colormaps[scale.colours](norm(values))
        axes.barh(range(len(words)), values, color=colours, edgecolor="grey", linewidth=0.5)
        axes.set_yticks(range(len(words)), [short(word) for word, _ in words], fontsize=8)
        axes.invert_yaxis()
        axes.axvline(0, color="grey", linewidth=0.5)
        axes.set_title(title, fontsize=8)
    legend(figure, places, scale)
    return _as_written(figure)


def _deciding(title: str, words: Sequence[tuple[str, float]]) -> tuple[str, Sequence[tuple[str, float]]]:
    """A sentence with its title; of a long one those words, in order, that count most."""
    if len(words) <= MOST_WORDS:
        return title, words
    most = sorted(range(len(words)), key=lambda place: -abs(words[place][1]))[:MOST_WORDS]
    return f"{title}; the {MOST_WORDS} that count most of {len(words)} words", [words[place] for place in sorted(most)]
