"""What layers of a network make of images: a vector of length 1 for each, so that a product of two is a cosine.

Several layers stand side by side, each at the same length: the cosine is then the mean of the layers' own.

>>> from striate.building import build
>>> from striate.notation import read
>>> net = read("input 1x8x8 -> conv 4@3 -> relu -> gap -> fc 3")
>>> recipe = Recipe((1, 8, 8), (1, 8, 8), "as is", (0.0,), (0.0,), (1.0,))
>>> features = Features(build(net, seed=0).eval(), recipe, ("gap1", ANSWER), "small")
>>> features.length, features.of(torch.zeros(2, 1, 8, 8)).shape
(7, (2, 7))
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.data.lazy import Work
from striate.data.reading import read_image
from striate.data.recipe import Recipe
from striate.inside.watching import by_example, called, kept, looking, output_named
from striate.layers.softmax import LastSoftmax
from striate.tasks.views import SAME, TURNED, View

ANSWER = "answer"  # in the place of a layer's name: the probabilities of the classes
Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Features:
    """Layers of a network that look at images.

    Attributes:
        model: The network, in evaluation mode.
        recipe: How an image becomes its input.
        layers: Their names in the module; `ANSWER` for the shares of the classes.
        name: What the network is called.
        source: Where it is from, for an index to open it again.
        notes: What was decided, a sentence each.
        views: How each image is seen; features are the mean.
        device: Where it computes; the model is there.
    """

    model: nn.Module
    recipe: Recipe
    layers: tuple[str, ...]
    name: str
    source: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    views: tuple[View, ...] = (SAME,)
    device: torch.device | str = "cpu"

    @property
    def read(self) -> Work:
        """Makes an image file what `of` takes one of, (C, H, W); other processes can call it too."""
        return partial(_pixels, recipe=self.recipe)

    @torch.no_grad()
    def of(self, images: Tensor) -> Vectors:
        """(N, D) float32: the features of images (N, C, H, W), of length 1; of zeros, zeros.

        Of a layer that gives maps, a feature is a map's mean over all places.
        """
        x = self.recipe(images.to(self.device))
        seen = [self._values(view.there(x)) for view in self.views]
        each = [unit(np.sum([unit(_flat(one)) for one in layer], 0)) for layer in zip(*seen, strict=True)]
        return unit(np.concatenate(each, 1))

    def _values(self, x: Tensor) -> list[Tensor]:
        """What each layer gives for inputs."""
        inner = [name for name in self.layers if name != ANSWER]
        with looking(self.model), kept(self.model, inner) as values:
            outputs = called(self.model, x)
        values = {name: values[name] for name in inner}
        if ANSWER in self.layers:
            values[ANSWER] = self._shares(outputs)
        return [by_example(values[name], x) for name in self.layers]

    def _shares(self, outputs: Any) -> Tensor:
        """The probabilities of the classes."""
        scores = output_named(outputs, "").flatten(1)
        softmax = any(isinstance(module, LastSoftmax) for module in self.model.modules())
        return scores if softmax else scores.softmax(1)

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """What each layer gives for one image: (D,), or (D, *spatial) for maps."""
        with torch.no_grad():
            x = self.recipe(torch.zeros(1, *self.recipe.source, device=self.device))
            return tuple(tuple(values.shape[1:]) for values in self._values(x))

    @property
    def length(self) -> int:
        """D, the number of features."""
        return sum(shape[0] for shape in self.shapes)

    @property
    def layer(self) -> str:
        """The layers by commas, as they are asked for."""
        return ",".join(self.layers)

    def said(self) -> str:
        """Which layers they are, in words."""
        each = (_said(name, shape) for name, shape in zip(self.layers, self.shapes, strict=True))
        seen = f"; the mean of {len(self.views)} views of each image" if len(self.views) > 1 else ""
        return f"features: {' and '.join(each)}, of {self.name}{seen}"

    @cached_property
    def sha256(self) -> str:
        """The digest of all that decides them but the layer: the recipe, turned views, the weights with their names."""
        digest = hashlib.sha256(json.dumps(self.recipe.to_json(), sort_keys=True).encode())
        digest.update("".join(view.how for view in self.views if TURNED in view.how).encode())
        for name, tensor in self.model.state_dict().items():
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()


def unit(values: NDArray[Any]) -> Vectors:
    """Vectors (N, D) at length 1; zeros stay zeros.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).round(6).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    rows = values.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    made: Vectors = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0).astype(np.float32)
    return made


def _flat(values: Tensor) -> NDArray[Any]:
    """(N, D): of maps, their means."""
    rows: NDArray[Any] = (values.flatten(2).mean(2) if values.dim() > 2 else values).float().cpu().numpy()
    return rows


def _said(name: str, shape: tuple[int, ...]) -> str:
    if name == ANSWER:
        return f"the shares of {shape[0]} classes"
    maps = f", each the mean of a map {'x'.join(map(str, shape[1:]))}" if len(shape) > 1 else ""
    return f"{shape[0]} numbers of layer {name}{maps}"


def _pixels(path: Path, recipe: Recipe) -> NDArray[np.uint8]:
    made: NDArray[np.uint8] = read_image(path, recipe).numpy()
    return made
