"""Where an answer comes from, over the picture: Grad-CAM, saliency, deconvnet; and the loss's gradients at every value.

>>> sorted(METHODS)
['deconvnet', 'gradcam', 'saliency']
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from torch import Tensor, nn

from striate.errors import InputError
from striate.inside import Aim, Class, Unit, deconvnet, grad_cam, saliency
from striate.inside.flowing import flowing
from striate.page.frame import packed
from striate.page.live import Labels, Live


@dataclass(frozen=True)
class Overlay:
    """A picture of the input's size.

    Attributes:
        said: What it shows, in a line.
        values: (1, C, rows, columns), or (1, rows, columns) of what has no channels.
    """

    said: str
    values: Tensor


def _gradcam(model: nn.Module, x: Tensor, aim: Aim) -> Overlay:
    heat = grad_cam(model, x, aim)
    return Overlay(f"Grad-CAM of {heat.explained[0]}, from the maps of {heat.layer}", heat.large)


def _saliency(model: nn.Module, x: Tensor, aim: Aim) -> Overlay:
    found = saliency(model, x, aim)
    return Overlay(f"saliency: how {found.explained[0]} changes with each entry", found.values)


def _deconvnet(model: nn.Module, x: Tensor, aim: Aim) -> Overlay:
    found = deconvnet(model, x, aim)
    note = "" if "no ReLU" not in found.note else f"; {found.note}"
    return Overlay(f"deconvnet: what in the input excites {found.explained[0]}{note}", found.values)


METHODS: dict[str, Callable[[nn.Module, Tensor, Aim], Overlay]] = {
    "gradcam": _gradcam,
    "saliency": _saliency,
    "deconvnet": _deconvnet,
}


def overlay(live: Live, frame: int, method: str, aim: tuple[int, ...]) -> bytes:
    """A method's picture of a frame, as `packed`.

    Args:
        live: What is looked at.
        frame: Its number.
        method: Of `METHODS`.
        aim: Nothing for the most probable label; the number of a label; or those of a call and of its map, which is
            explained where it is strongest.

    Raises:
        InputError: There is no such method, label or map.
    """
    if method not in METHODS:
        raise InputError(f"there is no such method; there are {', '.join(METHODS)}")
    x = live.seen(frame).values[0]
    with live.lock:
        made = METHODS[method](live.model, x, _aim(live, frame, aim))
    values = made.values if made.values.dim() == x.dim() else made.values[:, None]
    return packed({"frame": frame, "said": made.said}, {0: values})


def _aim(live: Live, frame: int, aim: tuple[int, ...]) -> Aim:
    match aim:
        case ():
            return Class(None, live.output)
        case (label,):
            return Class(_label(live, label), live.output)
        case (number, channel):
            calls = live.seen(frame).calls
            if not 0 <= number < len(calls):
                raise InputError("there is no such layer")
            call = calls[number]
            if call.layer is None or call.name != call.path:
                raise InputError(f"{call.name} is no layer of its own; choose a map of a layer")
            return Unit(call.path, channel)
    raise InputError("what is explained is a label, or a layer and its map")


def backpropagated(live: Live, frame: int, label: int, shown: Collection[int]) -> bytes:
    """The gradients of the loss at the values that are shown, where this label is right, as `packed`.

    Raises:
        InputError: There is no such label, or the network has none.
    """
    trace, labels = live.seen(frame), _labels(live)
    _label(live, label)
    with live.lock:
        found = flowing(trace, lambda outputs: labels.loss(outputs, label))
    said = f"gradients of the loss if '{labels.names[label]}' is right"
    return packed({"frame": frame, "said": said}, {number: found[number] for number in shown if number in found})


def _labels(live: Live) -> Labels:
    if live.labels is None:
        raise InputError("this network chooses among no labels")
    return live.labels


def _label(live: Live, label: int) -> int:
    names = _labels(live).names
    if not 0 <= label < len(names):
        raise InputError(f"there are {len(names)} labels, numbered from 0. Received: {label}")
    return label
