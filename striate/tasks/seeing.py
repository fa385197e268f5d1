"""What another network sees of pictures: maps of features, computed once and kept, for a network that reads them.

>>> Named.of("squeezenet:131"), Named.of("runs/pets")
(Named(network='squeezenet', weights='', side=131), Named(network='runs/pets', weights='', side=0))
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from striate import zoo
from striate.data import kept
from striate.data.image import ImageError, decode
from striate.data.progress import bar
from striate.data.recipe import Recipe, with_channels
from striate.errors import InputError
from striate.inside.probing import last_features, passes
from striate.inside.reading import layers_of
from striate.layers.earlier import named_now
from striate.tasks.fitting import from_resolved
from striate.training.lone import opened
from striate.weights.published import SQUEEZENET, squeezenet_weights, with_weights

MOST = 7  # rows and columns of features; of finer maps the means of so many parts
AT_ONCE = 32  # pictures that are looked at together
PIECE = 1024  # pictures whose features are kept together: what is lost when somebody interrupts
SIDED = re.compile(r"(.+):(\d+)")


@dataclass(frozen=True)
class Named:
    """How a user names a network that sees.

    Attributes:
        network: A run, or a network of the zoo.
        weights: The file of its weights; empty for a run, and for SqueezeNet's own.
        side: Rows and columns of the pictures that it is shown; 0 for its own.
    """

    network: str
    weights: str = ""
    side: int = 0

    @staticmethod
    def of(word: str) -> Named:
        """From `RUN`, `NET=FILE` or `squeezenet`, each maybe with `:SIDE` behind it."""
        side = match[2] if (match := SIDED.fullmatch(word)) else "0"
        name = match[1] if match else word
        network, _, weights = (name, "", "") if Path(name).exists() else name.partition("=")
        return Named(network, weights, int(side))

    @property
    def of_zoo(self) -> bool:
        """Whether the network is one of the zoo."""
        return self.network.lower() in zoo.names()

    def everywhere(self) -> str:
        """The same as a word that holds in every working directory."""
        known = self.of_zoo or not Path(self.network).exists()
        network = self.network if known else str(Path(self.network).resolve())
        weights = f"={Path(self.weights).resolve()}" if self.weights else ""
        return network + weights + (f":{self.side}" if self.side else "")


@dataclass(frozen=True, eq=False)
class Seer:
    """A network whose features another one reads.

    Attributes:
        model: In evaluation; its weights do not learn.
        layer: What it is asked for: its last maps before its last layer with weights.
        shape: (C, H, W) of the pictures that it is shown.
        mean: Of each channel, of pixels from 0 to 1; it is subtracted.
        std: Of each channel; what is left is divided by it.
        name: What it is called.
        notes: What was decided, a sentence each.
    """

    model: nn.Module
    layer: str
    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    name: str
    notes: tuple[str, ...] = ()
    _sum: list[str] = field(default_factory=list, repr=False)

    @property
    def sha256(self) -> str:
        """A number that changes with its weights, and with what they are asked."""
        if not self._sum:
            digest = hashlib.sha256(f"{self.layer} {self.shape} {self.mean} {self.std} {MOST}".encode())
            for tensor in self.model.state_dict().values():
                digest.update(tensor.contiguous().numpy().tobytes())
            self._sum.append(digest.hexdigest())
        return self._sum[0]

    def see(self, pictures: Tensor) -> Tensor:
        """Features (N, C, h, w) of pictures (N, C, H, W) uint8 of its own size."""
        x = with_channels(pictures.float() / 255, self.shape[0])
        mean, std = (x.new_tensor(values).view(-1, 1, 1) for values in (self.mean, self.std))
        with torch.inference_mode():
            made = layers_of(self.model, (x - mean) / std, (self.layer,))[self.layer]
        maps = made if made.dim() == 4 else made.flatten(1)[:, :, None, None]
        rows, columns = (min(side, MOST) for side in maps.shape[2:])
        return F.adaptive_avg_pool2d(maps, (rows, columns)).clone()

    def shown(self, path: Path) -> NDArray[np.uint8]:
        """A picture as it is shown, (3, H, W): all of it, whatever its proportions.

        Raises:
            ImageError: It can't be read.
        """
        return self.sized(decode(path, channels=3))

    def sized(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture (3, H, W) in its size."""
        small = torch.from_numpy(pixels)[None].float()
        made = F.interpolate(small, self.shape[1:], mode="bilinear", antialias=True)[0]
        bytes_: NDArray[np.uint8] = made.round().clamp(0, 255).to(torch.uint8).numpy()
        return bytes_


def seer(word: str, progress: bool = False) -> Seer:
    """The network that a user names.

    Raises:
        InputError: There is no such run or file, or it reads no pictures.
        WorkError: SqueezeNet's weights are nowhere to be had.
    """
    named = Named.of(word)
    found = _of_file(named, progress) if named.weights or named.of_zoo else _of_run(named)
    found.model.requires_grad_(False)
    return found


def _of_file(named: Named, progress: bool) -> Seer:
    if not named.weights and named.network.lower() != SQUEEZENET:
        raise InputError(f"'{named.network}' is a network without weights; write {named.network}=FILE, or give a run")
    path = Path(named.weights) if named.weights else squeezenet_weights(progress)
    text = zoo.resized(zoo.net(named.network), named.side or None)
    if len(text.input) != 3 or text.input[0] not in (1, 3) or text.others or None in text.input:
        raise InputError(f"{text.name} does not read one picture of a known size; write the size behind it, `:224`")
    made = with_weights(text, path)
    shape = tuple(int(side or 0) for side in text.input)
    return _asked(made.model, shape, made.mean, made.std, text.name, made.notes)


def _of_run(named: Named) -> Seer:
    if not Path(named.network).exists():
        raise InputError(f"'{named.network}' is no run; the eyes are a run, NET=FILE, or squeezenet")
    from striate.tasks import known

    saved = opened(Path(named.network))
    state = saved.best()
    network = from_resolved(state.net, state.config["network"])
    recipe = Recipe.from_json(state.config["recipe"]) if state.config["recipe"] else None
    if recipe is None or not recipe.of_pictures or named.side:
        why = "reads its own size" if named.side else "reads no pictures"
        raise InputError(f"the run '{named.network}' {why}; give another one, or squeezenet")
    model = known.of_run(state.config).build(network, seed=0)
    model.load_state_dict(named_now(model, state.weights))
    shape = tuple(int(side) for side in recipe.shape)
    name = f"{network.name} of {named.network}"
    return _asked(model.eval(), shape, recipe.mean, recipe.std, name, tuple(saved.notes))


def _asked(model: nn.Module, shape: tuple[int, ...], mean: Any, std: Any, name: str, notes: tuple[str, ...]) -> Seer:
    return Seer(model, last_seen(model, shape), (shape[0], shape[1], shape[2]), tuple(mean), tuple(std), name, notes)


def last_seen(model: nn.Module, shape: tuple[int, ...]) -> str:
    """The last layer with maps of several places before the last one with weights; without such what that one reads.

    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 4 * 4, 3))
    >>> last_seen(net, (1, 6, 6)), last_seen(net[2:], (2, 4, 4))
    ('1', '2')
    """
    x = torch.zeros(1, *shape)
    found = passes(model, x)
    last = max((place for place, one in enumerate(found) if one.weighted), default=0)
    maps = [one.name for one in found[:last] if len(one.shape) == 4 and min(one.shape[2:]) > 1]
    return maps[-1] if maps else last_features(model, x)


def features_of(
    eyes: Seer, paths: Sequence[Path], mirrored: bool = False, progress: bool = False
) -> tuple[Tensor, list[int], dict[Path, str]]:
    """Features of picture files, from the cache where they were computed before; each `PIECE` files are kept at once.

    Args:
        eyes: What sees.
        paths: The files.
        mirrored: Whether each is looked at once more with left and right exchanged.
        progress: Whether to show a bar.

    Returns:
        (N, 1 or 2, C, h, w) in half precision, the positions of the N files that can be read, and why others can't.
    """
    parts, rows, bad = list[Tensor](), list[int](), dict[Path, str]()
    with bar(f"{eyes.name} looks at {len(paths):,} pictures", len(paths), show=progress) as advance:
        for start in range(0, len(paths), PIECE):
            made, own, why = _kept(eyes, paths[start : start + PIECE], mirrored, advance)
            parts += [made] if own else []
            rows += [start + row for row in own]
            bad |= why
    return torch.cat(parts) if parts else torch.zeros(0, 1, 1, 1, 1).half(), rows, bad


def _kept(
    eyes: Seer, paths: Sequence[Path], mirrored: bool, advance: Callable[[int], None]
) -> tuple[Tensor, list[int], dict[Path, str]]:
    """As `features_of`, for files that are kept together."""
    entry = kept.name("features", eyes.sha256, mirrored, *(_digest(path) for path in paths))
    if found := kept.find(entry):
        advance(len(paths))
        bad = {paths[int(row)]: why for row, why in found.facts["bad"].items()}
        return torch.from_numpy(found.array), list(found.facts["rows"]), bad
    made, rows, bad = _looked(eyes, paths, mirrored, advance)
    facts = {"rows": rows, "bad": {str(paths.index(path)): why for path, why in bad.items()}}
    kept.keep(entry, made.numpy(), facts)
    return made, rows, bad


def _looked(
    eyes: Seer, paths: Sequence[Path], mirrored: bool, advance: Callable[[int], None]
) -> tuple[Tensor, list[int], dict[Path, str]]:
    parts, rows, bad = list[Tensor](), list[int](), dict[Path, str]()
    for start in range(0, len(paths), AT_ONCE):
        shown = list[Tensor]()
        for row in range(start, min(start + AT_ONCE, len(paths))):
            try:
                shown.append(torch.from_numpy(eyes.shown(paths[row])))
                rows.append(row)
            except ImageError as error:
                bad[paths[row]] = error.reason
        if shown:
            plain = torch.stack(shown)
            views = [plain, plain.flip(3)] if mirrored else [plain]
            parts.append(torch.stack([eyes.see(view).half() for view in views], 1))
        advance(min(AT_ONCE, len(paths) - start))
    return torch.cat(parts) if parts else torch.zeros(0, 1, 1, 1, 1).half(), rows, bad


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "unreadable"
