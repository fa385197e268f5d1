"""What a file of weights holds: tables of tensors by name, checked as far as the format allows. No code in it is run.

| format | checked |
|---|---|
| zip archives: `.pth`, `.pt`, `.ckpt` of `torch.save`, NumPy's `.npz` | all bytes, by the checksum of each member |
| `.safetensors` | names, shapes and sizes against the file's length; it has no checksum |
| pickles of `torch.save` before PyTorch 1.6 | sizes against the file's length; they have no checksum |

>>> import tempfile
>>> path = Path(tempfile.mkdtemp()) / "weights.npz"
>>> np.savez(path, **{"fc1.weight": np.zeros((3, 2))})
>>> [(table.name, list(table.tensors)) for table in read_tables(path)]
[('', ['fc1.weight'])]
"""

from __future__ import annotations

import argparse
import pickle
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.serialization import safe_globals

from striate.errors import InputError
from striate.weights.archives import DAMAGED, checked
from striate.weights.pickles import named_in

PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))  # what the files begin with
DEEPEST = 4  # depth of nested dictionaries that are searched
STATE_DICT = "torch.save(model.state_dict(), 'weights.pth')"
INSTEAD = f"where it was made, save its weights alone: {STATE_DICT}"


@dataclass(frozen=True)
class Table:
    """Tensors by name, and their key in the file: `state_dict`, `ema.model`, or "" at its top."""

    name: str
    tensors: dict[str, Tensor]


def read_tables(path: Path) -> list[Table]:
    """The tables of tensors in a file, in its order; at least one.

    Raises:
        InputError: It is not there, is damaged, or holds no tensors.
    """
    _check_there(path)
    try:
        content = _content(path)
    except InputError:
        raise
    except SafetensorError as error:
        raise InputError(f"{path} is no safetensors file: {error}") from None
    except pickle.UnpicklingError:
        raise InputError(f"{path} {_refused(path)}") from None
    except Exception as error:  # torch's, numpy's and zipfile's readers raise errors of many kinds for damaged files
        reason = str(error).splitlines()[0] if str(error) else "it is cut short"
        raise InputError(f"{path} can't be read as weights: {reason}") from None
    tables = list(_tables(content, ""))
    if not tables:
        raise InputError(f"{path} holds no table of tensors by name; save one with {STATE_DICT}")
    return tables


def _check_there(path: Path) -> None:
    if path.is_dir():
        inside = next(iter(sorted(path.glob("*.safetensors"))), None)
        raise InputError(f"{path} is a folder; " + (f"its weights are {inside}" if inside else "name the file in it"))
    if not path.is_file():
        raise InputError(f"no file {path} (looked in {path.absolute().parent})")


def _content(path: Path) -> Any:
    """The file's content; its first bytes decide the format, whatever its name."""
    with path.open("rb") as file:
        first = file.read(9)
    if path.suffix == ".safetensors" or first[8:] == b"{":
        return load_file(path)
    if first.startswith(b"PK"):
        return _from_archive(path, checked(path))
    if path.suffix == ".npz":
        raise InputError(f"{path} is no NumPy archive")
    if not first.startswith(PICKLES):
        rule = "it is neither a zip archive nor a pickle, as torch.save writes them"
        raise InputError(f"{path} is no file of weights: {rule}")
    return _unpickled(path, to_the_end=True)


def _from_archive(path: Path, names: list[str]) -> Any:
    if any(name.endswith("/constants.pkl") for name in names):
        raise InputError(f"{path} holds a TorchScript program; {INSTEAD}")
    return _arrays(path) if names and all(name.endswith(".npy") for name in names) else _unpickled(path)


def _arrays(path: Path) -> dict[str, Tensor]:
    """The arrays of a NumPy archive; those of Python objects would have to be unpickled and are refused."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


def _unpickled(path: Path, to_the_end: bool = False) -> Any:
    """What `torch.save` wrote, read by torch's loader for tensors and plain values only.

    The arguments of a training's command line (an `argparse.Namespace`), which timm and torchvision save beside the
    weights, are plain values too.
    """
    with warnings.catch_warnings(), path.open("rb") as file, safe_globals([argparse.Namespace]):
        warnings.simplefilter("ignore")  # it warns about pickles that it then refuses
        content = torch.load(file, map_location="cpu", weights_only=True)
        if to_the_end and (rest := len(file.read())):
            raise InputError(f"{path} goes on for {rest:,} bytes after its last tensor; {DAMAGED}")
        return content


def _refused(path: Path) -> str:
    """What a file holds besides tensors, and a way out."""
    names = named_in(path)
    whole = next((name for name in names if name.startswith("torch.nn.modules.")), "")
    if whole:
        return f"holds a whole model, which only the program that made it can read; {INSTEAD}"
    what = f" ({names[0]})" if names else ""
    return f"holds more than tensors{what}; running what else it holds is refused; {INSTEAD}"


def _tables(content: Any, name: str, depth: int = 0) -> Iterator[Table]:
    """The tensors of a dictionary, then those of the dictionaries in it."""
    if not isinstance(content, dict) or depth > DEEPEST:
        return
    tensors = {str(key): value for key, value in content.items() if isinstance(value, Tensor)}
    if tensors:
        yield Table(name, tensors)
    for key, value in content.items():
        yield from _tables(value, f"{name}.{key}".removeprefix("."), depth + 1)
