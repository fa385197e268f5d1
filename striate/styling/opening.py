"""Which network compares pictures, and by which of its layers: SqueezeNet, another with a file of weights, a run's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from striate import zoo
from striate.checks import path_of
from striate.errors import InputError
from striate.inside.watching import module_named
from striate.layers.earlier import label
from striate.notation import Network
from striate.runs.run import Run
from striate.tasks.perceiving import CONTENT, STYLE, Eyes, before_reductions
from striate.training.state import carries_state
from striate.weights.published import SQUEEZENET, squeezenet_weights, with_weights


@dataclass(frozen=True, eq=False)
class Chosen:
    """A network that compares pictures.

    Attributes:
        eyes: What it sees.
        style: The layers whose Gram matrices make the style.
        content: The layers whose values make the content.
    """

    eyes: Eyes
    style: tuple[str, ...]
    content: tuple[str, ...]

    def said(self) -> str:
        """Which layers they are, in words."""
        return f"{self.eyes.name}: style by {', '.join(self.style)}; content by {', '.join(self.content)}"


def chosen(
    network: Run | str | Path | Network = SQUEEZENET,
    weights: str | Path | None = None,
    layers: str = "",
    content_layers: str = "",
    device: torch.device | str = "cpu",
    progress: bool = False,
) -> Chosen:
    """The network and its layers.

    Args:
        network: A name of the zoo, a `.net` file or a text; or a run or its folder.
        weights: A file as for `st.load_weights`; SqueezeNet finds its own, a run has its own.
        layers: For the style, by their names in the module or their labels, by commas.
        content_layers: For the content, likewise.
        device: Where it computes.
        progress: Whether a download shows a bar.

    Raises:
        InputError: No such network or layer, it has no weights, or it does not read pictures.
        WorkError: SqueezeNet's weights are nowhere to be had.
    """
    name, model, mean, std, shape, notes = _opened(network, weights, progress)
    usual = name == SQUEEZENET and not layers
    style = _named(model, layers) if layers else STYLE if usual else tuple(before_reductions(model, shape))
    middle = CONTENT if usual else (style[len(style) // 2],)
    content = _named(model, content_layers) if content_layers else middle
    model = model.to(device).eval().requires_grad_(False)
    eyes = Eyes(model, mean, std, name, tuple(dict.fromkeys((*style, *content))), notes)
    return Chosen(eyes, style, content)


Opened = tuple[str, nn.Module, tuple[float, ...], tuple[float, ...], tuple[int, ...], tuple[str, ...]]


def _opened(network: Any, weights: str | Path | None, progress: bool) -> Opened:
    """Its name, module, mean and spread, the shape that it reads, and what was decided."""
    if isinstance(network, Run) or (not isinstance(network, Network) and _is_run(network)):
        if weights is not None:
            raise InputError("a run has its own weights: give the run as `network`, without `weights`")
        return _of_run(network if isinstance(network, Run) else Run(path_of(network, "a run"), "cpu"))
    text = zoo.find(network)
    channels = text.input[0]
    if len(text.input) != 3 or channels not in (1, 3) or text.others:
        raise InputError(f"{text.name} does not read one picture, grey or RGB; take another `network`")
    if weights is None and text.name != SQUEEZENET:
        raise InputError(f"'{text.name}' is a network without weights; give a file of them with `weights`, or a run")
    place = squeezenet_weights(progress) if weights is None else path_of(weights, "a file of weights")
    if place.is_dir() or carries_state(place):
        raise InputError("a run has its own weights: give the run as `network`, without `weights`")
    made = with_weights(text, place)
    shape = (channels, *(side or 256 for side in text.input[1:]))
    return text.name, made.model, made.mean, made.std, shape, made.notes


def _is_run(network: str | Path) -> bool:
    path = path_of(network, "a network")
    return (path.is_dir() and str(network) not in zoo.names()) or path.suffix == ".safetensors"


def _of_run(run: Run) -> Opened:
    recipe = run.recipe
    if recipe is None or not recipe.of_pictures:
        raise InputError(f"{run.name}: style is of image files, and this network reads {run.task.unit}")
    return run.name, run.model(), recipe.mean, recipe.std, recipe.shape, tuple(run.notes)


def _named(model: nn.Module, words: str) -> tuple[str, ...]:
    """Layers' names in the module, by these or by their labels in the text.

    Raises:
        InputError: There is none of that name.
    """
    labels = {label(module): name for name, module in model.named_modules() if label(module)}
    names = tuple(dict.fromkeys(labels.get(word.strip(), word.strip()) for word in words.split(",")))
    for name in names:
        module_named(model, name)
    return names
