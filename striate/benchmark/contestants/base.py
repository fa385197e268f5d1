"""What contestants receive (a network, images in memory, initial weights), and how their turns are timed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from striate.benchmark.contestants.contestant import Turn
from striate.building import build
from striate.errors import InputError
from striate.notation import Network, measure
from striate.notation.thumb import CLASSES
from striate.notation.tree import Embed, deep

RATE = 1e-4  # learning rate of every contestant: so small that no network diverges
POOL = 4096  # images in memory at most


class Unable(InputError):  # noqa: N818 - it says why a contestant takes no part
    """A contestant can't run a layer, or can't use the device."""


@dataclass(frozen=True)
class Job:
    """A network at a batch size, with images in memory and the initial weights that all share.

    Attributes:
        network: What to compute.
        batch: Images in a batch.
        device: Where.
        images: (M, C, …), M a multiple of the batch; numbers of words where the network looks them up.
        labels: (M,) classes; (M, …) one for each position where the network gives maps; pictures (M, C, …) where it
            gives some.
    """

    network: Network
    batch: int
    device: torch.device
    images: Tensor
    labels: Tensor

    @staticmethod
    def of(network: Network, batch: int, device: torch.device) -> Job:
        """Random images and labels."""
        classes, *positions = (size or 1 for size in measure(network).output)
        generator = torch.Generator().manual_seed(0)
        shape = [size or 1 for size in network.input]
        most = min(POOL, 2**28 // torch.Size([*shape]).numel(), 2**28 // torch.Size([1, *positions]).numel())
        count = max(batch, most // batch * batch)
        images = torch.randn(count, *shape, generator=generator)
        if words := [node.table[0] for node in deep(network.layers) if isinstance(node, Embed)]:
            images = torch.randint(min(words), (count, *shape), generator=generator).float()
        if torch.Size(positions).numel() == 1:
            positions = []
        labels = torch.randint(classes, (count, *positions), generator=generator)
        if positions and gives_pictures(network):
            labels = torch.rand(count, classes, *positions, generator=generator)
        return Job(network, batch, device, images.to(device), labels.to(device))

    @property
    def of_positions(self) -> bool:
        """Whether each position has a class of its own."""
        return self.labels.ndim > 1

    @property
    def of_pictures(self) -> bool:
        """Whether a picture is learned, and no class."""
        return self.labels.is_floating_point()

    @cached_property
    def _weights(self) -> dict[str, Tensor]:
        return build(self.network, seed=0).state_dict()

    def model(self) -> nn.Module:
        """A module of its own on the device; all have the same weights."""
        model = build(self.network, seed=0)
        model.load_state_dict(self._weights)
        return model.to(self.device)

    @property
    def num_batches(self) -> int:
        """Batches in memory."""
        return len(self.images) // self.batch

    def slices(self) -> list[tuple[Tensor, Tensor]]:
        """The batches, images and labels, in order."""
        parts = (torch.split(tensor, self.batch) for tensor in (self.images, self.labels))
        return list(zip(*parts, strict=True))

    def of_images(self) -> Job:
        """The job itself, if a class of each whole image is learned.

        Raises:
            Unable: One of each position is.
        """
        if self.of_positions:
            raise Unable("it learns a class of an image here, not of each position")
        return self

    def channels_last(self) -> Job:
        """The same; of images of two axes the channels of a pixel stand side by side.

        Raises:
            Unable: It reads none.
        """
        if self.images.ndim != 4:
            raise Unable("channels last is for images of two axes")
        return replace(self, images=self.images.contiguous(memory_format=torch.channels_last))

    def on_cpu(self) -> Job:
        """The job itself, if it is to run on the CPU.

        Raises:
            Unable: It is to run elsewhere.
        """
        if self.device.type != "cpu":
            raise Unable(f"it runs on the CPU here, not on {self.device}")
        return self


def gives_pictures(network: Network) -> bool:
    """Whether it gives maps in as many colours as it reads, and its text knows no classes."""
    colours, *positions = measure(network).output
    classes = network.program is not None and CLASSES in dict(network.program.letters)
    return len(positions) == 2 and colours == network.input[0] and colours in (1, 3) and not classes


def timed(turn: Turn, count: int) -> float:
    """The seconds that this many batches take."""
    started = time.perf_counter()
    turn(count)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    elif torch.backends.mps.is_available():
        torch.mps.synchronize()
    return time.perf_counter() - started
