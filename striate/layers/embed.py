"""Word vectors with channels first, as convolutions read them.

>>> import torch
>>> Embed(20, 5)(torch.zeros(2, 7, dtype=torch.long)).shape
torch.Size([2, 5, 7])
"""

from torch import Tensor, nn


class Embed(nn.Embedding):
    """A table of `rows` vectors of `width`: (N, L) whole numbers in, (N, width, L) out (Kim 2014, section 2)."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__(rows, width)

    def forward(self, words: Tensor) -> Tensor:
        """Looks each number up; 0 <= number < rows. Numbers may come as floats, like other inputs."""
        return super().forward(words.long()).transpose(1, 2)
