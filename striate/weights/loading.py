"""Loading weights into a model: all of them, or none and the reason.

>>> import tempfile, safetensors.torch
>>> from torch import nn
>>> path = tempfile.mkdtemp() + "/weights.safetensors"
>>> safetensors.torch.save_file(nn.Sequential(nn.Linear(2, 3)).state_dict(), path)
>>> load_weights(nn.Sequential(nn.Linear(2, 3)), path).matched
2
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, is_zipfile

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from striate.errors import InputError
from striate.weights.layouts import LAYOUTS, Names, leaves

HEADS = ("aux", "AuxLogits")  # of side heads, which a network without them does without
COUNTERS = "num_batches_tracked"  # which some files lack; nothing is computed from it here


@dataclass(frozen=True)
class Loaded:
    """What was loaded.

    Attributes:
        layout: Whose names the file used.
        matched: Tensors put into the model.
        skipped: Names in the file that the model has no place for: a checkpoint's heads on the side.
    """

    layout: str
    matched: int
    skipped: tuple[str, ...]

    def said(self) -> str:
        """One line for the user."""
        skipped = f"; skipped {len(self.skipped)} of its heads, such as {self.skipped[0]}" if self.skipped else ""
        return f"{self.matched} tensors by {self.layout} names{skipped}"


def load_weights(model: nn.Module, path: str | Path) -> Loaded:
    """Put a file's weights into a model.

    Args:
        model: What `build` made.
        path: A safetensors file, a NumPy archive (`.npz`), or a `.pth`; each is read without running any code. Its
            names may be ours, torchvision's (AlexNet, VGG, GoogLeNet, ResNet, ResNeXt, DenseNet), timm's for the same
            networks, or those of SqueezeNet's 8-bit weights.

    Returns:
        What matched and what did not.

    Raises:
        InputError: The file is no such file, or its weights are of another network: the first difference with both
            names and both shapes. The model is then as it was.
    """
    tensors = read_tensors(Path(path))
    layout, names = _best_layout(model, tensors)
    wanted = {
        f"{ours}.{key}": (f"{theirs}.{key}" if theirs else key, tensor)
        for ours, theirs in names.items()
        for key, tensor in model.get_submodule(ours).state_dict().items()
    }
    found: dict[str, Tensor] = {}
    for ours, (theirs, own) in wanted.items():
        uncounted = theirs not in tensors and theirs.endswith(COUNTERS)
        found[ours] = own if uncounted else _matching(ours, theirs, own, tensors, path)
    used = {theirs for theirs, _ in wanted.values()}
    rest = [name for name in tensors if name not in used and not name.endswith(COUNTERS)]
    unknown = [name for name in rest if not name.startswith(HEADS)]
    if unknown:
        raise InputError(
            f"{path} has '{unknown[0]}' of shape {_shape(tensors[unknown[0]])}, for which the network has no place"
        )
    model.load_state_dict(found)
    return Loaded(layout, len(found), tuple(rest))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name; no code in it is run.

    Raises:
        InputError: It is not there, or holds anything but tensors.
    """
    if not path.is_file():
        raise InputError(f"no file {path} (looked in {path.absolute().parent})")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if path.suffix == ".npz":
            return _arrays(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise InputError(f"{path} is no safetensors file: {error}") from None
    except pickle.UnpicklingError:
        raise InputError(f"{path} holds more than tensors; running what else it holds is refused") from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError, BadZipFile, zlib.error) as error:
        reason = str(error).splitlines()[0] if str(error) else "it is cut short"
        raise InputError(f"{path} can't be read as weights: {reason}") from None
    for key in ("state_dict", "model", "model_state_dict"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise InputError(f"{path} holds no table of tensors by name")
    tensors = {str(name).removeprefix("module."): tensor for name, tensor in content.items()}
    for name, tensor in tensors.items():
        odd = tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex() or tensor.is_meta
        if odd or tensor.is_nested:
            raise InputError(f"{path} has '{name}', which is no plain tensor of real numbers")
    return tensors


def _arrays(path: Path) -> dict[str, Tensor]:
    """The arrays of a NumPy archive; those of Python objects would have to be unpickled and are refused."""
    if not is_zipfile(path):
        raise InputError(f"{path} is no NumPy archive")
    with np.load(path, allow_pickle=False) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


def _best_layout(model: nn.Module, tensors: Mapping[str, Tensor]) -> tuple[str, Names]:
    """The layout most of whose names are in the file."""
    layers = leaves(model)
    made = {label: names for label, layout in LAYOUTS.items() if (names := layout(layers)) is not None}
    hits = {label: sum(f"{name}.weight" in tensors for name in set(names.values())) for label, names in made.items()}
    best = max(hits, key=lambda label: hits[label])
    return best, made[best]


def _matching(ours: str, theirs: str, own: Tensor, tensors: Mapping[str, Tensor], path: str | Path) -> Tensor:
    """The file's tensor for one of ours; a 1x1 convolution and a matrix are the same numbers."""
    if theirs not in tensors:
        raise InputError(f"{path} lacks '{theirs}', for the network's '{ours}' of shape {_shape(own)}")
    tensor = tensors[theirs]
    if tensor.shape != own.shape and own.ndim == 2 and tensor.ndim == 4 and tensor.flatten(1).shape == own.shape:
        tensor = tensor.flatten(1)
    if tensor.shape != own.shape:
        raise InputError(f"{path} has '{theirs}' of shape {_shape(tensor)}, the network's '{ours}' has {_shape(own)}")
    return tensor.to(own.dtype)


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"
