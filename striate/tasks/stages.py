"""Networks that propose boxes and look at them again: what they give, and anchors that suit the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError
from striate.losses.anchored import clustered
from striate.losses.proposing import BOX, CLASS, OBJECT, OFFSET, proposals_for
from striate.notation import Network
from striate.notation.rules.shape import shown
from striate.notation.tree import Shape

Anchors = tuple[tuple[float, float], ...]
ENDS = (
    "rpn: … -> heads[ object: conv anchors@1 | box: conv 4*anchors@1 ] | roi: roialign 7 from … -> heads[ class: fc "
    "classes+1 | box: fc 4*classes ]"
)


def levels_of(outputs: Mapping[str, Shape]) -> tuple[str, ...]:
    """The heads that propose boxes, those of the finest map first.

    >>> levels_of({"low.object": (3, 4, 4), "low.box": (12, 4, 4), "fine.object": (3, 8, 8), "fine.box": (12, 8, 8)})
    ('fine', 'low')
    """
    heads = [name.removesuffix(f".{OBJECT}") for name in outputs if name.endswith(f".{OBJECT}")]
    heads = [head for head in heads if f"{head}.{OFFSET}" in outputs]
    return tuple(sorted(heads, key=lambda head: -(outputs[f"{head}.{OBJECT}"][-1] or 0)))


def misfit(outputs: Mapping[str, Shape], classes: int, more: Mapping[str, int] | None = None) -> str | None:
    """Why the outputs are not those of two stages for so many classes; empty where they are, None of other networks.

    Args:
        outputs: By name.
        classes: How many there are.
        more: Further outputs, with the number of their channels.
    """
    wanted = {CLASS: classes + 1, BOX: 4 * classes, **(more or {})}
    for level in (levels := levels_of(outputs)):
        anchors = outputs[f"{levels[0]}.{OBJECT}"][0] or 0
        wanted |= {f"{level}.{OBJECT}": anchors, f"{level}.{OFFSET}": 4 * anchors}
    if not levels or outputs.keys() != wanted.keys():
        return None
    if flat := [key for key in more or {} if len(outputs[key]) != 3]:
        return f"gives {shown(outputs[flat[0]])} as {flat[0]}, which must be maps"
    wrong = [(key, size) for key, size in wanted.items() if outputs[key][0] != size]
    return "".join(f"gives {shown(outputs[key])} as {key}, which must be {size}" for key, size in wrong[:1])


def check_looks(network: Network, heads: Sequence[str]) -> None:
    """Check that something looks at boxes.

    Raises:
        InputError: Nothing does.
    """
    if not network.takes_boxes:
        raise InputError(f"{' and '.join(heads)} must look at boxes: begin the head with roialign")


def anchors_of(outputs: Mapping[str, Shape]) -> int:
    """How many anchors all levels have."""
    return sum(outputs[f"{level}.{OBJECT}"][0] or 0 for level in levels_of(outputs))


def suited(
    sizes: Sequence[NDArray[np.float64]], count: int, canvas: tuple[int, int]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What of a task suits the boxes that it learns from: `anchors` and `proposals`; and a line of them.

    Args:
        sizes: Of each image (B, 2), the boxes' widths and heights in pixels of the canvas.
        count: How many anchors the network has.
        canvas: (height, width).

    Raises:
        InputError: No box is larger than a pixel.
    """
    found = np.concatenate([np.empty((0, 2)), *sizes])
    found = found[(found > 1).all(1)]
    if not len(found):
        raise InputError("no training image shows an object larger than a pixel; there is nothing to learn")
    anchors = clustered(found, count)
    said = ", ".join(f"{round(width)}x{round(height)}" for width, height in anchors)
    note = f"anchors, of {canvas[1]}x{canvas[0]}: {said}"
    return {"anchors": anchors, "proposals": proposals_for(max(map(len, sizes)))}, (note,)
