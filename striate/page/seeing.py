"""`st.see`: the live page of a run, or of any module.

>>> from torch import nn
>>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 2))
>>> with see(model, (1, 8, 8), ["left", "right"], browser=False) as server:
...     server.address.startswith("http://127.0.0.1:")
True
"""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.layers.softmax import LastSoftmax
from striate.page.application import Application
from striate.page.live import Live
from striate.runs.run import Run
from striate.serving import Server
from striate.training.fields import OUTPUT

MOST_ANSWERS = 10
Read = Callable[[Any], Tensor]


def see(
    what: Run | str | Path | nn.Module,
    shape: Sequence[int] | None = None,
    classes: Sequence[str] = (),
    *,
    read: Read | None = None,
    port: int = 0,
    browser: bool = True,
) -> Server:
    """Serve the live page on this machine, and open it in the browser.

    Args:
        what: A run or its folder, or any module that reads one image.
        shape: Of the image that a module reads, (C, H, W).
        classes: The names of a module's outputs.
        read: From a PIL image to what a module reads, (1, C, H, W); by default the image is made as large as `shape`
            says, its values 0 to 1.
        port: By default a free one.
        browser: Whether the browser is opened.

    Returns:
        The server, which runs until its `stop()` or the end of the program; `address` is the page's.

    Raises:
        InputError: No such run, or one whose network does not read one image of a fixed size.
        WorkError: The port is taken.
    """
    live = of_module(what, shape, classes, read) if isinstance(what, nn.Module) else of_run(what)
    server = Server(Application(live), port=port).start()
    if browser:
        webbrowser.open(server.address)
    return server


def of_run(what: Run | str | Path) -> Live:
    """A run's network with its best weights, reading images as `predict` does.

    Raises:
        InputError: No such run, or its network does not read one image of a fixed size.
    """
    run = what if isinstance(what, Run) else Run(what, "cpu")
    shape, network = run.shape, run.network
    if len(network.inputs) > 1 or len(shape) != 3 or None in shape or run.task.unit != "images":
        raise InputError(f"{run.name}: the live page is for networks that read one image of a fixed size")
    fixed, model = (int(shape[0] or 0), int(shape[1] or 0), int(shape[2] or 0)), run.model()
    shares = any(isinstance(module, LastSoftmax) for module in model.modules())  # which tasks take themselves

    def answer(outputs: Tensor) -> list[Mapping[str, Any]]:
        return _told(run.task.shares({OUTPUT: outputs.log() if shares else outputs}))

    return Live(run.name, model, run.read, answer, fixed)


def of_module(model: nn.Module, shape: Sequence[int] | None, classes: Sequence[str], read: Read | None) -> Live:
    """Any module that reads one image; arguments and errors as for `see`."""
    if shape is None or len(shape) != 3:
        raise InputError(f"say what the module reads, as in see(model, (3, 224, 224)). Received: {shape}")
    fixed = (shape[0], shape[1], shape[2])

    def answer(outputs: Tensor) -> list[Mapping[str, Any]]:
        if outputs.dim() != 2 or (classes and len(classes) != outputs.shape[1]):
            return []
        names = classes or [str(number) for number in range(outputs.shape[1])]
        return _told(dict(zip(names, outputs[0].softmax(0).tolist(), strict=True)))

    return Live(type(model).__name__, model, read or _resized(fixed), answer, fixed)


def _resized(shape: tuple[int, int, int]) -> Read:
    channels, height, width = shape
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(channels)
    if mode is None:
        raise InputError(f"images have 1, 3 or 4 channels; for {channels} say how an image is read: read=…")

    def read(image: Any) -> Tensor:
        try:
            pixels = np.asarray(image.convert(mode).resize((width, height)), np.float32) / 255
        except ValueError:
            raise InputError(f"images of the kind '{image.mode}' can't be read; save it in another one") from None
        return torch.from_numpy(pixels).reshape(1, height, width, channels).permute(0, 3, 1, 2)

    return read


def _told(shares: Mapping[str, float]) -> list[Mapping[str, Any]]:
    """The surest first."""
    best = sorted(shares.items(), key=lambda item: -item[1])[:MOST_ANSWERS]
    return [{"label": name, "probability": share} for name, share in best]
