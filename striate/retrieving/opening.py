"""Which network an index looks through: a run's, or one of the zoo with a file of weights; and which of its layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from striate import zoo
from striate.checks import path_of
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.inside.probing import last_features
from striate.inside.watching import module_named
from striate.layers.earlier import label
from striate.notation import Network, render
from striate.retrieving.about import About
from striate.retrieving.features import ANSWER, Features
from striate.runs.devices import device as device_named
from striate.runs.run import Run
from striate.tasks.fitting import from_resolved
from striate.tasks.labelled import Labelled
from striate.tasks.views import views_of
from striate.training.state import carries_state
from striate.weights.published import with_weights


def opened(
    network: Run | str | Path | Network,
    weights: str | Path | None = None,
    layer: str = "",
    size: int | tuple[int, ...] | None = None,
    tta: bool = False,
    device: str = "auto",
) -> Features:
    """Layers of a network that look at images.

    Args:
        network: A run or its folder; with `weights` a name of the zoo, a `.net` file, or a text.
        weights: A file as for `st.load_weights`.
        layer: A layer by its name in the module or by its label, or several by commas; `answer` is what the network
            says, the shares of the classes. By default what the last layer with weights reads, and with it the answer
            of a run on classes.
        size: Of the input of a network with `weights`; as for training.
        tta: Whether several views of each image are looked at.
        device: Where it computes.

    Raises:
        InputError: No such network, weights, layer or device; or the network does not read images.
    """
    found, augment, classes = _of_run(network, size) if weights is None else _of_file(network, weights, size)
    place = device_named(device)
    names = layers_named(found.model, layer) if layer else (_usual(found), *([ANSWER] if classes else []))
    views = views_of(augment, found.recipe.shape) if tta else found.views
    return replace(found, model=found.model.to(place), layers=names, views=views, device=place)


def opened_again(about: About, network: str | Path | None = None, device: str = "auto") -> Features:
    """The features that an index was made of.

    Args:
        about: What the index says of them.
        network: Where the run or the file of weights is now; by default where it was.
        device: As for `opened`.

    Raises:
        InputError: It is not there any more, or it is another.
    """
    source = about.source
    place = network or source.get("run") or source["weights"]
    if not Path(place).exists():
        raise InputError(f"the index looks through {about.said()}, which is not there; say where it is now with `run`")
    if "run" in source:
        return opened(place, layer=about.layer, tta=about.tta, device=device)
    return opened(from_resolved(source["text"], source["name"]), place, about.layer, tta=about.tta, device=device)


def layers_named(model: nn.Module, words: str) -> tuple[str, ...]:
    """Layers' names in the module, by these or by their labels in the text.

    Raises:
        InputError: There is none of that name, or the same twice.
    """
    labels = {label(module): name for name, module in model.named_modules() if label(module)}
    names = tuple(labels.get(word.strip(), word.strip()) for word in words.split(","))
    for name in names:
        if name != ANSWER:
            module_named(model, name)
    if len(set(names)) < len(names):
        raise InputError(f"each layer is given once. Received: {words}")
    return names


def _usual(found: Features) -> str:
    """What the last layer with weights reads."""
    return last_features(found.model, found.recipe(torch.zeros(1, *found.recipe.source)))


Opened = tuple[Features, str, bool]  # with how training changed images, and whether its classes are to be compared


def _of_run(network: Any, size: Any) -> Opened:
    """A run's network, as it predicts."""
    if size is not None:
        raise InputError("a run's network reads the size that it learned from; `size` is for a network with `weights`")
    run = network if isinstance(network, Run) else _run(path_of(network, "a run"))
    recipe = run.recipe
    if recipe is None or not recipe.of_pictures:
        raise InputError(f"{run.name}: an index is of image files, and this network reads {run.task.unit}")
    made = Features(run.model(), recipe, (), run.name, {"run": str(run.path.absolute())}, tuple(run.notes))
    return made, run.config["options"]["augment"], isinstance(run.task, Labelled)


def _run(path: Path) -> Run:
    if not path.exists() and str(path).lower() in zoo.names():
        raise InputError(f"'{path}' is a network without weights; give a file of them with `weights`, or a run")
    return Run(path, "cpu")


def _of_file(network: Any, weights: str | Path, size: Any) -> Opened:
    """A network with a file's weights, which reads images scaled as those that the weights learned from."""
    place = path_of(weights, "a file of weights")
    if isinstance(network, Run) or place.is_dir() or carries_state(place):
        raise InputError("a run has its own weights: give the run in the place of the network, without `weights`")
    text = zoo.resized(network, size)
    channels, *sides = text.input
    if len(sides) != 2 or channels not in (1, 3) or text.others:
        raise InputError(f"an index is of image files, and {text.name} does not read one picture, grey or RGB")
    if None in sides:
        raise InputError(f"{text.name} reads images of any size; say which with `size`")
    made = with_weights(text, place)
    recipe = Recipe(text.input, text.input, "as is", (0.0,) * channels, made.mean, made.std)  # type: ignore[arg-type]
    source = {"text": render(text), "name": text.name, "weights": str(place.absolute())}
    return Features(made.model, recipe, (), text.name, source, made.notes), "mirror", False
