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
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate.data.sentences.encoding import encoded
from striate.data.sounds import Wave, at_rate, heard
from striate.errors import InputError
from striate.finding.finder import Finder
from striate.finding.found import Found
from striate.finding.images import finder_of, found_in
from striate.inside.tracing import traced
from striate.layers.softmax import LastSoftmax
from striate.notation import measure
from striate.page.answering import only, surest
from striate.page.application import Application
from striate.page.live import Labels, Live, Outputs
from striate.page.pixels import PIXELS
from striate.page.places import PLACES
from striate.page.strongest import Examples
from striate.picture import picture
from striate.report.curves import png
from striate.report.spectra import spectrum
from striate.runs.run import Run
from striate.serving import Server
from striate.tasks.labelled import LABEL, Labelled
from striate.tasks.speech import Speech
from striate.tasks.task import OWN, Task
from striate.tasks.text import Text
from striate.training.fields import OUTPUT

ONLY = "the live page is for networks that read one picture, one sentence or one word"
PAD = "·"  # shown for the padding of a sentence
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
        InputError: No such run, or one whose network does not read one image, sentence or word.
        WorkError: The port is taken.
    """
    if isinstance(what, nn.Module):
        application = Application(of_module(what, shape, classes, read))
    else:
        run = what if isinstance(what, Run) else Run(what, "cpu")
        application = Application(of_run(run), _examples(run))
    server = Server(application, port=port).start()
    if browser:
        webbrowser.open(server.address)
    return server


def of_run(run: Run) -> Live:
    """A run's network with its best weights, reading images, sentences or sounds as `predict` does.

    Raises:
        InputError: No such run, or its network does not read one image, sentence or word.
    """
    if len(run.network.inputs) > 1 or run.task.unit not in ("images", "sentences", "sounds"):
        raise InputError(f"{run.name}: {run.task.seen_by or ONLY}")
    live = next((way for kind, way in WAYS.items() if isinstance(run.task, kind)), _of_images)(run)
    epochs = {epoch: partial(run.model, epoch) for epoch in run.epochs()}
    diagram = partial(_diagram, run, live.shape)
    return replace(live, labels=_labels(run, live.model), diagram=diagram, epochs=epochs)


def _diagram(run: Run, shape: tuple[int, ...]) -> str:
    return picture(measure(run.network, shape)).svg


def _of_images(run: Run) -> Live:
    """Classes of images, at the size that was learned from."""
    if run.recipe is None or not run.recipe.of_pictures:
        raise InputError(f"{run.name}: {ONLY}")
    model = run.model()
    way, find = run.recipe.to_json(), _finding(run, model)
    return Live(run.name, model, run.read, _shares(run, model), run.recipe.shape, way=way, find=find)


def _of_sentences(run: Run) -> Live:
    """Classes of sentences. What is sent is never taken for a file's name."""
    task = run.task
    assert isinstance(task, Text)

    def read(sentence: str) -> Tensor:
        return encoded(task.known, [sentence], task.length).numbers.float()

    def words(sentence: str) -> list[str]:
        (row,) = encoded(task.known, [sentence], task.length).numbers.tolist()
        return ["".join(task.known.decoded([number])) or PAD for number in row]

    model = run.model()
    return Live(run.name, model, read, _shares(run, model), (task.length,), words=words)


def _of_words(run: Run) -> Live:
    """Classes of words that are spoken."""
    task = run.task
    assert isinstance(task, Speech)

    def read(wave: Wave) -> Tensor:
        return run.read(at_rate(wave, task.rate).samples)

    def drawn(wave: Wave, outputs: Outputs) -> bytes:
        return png(spectrum(heard(at_rate(wave, task.rate).samples, task.ears)[0]))

    model, shape = run.model(), task.ears.shape
    return Live(run.name, model, read, _shares(run, model), shape, drawn=drawn, hears=True)


WAYS: dict[type[Task], Callable[[Run], Live]] = {
    Text: _of_sentences,
    Speech: _of_words,
    **PIXELS,
    **PLACES,
}  # others read images


def _shares(run: Run, model: nn.Module) -> Callable[[Outputs], list[Mapping[str, Any]]]:
    """How sure the network is of each class."""
    logits = _logits(model)
    return lambda outputs: surest(run.task.shares({OUTPUT: logits(only(outputs))}))


def _logits(model: nn.Module) -> Callable[[Tensor], Tensor]:
    """From what the network gives to what its task reads: before a softmax at the end, which the task takes itself."""
    softmax = any(isinstance(module, LastSoftmax) for module in model.modules())
    return torch.log if softmax else lambda outputs: outputs


def _finding(run: Run, model: nn.Module) -> Callable[[nn.Module, Any], list[Found]] | None:
    """What finds all that a network knows in an image; None where the run can't, or would hold the page too long."""
    first = finder_of(run, model)
    if first is None or (first.recipe.ink is None and not first.slider.joined):
        return None
    made: tuple[nn.Module, Finder] = (model, first)

    def find(model: nn.Module, image: Any) -> list[Found]:
        nonlocal made
        if made[0] is not model:  # it was touched
            made = model, finder_of(run, model) or first
        return found_in(made[1], torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1))

    return find


def _examples(run: Run) -> Callable[[], Examples] | None:
    """The run's test images; None where it was trained on data made in Python."""
    if not run.config["data"]["source"]:
        return None
    return lambda: Examples(len(run.test_split()), lambda: (x for x, _ in run.batches()))


def _labels(run: Run, model: nn.Module) -> Labels | None:
    """The classes and the loss of the training; of a loss of one's own, the task's usual one."""
    if not isinstance(run.task, Labelled):
        return None
    name = run.config["options"]["loss"]
    objective, logits = run.task.objective(None if name == OWN else name), _logits(model)

    def loss(outputs: Tensor, label: int) -> Tensor:
        parts = objective.loss({OUTPUT: logits(outputs)}, {LABEL: torch.tensor([label])})
        return torch.stack([*parts.values()]).sum()

    return Labels(run.task.classes, loss)


def of_module(model: nn.Module, shape: Sequence[int] | None, classes: Sequence[str], read: Read | None) -> Live:
    """Any module that reads one image; arguments and errors as for `see`, also where it can't read such an image."""
    if shape is None or len(shape) != 3:
        raise InputError(f"say what the module reads, as in see(model, (3, 224, 224)). Received: {shape}")
    fixed = (shape[0], shape[1], shape[2])
    way = None if read else {"source": fixed, "shape": fixed, "fit": "stretch", "ink": None}
    read = read or _resized(fixed)
    given = traced(model, torch.zeros(1, *fixed))
    if not given.outputs:
        raise InputError("what the module gives can't be followed back to the image; the functions of st.inside may do")
    outputs = given.values[given.outputs[0]]
    if classes and tuple(outputs.shape) != (1, len(classes)):
        sizes = f"gives {tuple(outputs.shape[1:])} numbers, and there are {len(classes)} names of classes"
        raise InputError(f"the module {sizes}; give a name for each, or leave them out")
    names = classes or ([str(number) for number in range(outputs.shape[1])] if outputs.dim() == 2 else [])
    labels = Labels(names, lambda outputs, label: F.cross_entropy(outputs, torch.tensor([label]))) if names else None

    output = next(iter(given.made), "")

    def answer(outputs: Outputs) -> list[Mapping[str, Any]]:
        return surest(dict(zip(names, outputs[output][0].softmax(0).tolist(), strict=True))) if names else []

    return Live(type(model).__name__, model, read, answer, fixed, labels, output, way)


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
