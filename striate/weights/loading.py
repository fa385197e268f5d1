"""Loading weights into a model: either all of them or none, with the reason; or those that fit.

>>> import tempfile, safetensors.torch
>>> from torch import nn
>>> path = tempfile.mkdtemp() + "/weights.safetensors"
>>> safetensors.torch.save_file(nn.Sequential(nn.Linear(2, 3)).state_dict(), path)
>>> load_weights(nn.Sequential(nn.Linear(2, 3)), path).matched
2
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from striate.errors import InputError
from striate.weights.formats import Table, read_tables
from striate.weights.layouts import leaves
from striate.weights.matching import Match, is_counter, is_plain, match, shaped

HEADS = ("aux", "AuxLogits")  # prefixes of side heads, which a network without them skips
LARGEST = 2.0**63  # largest weight: squares of larger ones overflow float32
NAMED = 3  # new layers named in the line


@dataclass(frozen=True)
class Loaded:
    """What was loaded.

    Attributes:
        layout: Whose naming the file uses.
        matched: Tensors put into the model.
        skipped: Names in the file for which the model has no place: a checkpoint's side heads.
    """

    layout: str
    matched: int
    skipped: tuple[str, ...]

    def said(self) -> str:
        """One line for the user."""
        skipped = f"; skipped {len(self.skipped)} of its heads, such as {self.skipped[0]}" if self.skipped else ""
        return f"{self.matched} tensors by {self.layout} names{skipped}"


@dataclass(frozen=True)
class Kept:
    """Which of a file's weights a model starts from.

    Attributes:
        names: Whose naming the file uses, and which of its tables was taken.
        kept: The model's tensors that are now the file's.
        total: All of the model's tensors.
        new: The layers that start with new weights, each with the reason.
        unused: Names in the file that have no place in the model.
        fresh: The names of those layers.
    """

    names: str
    kept: tuple[str, ...]
    total: int
    new: tuple[str, ...]
    unused: tuple[str, ...]
    fresh: tuple[str, ...]

    def said(self, source: str) -> str:
        """One line for the user."""
        more = f" and {len(self.new) - NAMED} more" if len(self.new) > NAMED else ""
        new = f"; new: {', '.join(self.new[:NAMED])}{more}" if self.new else ""
        unused = f"; {len(self.unused)} of the file's have no place, such as {self.unused[0]}" if self.unused else ""
        return f"weights: kept {len(self.kept)} of {self.total} tensors from {source} ({self.names}){new}{unused}"


def load_weights(model: nn.Module, path: str | Path) -> Loaded:
    """Put a file's weights into a model.

    Args:
        model: What `build` made.
        path: A safetensors file, a NumPy archive (`.npz`), or a file of `torch.save` (`.pth`); each is read without
            running any code. Its names may be ours, torchvision's (AlexNet, VGG, GoogLeNet, ResNet, ResNeXt,
            DenseNet), timm's for the same networks, or those of SqueezeNet's 8-bit weights, with wrappers' prefixes
            (`module.`, `_orig_mod.`, `model.`) or without, at the file's top level or in a dictionary (`state_dict`).
            If the file also holds the weights' moving average, that is taken.

    Returns:
        What matched and what did not.

    Raises:
        InputError: The file is no such file or is damaged, or its weights are of another network: the first
            difference with both names and both shapes. The model is then as it was.
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"weights go into a module, as in st.build('lenet5'). Received: {type(model).__name__}")
    if not isinstance(path, str | Path):
        raise InputError(f"weights come from a file, given by its path. Received: {type(path).__name__}")
    found = match(model, read_tables(Path(path)))
    for name, tensor in found.tensors.items():
        if not is_plain(tensor):
            raise InputError(f"{path} has '{name}', which is no plain tensor of real numbers")
    values: dict[str, Tensor] = {}
    for layer in found.names:
        for key, own in model.get_submodule(layer).state_dict().items():
            values[f"{layer}.{key}"] = _matching(found, layer, key, own, path)
    rest = _unused(found, model)
    unknown = [name for name in rest if not name.startswith(HEADS)]
    if unknown:
        shape = _shape(found.tensors[unknown[0]])
        raise InputError(f"{path} has '{unknown[0]}' of shape {shape}, for which the network has no place")
    model.load_state_dict(values)
    return Loaded(found.layout, len(values), tuple(rest))


def keep_fitting(model: nn.Module, tables: list[Table], source: str, fresh: tuple[str, ...] = ()) -> Kept:
    """Put the weights that fit by name and shape into a model, each layer completely or not at all.

    Args:
        model: What `build` made; layers without fitting weights are unchanged.
        tables: As of `read_tables`.
        source: Where they are from, for messages.
        fresh: Layers that are unchanged even if weights fit: those for other classes.

    Raises:
        InputError: Nothing fits, or what fits holds values that are no finite numbers. The model is then as it was.
    """
    found = match(model, tables)
    values: dict[str, Tensor] = {}
    new: dict[str, str] = {}
    layers = {leaf.path: leaf.module.state_dict() for leaf in leaves(model) if leaf.module.state_dict()}
    for layer, own in layers.items():
        why = _difference(found, layer, own, last=layer == list(layers)[-1])
        why = why or ("of other classes" if layer in fresh else "")
        if why:
            new[layer] = f"{layer} ({why})"
        else:
            values |= {f"{layer}.{key}": _matching(found, layer, key, tensor, source) for key, tensor in own.items()}
    if not values:
        first = next(iter(found.tensors))
        raise InputError(
            f"nothing of {source} fits the network: it has '{first}' of shape {_shape(found.tensors[first])}, "
            f"the network {next(iter(new.values()), 'no weights')}; give the network that the weights are of"
        )
    model.load_state_dict({**model.state_dict(), **values})
    total = sum(map(len, layers.values()))
    return Kept(found.said(), tuple(values), total, tuple(new.values()), tuple(_unused(found, model)), tuple(new))


def _difference(found: Match, layer: str, own: dict[str, Tensor], last: bool) -> str:
    """Why a layer can't start from the file's weights; empty where it can."""
    for key, tensor in own.items():
        theirs = found.tensors.get(found.theirs(layer, key)) if layer in found.names else None
        if theirs is None and not is_counter(tensor):
            return "not in the file"
        if theirs is not None and shaped(theirs, tensor) is None:
            classes = last and theirs.ndim == tensor.ndim and theirs.shape[1:] == tensor.shape[1:]
            sizes = (f"{len(tensor):,} classes", f"{len(theirs):,}") if classes else (_shape(tensor), _shape(theirs))
            return " for ".join(sizes)
    return ""


def _matching(found: Match, layer: str, key: str, own: Tensor, path: str | Path) -> Tensor:
    """The file's tensor for one of ours; a counter that the file lacks stays as it is."""
    ours, theirs = f"{layer}.{key}", found.theirs(layer, key)
    if theirs not in found.tensors:
        if is_counter(own):
            return own
        raise InputError(f"{path} lacks '{theirs}', for the network's '{ours}' of shape {_shape(own)}")
    tensor = shaped(found.tensors[theirs], own)
    if tensor is None:
        shape = _shape(found.tensors[theirs])
        raise InputError(f"{path} has '{theirs}' of shape {shape}, the network's '{ours}' has {_shape(own)}")
    tensor = tensor.to(own.dtype)
    if not tensor.isfinite().all():
        raise InputError(f"{path} has '{theirs}' with values that are no finite numbers; such weights compute nothing")
    if own.is_floating_point() and tensor.numel() and (largest := float(tensor.abs().max())) > LARGEST:
        raise InputError(f"{path} has '{theirs}' with a value of {largest:.2g}; no network computes with such weights")
    return tensor


def _unused(found: Match, model: nn.Module) -> list[str]:
    """Names in the table that the model has no place for, counters left out."""
    used = {found.theirs(layer, key) for layer in found.names for key in model.get_submodule(layer).state_dict()}
    return [name for name, tensor in found.tensors.items() if name not in used and not is_counter(tensor)]


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"
