"""Dropout whose choice is a hash of an entry's position, the same on every engine, device and number of threads.

Without a key it is PyTorch's own. With one, entry i of image n stays where hash((n·entries + i) xor key) is at least p
of the way to 2³² (a 32-bit hash of Wellons 2018, "prospecting for hash functions"); the native engine does the same.

>>> import torch
>>> layer = Dropout(0.5)
>>> layer.key = 7
>>> layer(torch.ones(2, 4)).tolist()
[[2.0, 2.0, 0.0, 2.0], [0.0, 2.0, 0.0, 0.0]]
"""

import torch
from torch import Tensor, nn

MASK = 0xFFFFFFFF


class Dropout(nn.Dropout):
    """Sets entries to zero with probability p while training (Srivastava et al. 2014).

    Attributes:
        key: 32 bits that a training step sets, different for each dropout of a network; None for PyTorch's generator.
            A tensor of one number where the network is compiled.
        first: The position in the batch of the first image, where it goes through in parts.
    """

    key: int | Tensor | None = None
    first: int | Tensor = 0

    def forward(self, x: Tensor) -> Tensor:
        """(N, …) in and out."""
        if self.key is None or not self.training:
            return super().forward(x)
        places = torch.arange(x.numel(), device=x.device).view(x.shape) + self.first * (x.numel() // max(1, len(x)))
        stays = mixed(places & MASK ^ self.key) >= int(self.p * 2**32)
        return x * stays / (1 - self.p)


def mixed(x: Tensor) -> Tensor:
    """A hash of each 32-bit number, in int64.

    >>> mixed(torch.tensor([0, 1, 2]))
    tensor([         0, 1753845952, 3507691905])
    """
    x = x ^ (x >> 16)
    x = x * 0x7FEB352D & MASK
    x = x ^ (x >> 15)
    x = x * 0x846CA68B & MASK  # int64 wraps round; its low 32 bits are right all the same
    return x ^ (x >> 16)


class Draws:
    """Numbers that a network draws while training for other ends than dropout; a step sets the same two attributes.

    >>> one = Draws()
    >>> one.key = 7
    >>> torch.equal(one.normal(torch.empty(4, 2)), one.normal(torch.empty(4, 2)))
    True
    """

    key: int | Tensor | None = None
    first: int | Tensor = 0

    def normal(self, like: Tensor, number: int = 0) -> Tensor:
        """Normal numbers (N, …) of the shape of `like`, other ones for each `number` of a step (Box & Muller 1958)."""
        if self.key is None:
            return torch.randn_like(like)
        places = torch.arange(like.numel(), device=like.device).view(like.shape)
        places = 2 * (places + self.first * (like.numel() // max(1, len(like))))
        key = mixed((torch.as_tensor(self.key, device=like.device) + number) & MASK)
        a, b = ((mixed((places + one) & MASK ^ key).double() + 0.5) / 2**32 for one in (0, 1))
        return ((-2 * a.log()).sqrt() * (2 * torch.pi * b).cos()).to(like)
