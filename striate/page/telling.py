"""What the page is told of calls and entries, for JSON.

>>> named("block1.conv2.(itself)")
'block1.conv2'
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from torch import Tensor, nn

from striate.inside.tracing import Call, Trace
from striate.page.cards import Card
from striate.page.frame import maps_of
from striate.page.touching import SIZED, WEIGHTED, WITHIN


def told(call: Call, trace: Trace) -> dict[str, Any]:
    """A call for JSON."""
    layer = call.layer
    return {
        "name": named(call.name),
        "kind": call.kind,
        "said": "" if layer is None else layer.extra_repr(),
        "parameters": sum(one.numel() for one in layer.parameters(recurse=False)) if layer else 0,
        "reads": list(call.reads),
        "gives": list(call.gives),
        "shape": list(trace.values[call.gives[0]].shape[1:]),
        "path": named(call.path) if layer else "",
        "weighted": isinstance(layer, WEIGHTED),
        "reading": layer.weight.shape[1] if isinstance(layer, nn.Conv2d) else 0,
        "sized": [_first(layer.padding), _first(layer.stride)] if isinstance(layer, SIZED) else None,
    }


def told_card(card: Card) -> dict[str, Any]:
    """A card for JSON."""
    return {**asdict(card), "name": named(card.name)}


def named(path: str) -> str:
    """As the trained network names a layer, also where it was touched."""
    return path.replace(f".{WITHIN}", "")


def _first(sides: Any) -> Any:
    return sides[0] if isinstance(sides, tuple) else sides


def framed(mask: Tensor) -> dict[str, Any]:
    """Which maps have entries of a mask, and the frame around these."""
    maps = maps_of(mask)
    _, rows, columns = maps.nonzero(as_tuple=True)
    ends = [[int(one.min()), int(one.max()) + 1] for one in (rows, columns)]
    return {"maps": maps.flatten(1).any(1).nonzero().flatten().tolist(), "rows": ends[0], "columns": ends[1]}
