"""Self-attention over the positions of a map (Vaswani et al. 2017, section 3.2).

>>> import torch
>>> Attention(8, heads=2)(torch.zeros(1, 8, 3, 3)).shape
torch.Size([1, 8, 3, 3])
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

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in and out."""
        rows = self.qkv(x.flatten(2).mT)  # (N, P, 3C)
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in rows.chunk(3, dim=2))
        heads = F.scaled_dot_product_attention(q, k, v)  # (N, heads, P, C / heads)
        y: Tensor = self.out(heads.transpose(1, 2).flatten(2))
        return y.mT.reshape(x.shape)
