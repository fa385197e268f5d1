"""The torch engine in several processes that hold but a part each of weights, gradients and the optimiser's state.

PyTorch's `fully_shard` (FSDP2; Rajbhandari et al. 2020, "ZeRO", stage 3) gathers a layer's weights when its turn comes,
and afterwards gives each process its part of the mean gradient. So a network trains that one device can't hold with its
optimiser. What is kept on disk is whole, and the same as of one process: gathering it takes all processes, at the same
time. While examples are looked at, each process holds all weights, since some may look at more batches than others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from striate.training.fields import Fields
from striate.training.processes import connected
from striate.training.together import TogetherEngine

LARGE = 100_000  # parameters of a layer or block whose weights are gathered by themselves, when its turn comes


class ShardedEngine(TogetherEngine):
    """As the engine that it is made from."""

    def _shared(self, scores: nn.Module) -> Any:
        """The network, of whose weights each process now has a part."""
        with connected():
            for child in scores.children():
                if sum(weight.numel() for weight in child.parameters()) >= LARGE:
                    fully_shard(child)
            return fully_shard(scores)

    @contextmanager
    def _adding(self, more: bool) -> Iterator[None]:
        self.learned.set_requires_gradient_sync(not more)
        yield

    def train(self) -> None:
        """Before training; a layer's weights are gathered when its turn comes."""
        self._whole_weights(False)
        super().train()

    def evaluate(self, inputs: Fields) -> Fields:
        """As by one process that has all weights."""
        if self.scores.training:
            self._whole_weights(True)
        return super().evaluate(inputs)

    def _whole_weights(self, wanted: bool) -> None:
        self.learned.set_reshard_after_forward(not wanted)
        with connected():
            for module in self.learned.modules():
                if isinstance(module, FSDPModule):
                    module.unshard() if wanted else module.reshard()

    def _tensors(self) -> dict[str, Tensor]:
        self._whole_weights(False)  # what each process has of the tensors is its part
        return super()._tensors()

    def _kept(self, tensor: Tensor) -> Tensor:
        if isinstance(tensor, DTensor):
            with connected():
                tensor = tensor.full_tensor()
        return super()._kept(tensor)

    def _put(self, tensors: Mapping[str, Tensor]) -> None:
        self._whole_weights(False)
        own = self.model.state_dict()
        super()._put({name: _part_of(tensor, own[name]) for name, tensor in tensors.items()})

    def _laid(self, value: Tensor, like: Tensor) -> Tensor:
        return _part_of(value, like)


def _part_of(whole: Tensor, like: Tensor) -> Tensor:
    """A process's part of a tensor that all have, as it has one of another."""
    if not isinstance(like, DTensor):
        return whole
    given = whole.to(like.device).contiguous()
    return distribute_tensor(given, like.device_mesh, like.placements, src_data_rank=None)
