"""The zoo: one `.net` text per architecture, with its paper and its published parameter count in the first lines.

>>> entry("lenet5").year
1998
>>> net("lenet5").input
(1, 32, 32)
"""

import os
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from striate.errors import InputError, nearest
from striate.notation import Network, bind, given, notes, parse
from striate.notation.sizes import Size
from striate.notation.sizes import resized as at_size
from striate.notation.syntax import Program

if TYPE_CHECKING:
    from torch import nn

MAX_FILE = 1_000_000  # characters; a larger file is no network's text


@dataclass(frozen=True)
class Entry:
    """One architecture as the zoo has it.

    Attributes:
        name: What it is called on the command line.
        title: One line about it.
        paper: Authors and title.
        year: Of the paper.
        parameters: The count of this text; the published one, unless the text says how it differs.
        text: The whole `.net` file.
        also: Other names in use for it.
    """

    name: str
    title: str
    paper: str
    year: int
    parameters: int
    text: str
    also: tuple[str, ...] = ()


@cache
def names() -> tuple[str, ...]:
    """The zoo's networks, in alphabetical order with numbers as numbers."""
    found = [path.name.removesuffix(".net") for path in files("striate.zoo").iterdir() if path.name.endswith(".net")]
    return tuple(
        sorted(found, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])
    )


def entry(name: str) -> Entry:
    """A network of the zoo by its name, in small or capital letters.

    Raises:
        InputError: There is none of that name.
    """
    if name.lower() not in names():
        also = {known: entry(known).also for known in names()}
        raise InputError(f"no network '{name}'; `striate zoo` lists them{nearest(name, names(), also)}")
    name = name.lower()
    text = files("striate.zoo").joinpath(f"{name}.net").read_text(encoding="utf-8")
    title, *lines = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("#")]
    facts = dict(line.split(": ", 1) for line in lines if ": " in line)
    year, parameters = int(facts["year"]), int(facts["parameters"].replace(",", ""))
    others = tuple(filter(None, facts.get("also", "").split(", ")))
    return Entry(name, title, facts["paper"], year, parameters, text, others)


def net(source: str | Path | Network, /, **letters: int | float) -> Network:
    """A network from a name of the zoo, a `.net` file, or the text itself.

    Args:
        source: `"lenet5"`, `"nets/mine.net"` or `"input 1x28x28 -> fc 10"`.
        letters: Values for the text's letters, such as `classes=3` or `N=2`.

    Raises:
        InputError: No network of that name, a file that can't be read, or a text that is not in the notation.

    Warns:
        UserWarning: The text is legal and may not be what was meant, such as an input with its channels last.
    """
    return noted(find(source, letters))


def noted(network: Network) -> Network:
    """The network itself; its notes become warnings to the caller of the function that calls this."""
    for note in notes(network):
        warnings.warn(note, stacklevel=3)
    return network


def is_module(source: object) -> "TypeGuard[nn.Module]":
    """Whether something is a PyTorch module; does not import torch, without which there is none."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(source, torch.nn.Module)


def find(source: str | Path | Network, letters: Mapping[str, int | float] | None = None) -> Network:
    """As `net`, with the letters in a dictionary. A network is taken as it is, or bound again with the letters."""
    if isinstance(source, Network):
        return rebind(source, letters) if letters else source
    if isinstance(source, type):
        raise InputError(f"{source.__name__} is a class; make an instance: {source.__name__}()")
    if not isinstance(source, str | Path):
        kinds = "a network is a name of the zoo, a .net file, the text itself, or what st.net made of one"
        raise InputError(f"{kinds}. Received: {type(source).__name__}")
    if isinstance(source, Path) or _names_a_file(source):
        path = Path(source)
        return bind(parse(_file_text(path), str(path)), letters, name=path.stem)
    if re.fullmatch(r"[\w.-]+", source):
        if source.lower() not in names() and os.path.isfile(source):
            raise InputError(f"no network '{source}'; the file of a network ends in .net, or is given as ./{source}")
        if "." in source and (near := _nearby(Path(source))):
            raise InputError(f"no network and no file '{source}'{near}")
        name = entry(source).name
        return bind(_program(name), letters, name=name) if letters else _whole(name)
    return bind(parse(source), letters)


def resized(
    source: str | Path | Network, size: Size | None, letters: Mapping[str, int | float] | None = None
) -> Network:
    """As `find`, with the input at another size: 64 for all axes, or (64, 48); None leaves it as the text has it.

    Raises:
        InputError: A layer does not fit at that size: names the next size at which all do.

    >>> resized("resnet18", 64).input
    (3, 64, 64)
    """
    network = find(source, letters)
    return network if size is None else at_size(network, size)


def rebind(network: Network, letters: Mapping[str, int | float], input: Sequence[int | None] | None = None) -> Network:
    """A network's text bound again: with other letters, and with an input for a bare `INPUT`.

    Raises:
        InputError: A letter that the text does not have, or a network that was not made from a text.
    """
    if network.program is None:
        raise InputError(f"{network.name} was not made from a text; it has no letters")
    return bind(network.program, {**dict(network.letters), **given.letters(letters)}, name=network.name, input=input)


@cache
def _program(name: str) -> Program:
    """The text of a network of the zoo, parsed."""
    return parse(entry(name).text, f"{name}.net")


@cache
def _whole(name: str) -> Network:
    """A network of the zoo with the letters of its text."""
    return bind(_program(name), name=name)


def _names_a_file(source: str) -> bool:
    """A `.net` file or a path; a text of layers has line ends, arrows or blanks where a path has none."""
    if "\n" in source or "->" in source:
        return False
    return source.endswith(".net") or ("/" in source and " " not in source)


def _nearby(path: Path) -> str:
    """`; did you mean 'unet.net'?` for a network's file in the same folder that may be meant."""
    try:
        found = [one.name for one in path.parent.glob("*.net")]
    except OSError:
        return ""
    stems = {name: (name.removesuffix(".net"),) for name in found}
    return nearest(path.name, found) or nearest(path.stem, found, stems)


def _file_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise InputError(f"no file {path} (looked in {path.absolute().parent}){_nearby(path)}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text in UTF-8"
        raise InputError(f"{path} can't be read: {reason}") from None
    if len(text) > MAX_FILE:
        raise InputError(f"{path} has more than {MAX_FILE:,} characters; that is no network's text")
    return text
