"""Attention of the positions of a map to each other, or to those of another map (Vaswani et al. 2017, section 3.2).

>>> import torch
>>> Attention(8, heads=2)(torch.zeros(1, 8, 3, 3)).shape
torch.Size([1, 8, 3, 3])
>>> Attention(8, heads=2)(torch.zeros(1, 8, 5), torch.zeros(1, 8, 3, 3)).shape
torch.Size([1, 8, 5])
"""

from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """softmax(q·k / sqrt(C / heads))·v of each head, equation 1; all heads together times one matrix more.

    Args:
        channels: C, that come in and go out.
        heads: Each has C / heads of q's, k's and v's channels.
        bias: Whether q, k and v have one; what comes out always has.
    """

    def __init__(self, channels: int, heads: int, bias: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels, bias=bias)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """(N, C, *spatial) in and out; keys and values are of `seen`, (N, C, …), where that is given."""
        q, k, v = self._parts(x, seen)
        heads = F.scaled_dot_product_attention(q, k, v)  # (N, heads, P, C / heads)
        y: Tensor = self.out(heads.transpose(1, 2).flatten(2))
        return y.mT.reshape(x.shape)

    def shares(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """How much each position looks at each that is seen, (N, heads, P, S): over S they add up to 1."""
        q, k, _ = self._parts(x, seen)
        shares: Tensor = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return shares

    def _parts(self, x: Tensor, seen: Tensor | None) -> tuple[Tensor, ...]:
        """q, k and v, (N, heads, P or S, C / heads) each."""
        if seen is None:
            every = self.qkv(x.flatten(2).mT).chunk(3, dim=2)  # (N, P, C) each
        else:
            channels = x.shape[1]
            weight, bias = self.qkv.weight, self.qkv.bias
            biases = (None, None) if bias is None else (bias[:channels], bias[channels:])
            q = F.linear(x.flatten(2).mT, weight[:channels], biases[0])
            every = (q, *F.linear(seen.flatten(2).mT, weight[channels:], biases[1]).chunk(2, dim=2))
        return tuple(part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in every)
